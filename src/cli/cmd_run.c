/* brunt run: a k6 script, k6's flags, k6's summary, k6's exit codes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/load/job.h"
#include "cli/load/limits.h"
#include "cli/load/modules.h"
#include "cli/load/outputs.h"
#include "cli/history/record.h"
#include "cli/load/run_flags.h"
#include "cli/load/summary.h"
#include "cli/terminal/interrupt.h"
#include "script/secrets.h"

static const br_arg own_args[] = {
    {"workers", 0, BR_ARG_VALUE, "N", "worker threads (default: one for each usable core)", NULL},
    BR_LOOP_ARG,
    {"max-body", 0, BR_ARG_VALUE, "MIB", "largest response body that is kept, in MiB (default 256)", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

static const br_arg run_args[] = {
    {"out", 'o', BR_ARG_LIST, "TYPE[=FILE]",
        "write every sample: json[=FILE], csv[=FILE], packed if the name ends in .gz (may be given again)",
        "K6_OUT"},
    {"linger", 'l', BR_ARG_SWITCH, NULL, "at the end wait for Ctrl-C", "K6_LINGER"},
    {"no-usage-report", 0, BR_ARG_SWITCH, NULL, "accepted for compatibility: brunt never reports usage",
        "K6_NO_USAGE_REPORT"},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_run_sections[] = {{"What to run", br_execution_args}, {"Requests", br_network_args},
    {"Results", br_result_args}, {"History", br_record_run_args}, {"Outputs", run_args},
    {"Script", br_script_args}, {"Modules", br_module_args}, {"Limits", br_limit_args}, {"Machine", own_args},
    {"General", br_global_args}, {"Of k6, not supported yet", br_refused_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Start a test: run a k6 script.\n\nUsage:\n  brunt run [flags] SCRIPT|ARCHIVE|-\n\nExamples:\n"
         "  brunt run script.js                   as the script's options say\n"
         "  brunt run -u 10 -d 30s script.js      10 virtual users for 30 seconds\n"
         "  brunt run -s 1m:50 -s 30s:0 script.js ramp up to 50 within a minute and down again\n"
         "  brunt run -                           the script, or an archive, is standard input\n");
    br_args_print_help(stdout, br_run_sections);
    puts(
        "\nA variable in brackets counts where its flag is not given. Options come from the configuration file, the\n"
        "script's options, the environment and flags, later ones first.\n"
        "\nExit codes: 0 passed, 99 thresholds crossed, 104 bad configuration, 105 interrupted,\n"
        "107 exception in the script, 108 test.abort(), 110 test.fail(), 100/101 setup/teardown timed out, 255 other errors.");
}

/* Running ------------------------------------------------------------------------------------------ */

typedef struct run_state {
    br_args args;
    br_job_config config;
    br_summary_config summary;
    br_env_var *env;
    json_t *overrides;
    br_outputs *outputs;
    br_buf outputs_text;
    br_breakdown *breakdown; /* of the full summary */
    br_source source;
    bool linger, full, record;
} run_state;

/* NULL also where it was set to nothing. */
static const char *setting(const br_args *a, const char *flag)
{
    const char *value = br_args_setting(a, br_run_sections, flag);
    return value && *value ? value : NULL;
}

/* What only the configuration file may say besides options. */
static br_code read_config_file(run_state *s, const json_t *file, br_err *err)
{
    if (json_is_true(json_object_get(file, "webDashboard")))
        return br_fail(
            err, BR_EUNSUPPORTED, "the configuration file: the web dashboard is not supported yet");
    if (!setting(&s->args, "linger") && json_is_true(json_object_get(file, "linger"))) s->linger = true;
    return BR_OK;
}

static br_code open_outputs(run_state *s, const br_job *job, br_err *err)
{
    br_outputs_config c = {
        .args = &s->args, .config_file = job->config_file, .system_tags = job->options->system_tags};
    s->outputs = br_outputs_new();
    br_code code = read_config_file(s, job->config_file, err);
    if (code == BR_OK) code = br_outputs_open(s->outputs, &c, err);
    if (code != BR_OK) return code;
    if (s->full) {
        s->breakdown = br_breakdown_new(job->metrics);
        s->summary.breakdown = s->breakdown;
        br_outputs_add(s->outputs, br_breakdown_tap, s->breakdown);
    }
    s->config.tap = br_outputs_tap(s->outputs, &s->config.tap_ctx);
    br_outputs_describe(s->outputs, &s->outputs_text);
    s->config.outputs = s->outputs_text.data;
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
    return BR_OK;
}

static br_code read_summary(run_state *s, br_err *err)
{
    const char *mode = setting(&s->args, "summary-mode");
    s->summary.export_file = setting(&s->args, "summary-export");
    s->summary.colour = s->config.colour;
    s->summary.disabled = mode && strcmp(mode, "disabled") == 0;
    s->summary.script = s->config.script;
    s->full = mode && strcmp(mode, "full") == 0;
    if (!mode || s->full || s->summary.disabled || strcmp(mode, "compact") == 0) return BR_OK;
    return br_fail(err, BR_EINVAL, "invalid summary mode '%s': use compact, full or disabled", mode);
}

static br_code read_switches(run_state *s, br_err *err)
{
    const struct {
        const char *name;
        bool *value;
    } switches[] = {{"include-system-env-vars", &s->config.system_env},
        {"no-thresholds", &s->config.no_thresholds}, {"linger", &s->linger},
        {"new-machine-readable-summary", &s->summary.newer}};
    br_code code = BR_OK;
    s->config.system_env = true;
    for (size_t i = 0; i < BR_COUNT_OF(switches) && code == BR_OK; i++)
        code = br_run_flags_switch(&s->args, br_run_sections, switches[i].name, switches[i].value, err);
    return code;
}

static br_code open_console(run_state *s, br_err *err)
{
    const char *path = setting(&s->args, "console-output");
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
        return br_fail(err, BR_EINVAL,
            "accepts 1 arg(s), received %zu: arg should either be \"-\", if reading script from stdin, or a path to a script file",
            a->words.len);
    s->env = br_calloc(a->values.len + 1, sizeof(*s->env));
    s->overrides = json_object();
    s->config = (br_job_config){.script = a->words.data[0],
        .env = s->env,
        .overrides = s->overrides,
        .module_args = a,
        .config_file = setting(a, "config"),
        .quiet = br_args_has(a, "quiet"),
        .colour = br_cli_colour(a, STDOUT_FILENO)};
    br_code code = br_run_flags_refuse(a, br_run_sections, err);
    if (code == BR_OK) code = read_switches(s, err);
    if (code == BR_OK) code = br_run_flags_env(a, s->env, &s->config.env_count, err);
    if (code == BR_OK) code = br_run_flags_options(a, s->overrides, err);
    if (code == BR_OK) code = read_numbers(s, err);
    if (code == BR_OK) code = br_cli_loop(a, &s->config.loop, err);
    if (code == BR_OK) code = br_cli_secrets(a, &s->config.secrets, err);
    if (code == BR_OK) code = read_summary(s, err);
    if (code == BR_OK) code = open_console(s, err);
    if (code == BR_OK) code = br_run_flags_source(a, br_run_sections, &s->config, &s->source, err);
    const br_archive *archive = s->source.archive;
    const br_buf *script = archive ? br_map_get(&archive->files, br_str_of(archive->main_url)) : NULL;
    s->summary.script_text = script ? br_buf_view(script) : s->config.input;
    return code;
}

/* --record, or --store as a flag: the variable only says where. */
static br_code check_history(run_state *s, br_err *err)
{
    if (!br_args_get(&s->args, "record") && !br_args_get(&s->args, "store")) return BR_OK;
    br_code code = br_record_check(&s->args, &s->record, err);
    s->config.keep_sources = s->record;
    return code;
}

/* The name of a test: that of --record=NAME, else the script's or archive's without folder and ending. */
static br_str record_name(const run_state *s)
{
    const char *named = br_args_get(&s->args, "record"), *slash = strrchr(s->config.script, '/');
    if (named && *named) return br_str_of(named);
    if (strcmp(s->config.script, "-") == 0) return BR_STR("stdin");
    static const char *const endings[] = {".js", ".ts", ".tar"};
    br_str name = br_str_of(slash ? slash + 1 : s->config.script);
    for (size_t i = 0; i < BR_COUNT_OF(endings); i++) {
        size_t n = strlen(endings[i]);
        if (name.n > n && br_str_ends(name, br_str_of(endings[i]))) return br_str_sub(name, 0, name.n - n);
    }
    return name;
}

/* Variables of -e shape what the script does, as those of a named test. */
static void record(const run_state *s, const br_job *job)
{
    br_config_pair *variables = br_calloc(s->config.env_count + 1, sizeof(*variables));
    for (size_t i = 0; i < s->config.env_count; i++)
        variables[i] = (br_config_pair){s->config.env[i].name, s->config.env[i].value};
    br_record r = {.job = job,
        .args = &s->args,
        .script = s->config.script,
        .test = record_name(s),
        .environment = BR_STR(""),
        .variables = variables,
        .variable_count = s->config.env_count,
        .workers = s->config.workers,
        .exit_status = (int) job->exit_code};
    (void) br_record_and_tell(&r);
    br_free(variables);
}

static int execute(run_state *s)
{
    br_err err = {0};
    br_exit_code exit_code = BR_EXIT_OTHER;
    br_job job = {0};
    br_code code = check_history(s, &err);
    s->config.interrupted = br_interrupted;
    br_interrupt_watch();
    if (code == BR_OK) code = br_job_prepare(&s->config, &job, &exit_code, &err);
    if (code == BR_OK)
        code = open_outputs(
            s, &job, &err); /* not before: a bad script must not cost the samples of a good one */
    if (code == BR_OK) code = br_job_run(&job, &s->config, &exit_code, &err);
    if (code == BR_OK) {
        exit_code = job.exit_code;
        br_err out_err = {0};
        if (s->breakdown && br_breakdown_left_out(s->breakdown))
            br_warn("the full summary has %d groups and scenarios: the others are left out", BR_PARTS_MAX);
        if (br_summary_write(&job, &s->summary, &out_err) != BR_OK) br_error("%s", out_err.msg);
        if (br_interrupted()) exit_code = BR_EXIT_INTERRUPTED;
        if (s->record) record(s, &job);
    } else {
        br_job_log_error(code, &err);
    }
    br_breakdown_free(s->breakdown); /* it points into the metrics */
    br_job_deinit(&job);
    br_interrupt_unwatch();
    return (int) exit_code;
}

/* --linger: until somebody says that it is enough. */
static void wait_for_signal(const run_state *s)
{
    sigset_t set;
    int got;
    if (!s->config.quiet) {
        puts("The test is done, but --linger was given: brunt waits for Ctrl-C");
        fflush(stdout);
    }
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    (void) sigwait(&set, &got);
}

int br_cmd_run(int argc, char **argv)
{
    run_state s = {0};
    br_err err = {0};
    br_buf_init(&s.outputs_text, BR_BUF_NO_LIMIT);
    br_code code = br_cli_begin(argc, argv, br_run_sections, print_help, &s.args, &err);
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
    if (!br_outputs_close(s.outputs) && exit_code == BR_EXIT_OK) exit_code = BR_EXIT_OTHER;
    if (!close_console(&s) && exit_code == BR_EXIT_OK) exit_code = BR_EXIT_OTHER;
    br_secrets_free(s.config.secrets);
    if (s.linger && code == BR_OK && exit_code != BR_EXIT_INTERRUPTED) wait_for_signal(&s);
    br_buf_deinit(&s.outputs_text);
    br_source_deinit(&s.source);
    json_decref(s.overrides);
    br_free(s.env);
    br_args_deinit(&s.args);
    return exit_code;
}
