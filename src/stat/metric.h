/*
 * stat/metric.h - the registry of metrics of one run.
 *
 * What: names, types, units, sub-metrics and thresholds; a number for each sink.
 * Why here: recorder, collector, summary and outputs index sinks by these numbers.
 * Threads: registration takes a lock (virtual users create metrics while they initialise); lookups by id
 *     are safe without it once br_metrics_get() returned (entries never move or change afterwards).
 *     Thresholds and sub-metrics are set up before workers start.
 * Memory: owns everything; at most BR_METRICS_MAX metrics and sub-metrics.
 */
#pragma once
#include "base/vec.h"
#include "stat/tags.h"
#include "stat/threshold.h"

#define BR_METRICS_MAX 4096

/* Built-in metrics have fixed numbers. X(id, name, type, contains) */
#define BR_BUILTIN_METRICS(X)                                                                                \
    X(BR_M_VUS, "vus", BR_GAUGE, BR_CONTAINS_DEFAULT)                                                        \
    X(BR_M_VUS_MAX, "vus_max", BR_GAUGE, BR_CONTAINS_DEFAULT)                                                \
    X(BR_M_ITERATIONS, "iterations", BR_COUNTER, BR_CONTAINS_DEFAULT)                                        \
    X(BR_M_ITERATION_DURATION, "iteration_duration", BR_TREND, BR_CONTAINS_TIME)                             \
    X(BR_M_DROPPED_ITERATIONS, "dropped_iterations", BR_COUNTER, BR_CONTAINS_DEFAULT)                        \
    X(BR_M_CHECKS, "checks", BR_RATE, BR_CONTAINS_DEFAULT)                                                   \
    X(BR_M_GROUP_DURATION, "group_duration", BR_TREND, BR_CONTAINS_TIME)                                     \
    X(BR_M_HTTP_REQS, "http_reqs", BR_COUNTER, BR_CONTAINS_DEFAULT)                                          \
    X(BR_M_HTTP_REQ_DURATION, "http_req_duration", BR_TREND, BR_CONTAINS_TIME)                               \
    X(BR_M_HTTP_REQ_BLOCKED, "http_req_blocked", BR_TREND, BR_CONTAINS_TIME)                                 \
    X(BR_M_HTTP_REQ_CONNECTING, "http_req_connecting", BR_TREND, BR_CONTAINS_TIME)                           \
    X(BR_M_HTTP_REQ_TLS_HANDSHAKING, "http_req_tls_handshaking", BR_TREND, BR_CONTAINS_TIME)                 \
    X(BR_M_HTTP_REQ_SENDING, "http_req_sending", BR_TREND, BR_CONTAINS_TIME)                                 \
    X(BR_M_HTTP_REQ_WAITING, "http_req_waiting", BR_TREND, BR_CONTAINS_TIME)                                 \
    X(BR_M_HTTP_REQ_RECEIVING, "http_req_receiving", BR_TREND, BR_CONTAINS_TIME)                             \
    X(BR_M_HTTP_RES_TIME, "http_res_time", BR_TREND, BR_CONTAINS_TIME) /* ours, not k6's */                  \
    X(BR_M_HTTP_REQ_FAILED, "http_req_failed", BR_RATE, BR_CONTAINS_DEFAULT)                                 \
    X(BR_M_WS_SESSIONS, "ws_sessions", BR_COUNTER, BR_CONTAINS_DEFAULT)                                      \
    X(BR_M_WS_MSGS_SENT, "ws_msgs_sent", BR_COUNTER, BR_CONTAINS_DEFAULT)                                    \
    X(BR_M_WS_MSGS_RECEIVED, "ws_msgs_received", BR_COUNTER, BR_CONTAINS_DEFAULT)                            \
    X(BR_M_WS_PING, "ws_ping", BR_TREND, BR_CONTAINS_TIME)                                                   \
    X(BR_M_WS_SESSION_DURATION, "ws_session_duration", BR_TREND, BR_CONTAINS_TIME)                           \
    X(BR_M_WS_CONNECTING, "ws_connecting", BR_TREND, BR_CONTAINS_TIME)                                       \
    X(BR_M_DATA_SENT, "data_sent", BR_COUNTER, BR_CONTAINS_DATA)                                             \
    X(BR_M_DATA_RECEIVED, "data_received", BR_COUNTER, BR_CONTAINS_DATA)

typedef enum br_builtin_metric {
#define BR_METRIC_ENUM(id, name, type, contains) id,
    BR_BUILTIN_METRICS(BR_METRIC_ENUM)
#undef BR_METRIC_ENUM
        BR_BUILTIN_METRIC_COUNT
} br_builtin_metric;

typedef struct br_metric_threshold {
    br_str source; /* as written */
    br_threshold expr;
    bool abort_on_fail;
    br_ns delay_abort_ns;
    bool failed; /* result of the latest evaluation */
} br_metric_threshold;

typedef struct br_metric {
    uint32_t id; /* index of its sink */
    br_str name; /* sub-metric: "http_req_duration{status:200}" as first written, selector trimmed */
    br_metric_type type;
    br_metric_contains contains;
    struct br_metric *parent; /* of a sub-metric, else NULL */
    br_str suffix;            /* sub-metric: the text between the braces */
    br_selector selector;     /* sub-metric */
    bool listed; /* named among the script's thresholds, even with an empty list: shown without samples too */
    BR_VEC(struct br_metric *) subs;
    BR_VEC(br_metric_threshold) thresholds;
} br_metric;

typedef struct br_metrics br_metrics;

br_metrics *br_metrics_new(void); /* with the built-ins */
void br_metrics_free(br_metrics *m);

size_t br_metrics_count(br_metrics *m);
br_metric *br_metrics_at(br_metrics *m, uint32_t id); /* id < count */
/* By name, metrics and sub-metrics as written; NULL if absent. */
br_metric *br_metrics_find(br_metrics *m, br_str name);

/* k6's rule: ^[a-zA-Z_][a-zA-Z0-9_]{1,128}$ */
bool br_metric_name_valid(br_str name);

/*
 * The metric of that name, created if new. BR_EINVAL: bad name; BR_EEXISTS: exists with another type or unit
 * (message: metric 'x' already exists but with type counter, instead of trend); BR_ELIMIT: too many.
 */
BR_NODISCARD br_code br_metrics_get(br_metrics *m, br_str name, br_metric_type type,
    br_metric_contains contains, br_metric **ret, br_err *err);

/*
 * The sub-metric "parent{selector}", created if new; another spelling of the same tags gives the same one.
 * BR_ENOTFOUND: no such parent (message: no metric name "x" found); BR_ESYNTAX: bad selector; BR_ELIMIT.
 */
BR_NODISCARD br_code br_metrics_get_sub(br_metrics *m, br_str full_name, br_metric **ret, br_err *err);
/* Adds a threshold. BR_EINVAL if the aggregation does not fit the type (message lists the allowed ones). */
BR_NODISCARD br_code br_metric_add_threshold(
    br_metrics *m, br_metric *metric, br_str source, bool abort_on_fail, br_ns delay_abort_ns, br_err *err);
