/*
 * provider/http.h - HTTP requests to the outside world.
 *
 * What: one blocking request with limits on time and size; connections are kept.
 * Why here: libcurl stays inside provider/. No redirects, HTTP and HTTPS only: addresses are configuration.
 * Threads: one client, one thread. emp_http_setup() once before threads start.
 * Memory: the answer's body is the caller's buffer, whose limit is the body's.
 */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

typedef struct emp_http emp_http;

typedef struct emp_http_request {
    const char *url;
    const char *bearer;          /* NULL: no Authorization */
    const char *idempotency_key; /* NULL: none */
    const char *body;            /* JSON; NULL: GET, else POST */
    br_ns timeout;               /* of everything */
} emp_http_request;

typedef struct emp_http_answer {
    int status;
    br_ns retry_after; /* 0: not given */
} emp_http_answer;

BR_NODISCARD br_code emp_http_setup(br_err *err);
emp_http *emp_http_new(void);
void emp_http_free(emp_http *h);

/* Any status is BR_OK. BR_ETIMEOUT, BR_EDIAL (no connection), BR_ETLS, BR_ELIMIT (body too long), BR_EIO. */
BR_NODISCARD br_code emp_http_send(
    emp_http *h, const emp_http_request *request, emp_http_answer *ret_answer, br_buf *body, br_err *err);

/* Is it http:// or https:// with a host? */
bool emp_http_url_is_valid(const char *url);
