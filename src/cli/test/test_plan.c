#include "cli/test/test_plan.h"

#include <math.h>
#include "base/buf.h"

/* Options ------------------------------------------------------------------------------------------- */

static json_t *ramping_scenario(const br_load_plan *load)
{
    json_t *stages = json_array();
    for (size_t i = 0; i < load->stage_count; i++) {
        const br_load_stage *stage = &load->stages[i];
        json_array_append_new(stages, json_pack("{s:f,s:I}", "duration", (double) stage->duration / 1e6,
                                          "target", (json_int_t) stage->target));
    }
    return json_pack("{s:s,s:I,s:o}", "executor", "ramping-vus", "startVUs", (json_int_t) load->start_vus,
        "stages", stages);
}

static json_t *constant_scenario(const br_load_plan *load)
{
    return json_pack("{s:s,s:I,s:f}", "executor", "constant-vus", "vus", (json_int_t) load->vus, "duration",
        (double) load->duration / 1e6);
}

json_t *br_test_plan_options(const br_test_plan *p)
{
    json_t *scenario = p->load.stage_count ? ramping_scenario(&p->load) : constant_scenario(&p->load);
    return json_pack("{s:{s:o}}", "scenarios", "default", scenario);
}

json_t *br_test_plan_probe(const br_test_plan *p)
{
    if (p->probe_rate == 0) return NULL;
    return json_pack("{s:s,s:s,s:I,s:s,s:f,s:I,s:s}", "executor", "constant-arrival-rate", "exec", "probe",
        "rate", (json_int_t) p->probe_rate, "timeUnit", "1s", "duration", (double) p->load.duration / 1e6,
        "preAllocatedVUs", (json_int_t) p->probe_rate * BR_TEST_PROBE_WAIT_S + 1, "gracefulStop", "6s");
}

const br_criterion *br_test_plan_criterion(const br_test_plan *p, br_criterion_kind kind)
{
    for (size_t i = 0; i < p->judge.criterion_count; i++) {
        if (p->judge.criteria[i].kind == kind) return &p->judge.criteria[i];
    }
    return NULL;
}

/* Variables of the script --------------------------------------------------------------------------- */

static br_str headers_json(const br_environment *e, br_arena *arena)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < e->header_count; i++) {
        (void) br_buf_putc(&text, i ? ',' : '{');
        (void) br_buf_put_json_str(&text, e->headers[i].name);
        (void) br_buf_putc(&text, ':');
        (void) br_buf_put_json_str(&text, e->headers[i].value);
    }
    (void) br_buf_puts(&text, e->header_count ? "}" : "{}");
    br_str json = br_arena_str(arena, br_buf_view(&text));
    br_buf_deinit(&text);
    return json;
}

/* What the test itself gives the script, without the environment and the command line. */
static void collect_own(br_test_plan *p, bool writes)
{
    const br_named_test *t = p->test;
    p->own = br_arena_zalloc(&p->arena, (t->env_count + t->writes_env_count + 1) * sizeof(*p->own));
    for (size_t i = 0; i < t->env_count; i++)
        p->own[p->own_count++] = t->env[i];
    if (!writes) return;
    p->own[p->own_count++] = (br_config_pair){BR_STR("WRITES"), BR_STR("1")};
    for (size_t i = 0; i < t->writes_env_count; i++)
        p->own[p->own_count++] = t->writes_env[i];
}

/* Later ones win: the command line has the last word. */
static void collect_env(br_test_plan *p, const br_test_extras *x)
{
    const br_environment *e = p->environment;
    const br_named_test *t = p->test;
    size_t most = 3 + e->env_count + t->env_count + t->writes_env_count + x->env_count;
    p->env = br_arena_zalloc(&p->arena, most * sizeof(*p->env));
    p->env[p->env_count++] = (br_env_var){BR_STR("BASE_URL"), e->base_url};
    p->env[p->env_count++] = (br_env_var){BR_STR("HEADERS"), headers_json(e, &p->arena)};
    for (size_t i = 0; i < e->env_count; i++)
        p->env[p->env_count++] = (br_env_var){e->env[i].name, e->env[i].value};
    collect_own(p, x->writes);
    for (size_t i = 0; i < p->own_count; i++)
        p->env[p->env_count++] = (br_env_var){p->own[i].name, p->own[i].value};
    for (size_t i = 0; i < x->env_count; i++)
        p->env[p->env_count++] = x->env[i];
}

/* The plan ------------------------------------------------------------------------------------------ */

static void plan_judging(br_test_plan *p)
{
    const br_named_test *t = p->test;
    br_criterion *criteria = br_arena_zalloc(&p->arena, (t->criterion_count + 1) * sizeof(*criteria));
    for (size_t i = 0; i < t->criterion_count; i++)
        criteria[i] = t->criteria[i].criterion;
    p->judge = (br_judge_plan){.test = t->name,
        .target = br_config_redact(p->environment, p->environment->base_url, &p->arena),
        .length = t->plan.duration,
        .scale = p->load.factor,
        .criteria = criteria,
        .criterion_count = t->criterion_count};
    /* Without a spike the end stays 0. */
    (void) br_config_spike(&p->load, &p->judge.spike_start, &p->judge.spike_end);
}

/* The command line, else the test, else the default. */
static int64_t probe_rate(const br_test_plan *p, const br_test_extras *x)
{
    double rate = BR_TEST_PROBE_RATE;
    if (p->judge.spike_end <= p->judge.spike_start) return 0;
    if (p->test->spike_probe > 0) rate = p->test->spike_probe;
    if (x->probe_rate >= 0) rate = x->probe_rate;
    if (rate > BR_TEST_PROBE_RATE_MAX) rate = BR_TEST_PROBE_RATE_MAX;
    return (int64_t) ceil(rate);
}

br_code br_test_plan_make(const br_environment *environment, const br_named_test *test, double scale,
    const br_test_extras *extras, br_test_plan *ret, br_err *err)
{
    br_test_plan p = {.test = test, .environment = environment};
    br_arena_init(&p.arena, 4096);
    br_code code = br_config_scale(&test->plan, scale, &p.arena, &p.load, err);
    if (code != BR_OK) {
        br_arena_deinit(&p.arena);
        return code;
    }
    plan_judging(&p);
    collect_env(&p, extras);
    p.script = extras->writes && test->writes_script.n ? test->writes_script : test->script;
    p.probe_rate = probe_rate(&p, extras);
    *ret = p;
    return BR_OK;
}

void br_test_plan_deinit(br_test_plan *p)
{
    br_arena_deinit(&p->arena);
    *p = (br_test_plan){0};
}
