/* Flags that every command has, and the version. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "cli/terminal/globals.h"
#include "engine/exit_code.h"
#include "script/secrets.h"

const br_arg br_global_args[] = {
    {"help", 'h', BR_ARG_SWITCH, NULL, "show this help", NULL},
    {"log-format", 0, BR_ARG_VALUE, "FORMAT", "log format: text, json or raw (default text)",
        "K6_LOG_FORMAT"},
    {"log-output", 0, BR_ARG_VALUE, "WHERE",
        "log to stderr, stdout, none or file=PATH[,level=LEVEL] (default stderr)", "K6_LOG_OUTPUT"},
    {"no-color", 0, BR_ARG_SWITCH, NULL, "no colours; the variable NO_COLOR says so, too", "K6_NO_COLOR"},
    {"quiet", 'q', BR_ARG_SWITCH, NULL, "no banner and no progress", NULL},
    {"verbose", 'v', BR_ARG_SWITCH, NULL, "log debug messages", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

static const br_arg_section sections[] = {{NULL, br_global_args}, {NULL, NULL}};

br_code br_cli_loop(const br_args *a, br_loop_kind *ret_kind, br_err *err)
{
    const char *flag = br_args_get(a, "loop"), *text = flag ? flag : getenv("BRUNT_LOOP");
    *ret_kind = BR_LOOP_AUTO;
    if (!text || (!flag && !*text) || br_loop_kind_parse(br_str_of(text), ret_kind) == BR_OK) return BR_OK;
    return br_fail(err, BR_EINVAL, "invalid argument \"%s\" for %s: use auto, epoll or io_uring", text,
        flag ? "--loop" : "BRUNT_LOOP");
}

bool br_cli_colour(const br_args *a, int fd)
{
    const char *term = getenv("TERM");
    if (br_args_has(a, "no-color") || getenv("NO_COLOR") || getenv("K6_NO_COLOR")) return false;
    return isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}

static br_code take_format(const char *format, br_log_config *config, br_err *err)
{
    if (!format || strcmp(format, "text") == 0)
        config->format = BR_LOG_TEXT;
    else if (strcmp(format, "json") == 0)
        config->format = BR_LOG_JSON;
    else if (strcmp(format, "raw") == 0)
        config->format = BR_LOG_RAW;
    else
        return br_fail(err, BR_EINVAL, "unknown log format '%s': use text, json or raw", format);
    return BR_OK;
}

static br_code take_level(br_str level, br_log_config *config, br_err *err)
{
    static const struct {
        const char *name;
        br_log_level level;
    } levels[] = {{"panic", BR_LOG_ERROR}, {"fatal", BR_LOG_ERROR}, {"error", BR_LOG_ERROR},
        {"warn", BR_LOG_WARN}, {"warning", BR_LOG_WARN}, {"info", BR_LOG_INFO}, {"debug", BR_LOG_DEBUG},
        {"trace", BR_LOG_DEBUG}};
    for (size_t i = 0; i < BR_COUNT_OF(levels); i++) {
        if (!br_str_is(level, levels[i].name)) continue;
        config->level = levels[i].level;
        return BR_OK;
    }
    return br_fail(
        err, BR_EINVAL, "unknown log level '" BR_FMT "': use error, warn, info or debug", BR_ARG(level));
}

/* "file=PATH[,level=LEVEL]". The file stays open until the process ends. */
static br_code take_file(const char *output, br_log_config *config, br_err *err)
{
    br_str rest = br_str_of(output), item, key;
    br_code code = BR_OK;
    while (code == BR_OK && br_str_cut(&rest, ',', &item)) {
        if (!br_str_cut(&item, '=', &key) || !item.p) key = BR_STR("");
        if (br_str_is(key, "level")) {
            code = take_level(item, config, err);
        } else if (br_str_is(key, "file") && !config->out) {
            char *path = br_strndup(item.p, item.n);
            config->out = fopen(path, "ae");
            if (!config->out) code = br_fail_errno(err, BR_EIO, errno, "cannot open the log file '%s'", path);
            br_free(path);
        } else {
            code = br_fail(
                err, BR_EINVAL, "unknown part of the log output '%s': use file=PATH,level=LEVEL", output);
        }
    }
    return code;
}

static br_code take_output(const char *output, br_log_config *config, br_err *err)
{
    if (!output || strcmp(output, "stderr") == 0) {
        config->out = stderr;
    } else if (strcmp(output, "stdout") == 0) {
        config->out = stdout;
    } else if (strcmp(output, "none") == 0) {
        config->out = NULL;
    } else if (strncmp(output, "file=", 5) == 0) {
        return take_file(output, config, err);
    } else if (strcmp(output, "loki") == 0 || strncmp(output, "loki=", 5) == 0) {
        return br_fail(err, BR_EUNSUPPORTED,
            "the log output 'loki' is not supported: use file=PATH and let an agent send the file");
    } else {
        return br_fail(
            err, BR_EINVAL, "unknown log output '%s': use stderr, stdout, none or file=PATH", output);
    }
    return BR_OK;
}

br_code br_cli_apply_globals(const br_args *a, br_err *err)
{
    br_log_config config = {.level = br_args_has(a, "verbose") ? BR_LOG_DEBUG : BR_LOG_INFO};
    br_code code = take_format(br_args_setting(a, sections, "log-format"), &config, err);
    if (code == BR_OK) code = take_output(br_args_setting(a, sections, "log-output"), &config, err);
    if (code != BR_OK) return code;
    config.colour = config.out && br_cli_colour(a, fileno(config.out));
    config.terminal = config.out && isatty(fileno(config.out)) && config.format == BR_LOG_TEXT;
    br_log_setup(&config);
    return BR_OK;
}

br_code br_cli_begin(
    int argc, char **argv, const br_arg_section *flags, void (*print_help)(void), br_args *ret, br_err *err)
{
    br_code code = br_args_parse(argc, argv, flags, ret, err);
    if (code != BR_OK) return code;
    if (!br_args_has(ret, "help")) return br_cli_apply_globals(ret, err);
    print_help();
    return BR_EOF;
}

int br_cli_command(
    int argc, char **argv, const br_arg_section *flags, void (*print_help)(void), br_cli_work *work)
{
    br_args a = {0};
    br_err err = {0};
    int status = BR_EXIT_OK;
    br_code code = br_cli_begin(argc, argv, flags, print_help, &a, &err);
    if (code == BR_OK) code = work(&a, &status, &err);
    if (code != BR_OK && code != BR_EOF) {
        br_error("%s", err.msg);
        if (status == BR_EXIT_OK) status = BR_EXIT_OTHER;
    }
    br_args_deinit(&a);
    return status;
}

br_code br_cli_secrets(const br_args *a, br_secrets **ret, br_err *err)
{
    BR_VEC(const char *) lines = {0};
    for (size_t i = 0; i < a->values.len; i++) {
        if (strcmp(a->values.data[i].arg->name, "secret-source") == 0)
            *br_vec_push(&lines) = a->values.data[i].value;
    }
    const char *variable = getenv("K6_SECRET_SOURCE");
    if (lines.len == 0 && variable && *variable) *br_vec_push(&lines) = variable;
    br_code code = lines.len ? br_secrets_new(lines.data, lines.len, ret, err) : BR_OK;
    br_vec_deinit(&lines);
    return code;
}
