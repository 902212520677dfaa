/* brunt test: its arguments, and what is known to be wrong before the first test. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/config/config_args.h"
#include "cli/config/gate.h"
#include "cli/terminal/interrupt.h"
#include "cli/load/limits.h"
#include "cli/load/modules.h"
#include "cli/history/record.h"
#include "cli/test/reports.h"
#include "cli/load/run_flags.h"
#include "cli/target/target.h"
#include "cli/test/test_all.h"
#include "cli/test/test_watch.h"

#define COOL_DOWN_MAX     (3600 * BR_SEC)
#define SEARCH_TIME       (600e9) /* of tests that are not shortened */
#define SEARCH_TIME_LEAST (30e9)
#define SEARCH_TIME_MAX   (24 * 3600 * BR_SEC)
#define SEARCH_RATE_MAX   1000000
#define SEARCH_VUS_MAX    100000

static const br_arg test_args[] = {
    BR_CONFIG_ARG,
    {"cool-down", 0, BR_ARG_VALUE, "DURATION",
        "go on watching the target so long after the load (default 0s)", NULL},
    {"dry-run", 0, BR_ARG_SWITCH, NULL, "print what would be done and when, and do nothing", NULL},
    {"duration-scale", 0, BR_ARG_VALUE, "FACTOR",
        "shorten every duration, e.g. 0.1: the report says that it is no full test", NULL},
    {"env", 'e', BR_ARG_LIST, "NAME=VALUE", "set a variable of __ENV (may be given again)", NULL},
    {"json", 0, BR_ARG_VALUE, "FILE",
        "write the result as JSON, too; - is standard output, instead of the text", NULL},
    {"report", 0, BR_ARG_VALUE, "LIST",
        "reports to write: text, json, md, junit, html, with commas between them (default: all)", NULL},
    {"reports", 0, BR_ARG_VALUE, "DIR", "folder for the reports (default: reports)", NULL},
    {"search", 0, BR_ARG_SWITCH, NULL,
        "after a ramp, search for the highest rate that the target holds, in the open model, to 5 %", NULL},
    {"search-max", 0, BR_ARG_VALUE, "RATE",
        "never more starts of visits per second than this (default 10000)", NULL},
    {"search-time", 0, BR_ARG_VALUE, "DURATION",
        "no trial of the search begins later (default 10m, shortened like the test)", NULL},
    {"search-vus", 0, BR_ARG_VALUE, "N", "visits at once, at most; more are overload (default 2000)", NULL},
    {"spike-probe", 0, BR_ARG_VALUE, "RATE",
        "requests per second that probe a spike test in the open model (default 60; 0: none)", NULL},
    {"stop-early", 0, BR_ARG_SWITCH, NULL,
        "end a soak as soon as it is decided whether memory leaks and all else holds with a margin", NULL},
    {"watch", 0, BR_ARG_LIST, "PLACE",
        "where the target says how it is: process:PID, process:NAME, cgroup:PATH or the URL of a Prometheus page (may "
        "be given again; none: nowhere; default: metrics of the environment, else /metrics of the target, if there is one)",
        NULL},
    {"workers", 0, BR_ARG_VALUE, "N", "worker threads (default: one for each usable core)", NULL},
    {"writes", 0, BR_ARG_SWITCH, NULL, "test the write endpoints, too: __ENV.WRITES is 1", NULL},
    BR_NOTIFY_ARGS,
    BR_LOOP_ARG,
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_test_sections[] = {{NULL, test_args}, {"History", br_record_test_args},
    {"Comparison", br_repeat_args}, {"Gate", br_gate_args}, {"Modules", br_module_args},
    {"Limits", br_limit_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Run a named test of brunt.yaml against one of its environments and judge the result.\n\n"
         "Usage:\n  brunt test baseline|stress|spike|soak|all ENVIRONMENT [flags]\n\nExamples:\n"
         "  brunt test baseline local                       the full five minutes\n"
         "  brunt test soak local --watch process:empire    with the memory of a local process\n"
         "  brunt test all staging --duration-scale 0.1     all tests, each a tenth as long\n"
         "  brunt test all staging --dry-run                what would be done, and when\n\nFlags:");
    br_args_print_help(stdout, br_test_sections);
    puts("\nExit codes: 0 passed, 1 failed, 4 the run is no evidence (invalid), 5 target unavailable,\n"
         "6 not allowed now (approval, window, notice); with --compare also 1 regressed, 2 inconclusive,\n"
         "3 no baseline; 104 bad configuration, 107 exception in the script, 255 other errors.\n"
         "Of all tests the gravest counts: could not be run, 5, 4, 1, 2, 3, 0.");
}

static br_code read_scale(br_test_session *s, br_err *err)
{
    const char *scale = br_args_get(&s->args, "duration-scale");
    s->scale = 1;
    if (!scale) return BR_OK;
    if (br_parse_f64(br_str_of(scale), &s->scale) == BR_OK && s->scale > 0 && s->scale <= 1) return BR_OK;
    return br_fail(err, BR_EINVAL,
        "invalid argument \"%s\" for --duration-scale: use a number above 0 and up to 1", scale);
}

static br_code read_workers(br_test_session *s, br_err *err)
{
    const char *workers = br_args_get(&s->args, "workers");
    int64_t n = 0;
    if (workers && (br_parse_i64(br_str_of(workers), &n) != BR_OK || n < 1 || n > 256))
        return br_fail(err, BR_EINVAL, "invalid argument \"%s\" for --workers: use 1 to 256", workers);
    s->workers = (uint32_t) n;
    return BR_OK;
}

static br_code read_probe(br_test_session *s, br_err *err)
{
    const char *rate = br_args_get(&s->args, "spike-probe");
    int64_t n = -1;
    if (rate && (br_parse_i64(br_str_of(rate), &n) != BR_OK || n < 0 || n > BR_TEST_PROBE_RATE_MAX))
        return br_fail(err, BR_EINVAL, "invalid argument \"%s\" for --spike-probe: use 0 to %d", rate,
            BR_TEST_PROBE_RATE_MAX);
    s->extras.probe_rate = (double) n;
    return BR_OK;
}

static br_code read_cool_down(br_test_session *s, br_err *err)
{
    const char *text = br_args_get(&s->args, "cool-down");
    if (!text) return BR_OK;
    if (br_parse_duration(br_str_of(text), BR_DURATION_GO, &s->cool_down) == BR_OK && s->cool_down >= 0 &&
        s->cool_down <= COOL_DOWN_MAX)
        return BR_OK;
    return br_fail(
        err, BR_EINVAL, "invalid argument \"%s\" for --cool-down: use a duration such as 2m, up to 1h", text);
}

static br_code read_search(br_test_session *s, br_err *err)
{
    const char *rate = br_args_get(&s->args, "search-max"), *time = br_args_get(&s->args, "search-time");
    const char *vus = br_args_get(&s->args, "search-vus");
    s->search = (br_test_search_config){.on = br_args_has(&s->args, "search"),
        .time = (br_ns) fmax(SEARCH_TIME * s->scale, SEARCH_TIME_LEAST),
        .max_rate = 10000,
        .max_vus = 2000};
    if (rate && (br_parse_f64(br_str_of(rate), &s->search.max_rate) != BR_OK || s->search.max_rate < 1 ||
                    s->search.max_rate > SEARCH_RATE_MAX))
        return br_fail(
            err, BR_EINVAL, "invalid argument \"%s\" for --search-max: use 1 to %d", rate, SEARCH_RATE_MAX);
    if (time && (br_parse_duration(br_str_of(time), BR_DURATION_GO, &s->search.time) != BR_OK ||
                    s->search.time <= 0 || s->search.time > SEARCH_TIME_MAX))
        return br_fail(err, BR_EINVAL,
            "invalid argument \"%s\" for --search-time: use a duration such as 10m, up to 24h", time);
    if (vus && (br_parse_i64(br_str_of(vus), &s->search.max_vus) != BR_OK || s->search.max_vus < 1 ||
                   s->search.max_vus > SEARCH_VUS_MAX))
        return br_fail(
            err, BR_EINVAL, "invalid argument \"%s\" for --search-vus: use 1 to %d", vus, SEARCH_VUS_MAX);
    return BR_OK;
}

static br_code read_env(br_test_session *s, br_err *err)
{
    br_env_var *list = br_calloc(s->args.values.len + 1, sizeof(*list));
    s->extras.env = list;
    return br_run_flags_env(&s->args, list, &s->extras.env_count, err);
}

static br_code read_watch(const br_test_session *s, br_err *err)
{
    br_code code = BR_OK;
    for (size_t i = 0; i < s->args.values.len && code == BR_OK; i++) {
        br_str text = br_str_of(s->args.values.data[i].value);
        if (strcmp(s->args.values.data[i].arg->name, "watch") != 0 || br_str_is(text, "none")) continue;
        br_target_source source;
        code = br_test_watch_parse(text, &source, err);
    }
    return code;
}

static void read_switches(br_test_session *s)
{
    const br_args *a = &s->args;
    const char *dir = br_args_get(a, "reports");
    s->report_dir = dir ? dir : "reports";
    s->json = br_args_get(a, "json");
    s->quiet = br_args_has(a, "quiet") || (s->json && strcmp(s->json, "-") == 0);
    s->colour = br_cli_colour(a, STDOUT_FILENO);
    s->extras.writes = br_args_has(a, "writes");
    s->stop_early = br_args_has(a, "stop-early");
}

static br_code configure(br_test_session *s, br_err *err)
{
    const br_args *a = &s->args;
    if (a->words.len != 2) {
        return br_fail(err, BR_EINVAL,
            "test needs a test and an environment: brunt test baseline|stress|spike|soak|all ENVIRONMENT");
    }
    read_switches(s);
    br_code code = read_scale(s, err);
    if (code == BR_OK) code = read_workers(s, err);
    if (code == BR_OK) code = read_probe(s, err);
    if (code == BR_OK) code = read_cool_down(s, err);
    if (code == BR_OK) code = read_search(s, err);
    if (code == BR_OK) code = read_env(s, err);
    if (code == BR_OK) code = read_watch(s, err);
    if (code == BR_OK) code = br_repeat_read(&s->args, &s->repeat, err);
    const char *forms = br_args_get(a, "report");
    if (code == BR_OK && forms) code = br_reports_parse(forms, &s->report_forms, err);
    if (code == BR_OK) code = br_notify_read(a, &s->notify, err);
    if (code == BR_OK) code = br_cli_loop(a, &s->loop, err);
    if (code == BR_OK) code = br_config_args_load(a, &s->config, err);
    if (code == BR_OK)
        code = br_config_environment(s->config, br_str_of(a->words.data[1]), &s->environment, err);
    if (code == BR_OK) code = br_notify_complete(&s->notify, s->config, s->environment, err);
    return code;
}

/* The command --------------------------------------------------------------------------------------- */

/* Is there a target? A signal meanwhile leaves that open: the first test says that it was interrupted. */
static br_code check_target(const br_test_session *s, br_err *err)
{
    br_code code = br_target_check(
        s->environment->base_url.p, s->environment->health.p, BR_TEST_HEALTH_TIMEOUT, err);
    if (code == BR_OK || br_interrupted()) return BR_OK;
    br_err why = *err;
    return br_fail(err, code, "%.3000s; start it or correct base_url of environment '" BR_FMT "'", why.msg,
        BR_ARG(s->environment->name));
}

/* Is this environment open for so long? Refusals have an exit status of their own. */
static br_code pass_gate(br_test_session *s, const br_test_list *list, int *ret_status, br_err *err)
{
    double length = 0;
    for (size_t i = 0; i < list->len; i++)
        length += (double) list->data[i]->plan.duration * s->scale;
    br_code code = br_gate_open(s->environment, &s->args, (br_ns) length, &s->arena, &s->gate, err);
    *ret_status = code == BR_EACCESS ? BR_GATE_EXIT_REFUSED : BR_EXIT_CONFIG;
    return code;
}

static br_code check_history(br_test_session *s, br_err *err)
{
    br_code code = br_record_check(&s->args, &s->record, err);
    if (code != BR_OK || s->record || !s->repeat.compare) return code;
    return br_fail(
        err, BR_EACCESS, "without a history there is nothing to compare: name a file with --store");
}

static int execute(br_test_session *s)
{
    br_err err = {0};
    br_test_list list = {0};
    int status = BR_EXIT_CONFIG;
    br_code code = br_test_all_collect(s, &list, &err);
    bool dry = code == BR_OK && br_args_has(&s->args, "dry-run");
    if (dry) status = br_test_all_dry_run(s, &list);
    if (code == BR_OK && !dry) code = pass_gate(s, &list, &status, &err);
    if (code == BR_OK && !dry) {
        status = BR_EXIT_OTHER;
        code = br_reports_check_dir(s->report_dir, &err);
    }
    if (code == BR_OK && !dry && !br_args_has(&s->args, "no-store")) code = check_history(s, &err);
    if (code == BR_OK && !dry) {
        status = BR_TEST_EXIT_UNAVAILABLE;
        code = check_target(s, &err);
    }
    if (code == BR_OK && !dry) status = br_test_all_run(s, &list);
    if (code != BR_OK) br_error("%s", err.msg);
    if (code != BR_OK && status == BR_TEST_EXIT_UNAVAILABLE) {
        br_notification what = {.test = br_str_of(s->args.words.data[0]),
            .environment = s->environment->name,
            .target = s->environment->base_url,
            .trouble = br_str_of(err.msg)};
        (void) br_notify_send(&s->notify, &what);
    }
    br_vec_deinit(&list);
    return status;
}

int br_cmd_test(int argc, char **argv)
{
    br_test_session s = {0};
    br_err err = {0};
    br_code code = br_cli_begin(argc, argv, br_test_sections, print_help, &s.args, &err);
    if (code == BR_EOF) {
        br_args_deinit(&s.args);
        return 0;
    }
    bool usage = code != BR_OK;
    br_buf_init(&s.documents, BR_BUF_NO_LIMIT);
    br_arena_init(&s.arena, 1024);
    br_interrupt_watch();
    if (code == BR_OK) code = configure(&s, &err);
    int status = usage ? BR_EXIT_OTHER : BR_EXIT_CONFIG;
    if (code == BR_OK)
        status = execute(&s);
    else
        br_error("%s", err.msg);
    br_interrupt_unwatch();
    br_buf_deinit(&s.documents);
    br_arena_deinit(&s.arena);
    br_notify_deinit(&s.notify);
    br_config_free(s.config);
    br_free((void *) (uintptr_t) s.extras.env);
    br_args_deinit(&s.args);
    return status;
}
