#include "cli/load/job.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/num.h"
#include "cli/load/archive.h"
#include "cli/terminal/globals.h"
#include "cli/config/config.h"
#include "cli/load/headroom.h"
#include "cli/load/modules.h"
#include "cli/terminal/interrupt.h"
#include "cli/load/progress.h"
#include "engine/segment.h"

#define CONFIG_BYTES_MAX ((size_t) 1 << 20)

extern char **environ;

/* __ENV: that of the archive, the system's environment, then what was given by flags; later ones win. */
static br_env_var *collect_env(const br_job_config *c, size_t *ret_count)
{
    size_t n = 0, archived = c->archive ? c->archive->env_count : 0, max = archived + c->env_count + 1;
    for (char **e = environ; *e; e++)
        max++;
    br_env_var *list = br_calloc(max, sizeof(*list));
    for (size_t i = 0; i < archived; i++)
        list[n++] = c->archive->env[i];
    for (char **e = environ; *e && c->system_env; e++) {
        br_str value = br_str_of(*e), name;
        if (br_str_cut(&value, '=', &name) && value.p) list[n++] = (br_env_var){name, value};
    }
    for (size_t i = 0; i < c->env_count; i++)
        list[n++] = c->env[i];
    *ret_count = n;
    return list;
}

static br_exit_code load_exit(br_code code)
{
    if (code == BR_EABORT) return BR_EXIT_ABORTED;
    if (code == BR_ECANCEL) return BR_EXIT_INTERRUPTED;
    return code == BR_EEXCEPTION || code == BR_ESYNTAX ? BR_EXIT_EXCEPTION : BR_EXIT_OTHER;
}

/* k6's words for a script that cannot be used, unlike one that threw. */
static br_code wrap_load_error(const br_job_config *c, br_code code, br_err *err)
{
    char *path = realpath(c->script, NULL);
    (void) br_wrap(err, code, "could not initialize '%s': could not load JS test 'file://%s'", c->script,
        path ? path : c->script);
    free(path); // from realpath
    return code;
}

/* Its error has a text only if the script hung. */
static br_code fail_interrupted_load(br_err *err)
{
    static const char what[] = "the init code was interrupted by a signal";
    if (!err->msg[0]) return br_fail(err, BR_ECANCEL, "%s", what);
    return br_wrap(err, BR_ECANCEL, "%s", what);
}

static br_code load_script(const br_job_config *c, br_job *job, br_exit_code *ret_exit, br_err *err)
{
    if (access(c->script, R_OK) != 0 && errno == EACCES) { /* the loader would call it an exception */
        *ret_exit = BR_EXIT_OTHER;
        return br_fail_errno(err, BR_EACCESS, errno, "cannot read the script '%s'", c->script);
    }
    br_module_settings modules;
    br_code code = br_module_settings_read(c->module_args, &modules, err);
    if (code == BR_OK) code = br_limits_read(c->module_args, &job->limits, err);
    for (size_t i = 0; i < c->map_count && code == BR_OK; i++)
        br_module_settings_map(&modules, c->maps[i].name, c->maps[i].value);
    if (code != BR_OK) {
        br_arena_deinit(&modules.arena);
        *ret_exit = BR_EXIT_CONFIG;
        return code;
    }
    size_t n;
    br_env_var *env = collect_env(c, &n);
    br_program_config pc = {.path = c->script,
        .env = env,
        .env_count = n,
        .metrics = job->metrics,
        .console_out = c->console_out,
        .remote = &modules.remote,
        .base_mode = modules.base_mode,
        .secrets = c->secrets,
        .memory_limit_bytes = job->limits.memory_bytes,
        .stack_bytes = job->limits.stack_bytes,
        .stop_flag = br_interrupt_flag(),
        .input = c->input,
        .keep_sources = c->keep_sources};
    if (c->archive) {
        pc.archived = &c->archive->files;
        pc.main_url = c->archive->main_url;
    }
    code = br_program_load(&pc, &job->program, err);
    br_free(env);
    br_arena_deinit(&modules.arena);
    if (code == BR_OK) return BR_OK;
    *ret_exit = load_exit(code);
    if (code == BR_ECANCEL) return fail_interrupted_load(err);
    return code == BR_ESYNTAX || code == BR_EINVAL ? wrap_load_error(c, code, err) : code;
}

static br_code config_error(br_err *err, const char *path, const char *why)
{
    return br_fail(
        err, BR_EINVAL, "failed to load the configuration file from the local file system: %s%s", path, why);
}

static br_code parse_config(const char *path, br_str text, json_t **ret, br_err *err)
{
    json_error_t why;
    json_t *json = json_loadb(text.p, text.n, 0, &why);
    if (json_is_object(json)) {
        *ret = json;
        return BR_OK;
    }
    bool other = json != NULL;
    json_decref(json);
    if (other) return config_error(err, path, ": it is no JSON object");
    char reason[JSON_ERROR_TEXT_LENGTH + 64];
    snprintf(reason, sizeof(reason), ":%d:%d: it is no JSON: %s", why.line, why.column, why.text);
    return config_error(err, path, reason);
}

/* The user's own file is optional, one that was named is not. */
static br_code read_config(const br_job_config *c, json_t **ret, br_err *err)
{
    char own[4096] = "";
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (base && *base)
        snprintf(own, sizeof(own), "%s/k6/config.json", base);
    else if (home)
        snprintf(own, sizeof(own), "%s/.config/k6/config.json", home);
    const char *path = c->config_file ? c->config_file : own;
    if (access(path, F_OK) != 0) {
        if (!c->config_file) return BR_OK;
        char text[1100];
        snprintf(text, sizeof(text), "stat %.1000s", path);
        return config_error(err, text, ": no such file or directory");
    }
    br_buf text;
    br_buf_init(&text, CONFIG_BYTES_MAX);
    br_err read_err = {0};
    br_code code = br_file_read(path, &text, &read_err);
    code = code == BR_OK ? parse_config(path, br_buf_view(&text), ret, err)
                         : config_error(err, read_err.msg, "");
    br_buf_deinit(&text);
    return code;
}

/* SSLKEYLOGFILE, as in k6 and in browsers. */
static br_code log_tls_keys(br_options *o, br_err *err)
{
    const char *path = getenv("SSLKEYLOGFILE");
    if (!path || !*path) return BR_OK;
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(
        &text, "SSLKEYLOGFILE is set: the keys of TLS connections are written to '%s'", path);
    br_log_line(BR_LOG_WARN, br_buf_view(&text), NULL, 0);
    br_buf_deinit(&text);
    o->tls.key_log = path;
    return br_tls_options_check(&o->tls, err);
}

/* The exported options, those that an archive was made with in their place; NULL without. New reference. */
static br_code script_options(const br_job_config *c, const br_job *job, json_t **ret, br_err *err)
{
    if (c->archive) {
        *ret = json_incref(json_object_get(c->archive->metadata, "options"));
        if (!*ret || json_is_object(*ret)) return BR_OK;
        json_decref(*ret);
        return br_fail(err, BR_EINVAL, "the options of the archive must be an object");
    }
    br_str text = br_program_options_json(job->program);
    json_error_t why;
    if (!text.p) return BR_OK;
    json_t *script = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!script) return br_fail(err, BR_EINVAL, "the exported 'options' cannot be used: %s", why.text);
    if (!json_is_object(script)) {
        json_decref(script);
        return br_fail(err, BR_EINVAL, "the exported 'options' must be an object");
    }
    *ret = script;
    return BR_OK;
}

static br_code build_options(const br_job_config *c, br_job *job, br_err *err)
{
    json_t *script = NULL, *env = NULL;
    br_code code = script_options(c, job, &script, err);
    if (code == BR_OK) code = br_options_from_env(environ, &env, err);
    if (code == BR_OK) code = read_config(c, &job->config_file, err);
    br_options_source sources[] = {{.what = "configuration file", .json = job->config_file, .open = true},
        {.what = "script", .json = script, .open = c->archive}, {.what = "environment", .json = env},
        {.what = "cli", .json = c->overrides}};
    if (code == BR_OK) code = br_options_build(sources, BR_COUNT_OF(sources), &job->options, err);
    if (code == BR_OK) code = log_tls_keys(job->options, err);
    if (code == BR_OK) code = br_proxies_from_env(&job->options->arena, &job->options->proxies, err);
    json_decref(script);
    json_decref(env);
    return code == BR_ESYNTAX ? wrap_load_error(c, code, err) : code;
}

static br_code check_functions(const br_job *job, br_err *err)
{
    BR_ASSERT(job->options);
    for (size_t i = 0; i < job->options->scenario_count; i++) {
        const br_scenario *s = &job->options->scenarios[i];
        if (!br_program_has_export(job->program, s->exec)) {
            return br_fail(err, BR_EINVAL,
                "There were problems with the specified script configuration:\n\t- executor " BR_FMT
                ": function '" BR_FMT "' not found in exports",
                BR_ARG(s->name), BR_ARG(s->exec));
        }
    }
    return BR_OK;
}

/* The probe goes beside the scenarios of the highest level; a script without its function has none. */
static br_code add_probe(const br_job_config *c, br_job *job, br_err *err)
{
    if (!c->probe) return BR_OK;
    const char *exec = json_string_value(json_object_get(c->probe, "exec"));
    if (!br_program_has_export(job->program, br_str_of(exec))) return BR_OK;
    json_object_set(json_object_get(c->overrides, "scenarios"), "probe", c->probe);
    job->probed = true;
    return br_run_register_probe(job->metrics, BR_STR("probe"), err);
}

br_code br_job_prepare(const br_job_config *c, br_job *ret, br_exit_code *ret_exit, br_err *err)
{
    br_job job = {.metrics = br_metrics_new()};
    br_code code = load_script(c, &job, ret_exit, err);
    if (code == BR_OK) {
        code = add_probe(c, &job, err);
        if (code == BR_OK) code = build_options(c, &job, err);
        if (code == BR_OK) code = check_functions(&job, err);
        if (code == BR_OK)
            code = br_run_register_thresholds(job.options, job.metrics, !c->no_thresholds, err);
        if (code != BR_OK) *ret_exit = code == BR_ELIMIT ? BR_EXIT_OTHER : BR_EXIT_CONFIG;
    }
    if (code == BR_OK)
        *ret = job;
    else
        br_job_deinit(&job);
    return code;
}

static br_ns longest_end(const br_options *o)
{
    br_ns longest = 0;
    for (size_t i = 0; i < o->scenario_count; i++) {
        br_ns end = br_scenario_hard_end(&o->scenarios[i]);
        longest = end > longest ? end : longest;
    }
    return longest;
}

/* Adds what the scenarios need. */
static char *with_requirements(const br_options *o)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_str options = br_str_of(o->derived_json);
    (void) br_buf_put(&text, br_str_sub(options, 0, options.n - 1));
    (void) br_buf_puts(&text, ",\"totalDuration\":\"");
    (void) br_buf_put_duration(&text, longest_end(o));
    (void) br_buf_printf(&text, "\",\"maxVUs\":%lld}", (long long) br_options_max_vus(o));
    return br_buf_detach(&text);
}

static br_code inspect_script(
    const br_job_config *c, br_job *job, char **ret, br_exit_code *ret_exit, br_err *err)
{
    json_t *script = NULL;
    br_code code = script_options(c, job, &script, err);
    if (code == BR_OK) code = br_options_inspect_script(script, ret, err);
    if (code != BR_OK) *ret_exit = BR_EXIT_CONFIG;
    json_decref(script);
    return code == BR_ESYNTAX ? wrap_load_error(c, code, err) : code;
}

br_code br_job_inspect(
    const br_job_config *c, bool requirements, char **ret, br_exit_code *ret_exit, br_err *err)
{
    br_job job = {.metrics = br_metrics_new()};
    br_code code;
    if (requirements) {
        br_metrics_free(job.metrics);
        job = (br_job){0};
        code = br_job_prepare(c, &job, ret_exit, err);
        if (code == BR_OK) *ret = with_requirements(job.options);
    } else {
        code = load_script(c, &job, ret_exit, err);
        if (code == BR_OK) code = inspect_script(c, &job, ret, ret_exit, err);
    }
    br_job_deinit(&job);
    return code;
}

void br_job_log_error(br_code code, const br_err *err)
{
    br_log_field fields[] = {{"hint", BR_STR("script exception")}, {"source", BR_STR("stacktrace")}};
    br_log_line(BR_LOG_ERROR, br_str_of(err->msg), fields, code == BR_EEXCEPTION ? BR_COUNT_OF(fields) : 0);
}

void br_job_deinit(br_job *job)
{
    br_run_result_free(job->result);
    br_options_free(job->options);
    br_program_free(job->program);
    br_metrics_free(job->metrics);
    json_decref(job->config_file);
    *job = (br_job){0};
}

static void print_plan(const br_job *job, const br_job_config *c)
{
    const br_options *o = job->options;
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&text, "\n     execution: local\n        script: %s\n        output: %s\n\n",
        c->script, c->outputs ? c->outputs : "-");
    if (c->banner) (void) br_buf_printf(&text, "          test: %s\n\n", c->banner);
    (void) br_buf_printf(&text, "     scenarios: (%.2f%%) %zu scenario%s, %lld max VUs, ",
        100 * br_stripe_share(o->stripe), o->scenario_count, o->scenario_count == 1 ? "" : "s",
        (long long) br_options_max_vus(o));
    (void) br_buf_put_duration(&text, longest_end(o));
    (void) br_buf_puts(&text, " max duration (incl. graceful stop):\n");
    for (size_t i = 0; i < o->scenario_count; i++) {
        (void) br_buf_printf(&text, "              * " BR_FMT ": ", BR_ARG(o->scenarios[i].name));
        br_scenario_describe(&o->scenarios[i], &text);
        (void) br_buf_puts(&text, "\n");
    }
    (void) br_buf_puts(&text, "\n");
    fwrite(text.data, 1, text.len, stdout);
    fflush(stdout);
    br_buf_deinit(&text);
}

/* A system that runs out of memory ends processes without a word: this one says it before. */
static void warn_of_memory(const br_job *job)
{
    int64_t vus = br_options_max_vus(job->options), available = br_headroom_memory_kb();
    if (available == 0 || vus <= available / BR_VU_KB_LEAST) return;
    br_warn(
        "%lld VUs need at least %.1f GB of memory and %.1f GB are available: the system may end the run; use fewer "
        "VUs or several machines",
        (long long) vus, (double) vus * BR_VU_KB_LEAST / 1e6, (double) available / 1e6);
}

br_code br_job_run(br_job *job, const br_job_config *c, br_exit_code *ret_exit, br_err *err)
{
    br_progress *progress = NULL;
    job->run = (br_run_config){.program = job->program,
        .options = job->options,
        .metrics = job->metrics,
        .workers = c->workers,
        .loop = c->loop,
        .console_out = c->console_out,
        .max_body_bytes = c->max_body_bytes,
        .vu_memory_limit_bytes = job->limits.memory_bytes,
        .vu_stack_bytes = job->limits.stack_bytes,
        .tap = c->tap,
        .tap_ctx = c->tap_ctx,
        .interrupted = c->interrupted,
        .probe = job->probed ? BR_STR("probe") : BR_STR(""),
        .decide = c->decide,
        .decide_ctx = c->decide_ctx,
        .decide_interval_ns = c->decide_interval_ns};
    if (!c->quiet) {
        print_plan(job, c);
        progress = br_progress_new(isatty(STDOUT_FILENO), c->colour);
        br_progress_head(progress, c->head, c->head_ctx);
        job->run.on_status = br_progress_status;
        job->run.status_ctx = progress;
        job->run.status_interval_ns = br_progress_interval(progress);
    }
    warn_of_memory(job);
    br_code code = br_run(&job->run, &job->result, &job->exit_code, err);
    if (progress) br_progress_finish(progress);
    br_progress_free(progress);
    job->run.on_status = NULL;
    if (code != BR_OK) *ret_exit = load_exit(code);
    return code;
}

int br_job_command(
    int argc, char **argv, const br_arg_section *sections, void (*print_help)(void), br_job_work *work)
{
    br_args a = {0};
    br_err err = {0};
    br_exit_code exit_code = BR_EXIT_OTHER;
    br_code code = br_cli_begin(argc, argv, sections, print_help, &a, &err);
    if (code == BR_OK) code = work(&a, &exit_code, &err);
    if (code == BR_OK || code == BR_EOF)
        exit_code = BR_EXIT_OK;
    else
        br_job_log_error(code, &err);
    br_args_deinit(&a);
    return (int) exit_code;
}
