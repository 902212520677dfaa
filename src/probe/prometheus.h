/*
 * probe/prometheus.h - the text page of Prometheus metrics, read line by line.
 *
 * What: an iterator over the samples of a page (text format 0.0.4), and matching of a sample with a selector.
 * Why here: the usual way in which a service says how it is; only probe/ fetches such pages.
 * Threads: any; pure.
 * Memory: samples are slices of the page.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text-based format).
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

typedef enum br_prom_type {
    BR_PROM_UNTYPED,
    BR_PROM_COUNTER,
    BR_PROM_GAUGE,
    BR_PROM_OTHER, /* histogram or summary: its parts have suffixes */
} br_prom_type;

typedef struct br_prom_sample {
    br_str name;
    br_str labels; /* what stands between the braces, as written; empty: none */
    br_prom_type type;
    double value; /* may be NaN or infinite */
} br_prom_sample;

typedef struct br_prom_page {
    br_str rest;
    size_t line; /* of the sample that came last, from 1 */
    br_str typed;
    br_prom_type type; /* of the metric `typed` */
} br_prom_page;

void br_prom_open(br_prom_page *page, br_str text);

/* The next sample. BR_EOF: there is none; BR_ESYNTAX: this is no such page; the message has the line. */
BR_NODISCARD br_code br_prom_next(br_prom_page *page, br_prom_sample *ret, br_err *err);

/* Is that what the body of an answer holds: at least one sample, and no line that is wrong? */
bool br_prom_is_page(br_str text);

/*
 * Is the sample meant by `selector`: "name" or `name{label="value",...}`? Labels that the selector does not
 * have may be anything. Values are compared as written, with their escapes.
 */
bool br_prom_matches(br_str selector, const br_prom_sample *sample);
/* BR_ESYNTAX with what is wrong in it. */
BR_NODISCARD br_code br_prom_check_selector(br_str selector, br_err *err);
