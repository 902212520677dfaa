/*
 * engine/options.h - what a run is to do: k6's options, merged from their sources and checked.
 *
 * What: sources are JSON objects in the form of a script's `options`; later ones replace whole options of
 *     earlier ones, and the four that say what to execute (duration, iterations, stages, scenarios) replace
 *     each other together. The result is typed, has k6's defaults, and its scenarios are derived.
 * Why here: engine, summary and the test command all need the same reading of the same text.
 * Threads: a value; read-only once built.
 * Memory: owns everything in its arena.
 */
#pragma once
#include <jansson.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "net/proxy.h"
#include "net/tls.h"
#include "stat/tags.h"

#define BR_VUS_MAX             1000000
#define BR_STAGES_MAX          10000
#define BR_SCENARIOS_MAX       1000
#define BR_RATE_MAX            100000000             /* iterations per timeUnit */
#define BR_OPTION_DURATION_MAX (1000000000 * BR_SEC) /* 31 years: sums of a few of them do not overflow */

typedef enum br_executor {
    BR_EXEC_CONSTANT_VUS,
    BR_EXEC_RAMPING_VUS,
    BR_EXEC_SHARED_ITERATIONS,
    BR_EXEC_PER_VU_ITERATIONS,
    BR_EXEC_CONSTANT_ARRIVAL_RATE,
    BR_EXEC_RAMPING_ARRIVAL_RATE,
} br_executor;
const char *br_executor_name(br_executor e); /* "constant-vus" ... */

typedef struct br_stage {
    br_ns duration;
    int64_t target;
} br_stage;

typedef struct br_scenario {
    br_str name, exec; /* exec: the exported function */
    br_executor executor;
    int64_t vus;                        /* ramping-vus: startVUs */
    int64_t iterations;                 /* shared: in all; per-vu: each */
    int64_t rate;                       /* arrival rates: iterations per time_unit; ramping: at the start */
    br_ns time_unit;                    /* of rates */
    int64_t pre_allocated_vus, max_vus; /* arrival rates: made before the run; at most */
    br_ns duration; /* constant: duration; iterations: maxDuration; ramping: sum of stages */
    br_stage *stages;
    size_t stage_count;
    br_ns start_time, graceful_stop, graceful_ramp_down;
    br_tag *tags;
    size_t tag_count;
    const struct br_stripe
        *stripe; /* which iterations are this instance's, of ramping-vus which VUs; NULL: all */
    br_tag *env; /* variables for __ENV */
    size_t env_count;
} br_scenario;

typedef struct br_threshold_option {
    br_str metric, source;
    bool abort_on_fail;
    br_ns delay_abort_ns;
} br_threshold_option;

typedef struct br_options {
    br_arena arena;
    br_scenario *scenarios; /* by start time, then name */
    size_t scenario_count;
    const struct br_stripe *stripe; /* this instance's share of the VUs; NULL: all */
    br_threshold_option *thresholds;
    size_t threshold_count;
    br_str *threshold_metrics; /* every key of `thresholds`, also those with an empty list */
    size_t threshold_metric_count;
    br_tag *tags;
    size_t tag_count;
    uint32_t system_tags;
    br_str user_agent;
    br_str *trend_stats;
    size_t trend_stat_count;
    br_str time_unit;
    br_ns setup_timeout, teardown_timeout, summary_timeout, min_iteration_duration;
    bool no_setup, no_teardown, throw_errors, discard_bodies, no_connection_reuse, no_vu_connection_reuse,
        no_cookies_reset;
    int64_t max_redirects; /* -1: not set, which means 10 */
    br_tls_options tls;
    br_host_rules host_rules;
    br_proxies proxies; /* of the environment: set by the caller of br_options_build() */
    br_ns dns_ttl;
    br_local_ips local_ips;
    int64_t batch, batch_per_host;
    int64_t rps;             /* requests a second of all VUs together; 0: no limit */
    char *consolidated_json; /* what was set, as scripts see it; owned by the arena */
    char *all_json;          /* the same with null for what was not set: exec.test.options */
    char *merged_json;       /* in the form of k6's inspect: what was set, shortcuts as such */
    char *derived_json;      /* that with the scenarios that the shortcuts stand for */
} br_options;

/* One source, lowest first. `what` names it in messages: "the script's options", "command line". */
typedef struct br_options_source {
    const char *what;
    json_t *json; /* borrowed object; NULL: nothing */
    bool open;    /* may hold what is no option of the script: no warning */
} br_options_source;

/*
 * Merges, checks and derives. BR_EINVAL with k6's configuration report (several lines) or one message that
 * names the option; BR_ELIMIT for a trend statistic that does not exist; BR_ESYNTAX for a scenario that
 * cannot be read at all (k6 refuses such a script when it loads it); BR_EUNSUPPORTED for an option whose
 * effect this version lacks. Warnings are logged.
 */
BR_NODISCARD br_code br_options_build(
    const br_options_source *sources, size_t count, br_options **ret, br_err *err);
void br_options_free(br_options *o);
/* The script's own options in the form of k6's inspect: read and checked, but not what they say of scenarios.
 * Errors as above; *ret is to be freed with br_free(). */
BR_NODISCARD br_code br_options_inspect_script(json_t *script, char **ret, br_err *err);

/* K6_* variables of the environment as such a JSON object (owned by the caller). BR_EINVAL names the
 * variable. */
BR_NODISCARD br_code br_options_from_env(char *const *environ_list, json_t **ret, br_err *err);
/* "10s:5,20s:0" -> JSON array of stages; what is empty on either side of a colon is null. BR_EINVAL tells the
 * stage by its number, counted from `before`. */
BR_NODISCARD br_code br_options_parse_stages(br_str text, size_t before, json_t **ret, br_err *err);

/* Figures of scenarios ------------------------------------------------------------------------------ */

bool br_scenario_is_open(const br_scenario *s); /* an arrival rate: iterations start by a timetable */
int64_t br_scenario_max_vus(const br_scenario *s);
int64_t br_scenario_planned_vus(const br_scenario *s); /* made before the run; arrival rates may add more */
br_ns br_scenario_end(const br_scenario *s);           /* start + duration, without graceful stop */
br_ns br_scenario_hard_end(const br_scenario *s);      /* with it */
/* "10 looping VUs for 30s (gracefulStop: 30s)" */
void br_scenario_describe(const br_scenario *s, br_buf *out);
/*
 * Where sums over the scenarios that are active at the same time change, in the order of time. A scenario is
 * active from its start until its hard end, which belongs to it no more: ends come before beginnings.
 */
typedef struct br_scenario_edge {
    br_ns at;
    uint32_t scenario;
    bool begins;
} br_scenario_edge;

/* Returns how many; br_free(*ret). */
size_t br_options_edges(const br_options *o, br_scenario_edge **ret);
/* Most VUs needed at the same time over all scenarios. */
int64_t br_options_max_vus(const br_options *o);
