#include "cli/config/config_int.h"

/* Load --------------------------------------------------------------------------------------------- */

static br_code read_stage(br_config_reader *r, const br_yaml_node *node, br_load_stage *ret)
{
    br_code code = BR_OK;
    if (!br_config_shape_ok(r, node, &br_shape_stage, &code)) return code;
    const br_yaml_node *duration = br_yaml_get(node, "duration"), *target = br_yaml_get(node, "target");
    if (code == BR_OK && (!duration || !target)) {
        code = br_config_fail(r, node, BR_EINVAL,
            "a stage needs its %s; write e.g. { duration: 2m, target: 10 }",
            duration ? "target" : "duration");
    }
    if (duration) code = br_config_both(code, br_config_duration(r, duration, "duration", 0, &ret->duration));
    if (target) {
        code = br_config_both(code, br_config_count(r, target, "target", 0, BR_CONFIG_VUS_MAX, &ret->target));
    }
    return code;
}

static br_code check_total(br_config_reader *r, const br_yaml_node *at, const br_load_plan *plan)
{
    if (plan->duration < BR_CONFIG_DURATION_MIN || plan->duration > BR_CONFIG_DURATION_MAX) {
        return br_config_fail(r, at, BR_ELIMIT, "the stages last %s in all; use 1s to 7d",
            plan->duration > BR_CONFIG_DURATION_MAX ? "longer than 7d" : "less than 1s");
    }
    int64_t peak = plan->start_vus;
    for (size_t i = 0; i < plan->stage_count; i++) {
        if (plan->stages[i].target > peak) peak = plan->stages[i].target;
    }
    if (peak > 0) return BR_OK;
    return br_config_fail(
        r, at, BR_EINVAL, "the load is 0 all the time; give at least one stage a target above 0");
}

static br_code read_stages(br_config_reader *r, const br_yaml_node *node, br_load_plan *plan)
{
    br_code code = br_config_want(r, node, BR_YAML_LIST, "stages", "[ { duration: 2m, target: 10 } ]");
    if (code == BR_OK) code = br_config_want_count(r, node, "stages", BR_CONFIG_STAGES_MAX);
    if (code != BR_OK) return code;
    if (node->count == 0) {
        return br_config_fail(
            r, node, BR_EINVAL, "there are no stages; write e.g. [ { duration: 2m, target: 10 } ]");
    }
    plan->stages = br_arena_zalloc(r->arena, node->count * sizeof(*plan->stages));
    for (const br_yaml_entry *e = node->first; e; e = e->next) {
        br_load_stage *stage = &plan->stages[plan->stage_count++];
        code = br_config_both(code, read_stage(r, e->value, stage));
        plan->duration += stage->duration; /* no overflow: 1000 stages of 7 days */
    }
    return code == BR_OK ? check_total(r, node, plan) : code;
}

static br_code read_constant(
    br_config_reader *r, const br_yaml_node *test, const br_yaml_node *vus, bool told, br_load_plan *plan)
{
    const br_yaml_node *duration = br_yaml_get(test, "duration");
    br_code code = BR_OK;
    if (duration) {
        code = br_config_duration(r, duration, "duration", BR_CONFIG_DURATION_MIN, &plan->duration);
    } else if (!told) {
        code = br_config_fail(r, test, BR_EINVAL, "the test has no duration; add e.g. duration: 5m");
    }
    return br_config_both(code, br_config_count(r, vus, "vus", 1, BR_CONFIG_VUS_MAX, &plan->vus));
}

static br_code read_ramping(
    br_config_reader *r, const br_yaml_node *test, const br_yaml_node *load, br_load_plan *plan)
{
    const br_yaml_node *duration = br_yaml_get(test, "duration"), *start = br_yaml_get(load, "start_vus");
    br_code code = BR_OK;
    if (duration) {
        code = br_config_fail(r, duration, BR_EINVAL,
            "duration and stages exclude each other: stages have their own; remove one of them");
    }
    if (start) {
        code = br_config_both(
            code, br_config_count(r, start, "start_vus", 0, BR_CONFIG_VUS_MAX, &plan->start_vus));
    }
    return br_config_both(code, read_stages(r, br_yaml_get(load, "stages"), plan));
}

/* `told`: a key of the test is misspelt, perhaps the one that is missed here. */
static br_code read_load(br_config_reader *r, const br_yaml_node *test, bool told, br_load_plan *plan)
{
    const br_yaml_node *load = br_yaml_get(test, "load");
    br_code code = BR_OK;
    plan->factor = 1;
    if (!load && told) return BR_OK;
    if (!load) {
        return br_config_fail(
            r, test, BR_EINVAL, "the test has no load; add load: { vus: 10 } or load: { stages: [...] }");
    }
    if (!br_config_shape_ok(r, load, &br_shape_load, &code)) return code;
    const br_yaml_node *vus = br_yaml_get(load, "vus"), *stages = br_yaml_get(load, "stages");
    const br_yaml_node *start = br_yaml_get(load, "start_vus");
    if (vus && stages) {
        return br_config_fail(r, stages, BR_EINVAL,
            "vus and stages exclude each other; keep vus for a constant load, stages for a ramp");
    }
    if (vus && start) {
        return br_config_fail(r, start, BR_EINVAL, "start_vus goes with stages, not with vus; remove it");
    }
    if (vus) return br_config_both(code, read_constant(r, test, vus, told, plan));
    if (stages) return br_config_both(code, read_ramping(r, test, load, plan));
    if (code != BR_OK) return code;
    return br_config_fail(
        r, load, BR_EINVAL, "load needs vus (constant) or stages (ramping); write e.g. load: { vus: 10 }");
}

/* Criteria ----------------------------------------------------------------------------------------- */

/* Longer than any request takes: such a limit is a slip, mostly m (minutes) for ms. */
#define LATENCY_LIMIT_MAX_MS 3600e3

/* What stands before the operator, which may be wrong itself. */
static br_str criterion_name(br_str text)
{
    size_t n = 0;
    while (n < text.n && br_str_find_char(BR_STR("<>=!("), text.p[n]) < 0)
        n++;
    return br_str_trim(br_str_sub(text, 0, n));
}

/* The criterion that was probably meant; NULL: none, or the name is right. */
static const char *nearest_criterion(br_str name)
{
    static const char *const names[] = {"error_rate", "throughput", "checks", "requests", "iterations",
        "dropped_iterations", "recovery", "memory_growth", "stable", "degrades_gracefully"};
    const char *near = br_config_nearest(name, names, BR_COUNT_OF(names));
    return near && br_str_starts(name, br_str_of(near)) ? NULL : near;
}

/* "500m" is 500 minutes: it would pass whatever the target does. */
static br_code check_latency_limit(br_config_reader *r, const br_yaml_node *node, const br_criterion *c)
{
    bool latency = c->kind == BR_CRITERION_METRIC && c->unit == BR_UNIT_MS &&
                   br_str_starts(c->metric, BR_STR("http_req_"));
    if (!latency || c->limit <= LATENCY_LIMIT_MAX_MS) return BR_OK;
    size_t at = c->text.n; /* of the limit, which is the last that is written */
    while (at > 0 && br_str_find_char(BR_STR("<>="), c->text.p[at - 1]) < 0)
        at--;
    br_str limit = br_str_trim(br_str_sub(c->text, at, c->text.n));
    br_str digits = br_str_sub(limit, 0, limit.n - 1);
    bool slip = limit.p[limit.n - 1] == 'm' &&
                br_str_find_char(BR_STR("0123456789. "), digits.p[digits.n - 1]) >= 0;
    const char *hint = slip ? br_arena_printf(r->arena, "did you mean " BR_FMT "ms? (m are minutes)",
                                  BR_ARG(br_str_trim(digits)))
                            : "use at most 1h";
    return br_config_fail(r, node, BR_ELIMIT,
        "criterion \"" BR_FMT "\": no request takes longer than " BR_FMT "; %s", BR_ARG(c->text),
        BR_ARG(limit), hint);
}

/* `endpoint`: empty for all requests. */
static br_code read_criterion(
    br_config_reader *r, const br_yaml_node *node, br_str endpoint, br_config_criterion *ret)
{
    br_str text;
    br_code code = br_config_text(r, node, "a criterion", BR_CONFIG_CRITERION_MAX, &text);
    if (code != BR_OK) return code;
    br_err err = {0};
    code = endpoint.n ? br_criterion_parse_endpoint(endpoint, text, r->arena, &ret->criterion, &err)
                      : br_criterion_parse(text, &ret->criterion, &err);
    ret->line = node->mark.line;
    ret->column = node->mark.column;
    if (code == BR_OK) return check_latency_limit(r, node, &ret->criterion);
    br_str name = criterion_name(text);
    const char *near = nearest_criterion(name);
    return near ? br_config_fail(r, node, code,
                      "criterion \"" BR_FMT "\": \"" BR_FMT "\" is unknown; did you mean \"%s\"?",
                      BR_ARG(text), BR_ARG(name), near)
                : br_config_fail(r, node, code, "%s", err.msg);
}

static br_code read_criterion_list(
    br_config_reader *r, const br_yaml_node *node, br_str endpoint, br_named_test *ret)
{
    br_code code = BR_OK;
    for (const br_yaml_entry *e = node->first; e; e = e->next) {
        br_config_criterion *c = &ret->criteria[ret->criterion_count++];
        code = br_config_both(code, read_criterion(r, e->value, endpoint, c));
    }
    return code;
}

/* Mistakes in the shape; *ret_count: how many criteria there are. */
static br_code check_endpoint(br_config_reader *r, const br_yaml_entry *e, size_t *ret_count)
{
    if (e->key->text.n == 0 || e->key->text.n > BR_CONFIG_CRITERION_MAX) {
        return br_config_fail(r, e->key, BR_EINVAL,
            "the endpoint %s is not allowed; write its name, up to %d characters, e.g. \"GET /products\"",
            br_config_quoted(r, e->key), BR_CONFIG_CRITERION_MAX);
    }
    br_code code = br_config_want(
        r, e->value, BR_YAML_LIST, "criteria of an endpoint", "[ \"p95 < 200ms\" ]");
    if (code == BR_OK) code = br_config_want_count(r, e->value, "criteria", BR_CONFIG_ITEMS_MAX);
    if (code == BR_OK) *ret_count += e->value->count;
    return code;
}

static br_code check_endpoints(br_config_reader *r, const br_yaml_node *node, size_t *ret_count)
{
    br_code code = br_config_want(
        r, node, BR_YAML_MAP, "endpoints", "{ \"GET /products\": [ \"p95 < 200ms\" ] }");
    if (code == BR_OK) code = br_config_want_count(r, node, "endpoints", BR_CONFIG_ITEMS_MAX);
    for (const br_yaml_entry *e = node->first; code == BR_OK && e; e = e->next)
        code = check_endpoint(r, e, ret_count);
    return code;
}

static br_code check_criteria(br_config_reader *r, const br_yaml_node *node)
{
    br_code code = br_config_want(
        r, node, BR_YAML_LIST, "criteria", "[ \"p95 < 500ms\", \"error_rate < 1%\" ]");
    if (code == BR_OK) code = br_config_want_count(r, node, "criteria", BR_CONFIG_ITEMS_MAX);
    if (code != BR_OK || node->count > 0) return code;
    return br_config_fail(r, node, BR_EINVAL, "there are no criteria; write e.g. [ \"p95 < 500ms\" ]");
}

static br_code read_criteria(br_config_reader *r, const br_yaml_node *test, bool told, br_named_test *ret)
{
    const br_yaml_node *node = br_yaml_get(test, "criteria"), *by_endpoint = br_yaml_get(test, "endpoints");
    size_t more = 0;
    br_code code = BR_OK, of_endpoints = BR_OK;
    if (node) {
        code = check_criteria(r, node);
    } else if (!told) {
        code = br_config_fail(
            r, test, BR_EINVAL, "the test has no criteria; add e.g. criteria: [ \"p95 < 500ms\" ]");
    }
    if (by_endpoint) of_endpoints = check_endpoints(r, by_endpoint, &more);
    size_t most = more + (node ? node->count : 0);
    ret->criteria = br_arena_zalloc(r->arena, (most + 1) * sizeof(*ret->criteria));
    if (node && code == BR_OK) code = read_criterion_list(r, node, BR_STR(""), ret);
    if (!by_endpoint || of_endpoints != BR_OK) return br_config_both(code, of_endpoints);
    for (const br_yaml_entry *e = by_endpoint->first; e; e = e->next)
        code = br_config_both(code, read_criterion_list(r, e->value, e->key->text, ret));
    return code;
}

/* The rest ----------------------------------------------------------------------------------------- */

static br_code read_path(br_config_reader *r, const br_yaml_node *node, br_str *ret)
{
    br_str text;
    br_code code = br_config_text(r, node, "script", 1024, &text);
    if (code != BR_OK) return code;
    br_str folder = text.p[0] == '/' ? BR_STR("") : r->file->folder;
    *ret = br_str_of(br_arena_printf(r->arena, BR_FMT BR_FMT, BR_ARG(folder), BR_ARG(text)));
    return BR_OK;
}

static br_code read_script(br_config_reader *r, const br_yaml_node *test, bool told, br_named_test *ret)
{
    const br_yaml_node *node = br_yaml_get(test, "script");
    if (!node) {
        return told ? BR_OK
                    : br_config_fail(
                          r, test, BR_EINVAL, "the test has no script; add e.g. script: baseline.js");
    }
    ret->script_line = node->mark.line;
    ret->script_column = node->mark.column;
    return read_path(r, node, &ret->script);
}

static br_code read_writes(br_config_reader *r, const br_yaml_node *node, br_named_test *ret)
{
    br_code code = BR_OK;
    if (!node || !br_config_shape_ok(r, node, &br_shape_writes, &code)) return code;
    const br_yaml_node *script = br_yaml_get(node, "script"), *env = br_yaml_get(node, "env");
    if (code == BR_OK && !script && !env) {
        code = br_config_fail(
            r, node, BR_EINVAL, "writes needs a script or env; write e.g. writes: { env: { WRITES: 1 } }");
    }
    br_config_pairs variables = {0};
    br_yaml_mark at = script ? script->mark : node->mark;
    ret->writes_line = at.line;
    ret->writes_column = at.column;
    if (script) code = br_config_both(code, read_path(r, script, &ret->writes_script));
    code = br_config_both(code, br_config_variables(r, env, &variables));
    ret->writes_env = variables.list;
    ret->writes_env_count = variables.count;
    ret->has_writes = true;
    return code;
}

static br_code read_spike(br_config_reader *r, const br_yaml_node *node, br_named_test *ret)
{
    br_code code = BR_OK;
    if (!node || !br_config_shape_ok(r, node, &br_shape_spike, &code)) return code;
    const br_yaml_node *probe = br_yaml_get(node, "probe");
    if (probe) return br_config_both(code, br_config_rate(r, probe, "probe", &ret->spike_probe));
    if (code != BR_OK) return code;
    return br_config_fail(r, node, BR_EINVAL, "spike needs its probe; write e.g. spike: { probe: 20/s }");
}

br_code br_config_read_test(br_config_reader *r, const br_yaml_node *node, br_config_item *item)
{
    br_named_test *test = &item->test;
    br_code code = BR_OK;
    if (!br_config_shape_ok(r, node, &br_shape_test, &code)) return code;
    bool told = code != BR_OK;
    br_config_pairs variables = {0};
    const br_yaml_node *frequency = br_yaml_get(node, "frequency"), *early = br_yaml_get(node, "stop_early");
    code = br_config_both(code, read_script(r, node, told, test));
    code = br_config_both(code, read_load(r, node, told, &test->plan));
    code = br_config_both(code, read_criteria(r, node, told, test));
    code = br_config_both(code, br_config_variables(r, br_yaml_get(node, "env"), &variables));
    test->env = variables.list;
    test->env_count = variables.count;
    if (frequency)
        code = br_config_both(code, br_config_text(r, frequency, "frequency", 200, &test->frequency));
    const br_yaml_node *search = br_yaml_get(node, "search");
    if (search) code = br_config_both(code, br_config_switch(r, search, "search", &test->search));
    if (early) code = br_config_both(code, br_config_switch(r, early, "stop_early", &test->stop_early));
    code = br_config_both(code, read_writes(r, br_yaml_get(node, "writes"), test));
    return br_config_both(code, read_spike(r, br_yaml_get(node, "spike"), test));
}
