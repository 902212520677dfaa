/* brunt smoke: every endpoint a few times, before traffic is sent to a new deployment. */
#include <stdio.h>
#include <unistd.h>
#include "base/log.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/config/config_args.h"
#include "cli/load/modules.h"
#include "cli/config/redact_result.h"
#include "cli/checks/smoke.h"
#include "cli/target/target.h"
#include "cli/test/test_script.h"
#include "codec/url.h"

#define ITERATIONS_DEFAULT 3
#define ITERATIONS_MAX     1000
#define TIMEOUT_DEFAULT    (60 * BR_SEC)
#define TIMEOUT_MAX        (3600 * BR_SEC)
#define HEALTH_TIMEOUT     (5 * BR_SEC)

static const br_arg smoke_args[] = {
    BR_CONFIG_ARG,
    {"base-url", 0, BR_ARG_VALUE, "URL", "another address of the environment, such as the new deployment",
        NULL},
    {"test", 0, BR_ARG_VALUE, "NAME", "whose script to run (default: baseline)", NULL},
    {"iterations", 'i', BR_ARG_VALUE, "N", "how often, by one virtual user (default 3)", NULL},
    {"timeout", 0, BR_ARG_VALUE, "DURATION", "for all of it (default 1m)", NULL},
    {"json", 0, BR_ARG_SWITCH, NULL, "print JSON instead of text", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_smoke_sections[] = {
    {NULL, smoke_args}, {"Modules", br_module_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts(
        "Send each request of a test a few times and see whether all is well: no load, nothing is stored.\n\n"
        "Usage:\n  brunt smoke ENVIRONMENT [flags]\n\nExamples:\n"
        "  brunt smoke staging\n"
        "  brunt smoke production --base-url https://green.example.com     before the swap to green\n\nFlags:");
    br_args_print_help(stdout, br_smoke_sections);
    puts(
        "\nExit codes: 0 passed, 1 failed, 5 target unavailable, 104 bad configuration, 107 exception in the\n"
        "script, 255 other errors.");
}

typedef struct wanted {
    br_config *config;
    br_environment environment; /* a copy, for another address */
    const br_named_test *test;
    int64_t iterations;
    br_ns timeout;
    bool json;
} wanted;

static br_code read_numbers(const br_args *a, wanted *w, br_err *err)
{
    const char *iterations = br_args_get(a, "iterations"), *timeout = br_args_get(a, "timeout");
    w->iterations = ITERATIONS_DEFAULT;
    w->timeout = TIMEOUT_DEFAULT;
    if (iterations && (br_parse_i64(br_str_of(iterations), &w->iterations) != BR_OK || w->iterations < 1 ||
                          w->iterations > ITERATIONS_MAX)) {
        return br_fail(err, BR_EINVAL, "invalid argument \"%s\" for --iterations: use 1 to %d", iterations,
            ITERATIONS_MAX);
    }
    if (timeout && (br_parse_duration(br_str_of(timeout), BR_DURATION_GO, &w->timeout) != BR_OK ||
                       w->timeout < BR_SEC || w->timeout > TIMEOUT_MAX)) {
        return br_fail(
            err, BR_EINVAL, "invalid argument \"%s\" for --timeout: use a duration of 1s to 1h", timeout);
    }
    return BR_OK;
}

static br_code take_url(const br_args *a, wanted *w, br_err *err)
{
    const char *text = br_args_get(a, "base-url");
    if (!text) return BR_OK;
    br_url url;
    br_code code = br_url_parse(br_str_of(text), &url, NULL);
    if (code != BR_OK || url.host.n == 0 || url.fragment.p || br_str_find_char(url.target, '?') >= 0) {
        return br_fail(err, BR_EINVAL,
            "invalid argument \"%s\" for --base-url: use an http or https URL without query, such as "
            "https://green.example.com",
            text);
    }
    br_str base = br_str_of(text);
    while (base.n && base.p[base.n - 1] == '/')
        base.n--;
    w->environment.base_url = br_config_text_copy(w->config, base);
    return BR_OK;
}

static br_code configure(const br_args *a, wanted *w, br_err *err)
{
    if (a->words.len != 1)
        return br_fail(err, BR_EINVAL, "smoke needs an environment: brunt smoke ENVIRONMENT");
    const char *test = br_args_get(a, "test");
    const br_environment *e = NULL;
    w->json = br_args_has(a, "json");
    br_code code = read_numbers(a, w, err);
    if (code == BR_OK) code = br_config_args_load(a, &w->config, err);
    if (code == BR_OK) code = br_config_environment(w->config, br_str_of(a->words.data[0]), &e, err);
    if (code == BR_OK) {
        w->environment = *e;
        code = take_url(a, w, err);
    }
    if (code == BR_OK) code = br_config_test(w->config, br_str_of(test ? test : "baseline"), &w->test, err);
    return code;
}

/* One virtual user, whatever the test has. */
static json_t *few_iterations(const wanted *w)
{
    return json_pack("{s:{s:{s:s,s:i,s:I,s:f,s:s}}}", "scenarios", "default", "executor", "shared-iterations",
        "vus", 1, "iterations", (json_int_t) w->iterations, "maxDuration",
        (double) w->timeout / (double) BR_MS, "gracefulStop", "0s");
}

static int report(const wanted *w, const br_args *a, const br_job *job)
{
    br_smoke s;
    br_smoke_judge(&s, &w->environment, w->test, job->result, (uint64_t) w->iterations);
    if (w->json) {
        br_buf out;
        br_buf_init(&out, BR_BUF_NO_LIMIT);
        br_smoke_json(&s, &out);
        fwrite(out.data, 1, out.len, stdout);
        br_buf_deinit(&out);
    } else {
        br_smoke_print(&s, br_cli_colour(a, STDOUT_FILENO));
    }
    int status = br_smoke_exit_status(&s);
    br_smoke_deinit(&s);
    return status;
}

static int run(const wanted *w, const br_args *a)
{
    br_err err = {0};
    br_code code = br_target_check(w->environment.base_url.p, w->environment.health.p, HEALTH_TIMEOUT, &err);
    if (code != BR_OK) {
        br_error("%s", err.msg);
        return BR_SMOKE_EXIT_UNAVAILABLE;
    }
    br_exit_code exit_code = BR_EXIT_OTHER;
    br_test_script s;
    BR_ASSERT(w->test);
    code = br_test_script_prepare(
        w->config, &w->environment, w->test, w->test->script, few_iterations(w), a, &s, &exit_code, &err);
    if (code != BR_OK) {
        br_job_log_error(code, &err);
        return (int) exit_code;
    }
    code = br_job_run(&s.job, &s.config, &exit_code, &err);
    int status = (int) exit_code;
    if (code != BR_OK) {
        br_job_log_error(code, &err);
    } else {
        br_redact_result(&w->environment, s.job.result);
        status = report(w, a, &s.job);
        if (s.job.exit_code == BR_EXIT_EXCEPTION || s.job.exit_code == BR_EXIT_SETUP_TIMEOUT)
            status = (int) s.job.exit_code;
    }
    br_test_script_deinit(&s);
    return status;
}

static br_code work(const br_args *a, int *ret_status, br_err *err)
{
    wanted w = {0};
    br_code code = configure(a, &w, err);
    *ret_status = code == BR_OK ? run(&w, a) : BR_EXIT_CONFIG;
    br_config_free(w.config);
    return code;
}

int br_cmd_smoke(int argc, char **argv)
{
    return br_cli_command(argc, argv, br_smoke_sections, print_help, work);
}
