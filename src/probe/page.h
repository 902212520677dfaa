/*
 * probe/page.h - figures of a target from its Prometheus page.
 *
 * What: fetches the page on a loop, within a time limit, and takes the figures that are wanted out of it.
 * Why here: the page is text from outside: its size, its time and the number of its series are limited here.
 * Threads: the loop's.
 * Memory: a page of at most BR_PAGE_BYTES_MAX while it is read.
 *
 * Names: process_resident_memory_bytes becomes "memory", process_cpu_seconds_total "cpu" (in cores),
 * process_open_fds "descriptors"; others keep their name with their labels. Counters become rates. Without a
 * list of wanted names: these three, and gauges that tell of a pool, a queue, connections or workflows.
 */
#pragma once
#include "http/client.h"
#include "probe/measures.h"

#define BR_PAGE_BYTES_MAX ((size_t) 4 << 20)

typedef struct br_page br_page;
typedef void br_page_fn(br_page *page, void *ctx);

typedef struct br_page_config {
    br_str url;
    const br_http_header *headers; /* of the request, e.g. Authorization; borrowed */
    size_t header_count;
    const br_str *names; /* selectors (probe/prometheus.h), "memory", "cpu", "descriptors"; borrowed */
    size_t name_count;
    const br_proxies *proxies; /* outlives the page; NULL: none */
} br_page_config;

/* BR_EINVAL, ...: the URL or a name is wrong. */
BR_NODISCARD br_code br_page_new(
    br_loop *loop, br_dns *dns, const br_page_config *config, br_page **ret, br_err *err);
void br_page_free(br_page *page); /* NULL is fine; cancels, without a call of fn */

/* Fetches; fn comes exactly once, never inside this call. One at a time: asserted. */
void br_page_fetch(br_page *page, br_ns timeout, br_page_fn *fn, void *ctx);
bool br_page_fetching(const br_page *page);
/* Of the last fetch, within fn: puts the wanted figures. Fails with what was wrong with the answer. */
BR_NODISCARD br_code br_page_take(br_page *page, br_measures *into, br_ns at, br_err *err);
