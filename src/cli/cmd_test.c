/* brunt test: arguments, the order of the tests, and what is known to be wrong before the first. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/limits.h"
#include "cli/modules.h"
#include "cli/record.h"
#include "cli/reports.h"
#include "cli/target.h"
#include "cli/test_run.h"

#define HEALTH_TIMEOUT (5 * BR_SEC)

static const br_arg test_args[] = {
    {"config", 'c', BR_ARG_VALUE, "FILE", "configuration (default: brunt.yaml, then loadtest/brunt.yaml)",
        NULL},
    {"duration-scale", 0, BR_ARG_VALUE, "FACTOR",
        "shorten every duration, e.g. 0.1: the report says that it is no full test", NULL},
    {"report", 0, BR_ARG_VALUE, "LIST",
        "reports to write: text, json, md, junit, html, with commas between them (default: all)", NULL},
    {"reports", 0, BR_ARG_VALUE, "DIR", "folder for the reports (default: reports)", NULL},
    {"workers", 0, BR_ARG_VALUE, "N", "worker threads (default: one for each usable core)", NULL},
    BR_LOOP_ARG,
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_test_sections[] = {{NULL, test_args}, {"History", br_record_test_args},
    {"Modules", br_module_args}, {"Limits", br_limit_args}, {"General", br_global_args}, {NULL, NULL}};

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

static const char *find_config(const br_args *a)
{
    const char *given = br_args_get(a, "config");
    if (given) return given;
    return access("brunt.yaml", F_OK) == 0 || access("loadtest/brunt.yaml", F_OK) != 0
               ? "brunt.yaml"
               : "loadtest/brunt.yaml";
}

static br_code read_numbers(br_test_session *s, br_err *err)
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

static br_code configure(br_test_session *s, br_err *err)
{
    const br_args *a = &s->args;
    if (a->words.len != 2) {
        return br_fail(err, BR_EINVAL,
            "test needs a test and an environment: brunt test baseline|stress|spike|soak|all ENVIRONMENT");
    }
    const char *dir = br_args_get(a, "reports");
    s->report_dir = dir ? dir : "reports";
    const char *forms = br_args_get(a, "report");
    s->quiet = br_args_has(a, "quiet");
    s->colour = br_cli_colour(a, STDOUT_FILENO);
    br_code code = read_numbers(s, err);
    if (code == BR_OK && forms) code = br_reports_parse(forms, &s->report_forms, err);
    if (code == BR_OK) code = br_cli_loop(a, &s->loop, err);
    if (code == BR_OK) code = br_config_load(find_config(a), &s->config, err);
    if (code == BR_OK)
        code = br_config_environment(s->config, br_str_of(a->words.data[1]), &s->environment, err);
    return code;
}

/* The worse of two statuses: what stops a pipeline first. */
static int worse(int a, int b)
{
    return a > b ? a : b;
}

static int run_all(br_test_session *s)
{
    int status = 0;
    for (size_t i = 0; i < br_config_test_count(s->config); i++) {
        const br_named_test *t;
        br_err err = {0};
        int one = BR_EXIT_CONFIG;
        if (br_config_test(s->config, br_config_test_name(s->config, i), &t, &err) == BR_OK)
            one = br_test_run(s, t);
        else
            br_error("%s", err.msg);
        status = worse(status, one);
        if (one == BR_TEST_EXIT_UNAVAILABLE || s->interrupted)
            break; /* the others would fare no better, or are not wanted */
    }
    return status;
}

/* Everything that can be known to be wrong is told before anything runs. */
static br_code check_before(const br_test_session *s, const br_named_test **ret_test, br_err *err)
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

static int execute(br_test_session *s)
{
    br_err err = {0};
    const br_named_test *t = NULL;
    int status = BR_EXIT_CONFIG;
    br_code code = check_before(s, &t, &err);
    if (code == BR_OK) {
        status = BR_EXIT_OTHER;
        code = br_reports_check_dir(s->report_dir, &err);
    }
    if (code == BR_OK && !br_args_has(&s->args, "no-store"))
        code = br_record_check(&s->args, &s->record, &err);
    if (code == BR_OK) {
        status = BR_TEST_EXIT_UNAVAILABLE;
        code = br_target_check(s->environment->base_url.p, "/health", HEALTH_TIMEOUT, &err);
    }
    if (code == BR_OK) return t ? br_test_run(s, t) : run_all(s);
    if (status == BR_TEST_EXIT_UNAVAILABLE)
        br_error("%s; start it or correct base_url of environment '" BR_FMT "'", err.msg,
            BR_ARG(s->environment->name));
    else
        br_error("%s", err.msg);
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
