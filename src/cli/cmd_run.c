/* brunt run: a k6 script, k6's flags, k6's summary, k6's exit codes. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/modules.h"
#include "cli/summary.h"
#include "report/out_json.h"
#include "script/secrets.h"

#define NO_ARG                                                                                               \
    {                                                                                                        \
        NULL, 0, BR_ARG_SWITCH, NULL, NULL                                                                   \
    }

static const br_arg run_args[] = {
    {"vus", 'u', BR_ARG_VALUE, "N", "number of virtual users"},
    {"duration", 'd', BR_ARG_VALUE, "TIME", "length of the test, e.g. 30s, 1m30s"},
    {"iterations", 'i', BR_ARG_VALUE, "N", "iterations in all, shared among the VUs"},
    {"stage", 's', BR_ARG_LIST, "TIME:VUS", "add a stage, e.g. -s 30s:10 (may be given again)"},
    {"config", 'c', BR_ARG_VALUE, "FILE",
        "JSON file with options (default ~/.config/k6/config.json, if it exists)"},
    {"console-output", 0, BR_ARG_VALUE, "FILE", "append what the script writes with console to FILE"},
    {"rps", 0, BR_ARG_VALUE, "N", "most requests a second, all virtual users together"},
    {"execution-segment", 0, BR_ARG_VALUE, "A:B", "run only this part of the test, e.g. 0:1/3"},
    {"execution-segment-sequence", 0, BR_ARG_VALUE, "LIST", "the cuts of all parts, e.g. 0,1/3,1"},
    {"env", 'e', BR_ARG_LIST, "NAME=VALUE", "set a variable of __ENV"},
    {"secret-source", 0, BR_ARG_LIST, "TYPE=CONFIG", BR_SECRET_SOURCE_HELP},
    {"tag", 0, BR_ARG_LIST, "NAME=VALUE", "add a tag to every sample"},
    {"out", 'o', BR_ARG_LIST, "TYPE[=FILE]", "write every sample: json=FILE"},
    {"summary-export", 0, BR_ARG_VALUE, "FILE", "write the summary as JSON"},
    {"summary-trend-stats", 0, BR_ARG_VALUE, "LIST", "statistics of trends, e.g. avg,med,p(95),p(99.9)"},
    {"summary-time-unit", 0, BR_ARG_VALUE, "UNIT", "s, ms or us in the summary"},
    {"summary-mode", 0, BR_ARG_VALUE, "MODE", "compact (default) or disabled"},
    {"no-setup", 0, BR_ARG_SWITCH, NULL, "do not run setup()"},
    {"no-teardown", 0, BR_ARG_SWITCH, NULL, "do not run teardown()"},
    {"no-thresholds", 0, BR_ARG_SWITCH, NULL, "do not evaluate thresholds"},
    {"no-connection-reuse", 0, BR_ARG_SWITCH, NULL, "a new connection for each request"},
    {"insecure-skip-tls-verify", 0, BR_ARG_SWITCH, NULL, "accept any certificate of the server"},
    {"dns", 0, BR_ARG_VALUE, "RULES", "ttl=TIME,select=random|first|roundRobin,policy=preferIPv4|any|..."},
    {"block-hostnames", 0, BR_ARG_VALUE, "LIST", "names, also *.example.com, that may not be asked"},
    {"blacklist-ip", 0, BR_ARG_VALUE, "LIST", "addresses and networks that may not be asked"},
    {"local-ips", 0, BR_ARG_VALUE, "LIST", "source addresses, ranges or networks for the virtual users"},
    {"max-redirects", 0, BR_ARG_VALUE, "N", "redirects that are followed (default 10)"},
    {"no-cookies-reset", 0, BR_ARG_SWITCH, NULL, "keep cookies from one iteration to the next"},
    {"no-vu-connection-reuse", 0, BR_ARG_SWITCH, NULL, "close connections after each iteration"},
    {"discard-response-bodies", 0, BR_ARG_SWITCH, NULL, "count bodies and drop them"},
    {"throw", 'w', BR_ARG_SWITCH, NULL, "throw failed requests as exceptions"},
    {"user-agent", 0, BR_ARG_VALUE, "TEXT", "User-Agent header"},
    {"min-iteration-duration", 0, BR_ARG_VALUE, "TIME", "shortest time of an iteration"},
    {"system-tags", 0, BR_ARG_VALUE, "LIST", "system tags to keep"},
    {"include-system-env-vars", 0, BR_ARG_SWITCH, NULL,
        "pass the system's environment to __ENV (default true)"},
    {"no-usage-report", 0, BR_ARG_SWITCH, NULL, "accepted for compatibility: brunt never reports usage"},
    {"workers", 0, BR_ARG_VALUE, "N", "worker threads (default: one for each usable core)"},
    BR_LOOP_ARG,
    {"max-body", 0, BR_ARG_VALUE, "MIB", "largest response body that is kept, in MiB (default 256)"},
    NO_ARG,
};

static const br_arg *const tables[] = {run_args, br_module_args, br_global_args, NULL};

static void print_help(void)
{
    puts("Start a test: run a k6 script.\n\nUsage:\n  brunt run [flags] SCRIPT\n\nExamples:\n"
         "  brunt run script.js                   as the script's options say\n"
         "  brunt run -u 10 -d 30s script.js      10 virtual users for 30 seconds\n"
         "  brunt run -s 1m:50 -s 30s:0 script.js ramp up to 50 within a minute and down again\n\nFlags:");
    br_args_print_help(stdout, tables);
    puts(
        "\nExit codes: 0 passed, 99 thresholds crossed, 104 bad configuration, 105 interrupted,\n"
        "107 exception in the script, 108 test.abort(), 110 test.fail(), 100/101 setup/teardown timed out, 255 other errors.");
}

/* Flags to options --------------------------------------------------------------------------------- */

static br_code int_flag(json_t *o, const char *key, const char *flag, const char *text, br_err *err)
{
    int64_t n;
    if (!text) return BR_OK;
    if (br_parse_i64(br_str_of(text), &n) != BR_OK) {
        return br_fail(
            err, BR_EINVAL, "invalid argument \"%s\" for --%s: a whole number is expected", text, flag);
    }
    json_object_set_new(o, key, json_integer(n));
    return BR_OK;
}

static br_code duration_flag(json_t *o, const char *key, const char *flag, const char *text, br_err *err)
{
    br_ns d;
    if (!text) return BR_OK;
    if (br_parse_duration(br_str_of(text), BR_DURATION_GO, &d) != BR_OK) {
        return br_fail(err, BR_EINVAL,
            "invalid argument \"%s\" for --%s: a duration such as 30s or 1m30s is expected", text, flag);
    }
    json_object_set_new(o, key, json_string(text));
    return BR_OK;
}

static void switch_flag(json_t *o, const br_args *a, const char *key, const char *flag)
{
    if (br_args_get(a, flag)) json_object_set_new(o, key, json_boolean(br_args_has(a, flag)));
}

static void list_flag(json_t *o, const char *key, const char *text)
{
    if (!text) return;
    json_t *list = json_array();
    br_str rest = br_str_of(text), item;
    while (br_str_cut(&rest, ',', &item)) {
        item = br_str_trim(item);
        if (item.n) json_array_append_new(list, json_stringn(item.p, item.n));
    }
    json_object_set_new(o, key, list);
}

static br_code stage_flags(json_t *o, const br_args *a, br_err *err)
{
    json_t *all = NULL;
    for (size_t i = 0; i < a->values.len; i++) {
        if (strcmp(a->values.data[i].arg->name, "stage") != 0) continue;
        json_t *stages;
        br_code code = br_options_parse_stages(br_str_of(a->values.data[i].value), &stages, err);
        if (code != BR_OK) {
            json_decref(all);
            return code;
        }
        if (!all) all = json_array();
        json_array_extend(all, stages);
        json_decref(stages);
    }
    if (all) json_object_set_new(o, "stages", all);
    return BR_OK;
}

static br_code tag_flags(json_t *o, const br_args *a, br_err *err)
{
    json_t *tags = NULL;
    for (size_t i = 0; i < a->values.len; i++) {
        if (strcmp(a->values.data[i].arg->name, "tag") != 0) continue;
        br_str value = br_str_of(a->values.data[i].value), name;
        if (!br_str_cut(&value, '=', &name) || name.n == 0 || value.n == 0) {
            json_decref(tags);
            return br_fail(
                err, BR_EINVAL, "invalid tag \"%s\": use --tag NAME=VALUE", a->values.data[i].value);
        }
        if (!tags) tags = json_object();
        json_object_setn_new(tags, name.p, name.n, json_stringn(value.p, value.n));
    }
    if (tags) json_object_set_new(o, "tags", tags);
    return BR_OK;
}

static br_code time_unit_flag(json_t *o, const char *unit, br_err *err)
{
    if (!unit) return BR_OK;
    if (strcmp(unit, "s") != 0 && strcmp(unit, "ms") != 0 && strcmp(unit, "us") != 0) {
        return br_fail(err, BR_EINVAL, "invalid summary time unit '%s': use s, ms or us", unit);
    }
    json_object_set_new(o, "summaryTimeUnit", json_string(unit));
    return BR_OK;
}

static void text_flag(json_t *o, const char *key, const char *text)
{
    if (text) json_object_set_new(o, key, json_string(text));
}

static br_code build_overrides(const br_args *a, json_t *o, br_err *err)
{
    br_code code = int_flag(o, "vus", "vus", br_args_get(a, "vus"), err);
    if (code == BR_OK) code = duration_flag(o, "duration", "duration", br_args_get(a, "duration"), err);
    if (code == BR_OK) code = int_flag(o, "iterations", "iterations", br_args_get(a, "iterations"), err);
    if (code == BR_OK) code = int_flag(o, "rps", "rps", br_args_get(a, "rps"), err);
    if (code == BR_OK)
        code = int_flag(o, "maxRedirects", "max-redirects", br_args_get(a, "max-redirects"), err);
    if (code == BR_OK)
        code = duration_flag(o, "minIterationDuration", "min-iteration-duration",
            br_args_get(a, "min-iteration-duration"), err);
    if (code == BR_OK) code = stage_flags(o, a, err);
    if (code == BR_OK) code = tag_flags(o, a, err);
    if (code == BR_OK) code = time_unit_flag(o, br_args_get(a, "summary-time-unit"), err);
    if (code != BR_OK) return code;
    switch_flag(o, a, "noSetup", "no-setup");
    switch_flag(o, a, "noTeardown", "no-teardown");
    switch_flag(o, a, "noConnectionReuse", "no-connection-reuse");
    switch_flag(o, a, "noVUConnectionReuse", "no-vu-connection-reuse");
    switch_flag(o, a, "discardResponseBodies", "discard-response-bodies");
    switch_flag(o, a, "insecureSkipTLSVerify", "insecure-skip-tls-verify");
    switch_flag(o, a, "noCookiesReset", "no-cookies-reset");
    switch_flag(o, a, "throw", "throw");
    list_flag(o, "summaryTrendStats", br_args_get(a, "summary-trend-stats"));
    list_flag(o, "blockHostnames", br_args_get(a, "block-hostnames"));
    list_flag(o, "blacklistIPs", br_args_get(a, "blacklist-ip"));
    text_flag(o, "dns", br_args_get(a, "dns"));
    text_flag(o, "localIPs", br_args_get(a, "local-ips"));
    list_flag(o, "systemTags", br_args_get(a, "system-tags"));
    text_flag(o, "userAgent", br_args_get(a, "user-agent"));
    text_flag(o, "executionSegment", br_args_get(a, "execution-segment"));
    text_flag(o, "executionSegmentSequence", br_args_get(a, "execution-segment-sequence"));
    return BR_OK;
}

static bool env_name_ok(br_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!(isalpha((unsigned char) name.p[i]) || name.p[i] == '_' ||
                (i && isdigit((unsigned char) name.p[i]))))
            return false;
    }
    return name.n > 0;
}

static br_code env_flags(const br_args *a, br_env_var *list, size_t *ret_count, br_err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < a->values.len; i++) {
        if (strcmp(a->values.data[i].arg->name, "env") != 0) continue;
        br_str value = br_str_of(a->values.data[i].value), name;
        if (!br_str_cut(&value, '=', &name)) name = BR_STR("");
        if (!env_name_ok(name))
            return br_fail(
                err, BR_EINVAL, "invalid environment variable name '" BR_FMT "' of --env", BR_ARG(name));
        list[n++] = (br_env_var){name, value.p ? value : BR_STR("")};
    }
    *ret_count = n;
    return BR_OK;
}

/* Running ------------------------------------------------------------------------------------------ */

typedef struct run_state {
    br_args args;
    br_job_config config;
    br_summary_config summary;
    br_env_var *env;
    json_t *overrides;
    br_out_json *out;
} run_state;

static br_code open_outputs(run_state *s, br_err *err)
{
    for (size_t i = 0; i < s->args.values.len; i++) {
        if (strcmp(s->args.values.data[i].arg->name, "out") != 0) continue;
        br_str file = br_str_of(s->args.values.data[i].value), type;
        if (!br_str_cut(&file, '=', &type)) type = BR_STR("");
        if (!br_str_is(type, "json")) {
            return br_fail(err, BR_EUNSUPPORTED,
                "invalid output type '" BR_FMT "': this version has json=FILE", BR_ARG(type));
        }
        if (s->out) return br_fail(err, BR_EUNSUPPORTED, "more than one --out is not supported yet");
        br_code code = br_out_json_open(file.n ? file.p : "-", &s->out, err);
        if (code != BR_OK) return code;
        s->config.tap = br_out_json_tap;
        s->config.tap_ctx = s->out;
    }
    return BR_OK;
}

static br_code read_numbers(run_state *s, br_err *err)
{
    int64_t n;
    const char *workers = br_args_get(&s->args, "workers"), *body = br_args_get(&s->args, "max-body");
    if (workers) {
        if (br_parse_i64(br_str_of(workers), &n) != BR_OK || n < 1 || n > 256)
            return br_fail(err, BR_EINVAL, "invalid argument \"%s\" for --workers: use 1 to 256", workers);
        s->config.workers = (uint32_t) n;
    }
    if (body) {
        if (br_parse_i64(br_str_of(body), &n) != BR_OK || n < 1 || n > 65536)
            return br_fail(
                err, BR_EINVAL, "invalid argument \"%s\" for --max-body: use 1 to 65536 (MiB)", body);
        s->config.max_body_bytes = (size_t) n << 20;
    }
    const char *mode = br_args_get(&s->args, "summary-mode");
    if (mode && strcmp(mode, "compact") != 0 && strcmp(mode, "disabled") != 0)
        return br_fail(err, BR_EUNSUPPORTED,
            "the summary mode '%s' is not supported yet: use compact or disabled", mode);
    s->summary.disabled = mode && strcmp(mode, "disabled") == 0;
    return BR_OK;
}

/* A flag or its variable; NULL: neither. */
static const char *setting(const br_args *a, const char *flag, const char *variable)
{
    const char *v = br_args_get(a, flag);
    if (!v) v = getenv(variable);
    return v && *v ? v : NULL;
}

static br_code open_console(run_state *s, br_err *err)
{
    const char *path = setting(&s->args, "console-output", "K6_CONSOLE_OUTPUT");
    if (!path) return BR_OK;
    s->config.console_out = fopen(path, "ae");
    if (s->config.console_out) return BR_OK;
    return br_fail_errno(err, BR_EIO, errno, "cannot open '%s' of --console-output", path);
}

/* False, after telling it, if messages were lost. */
static bool close_console(run_state *s)
{
    if (!s->config.console_out) return true;
    bool bad = ferror(s->config.console_out) != 0;
    if (fclose(s->config.console_out) == 0 && !bad) return true;
    br_error("the file of --console-output could not be written completely: is the disk full?");
    return false;
}

static br_code configure(run_state *s, br_err *err)
{
    const br_args *a = &s->args;
    if (a->words.len != 1)
        return br_fail(err, BR_EINVAL, "run needs exactly one script: brunt run [flags] SCRIPT");
    s->env = br_calloc(a->values.len + 1, sizeof(*s->env));
    s->overrides = json_object();
    const char *system_env = br_args_get(a, "include-system-env-vars");
    s->config = (br_job_config){.script = a->words.data[0],
        .env = s->env,
        .overrides = s->overrides,
        .module_args = a,
        .system_env = !system_env || br_args_has(a, "include-system-env-vars"),
        .config_file = setting(a, "config", "K6_CONFIG"),
        .no_thresholds = br_args_has(a, "no-thresholds"),
        .quiet = br_args_has(a, "quiet"),
        .colour = br_cli_colour(a, STDOUT_FILENO)};
    s->summary = (br_summary_config){
        .export_file = setting(a, "summary-export", "K6_SUMMARY_EXPORT"), .colour = s->config.colour};
    br_code code = env_flags(a, s->env, &s->config.env_count, err);
    if (code == BR_OK) code = build_overrides(a, s->overrides, err);
    if (code == BR_OK) code = read_numbers(s, err);
    if (code == BR_OK) code = br_cli_loop(a, &s->config.loop, err);
    if (code == BR_OK) code = br_cli_secrets(a, &s->config.secrets, err);
    if (code == BR_OK) code = open_console(s, err);
    return code;
}

static int execute(run_state *s)
{
    br_err err = {0};
    br_exit_code exit_code = BR_EXIT_OTHER;
    br_job job = {0};
    br_code code = br_job_prepare(&s->config, &job, &exit_code, &err);
    if (code == BR_OK)
        code = open_outputs(s, &err); /* not before: a bad script must not cost the samples of a good one */
    if (code == BR_OK) code = br_job_run(&job, &s->config, &exit_code, &err);
    if (code == BR_OK) {
        exit_code = job.exit_code;
        br_err out_err = {0};
        if (br_summary_write(&job, &s->summary, &out_err) != BR_OK) br_error("%s", out_err.msg);
    } else {
        br_job_log_error(code, &err);
    }
    br_job_deinit(&job);
    return (int) exit_code;
}

/* False, after telling it, if samples were lost. */
static bool close_out(run_state *s)
{
    br_err err = {0};
    if (!s->out || br_out_json_close(s->out, &err) == BR_OK) return true;
    br_error("%s", err.msg);
    return false;
}

int br_cmd_run(int argc, char **argv)
{
    run_state s = {0};
    br_err err = {0};
    br_code code = br_cli_begin(argc, argv, tables, print_help, &s.args, &err);
    if (code == BR_EOF) {
        br_args_deinit(&s.args);
        return 0;
    }
    if (code == BR_OK) code = configure(&s, &err);
    int exit_code = BR_EXIT_OTHER;
    if (code == BR_OK)
        exit_code = execute(&s);
    else
        br_error("%s", err.msg);
    if (!close_out(&s) && exit_code == BR_EXIT_OK) exit_code = BR_EXIT_OTHER;
    if (!close_console(&s) && exit_code == BR_EXIT_OK) exit_code = BR_EXIT_OTHER;
    br_secrets_free(s.config.secrets);
    json_decref(s.overrides);
    br_free(s.env);
    br_args_deinit(&s.args);
    return exit_code;
}
