/* brunt test: a named test of brunt.yaml against an environment, judged and reported. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/job.h"
#include "cli/modules.h"
#include "cli/reports.h"
#include "cli/target.h"

#define EXIT_UNAVAILABLE 5
#define HEALTH_TIMEOUT   (5 * BR_SEC)

static const br_arg test_args[] = {
    {"config", 'c', BR_ARG_VALUE, "FILE", "configuration (default: brunt.yaml, then loadtest/brunt.yaml)",
        NULL},
    {"duration-scale", 0, BR_ARG_VALUE, "FACTOR",
        "shorten every duration, e.g. 0.1: the report says that it is no full test", NULL},
    {"reports", 0, BR_ARG_VALUE, "DIR", "folder for the reports (default: reports)", NULL},
    {"workers", 0, BR_ARG_VALUE, "N", "worker threads (default: one for each usable core)", NULL},
    BR_LOOP_ARG,
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_test_sections[] = {
    {NULL, test_args}, {"Modules", br_module_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Run a named test of brunt.yaml against one of its environments and judge the result.\n\n"
         "Usage:\n  brunt test baseline|stress|spike|soak|all ENVIRONMENT [flags]\n\nExamples:\n"
         "  brunt test baseline local                       the full five minutes\n"
         "  brunt test all staging --duration-scale 0.1     all tests, each a tenth as long\n\nFlags:");
    br_args_print_help(stdout, br_test_sections);
    puts("\nExit codes: 0 passed, 1 failed, 4 the run is no evidence (invalid), 5 target unavailable,\n"
         "104 bad configuration, 107 exception in the script, 255 other errors.");
}

/* State of one command ------------------------------------------------------------------------------ */

typedef struct test_state {
    br_args args;
    br_config *config;
    const br_environment *environment;
    double scale;
    uint32_t workers;
    br_loop_kind loop;
    const char *report_dir;
    bool quiet, colour;
    bool interrupted; /* by a signal: no further test is begun */
} test_state;

static const char *find_config(const br_args *a)
{
    const char *given = br_args_get(a, "config");
    if (given) return given;
    return access("brunt.yaml", F_OK) == 0 || access("loadtest/brunt.yaml", F_OK) != 0
               ? "brunt.yaml"
               : "loadtest/brunt.yaml";
}

static br_code read_numbers(test_state *s, br_err *err)
{
    const char *scale = br_args_get(&s->args, "duration-scale"), *workers = br_args_get(&s->args, "workers");
    s->scale = 1;
    if (scale && (br_parse_f64(br_str_of(scale), &s->scale) != BR_OK || !(s->scale > 0 && s->scale <= 1))) {
        return br_fail(err, BR_EINVAL,
            "invalid argument \"%s\" for --duration-scale: use a number above 0 and up to 1", scale);
    }
    int64_t n;
    if (workers && (br_parse_i64(br_str_of(workers), &n) != BR_OK || n < 1 || n > 256)) {
        return br_fail(err, BR_EINVAL, "invalid argument \"%s\" for --workers: use 1 to 256", workers);
    }
    s->workers = workers ? (uint32_t) n : 0;
    return BR_OK;
}

static br_code configure(test_state *s, br_err *err)
{
    const br_args *a = &s->args;
    if (a->words.len != 2) {
        return br_fail(err, BR_EINVAL,
            "test needs a test and an environment: brunt test baseline|stress|spike|soak|all ENVIRONMENT");
    }
    const char *dir = br_args_get(a, "reports");
    s->report_dir = dir ? dir : "reports";
    s->quiet = br_args_has(a, "quiet");
    s->colour = br_cli_colour(a, STDOUT_FILENO);
    br_code code = read_numbers(s, err);
    if (code == BR_OK) code = br_cli_loop(a, &s->loop, err);
    if (code == BR_OK) code = br_config_load(find_config(a), &s->config, err);
    if (code == BR_OK)
        code = br_config_environment(s->config, br_str_of(a->words.data[1]), &s->environment, err);
    return code;
}

/* One test ------------------------------------------------------------------------------------------ */

/* The load as options of the highest level. New reference. */
static json_t *load_options(const br_load_plan *plan)
{
    json_t *scenario;
    if (plan->stage_count) {
        json_t *stages = json_array();
        for (size_t i = 0; i < plan->stage_count; i++) {
            const br_load_stage *stage = &plan->stages[i];
            json_array_append_new(stages, json_pack("{s:f,s:I}", "duration", (double) stage->duration / 1e6,
                                              "target", (json_int_t) stage->target));
        }
        scenario = json_pack("{s:s,s:I,s:o}", "executor", "ramping-vus", "startVUs",
            (json_int_t) plan->start_vus, "stages", stages);
    } else {
        scenario = json_pack("{s:s,s:I,s:f}", "executor", "constant-vus", "vus", (json_int_t) plan->vus,
            "duration", (double) plan->duration / 1e6);
    }
    return json_pack("{s:{s:o}}", "scenarios", "default", scenario);
}

/* The test as it is run, with everything that judging and reporting need. */
typedef struct planned {
    br_arena arena;
    const br_named_test *test;
    br_load_plan load; /* scaled */
    br_judge_plan plan;
} planned;

static br_code plan_test(const test_state *s, const br_named_test *t, planned *ret, br_err *err)
{
    planned p = {.test = t};
    br_arena_init(&p.arena, 4096);
    br_code code = br_config_scale(&t->plan, s->scale, &p.arena, &p.load, err);
    if (code != BR_OK) {
        br_arena_deinit(&p.arena);
        return code;
    }
    br_criterion *criteria = br_arena_zalloc(&p.arena, (t->criterion_count + 1) * sizeof(*criteria));
    for (size_t i = 0; i < t->criterion_count; i++)
        criteria[i] = t->criteria[i].criterion;
    p.plan = (br_judge_plan){.test = t->name,
        .target = s->environment->base_url,
        .length = t->plan.duration,
        .scale = p.load.factor,
        .criteria = criteria,
        .criterion_count = t->criterion_count};
    (void) br_config_spike(
        &p.load, &p.plan.spike_start, &p.plan.spike_end); /* without a spike the end stays 0 */
    *ret = p;
    return BR_OK;
}

/* __ENV of the script: BASE_URL, the headers as JSON, then what environment and test add. */
static br_env_var *collect_env(
    const test_state *s, const br_named_test *t, br_arena *arena, size_t *ret_count)
{
    const br_environment *e = s->environment;
    br_env_var *list = br_arena_zalloc(arena, (2 + e->env_count + t->env_count) * sizeof(*list));
    size_t n = 0;
    br_buf headers;
    br_buf_init(&headers, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < e->header_count; i++) {
        (void) br_buf_putc(&headers, i ? ',' : '{');
        (void) br_buf_put_json_str(&headers, e->headers[i].name);
        (void) br_buf_putc(&headers, ':');
        (void) br_buf_put_json_str(&headers, e->headers[i].value);
    }
    (void) br_buf_puts(&headers, e->header_count ? "}" : "{}");
    list[n++] = (br_env_var){BR_STR("BASE_URL"), e->base_url};
    list[n++] = (br_env_var){BR_STR("HEADERS"), br_arena_str(arena, br_buf_view(&headers))};
    br_buf_deinit(&headers);
    for (size_t i = 0; i < e->env_count; i++)
        list[n++] = (br_env_var){e->env[i].name, e->env[i].value};
    for (size_t i = 0; i < t->env_count; i++)
        list[n++] = (br_env_var){t->env[i].name, t->env[i].value};
    *ret_count = n;
    return list;
}

static br_code run_planned(const test_state *s, planned *p, br_job *job, br_exit_code *ret_exit, br_err *err)
{
    json_t *options = load_options(&p->load);
    br_buf banner;
    br_buf_init(&banner, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&banner, BR_FMT " against " BR_FMT " (" BR_FMT ")", BR_ARG(p->plan.test),
        BR_ARG(s->environment->name), BR_ARG(s->environment->base_url));
    if (p->load.factor < 1)
        (void) br_buf_printf(&banner, ", shortened to %.4g of its length", p->load.factor);
    br_job_config config = {.script = p->test->script.p,
        .system_env = true,
        .overrides = options,
        .quiet = s->quiet,
        .colour = s->colour,
        .workers = s->workers,
        .module_args = &s->args,
        .loop = s->loop,
        .banner = banner.data};
    config.env = collect_env(s, p->test, &p->arena, &config.env_count);
    br_code code = br_job_prepare(&config, job, ret_exit, err);
    if (code == BR_OK) {
        code = br_job_run(job, &config, ret_exit, err);
        if (code != BR_OK) br_job_deinit(job);
    }
    json_decref(options);
    br_buf_deinit(&banner);
    return code;
}

/* Runs, judges, prints and writes one test; returns its exit status. */
static int run_test(test_state *s, const br_named_test *t)
{
    br_err err = {0};
    planned p;
    if (plan_test(s, t, &p, &err) != BR_OK) {
        br_error("%s", err.msg);
        return BR_EXIT_CONFIG;
    }
    br_job job = {0};
    br_exit_code exit_code = BR_EXIT_OTHER;
    int status;
    if (run_planned(s, &p, &job, &exit_code, &err) != BR_OK) {
        br_error("%s", err.msg);
        status = (int) exit_code;
    } else {
        br_judgement *judgement = br_judge(&p.plan, job.result);
        br_reports_config rc = {.dir = s->report_dir, .colour = s->colour};
        status = br_outcome_exit_status(judgement->outcome);
        if (br_reports_write(job.result, &p.plan, judgement, &rc, &err) != BR_OK) {
            br_error("%s", err.msg);
            if (status == 0) status = BR_EXIT_OTHER;
        }
        /* A script that broke is told as such; an interrupted run is judged: it is no evidence. */
        if (job.exit_code == BR_EXIT_EXCEPTION || job.exit_code == BR_EXIT_SETUP_TIMEOUT)
            status = (int) job.exit_code;
        s->interrupted = job.exit_code == BR_EXIT_INTERRUPTED;
        br_judgement_free(judgement);
        br_job_deinit(&job);
    }
    br_arena_deinit(&p.arena);
    return status;
}

/* The worse of two statuses: what stops a pipeline first. */
static int worse(int a, int b)
{
    return a > b ? a : b;
}

static int run_all(test_state *s)
{
    int status = 0;
    for (size_t i = 0; i < br_config_test_count(s->config); i++) {
        const br_named_test *t;
        br_err err = {0};
        int one = BR_EXIT_CONFIG;
        if (br_config_test(s->config, br_config_test_name(s->config, i), &t, &err) == BR_OK)
            one = run_test(s, t);
        else
            br_error("%s", err.msg);
        status = worse(status, one);
        if (one == EXIT_UNAVAILABLE || s->interrupted)
            break; /* the others would fare no better, or are not wanted */
    }
    return status;
}

/* Everything that can be known to be wrong is told before anything runs. */
static br_code check_before(const test_state *s, const br_named_test **ret_test, br_err *err)
{
    const char *name = s->args.words.data[0];
    bool all = strcmp(name, "all") == 0;
    for (size_t i = 0; i < br_config_test_count(s->config) && all; i++) {
        const br_named_test *t;
        br_code code = br_config_test(s->config, br_config_test_name(s->config, i), &t, err);
        if (code != BR_OK) return code;
    }
    return all ? BR_OK : br_config_test(s->config, br_str_of(name), ret_test, err);
}

static int execute(test_state *s)
{
    br_err err = {0};
    const br_named_test *t = NULL;
    int status = BR_EXIT_CONFIG;
    br_code code = check_before(s, &t, &err);
    if (code == BR_OK) {
        status = BR_EXIT_OTHER;
        code = br_reports_check_dir(s->report_dir, &err);
    }
    if (code == BR_OK) {
        status = EXIT_UNAVAILABLE;
        code = br_target_check(s->environment->base_url.p, "/health", HEALTH_TIMEOUT, &err);
    }
    if (code == BR_OK) return t ? run_test(s, t) : run_all(s);
    if (status == EXIT_UNAVAILABLE)
        br_error("%s; start it or correct base_url of environment '" BR_FMT "'", err.msg,
            BR_ARG(s->environment->name));
    else
        br_error("%s", err.msg);
    return status;
}

int br_cmd_test(int argc, char **argv)
{
    test_state s = {0};
    br_err err = {0};
    br_code code = br_cli_begin(argc, argv, br_test_sections, print_help, &s.args, &err);
    if (code == BR_EOF) {
        br_args_deinit(&s.args);
        return 0;
    }
    bool usage = code != BR_OK;
    if (code == BR_OK) code = configure(&s, &err);
    int status = usage ? BR_EXIT_OTHER : BR_EXIT_CONFIG;
    if (code == BR_OK)
        status = execute(&s);
    else
        br_error("%s", err.msg);
    br_config_free(s.config);
    br_args_deinit(&s.args);
    return status;
}
