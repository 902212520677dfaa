/*
 * api/request.h - one HTTP request while it is served.
 *
 * What: target, parameters, body, query, answer; and the store that requests come from.
 * Why here: handlers see this and nothing of the HTTP library.
 * Threads: a request belongs to one thread at a time: its connection's, or the database's while its query
 * runs. Memory: requests are reused with their buffers. A request lives from its first line until the answer
 * is sent or the client is gone; while its query runs its connection is suspended, and the library does not
 * end a suspended connection, so the query never outlives it.
 */
#pragma once
#include "empire/api/app.h"
#include "empire/api/connections.h"
#include "empire/api/head.h"
#include "empire/api/params.h"
#include "empire/api/router.h"
#include "empire/domain/products.h"

struct MHD_Connection;

#define EMP_BODY_MAX       ((size_t) 64 * 1024)
#define EMP_TARGET_MAX     ((size_t) 16 * 1024) /* the library's memory for a connection limits it to less */
#define EMP_REQUEST_ID_MAX 64
#define EMP_PATH_MAX       256 /* decoded; no route is that long */

/*
 *   HEADERS --> BODY --> ANSWERED
 *      |          |         ^
 *      |          v         |
 *      |       WAITING -----+    suspended while the query runs
 *      +--------------------+    refused before the body
 */
typedef enum emp_stage { EMP_STAGE_HEADERS, EMP_STAGE_BODY, EMP_STAGE_WAITING, EMP_STAGE_ANSWERED } emp_stage;

typedef struct emp_request {
    emp_app *app;
    emp_stage stage;
    br_ns started;
    br_buf target; /* as it came */
    emp_method method;
    size_t route_index; /* the table's size when no route fits */
    const emp_route *route;
    char path[EMP_PATH_MAX];
    br_str segment; /* the route's ":" */
    emp_head head;
    const char *holder; /* of the API key, the configuration's; NULL: none was given or is needed */
    emp_params params;
    br_buf body;
    size_t body_bytes; /* that came, also those that were dropped */
    size_t held;       /* its part of the application's, see emp_request_hold() */
    emp_query query;
    bool tries_only;  /* EMP_STEP_TRY_QUERY */
    emp_result *list; /* products whose rows are read one by one; NULL: none */
    size_t list_row;  /* the one that is being read */
    union {           /* what begin() leaves for finish() */
        emp_page page;
        int64_t limit;
        int64_t product_id; /* of a start */
        struct {
            int64_t days, limit;
            size_t slot; /* of the answer cache */
        } period;
    } state;

    int status;
    const char *content_type;
    br_buf out;
    br_str constant;              /* p != NULL: the body is this, which stays, and not in out */
    char allow[64], location[96]; /* empty: no such header */
    int retry_after_s;            /* 0: no such header */
    char etag[EMP_ETAG_BYTES];    /* empty: none */
    int max_age_s, age_s;         /* how long the answer may be kept, and how old it is; 0: not to be kept */
    emp_allowance allowance;      /* limit 0: not limited */
    char id[EMP_REQUEST_ID_MAX + 1];
    bool close; /* end the connection after the answer */

    struct MHD_Connection *connection; /* the HTTP library's */
    emp_connection *place;             /* NULL: its head is not complete */
    struct emp_request *_next;
} emp_request;

typedef struct emp_request_store emp_request_store;
emp_request_store *emp_request_store_new(void);
void emp_request_store_free(emp_request_store *s); /* all requests must be back */
emp_request *emp_request_take(emp_request_store *s);
/*
 * Counts `bytes` that the request keeps; given back with the request. False, and not counted: all requests
 * together would keep more than the application may.
 */
bool emp_request_hold(emp_request *r, size_t bytes);
br_str emp_request_answer(const emp_request *r); /* the body of its answer */
void emp_request_give(emp_request_store *s, emp_request *r);

/* Answers for handlers. The body is in r->out; the first sets 200 and JSON. */
emp_step emp_answer_json(emp_request *r);
/* Gives the body that is there an entity tag, so that a client that has it already gets 304. */
void emp_answer_tag(emp_request *r);
/* Answers with a body that was kept; false: there is none, make it and call emp_answer_keep(). */
bool emp_answer_kept(emp_request *r, size_t slot);
void emp_answer_keep(emp_request *r, size_t slot);
BR_PRINTF(3, 4) emp_step emp_answer_problem(emp_request *r, int status, const char *fmt, ...);
