/*
 * stat/recorder.h - one worker's measuring: samples in, shards out.
 *
 * What: takes samples from virtual users, finds their sinks, keeps groups, checks and endpoints, and
 *     hands the sinks over as shards.
 * Why here: nothing on the way of a request is shared between threads. The worker writes into its current
 *     shard; the collector gets full shards and gives empty ones back.
 * Threads: a recorder belongs to its worker. A shard belongs to whoever holds it. Groups, checks and
 *     endpoints are read by others only after the worker has ended.
 * Memory: the cache of request series and the endpoint table are bounded (BR_SERIES_CACHE_MAX,
 *     BR_ENDPOINTS_MAX with a rest row), so unique URLs do not make it grow.
 * Invariants: every sample counts in its metric's sink and in each sub-metric whose selector matches.
 */
#pragma once
#include "stat/metric.h"

#define BR_SERIES_CACHE_MAX  8192
#define BR_ENDPOINTS_MAX     500        /* rows of their own; the rest row comes behind them */
#define BR_ENDPOINT_REST     "(others)" /* name of the rest row; its method is empty */
#define BR_ENDPOINT_NAME_MAX 1024       /* bytes; longer names are cut */
#define BR_OUTCOMES_MAX      64         /* a row's outcomes; the rest row of those has status -1 */
#define BR_GROUPS_MAX        10000
#define BR_CHECKS_MAX        10000

/* Shards ---------------------------------------------------------------------------------------- */

/* A shard grows when a metric is met that is younger than it is; so always check an id against sink_count. */
typedef struct br_shard {
    br_sink *sinks; /* [sink_count], by metric id */
    size_t sink_count;
} br_shard;

br_shard *br_shard_new(br_metrics *metrics);
void br_shard_free(br_shard *shard);
void br_shard_reset(br_shard *shard);
void br_shard_merge(br_shard *into, const br_shard *from, br_metrics *metrics);

/* Groups, checks, endpoints --------------------------------------------------------------------- */

typedef struct br_check {
    br_str name;
    uint64_t passes, fails;
    uint64_t order; /* first seen, over all groups of this recorder */
} br_check;

typedef struct br_group {
    br_str name, path; /* root: "" and ""; inner: "::a::b" */
    struct br_group *parent;
    BR_VEC(struct br_group *) groups; /* first-seen order */
    BR_VEC(br_check *) checks;        /* first-seen order */
} br_group;

typedef struct br_endpoint_outcome {
    int status;          /* 0: no answer; -1: outcomes beyond BR_OUTCOMES_MAX */
    int error_code;      /* k6's, 0 if none */
    char error_text[96]; /* of the first such outcome */
    uint64_t count;
} br_endpoint_outcome;

typedef struct br_endpoint {
    br_str method, name; /* name: the sample's `name` tag */
    br_sink duration;    /* trend, ms */
    br_sink waiting;     /* trend, ms: time to first byte */
    uint64_t requests, received_bytes;
    uint64_t failed; /* as http_req_failed: not expected by the response callback */
    BR_VEC(br_endpoint_outcome) outcomes;
} br_endpoint;

/* Recorder -------------------------------------------------------------------------------------- */

/* System tags that are on, as bits; k6's default is all but iter, vu, ocsp_status and ip. */
#define BR_SYSTEM_TAGS(X)                                                                                    \
    X(PROTO, "proto")                                                                                        \
    X(SUBPROTO, "subproto")                                                                                  \
    X(STATUS, "status")                                                                                      \
    X(METHOD, "method")                                                                                      \
    X(URL, "url")                                                                                            \
    X(NAME, "name")                                                                                          \
    X(GROUP, "group")                                                                                        \
    X(CHECK, "check")                                                                                        \
    X(ERROR, "error")                                                                                        \
    X(ERROR_CODE, "error_code")                                                                              \
    X(TLS_VERSION, "tls_version")                                                                            \
    X(SCENARIO, "scenario")                                                                                  \
    X(SERVICE, "service")                                                                                    \
    X(EXPECTED_RESPONSE, "expected_response")                                                                \
    X(ITER, "iter")                                                                                          \
    X(VU, "vu")                                                                                              \
    X(OCSP_STATUS, "ocsp_status")                                                                            \
    X(IP, "ip")
enum br_system_tag_bit {
#define BR_SYSTEM_TAG_ENUM(id, name) BR_SYSTEM_TAG_##id##_BIT,
    BR_SYSTEM_TAGS(BR_SYSTEM_TAG_ENUM)
#undef BR_SYSTEM_TAG_ENUM
        BR_SYSTEM_TAG_COUNT
};
#define BR_SYSTEM_TAG(id) (1u << BR_SYSTEM_TAG_##id##_BIT)
#define BR_SYSTEM_TAGS_DEFAULT                                                                               \
    (((1u << BR_SYSTEM_TAG_COUNT) - 1) &                                                                     \
        ~(BR_SYSTEM_TAG(ITER) | BR_SYSTEM_TAG(VU) | BR_SYSTEM_TAG(OCSP_STATUS) | BR_SYSTEM_TAG(IP)))
/* The bit of a name, 0 if unknown; and the name of a bit index. */
uint32_t br_system_tag_of(br_str name);
br_str br_system_tag_name(unsigned bit_index);

/* Sees every sample with all its tags, on the worker's thread; for outputs like JSON. */
typedef struct br_sample {
    const br_metric *metric;
    double value;
    br_ns wall;             /* since 1970 */
    const br_tagset *tags;  /* valid during the call */
    const br_tag *metadata; /* iter, vu when those system tags are on */
    size_t metadata_count;
} br_sample;
typedef void br_sample_fn(void *ctx, const br_sample *samples, size_t count);

typedef struct br_recorder br_recorder;
typedef struct br_recorder_config {
    br_metrics *metrics;
    uint32_t system_tags;
    br_sample_fn *tap; /* NULL: nobody listens, tag sets of requests are never built */
    void *tap_ctx;
} br_recorder_config;

br_recorder *br_recorder_new(const br_recorder_config *config);
void br_recorder_free(br_recorder *r);
br_tag_store *br_recorder_tag_store(br_recorder *r);

/* Swaps the shard that is written into: `fresh` (empty, not NULL) is taken, the former one returned. */
br_shard *br_recorder_swap(br_recorder *r, br_shard *fresh);

/* Where a sample comes from: the tags of the virtual user at that moment. */
typedef struct br_origin {
    const br_tagset *tags;     /* run, scenario, group and custom tags; of this recorder's store */
    int64_t vu, iter;          /* for metadata, if those system tags are on; -1: none */
    const br_tagset *metadata; /* that the script set; NULL: none */
} br_origin;

/* One sample of any metric; `extra` wins over origin's tags. `wall` is br_clock_wall()-like. */
void br_recorder_add(br_recorder *r, const br_metric *metric, double value, const br_origin *origin,
    const br_tag *extra, size_t extra_count, br_ns wall);

/* One finished HTTP exchange: ten samples. Times in nanoseconds. */
typedef struct br_http_sample {
    br_str method, url, name; /* name: tag, equal to url unless set by the script */
    br_str proto;             /* "HTTP/1.1" */
    int status, error_code;
    br_code failure;                     /* why there is no answer; BR_OK otherwise */
    br_str error;                        /* k6's message, empty if none */
    br_str tls_version, ocsp_status, ip; /* empty if none */
    const br_tag *extra;                 /* params.tags */
    size_t extra_count;
    bool has_expectation, expected; /* response callback: none -> no http_req_failed, no expected_response */
    br_ns blocked, connecting, tls_handshaking, sending, waiting, receiving, duration;
    br_ns response; /* from when it was meant to be asked for to its end: docs/measuring.md */
    uint64_t received_bytes;
    br_ns wall;
} br_http_sample;
void br_recorder_http(br_recorder *r, const br_origin *origin, const br_http_sample *s);

/* The child group of `parent` (NULL: the root itself); created if new, NULL when BR_GROUPS_MAX is reached. */
br_group *br_recorder_group(br_recorder *r, br_group *parent, br_str name);
/*
 * Counts one check in `group` and records a `checks` sample tagged check=name. Beyond BR_CHECKS_MAX, or with
 * `group` NULL, it is counted in the sample only.
 */
void br_recorder_check(br_recorder *r, br_group *group, br_str name, bool passed, const br_origin *origin,
    const br_tag *extra, size_t extra_count, br_ns wall);

/* For the result, after the worker has ended. */
br_group *br_recorder_root(br_recorder *r);
size_t br_recorder_endpoints(br_recorder *r, const br_endpoint *const **ret_list);
/* Requests that failed because this process had no descriptor, or this machine no local port for them. */
typedef struct br_shortages {
    uint64_t descriptors, ports;
} br_shortages;
br_shortages br_recorder_shortages(const br_recorder *r);
