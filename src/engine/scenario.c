/* Scenarios: reading one, k6's rules, figures and descriptions. */
#include <ctype.h>
#include "base/mem.h"
#include "base/num.h"
#include "engine/options_read.h"
#include "engine/segment.h"
#include "engine/timetable.h"

#define UNSET INT64_MIN /* a number that has no default */

static const char *const executor_names[] = {
    [BR_EXEC_CONSTANT_VUS] = "constant-vus",
    [BR_EXEC_RAMPING_VUS] = "ramping-vus",
    [BR_EXEC_SHARED_ITERATIONS] = "shared-iterations",
    [BR_EXEC_PER_VU_ITERATIONS] = "per-vu-iterations",
    [BR_EXEC_CONSTANT_ARRIVAL_RATE] = "constant-arrival-rate",
    [BR_EXEC_RAMPING_ARRIVAL_RATE] = "ramping-arrival-rate",
};

const char *br_executor_name(br_executor e)
{
    return executor_names[e];
}

static const char *const common_names[] = {
    "executor", "startTime", "gracefulStop", "exec", "env", "tags", "options", NULL};

/* The most that an executor has, and NULL. */
static const char *const own_names[][6] = {
    [BR_EXEC_CONSTANT_VUS] = {"vus", "duration"},
    [BR_EXEC_RAMPING_VUS] = {"startVUs", "stages", "gracefulRampDown"},
    [BR_EXEC_SHARED_ITERATIONS] = {"vus", "iterations", "maxDuration"},
    [BR_EXEC_PER_VU_ITERATIONS] = {"vus", "iterations", "maxDuration"},
    [BR_EXEC_CONSTANT_ARRIVAL_RATE] = {"rate", "timeUnit", "duration", "preAllocatedVUs", "maxVUs"},
    [BR_EXEC_RAMPING_ARRIVAL_RATE] = {"startRate", "timeUnit", "stages", "preAllocatedVUs", "maxVUs"},
};

static bool is_one_of(const char *name, const char *const names[])
{
    for (size_t i = 0; names[i]; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static br_code read_executor(const br_option_reader *r, br_str name, const json_t *v, br_executor *ret)
{
    const char *text = json_string_value(json_object_get(v, "executor"));
    if (!text || !*text)
        return br_fail(
            r->err, BR_ESYNTAX, "scenario '" BR_FMT "' doesn't have a specified executor type", BR_ARG(name));
    for (size_t i = 0; i < BR_COUNT_OF(executor_names); i++) {
        if (strcmp(text, executor_names[i]) == 0) {
            *ret = (br_executor) i;
            return BR_OK;
        }
    }
    return br_fail(r->err, BR_ESYNTAX, "unknown executor type '%s'", text);
}

/* k6 refuses unknown fields of scenarios: a misspelt one would change the load silently. */
static br_code check_fields(const br_option_reader *r, const json_t *v, br_executor e)
{
    br_fold_names(v, own_names[e]);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *) (uintptr_t) v, key, value)
    {
        if (!is_one_of(key, common_names) && !is_one_of(key, own_names[e]))
            return br_fail(r->err, BR_ESYNTAX, "json: unknown field \"%s\"", key);
    }
    return BR_OK;
}

static void defaults(br_scenario *s, br_str name)
{
    bool iterations = s->executor == BR_EXEC_SHARED_ITERATIONS || s->executor == BR_EXEC_PER_VU_ITERATIONS;
    s->name = name;
    s->exec = BR_STR("default");
    s->vus = s->iterations = 1;
    s->duration = iterations ? 600 * BR_SEC : -1;
    s->graceful_stop = s->graceful_ramp_down = 30 * BR_SEC;
    s->time_unit = BR_SEC;
    s->rate = s->executor == BR_EXEC_CONSTANT_ARRIVAL_RATE ? UNSET : 0;
    s->pre_allocated_vus = s->max_vus = UNSET;
}

static void sum_stages(br_scenario *s, br_buf *problems)
{
    s->duration = 0;
    for (size_t i = 0; i < s->stage_count && s->duration <= BR_OPTION_DURATION_MAX; i++)
        s->duration += s->stages[i].duration;
    if (s->duration > BR_OPTION_DURATION_MAX) br_problem_add(problems, "the stages together are too long");
}

br_code br_scenario_read(
    const br_option_reader *r, br_str name, const json_t *v, br_scenario *ret, br_buf *problems)
{
    br_scenario s = {0};
    if (!json_is_object(v))
        return br_fail(r->err, BR_EINVAL, "scenario '" BR_FMT "' must be an object", BR_ARG(name));
    br_fold_names(v, common_names);
    br_code code = read_executor(r, name, v, &s.executor);
    if (code == BR_OK) code = check_fields(r, v, s.executor);
    if (code != BR_OK) return code;
    defaults(&s, name);
    struct {
        const char *key;
        int64_t *value;
    } ints[] = {{"vus", &s.vus}, {"startVUs", &s.vus}, {"iterations", &s.iterations}, {"rate", &s.rate},
        {"startRate", &s.rate}, {"preAllocatedVUs", &s.pre_allocated_vus}, {"maxVUs", &s.max_vus}},
      times[] = {{"duration", &s.duration}, {"maxDuration", &s.duration}, {"startTime", &s.start_time},
          {"gracefulStop", &s.graceful_stop}, {"gracefulRampDown", &s.graceful_ramp_down},
          {"timeUnit", &s.time_unit}};
    for (size_t i = 0; i < BR_COUNT_OF(ints) && code == BR_OK; i++)
        code = br_read_int(r, ints[i].key, json_object_get(v, ints[i].key), ints[i].value);
    for (size_t i = 0; i < BR_COUNT_OF(times) && code == BR_OK; i++)
        code = br_read_duration(r, times[i].key, json_object_get(v, times[i].key), times[i].value);
    if (code == BR_OK) code = br_read_text(r, "exec", json_object_get(v, "exec"), &s.exec);
    if (code == BR_OK) code = br_read_tags(r, "tags", json_object_get(v, "tags"), &s.tags, &s.tag_count);
    if (code == BR_OK) code = br_read_tags(r, "env", json_object_get(v, "env"), &s.env, &s.env_count);
    if (code == BR_OK)
        code = br_read_stages(r, "stages", json_object_get(v, "stages"), &s.stages, &s.stage_count, problems);
    if (code == BR_ESYNTAX) return code;
    if (code != BR_OK) return br_wrap(r->err, code, "scenario '" BR_FMT "'", BR_ARG(name));
    if (s.executor == BR_EXEC_RAMPING_VUS || s.executor == BR_EXEC_RAMPING_ARRIVAL_RATE)
        sum_stages(&s, problems);
    *ret = s;
    return BR_OK;
}

static void validate_iterations(const br_scenario *s, br_buf *problems)
{
    if (s->vus <= 0) br_problem_add(problems, "the number of VUs must be more than 0");
    if (s->executor == BR_EXEC_SHARED_ITERATIONS && s->iterations < s->vus) {
        br_problem_add(problems,
            "the number of iterations (%lld) can't be less than the number of VUs (%lld)",
            (long long) s->iterations, (long long) s->vus);
    } else if (s->iterations <= 0) {
        br_problem_add(problems, "the number of iterations must be more than 0");
    }
}

static void validate_duration(const br_scenario *s, const char *what, br_buf *problems)
{
    if (s->duration < 0) {
        br_problem_add(problems, "the %s is unspecified", what);
    } else if (s->duration < BR_SEC) {
        br_buf text;
        br_buf_init(&text, 100);
        (void) br_buf_put_duration(&text, s->duration);
        br_problem_add(problems, "the %s must be at least 1s, but is %s", what, text.data);
        br_buf_deinit(&text);
    }
}

static void validate_stages(const br_scenario *s, int64_t limit, br_buf *problems)
{
    if (s->stage_count == 0) br_problem_add(problems, "at least one stage has to be specified");
    for (size_t i = 0; i < s->stage_count; i++) {
        if (s->stages[i].target > limit)
            br_problem_add(problems, "the target for stage %zu exceeds %lld", i + 1, (long long) limit);
    }
}

static void validate_ramping_vus(const br_scenario *s, br_buf *problems)
{
    int64_t most = s->vus;
    if (s->vus < 0) br_problem_add(problems, "the number of start VUs can't be negative");
    validate_stages(s, BR_VUS_MAX, problems);
    for (size_t i = 0; i < s->stage_count; i++)
        most = s->stages[i].target > most ? s->stages[i].target : most;
    if (most <= 0 && s->stage_count)
        br_problem_add(
            problems, "either startVUs or one of the stages' target values must be greater than 0");
}

static void validate_rate(const br_scenario *s, br_buf *problems)
{
    if (s->executor == BR_EXEC_RAMPING_ARRIVAL_RATE) {
        if (s->rate < 0) br_problem_add(problems, "the startRate value can't be negative");
    } else if (s->rate == UNSET) {
        br_problem_add(problems, "the iteration rate isn't specified");
    } else if (s->rate <= 0) {
        br_problem_add(problems, "the iteration rate must be more than 0");
    }
    if (s->rate > BR_RATE_MAX) br_problem_add(problems, "the iteration rate exceeds %d", BR_RATE_MAX);
    if (s->time_unit <= 0) br_problem_add(problems, "the timeUnit must be more than 0");
}

/* maxVUs is preAllocatedVUs where it is not given. */
static void validate_pool(br_scenario *s, br_buf *problems)
{
    if (s->max_vus == UNSET) s->max_vus = s->pre_allocated_vus;
    if (s->pre_allocated_vus == UNSET)
        br_problem_add(problems, "the number of preAllocatedVUs isn't specified");
    else if (s->pre_allocated_vus < 0)
        br_problem_add(problems, "the number of preAllocatedVUs can't be negative");
    if (s->max_vus < s->pre_allocated_vus)
        br_problem_add(problems, "maxVUs can't be less than preAllocatedVUs");
    if (s->max_vus > BR_VUS_MAX) br_problem_add(problems, "maxVUs exceeds %d", BR_VUS_MAX);
}

static bool name_ok(br_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!isalnum((unsigned char) name.p[i]) && name.p[i] != '_' && name.p[i] != '-') return false;
    }
    return name.n > 0;
}

void br_scenario_validate(br_scenario *s, br_buf *problems)
{
    if (!name_ok(s->name))
        br_problem_add(problems,
            "the scenario name should contain only numbers, latin letters, underscores, and dashes");
    if (s->exec.n == 0) br_problem_add(problems, "exec value cannot be empty");
    if (s->start_time < 0) br_problem_add(problems, "the startTime can't be negative");
    if (s->graceful_stop < 0) br_problem_add(problems, "the gracefulStop timeout can't be negative");
    if (s->graceful_ramp_down < 0) br_problem_add(problems, "the gracefulRampDown timeout can't be negative");
    if (s->vus > BR_VUS_MAX) br_problem_add(problems, "the number of VUs exceeds %d", BR_VUS_MAX);
    switch (s->executor) {
        case BR_EXEC_CONSTANT_VUS:
            if (s->vus <= 0) br_problem_add(problems, "the number of VUs must be more than 0");
            validate_duration(s, "duration", problems);
            break;
        case BR_EXEC_RAMPING_VUS: validate_ramping_vus(s, problems); break;
        case BR_EXEC_SHARED_ITERATIONS:
        case BR_EXEC_PER_VU_ITERATIONS:
            validate_iterations(s, problems);
            validate_duration(s, "maxDuration", problems);
            break;
        case BR_EXEC_CONSTANT_ARRIVAL_RATE:
            validate_rate(s, problems);
            validate_duration(s, "duration", problems);
            validate_pool(s, problems);
            break;
        case BR_EXEC_RAMPING_ARRIVAL_RATE:
            validate_rate(s, problems);
            validate_stages(s, BR_RATE_MAX, problems);
            validate_pool(s, problems);
            break;
    }
}

/* Figures ------------------------------------------------------------------------------------------- */

bool br_scenario_is_open(const br_scenario *s)
{
    return s->executor == BR_EXEC_CONSTANT_ARRIVAL_RATE || s->executor == BR_EXEC_RAMPING_ARRIVAL_RATE;
}

int64_t br_scenario_planned_vus(const br_scenario *s)
{
    return br_scenario_is_open(s) ? s->pre_allocated_vus : br_scenario_max_vus(s);
}

int64_t br_scenario_max_vus(const br_scenario *s)
{
    if (br_scenario_is_open(s)) return s->max_vus;
    int64_t most = s->vus;
    for (size_t i = 0; i < s->stage_count; i++)
        most = s->stages[i].target > most ? s->stages[i].target : most;
    return s->executor == BR_EXEC_RAMPING_VUS ? br_stripe_scale(s->stripe, most) : most;
}

br_ns br_scenario_end(const br_scenario *s)
{
    return s->start_time + s->duration;
}
br_ns br_scenario_hard_end(const br_scenario *s)
{
    return br_scenario_end(s) + s->graceful_stop;
}

static void put_extra(br_buf *out, bool *first, const char *name, br_ns d)
{
    (void) br_buf_puts(out, *first ? " (" : ", ");
    (void) br_buf_printf(out, "%s: ", name);
    (void) br_buf_put_duration(out, d);
    *first = false;
}

static void describe_load(const br_scenario *s, br_buf *out)
{
    long long vus = (long long) s->vus;
    switch (s->executor) {
        case BR_EXEC_CONSTANT_VUS: (void) br_buf_printf(out, "%lld looping VUs for ", vus); break;
        case BR_EXEC_RAMPING_VUS:
            (void) br_buf_printf(out, "Up to %lld looping VUs for ", (long long) br_scenario_max_vus(s));
            break;
        case BR_EXEC_SHARED_ITERATIONS:
            (void) br_buf_printf(
                out, "%lld iterations shared among %lld VUs", (long long) s->iterations, vus);
            return;
        case BR_EXEC_PER_VU_ITERATIONS:
            (void) br_buf_printf(out, "%lld iterations for each of %lld VUs", (long long) s->iterations, vus);
            return;
        case BR_EXEC_CONSTANT_ARRIVAL_RATE:
            (void) br_buf_printf(out, "%.2f iterations/s for ", br_timetable_peak_rate(s));
            break;
        case BR_EXEC_RAMPING_ARRIVAL_RATE:
            (void) br_buf_printf(out, "Up to %.2f iterations/s for ", br_timetable_peak_rate(s));
            break;
    }
    (void) br_buf_put_duration(out, s->duration);
    if (s->stage_count) (void) br_buf_printf(out, " over %zu stages", s->stage_count);
}

static void put_pool(const br_scenario *s, br_buf *out, bool *first)
{
    (void) br_buf_printf(out, " (maxVUs: %lld", (long long) s->pre_allocated_vus);
    if (s->max_vus > s->pre_allocated_vus) (void) br_buf_printf(out, "-%lld", (long long) s->max_vus);
    *first = false;
}

void br_scenario_describe(const br_scenario *s, br_buf *out)
{
    bool first = true;
    describe_load(s, out);
    if (s->executor == BR_EXEC_SHARED_ITERATIONS || s->executor == BR_EXEC_PER_VU_ITERATIONS) {
        put_extra(out, &first, "maxDuration", s->duration);
    }
    if (s->executor == BR_EXEC_RAMPING_VUS) put_extra(out, &first, "gracefulRampDown", s->graceful_ramp_down);
    if (br_scenario_is_open(s)) put_pool(s, out, &first);
    if (!br_str_is(s->exec, "default")) {
        (void) br_buf_printf(out, "%sexec: " BR_FMT, first ? " (" : ", ", BR_ARG(s->exec));
        first = false;
    }
    if (s->start_time > 0) put_extra(out, &first, "startTime", s->start_time);
    if (s->graceful_stop > 0) put_extra(out, &first, "gracefulStop", s->graceful_stop);
    if (!first) (void) br_buf_puts(out, ")");
}

static int by_time(const void *a, const void *b)
{
    const br_scenario_edge *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (int) x->begins - (int) y->begins;
}

size_t br_options_edges(const br_options *o, br_scenario_edge **ret)
{
    br_scenario_edge *edges = br_calloc(2 * o->scenario_count + 1, sizeof(*edges));
    size_t n = 0;
    for (size_t i = 0; i < o->scenario_count; i++) {
        const br_scenario *s = &o->scenarios[i];
        br_ns end = br_scenario_hard_end(s);
        if (end <= s->start_time) continue; /* never active */
        edges[n++] = (br_scenario_edge){.at = s->start_time, .scenario = (uint32_t) i, .begins = true};
        edges[n++] = (br_scenario_edge){.at = end, .scenario = (uint32_t) i};
    }
    qsort(edges, n, sizeof(*edges), by_time);
    *ret = edges;
    return n;
}

int64_t br_options_max_vus(const br_options *o)
{
    int64_t most = 0, sum = 0;
    br_scenario_edge *edges;
    size_t n = br_options_edges(o, &edges);
    for (size_t i = 0; i < n; i++) {
        int64_t vus = br_scenario_max_vus(&o->scenarios[edges[i].scenario]);
        sum += edges[i].begins ? vus : -vus;
        most = sum > most ? sum : most;
    }
    br_free(edges);
    return most;
}
