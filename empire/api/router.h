/*
 * api/router.h - from method and path to a route.
 *
 * What: a table of routes and the search in it.
 * Why here: 404, 405 and HEAD are decided in one place.
 * Threads: the table is constant.
 * Note: a linear search; the table has about ten rows, compared by length first.
 */
#pragma once
#include <stdbool.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct emp_request;

typedef enum emp_method { EMP_GET, EMP_HEAD, EMP_POST, EMP_METHOD_OTHER } emp_method;

/* What else is known of a route. */
#define EMP_ROUTE_BODY      1u /* takes one */
#define EMP_ROUTE_WRITES    2u /* needs an API key where there are any */
#define EMP_ROUTE_UNLIMITED 4u /* is not counted against the client's rate: probes and metrics */

/* What a handler decided. */
typedef enum emp_step {
    EMP_STEP_ANSWERED,  /* status and body are set */
    EMP_STEP_QUERY,     /* the request's query is filled; `finish` makes the answer of its result */
    EMP_STEP_TRY_QUERY, /* the same, but `finish` is called in any case and looks at the outcome itself */
} emp_step;

typedef struct emp_route {
    emp_method method;         /* EMP_GET (HEAD comes with it) or EMP_POST */
    unsigned traits;           /* EMP_ROUTE_* */
    const char *path;          /* "/a/b", or "/a/:" whose last segment is any text */
    const char *const *params; /* names of query parameters, NULL at the end */
    emp_step (*begin)(struct emp_request *r);
    void (*finish)(struct emp_request *r); /* NULL when begin always answers; without status: again */
} emp_route;

typedef struct emp_match {
    const emp_route *route;
    br_str segment; /* what stood for ":", borrowed from the path */
} emp_match;

/*
 * Finds the route of a decoded path. BR_ENOTFOUND: no such path; BR_EUNSUPPORTED: the path exists, not with
 * this method.
 */
BR_NODISCARD br_code emp_router_find(
    const emp_route *routes, size_t count, emp_method method, br_str path, emp_match *ret_match);

/* The value of the Allow header for a path, "GET, HEAD"; appended to `out`. */
void emp_router_allow(const emp_route *routes, size_t count, br_str path, br_buf *out);

emp_method emp_method_parse(const char *name);
