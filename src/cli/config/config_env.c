#include <stdlib.h>
#include "base/file.h"
#include "base/num.h"
#include "cli/config/config_int.h"

#define NAMES_MAX        50   /* of one source of metrics */
#define METRIC_NAME_MAX  256  /* with labels */
#define SECRET_BYTES_MAX 8192 /* of a file */

/* Secrets ------------------------------------------------------------------------------------------ */

static br_code read_secret_file(br_config_reader *r, const br_yaml_node *node, br_str path, br_str *ret)
{
    br_str folder = path.n && path.p[0] == '/' ? BR_STR("") : r->file->folder;
    const char *full = br_arena_printf(r->arena, BR_FMT BR_FMT, BR_ARG(folder), BR_ARG(path));
    br_buf content;
    br_err err = {0};
    br_buf_init(&content, SECRET_BYTES_MAX);
    br_code code = br_file_read(full, &content, &err);
    if (code == BR_OK) {
        *ret = br_arena_str(r->arena, br_str_trim(br_buf_view(&content)));
    } else {
        r->substituted = node; /* the machine's matter: only this environment cannot be used */
        code = br_config_fail(r, node, code == BR_ELIMIT ? BR_ELIMIT : BR_ENOTFOUND, "secret: %s", err.msg);
    }
    br_buf_deinit(&content);
    return code;
}

static bool is_variable(br_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) return false;
    }
    return name.n > 0;
}

/* `NAME` or `file:PATH`. A variable that is not set hides nothing. */
static br_code read_secret(br_config_reader *r, const br_yaml_node *node, br_environment *env)
{
    br_code code = br_config_want(r, node, BR_YAML_SCALAR, "a secret", "the name of a variable");
    if (code != BR_OK) return code;
    br_str value = BR_STR("");
    if (br_str_starts(node->text, BR_STR("file:"))) {
        code = read_secret_file(r, node, br_str_sub(node->text, 5, node->text.n), &value);
    } else if (is_variable(node->text)) {
        value = br_str_of(getenv(node->text.p));
    } else {
        code = br_config_fail(r, node, BR_EINVAL,
            "%s is no name of a variable; write e.g. TOKEN, or file:PATH; never the secret itself",
            br_config_quoted(r, node));
    }
    if (code != BR_OK || value.n == 0) return code;
    if (value.n < BR_CONFIG_SECRET_MIN) {
        r->substituted = node;
        return br_config_fail(r, node, BR_EINVAL,
            "the value of the secret %s is shorter than %d characters: hiding it would hide other text",
            br_config_quoted(r, node), BR_CONFIG_SECRET_MIN);
    }
    env->secrets[env->secret_count++] = br_arena_str(r->arena, value);
    return BR_OK;
}

static br_code read_secrets(br_config_reader *r, const br_yaml_node *node, br_environment *env)
{
    if (!node) return BR_OK;
    br_code code = br_config_want(r, node, BR_YAML_LIST, "secrets", "[ TOKEN ]");
    if (code == BR_OK) code = br_config_want_count(r, node, "secrets", BR_CONFIG_ITEMS_MAX);
    if (code != BR_OK) return code;
    env->secrets = br_arena_zalloc(r->arena, node->count * sizeof(*env->secrets) + 1);
    for (const br_yaml_entry *e = node->first; e; e = e->next)
        code = br_config_both(code, read_secret(r, e->value, env));
    return code;
}

/* Metrics ------------------------------------------------------------------------------------------ */

/* A URL, or a path below base_url. Wholly checked by whoever sends the request. */
static br_code read_place(
    br_config_reader *r, const br_yaml_node *node, const char *what, br_str base, br_str *ret)
{
    br_str text;
    br_code code = br_config_text(r, node, what, 1024, &text);
    if (code != BR_OK) return code;
    if (text.p[0] == '/') {
        *ret = br_str_of(br_arena_printf(r->arena, BR_FMT BR_FMT, BR_ARG(base), BR_ARG(text)));
        return BR_OK;
    }
    bool http = br_str_starts(text, BR_STR("http://")) || br_str_starts(text, BR_STR("https://"));
    if (!http || text.n < 9 || br_str_find_char(text, ' ') >= 0) {
        return br_config_fail(r, node, BR_EINVAL,
            "%s %s is neither a URL nor a path; write e.g. http://127.0.0.1:9100/metrics or /metrics", what,
            br_config_quoted(r, node));
    }
    *ret = text;
    return BR_OK;
}

/* Digits are a PID. */
static br_code read_process(br_config_reader *r, const br_yaml_node *node, br_watch_target *ret)
{
    br_code code = br_config_text(r, node, "process", BR_CONFIG_NAME_MAX, &ret->place);
    if (code != BR_OK) return code;
    ret->kind = BR_WATCH_NAME;
    code = br_parse_i64(ret->place, &ret->pid);
    if (code == BR_ESYNTAX && br_str_find_char(ret->place, '/') < 0) {
        ret->pid = 0;
        return BR_OK;
    }
    if (code == BR_OK && ret->pid >= 1 && ret->pid <= INT32_MAX) {
        ret->kind = BR_WATCH_PID;
        return BR_OK;
    }
    return br_config_fail(r, node, BR_EINVAL,
        "process %s is neither a PID nor the name of a program without its folder; write e.g. 4711 or empire",
        br_config_quoted(r, node));
}

static br_code read_cgroup(br_config_reader *r, const br_yaml_node *node, br_watch_target *ret)
{
    br_code code = br_config_path(r, node, "cgroup", &ret->place);
    if (code != BR_OK) return code;
    ret->kind = BR_WATCH_CGROUP;
    if (br_str_find(ret->place, BR_STR("..")) < 0) return BR_OK;
    return br_config_fail(r, node, BR_EINVAL,
        "cgroup %s leaves its hierarchy; write a path below /sys/fs/cgroup without ..",
        br_config_quoted(r, node));
}

static br_code read_names(br_config_reader *r, const br_yaml_node *node, br_watch_target *ret)
{
    if (!node) return BR_OK;
    br_code code = br_config_want(r, node, BR_YAML_LIST, "names", "[ memory ]");
    if (code == BR_OK) code = br_config_want_count(r, node, "names", NAMES_MAX);
    if (code != BR_OK) return code;
    ret->names = br_arena_zalloc(r->arena, node->count * sizeof(*ret->names) + 1);
    for (const br_yaml_entry *e = node->first; e; e = e->next) {
        code = br_config_both(code, br_config_text(r, e->value, "a name of a metric", METRIC_NAME_MAX,
                                        &ret->names[ret->name_count++]));
    }
    return code;
}

static br_code read_watch(
    br_config_reader *r, const br_yaml_node *node, const br_environment *env, br_watch_target *ret)
{
    br_code code = BR_OK;
    if (!br_config_shape_ok(r, node, &br_shape_watch, &code)) return code;
    const br_yaml_node *process = br_yaml_get(node, "process"), *cgroup = br_yaml_get(node, "cgroup");
    const br_yaml_node *page = br_yaml_get(node, "prometheus");
    if (code == BR_OK && (process != NULL) + (cgroup != NULL) + (page != NULL) != 1) {
        code = br_config_fail(r, node, BR_EINVAL,
            "a source of metrics has one of process, cgroup and prometheus; write e.g. { process: empire }");
    }
    if (process) code = br_config_both(code, read_process(r, process, ret));
    if (cgroup) code = br_config_both(code, read_cgroup(r, cgroup, ret));
    if (page) {
        ret->kind = BR_WATCH_PROMETHEUS;
        code = br_config_both(code, read_place(r, page, "prometheus", env->base_url, &ret->place));
    }
    return br_config_both(code, read_names(r, br_yaml_get(node, "names"), ret));
}

static br_code read_metrics(br_config_reader *r, const br_yaml_node *node, br_environment *env)
{
    if (!node) return BR_OK;
    br_code code = br_config_want(r, node, BR_YAML_LIST, "metrics", "[ { process: empire } ]");
    if (code == BR_OK) code = br_config_want_count(r, node, "sources of metrics", BR_CONFIG_SOURCES_MAX);
    if (code != BR_OK) return code;
    env->metrics = br_arena_zalloc(r->arena, node->count * sizeof(*env->metrics) + 1);
    for (const br_yaml_entry *e = node->first; e; e = e->next)
        code = br_config_both(code, read_watch(r, e->value, env, &env->metrics[env->metric_count++]));
    return code;
}

/* The gate ----------------------------------------------------------------------------------------- */

static br_code read_window(br_config_reader *r, const br_yaml_node *node, br_window *ret)
{
    br_str text;
    br_err err = {0};
    br_code code = br_config_text(r, node, "window", BR_CONFIG_NAME_MAX, &text);
    if (code != BR_OK) return code;
    code = br_window_parse(text, ret, &err);
    return code == BR_OK ? BR_OK : br_config_fail(r, node, code, "%s", err.msg);
}

static br_code read_windows(br_config_reader *r, const br_yaml_node *node, br_environment *env)
{
    if (!node) return BR_OK;
    br_code code = br_config_want_count(r, node, "windows", BR_CONFIG_SOURCES_MAX);
    if (code != BR_OK) return code;
    env->windows = br_arena_zalloc(r->arena, (node->count + 1) * sizeof(*env->windows));
    if (node->kind != BR_YAML_LIST) return read_window(r, node, &env->windows[env->window_count++]);
    if (node->count == 0)
        return br_config_fail(r, node, BR_EINVAL, "there are no windows; write e.g. \"02:00-04:00 UTC\"");
    for (const br_yaml_entry *e = node->first; e; e = e->next)
        code = br_config_both(code, read_window(r, e->value, &env->windows[env->window_count++]));
    return code;
}

static br_code read_gate(br_config_reader *r, const br_yaml_node *node, br_environment *env)
{
    const br_yaml_node *approval = br_yaml_get(node, "approval"), *notice = br_yaml_get(node, "notice");
    br_code code = read_windows(r, br_yaml_get(node, "window"), env);
    if (approval) {
        static const char *const words[] = {"required", "none", NULL};
        size_t word = 1;
        code = br_config_both(code, br_config_word(r, approval, "approval", words, &word));
        env->approval = word == 0;
    }
    if (notice) code = br_config_both(code, br_config_duration(r, notice, "notice", 0, &env->notice));
    return code;
}

/* Environments ------------------------------------------------------------------------------------- */

static br_code read_version(br_config_reader *r, const br_yaml_node *node, br_environment *env)
{
    const br_yaml_node *version = br_yaml_get(node, "version"), *url = br_yaml_get(node, "version_url");
    br_code code = BR_OK;
    if (version && url) {
        code = br_config_fail(r, url, BR_EINVAL,
            "version and version_url exclude each other; keep version_url where the target tells it");
    }
    if (version) code = br_config_both(code, br_config_text(r, version, "version", 200, &env->version));
    if (url) code = br_config_both(code, read_place(r, url, "version_url", env->base_url, &env->version_url));
    return code;
}

static br_code read_url(br_config_reader *r, const br_yaml_node *node, bool told, br_environment *env)
{
    const br_yaml_node *url = br_yaml_get(node, "base_url"), *health = br_yaml_get(node, "health");
    br_code code = BR_OK;
    if (url) {
        code = br_config_base_url(r, url, "base_url", &env->base_url);
    } else if (!told) {
        code = br_config_fail(r, node, BR_EINVAL,
            "environment " BR_FMT " has no base_url; add e.g. base_url: http://127.0.0.1:3000",
            BR_ARG(env->name));
    }
    env->health = BR_STR("/health");
    if (health) code = br_config_both(code, br_config_path(r, health, "health", &env->health));
    return code;
}

br_code br_config_read_environment(br_config_reader *r, const br_yaml_node *node, br_config_item *item)
{
    br_environment *env = &item->environment;
    br_code code = BR_OK;
    if (!br_config_shape_ok(r, node, &br_shape_environment, &code)) return code;
    br_config_pairs headers = {0}, variables = {0};
    code = br_config_both(code, read_url(r, node, code != BR_OK, env));
    code = br_config_both(code, br_config_headers(r, br_yaml_get(node, "headers"), &headers));
    code = br_config_both(code, br_config_variables(r, br_yaml_get(node, "env"), &variables));
    code = br_config_both(code, read_secrets(r, br_yaml_get(node, "secrets"), env));
    code = br_config_both(code, read_metrics(r, br_yaml_get(node, "metrics"), env));
    code = br_config_both(code, read_version(r, node, env));
    code = br_config_both(code, read_gate(r, node, env));
    code = br_config_both(code, br_config_read_notify(r, br_yaml_get(node, "notify"), &env->notify));
    env->headers = headers.list;
    env->header_count = headers.count;
    env->env = variables.list;
    env->env_count = variables.count;
    return code;
}
