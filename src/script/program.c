#include "script/program.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "script/js.h"
#include "script/module_lock.h"
#include "script/source_map.h"

static void set_main(br_program *p, const char *path, const char *absolute)
{
    br_str url = br_str_of(br_arena_printf(&p->arena, "file://%s", absolute));
    const char *slash = strrchr(url.p, '/');
    BR_ASSERT(slash); /* of file:// */
    p->main = url;
    p->dir = (br_str){url.p + 7, (size_t) (slash - (url.p + 7))};
    p->path = br_arena_cstr(&p->arena, br_str_of(path));
}

/* "-": the script is a text, as if it were a file of that name in the current folder. */
static br_code take_input(br_program *p, br_str text, br_err *err)
{
    if (text.n > BR_SCRIPT_MAX_BYTES)
        return br_fail(
            err, BR_ELIMIT, "the script on standard input is larger than %zu MiB", BR_SCRIPT_MAX_BYTES >> 20);
    char *folder = realpath(".", NULL);
    if (!folder) return br_fail_errno(err, BR_EIO, errno, "cannot find the current folder");
    p->input = br_arena_str(&p->arena, text.p ? text : BR_STR(""));
    set_main(p, "-", br_arena_printf(&p->arena, "%s/-", strcmp(folder, "/") == 0 ? "" : folder));
    free(folder); // from realpath
    return BR_OK;
}

br_code br_program_read(br_program *p, const char *url, br_buf *out, br_err *err)
{
    const br_buf *archived = p->archived ? br_map_get(p->archived, br_str_of(url)) : NULL;
    bool file = strncmp(url, "file://", 7) == 0;
    br_code code = archived      ? br_buf_append(out, archived->data, archived->len)
                   : p->archived ? br_fail(err, BR_ENOTFOUND, "the archive has no file %s", url)
                   : file        ? br_file_read(url + 7, out, err)
                                 : br_remote_read(p->remote, br_str_of(url), out, err);
    if (code == BR_OK) br_program_keep_source(p, url, br_buf_view(out));
    return code;
}

void br_program_keep_source(br_program *p, const char *url, br_str bytes)
{
    if (!p->keep_sources || br_map_get(&p->sources, br_str_of(url))) return;
    br_buf *copy = BR_NEW(br_buf);
    br_buf_init(copy, BR_BUF_NO_LIMIT);
    (void) br_buf_put(copy, bytes);
    br_map_set(&p->sources, br_str_of(url), copy);
}

static void free_buffers(br_map *m)
{
    for (size_t i = 0; i < m->len; i++) {
        br_buf_deinit(m->entries[i].value);
        br_free(m->entries[i].value);
    }
    br_map_deinit(m);
}

static br_code resolve_path(br_program *p, const char *path, br_err *err)
{
    char *absolute = realpath(path, NULL);
    if (!absolute) {
        int e = errno;
        if (e == ENOENT)
            return br_fail(err, BR_ENOTFOUND,
                "The moduleSpecifier \"%s\" couldn't be found on local disk. " BR_MODULE_HINT, path);
        return br_fail_errno(err, br_code_from_errno(e), e, "cannot open the script '%s'", path);
    }
    struct stat st;
    bool is_dir = stat(absolute, &st) == 0 && S_ISDIR(st.st_mode);
    if (!is_dir) set_main(p, path, absolute);
    free(absolute); // from realpath
    return is_dir ? br_fail(err, BR_EINVAL, "'%s' is a folder: name the script file in it", path) : BR_OK;
}

static void copy_env(br_program *p, const br_program_config *config)
{
    p->env = br_arena_zalloc(&p->arena, (config->env_count + 1) * sizeof(*p->env));
    p->env_count = config->env_count;
    for (size_t i = 0; i < config->env_count; i++) {
        p->env[i].name = br_arena_str(&p->arena, config->env[i].name);
        p->env[i].value = br_arena_str(&p->arena, config->env[i].value);
    }
}

static br_code read_options(br_program *p, br_vu *vu, br_err *err)
{
    JSContext *ctx = vu->ctx;
    JSValue options = JS_GetPropertyStr(ctx, vu->main_ns, "options");
    if (JS_IsUndefined(options)) return BR_OK;
    JSValue json = JS_IsException(options) ? JS_EXCEPTION
                                           : JS_JSONStringify(ctx, options, JS_UNDEFINED, JS_UNDEFINED);
    JS_FreeValue(ctx, options);
    if (JS_IsException(json)) {
        br_buf text;
        br_buf_init(&text, 1 << 20);
        br_code code = br_js_take_exception(ctx, &text);
        (void) br_fail(err, BR_EEXCEPTION, "reading the exported options: %.*s",
            (int) (text.len < 900 ? text.len : 900), text.data ? text.data : "");
        br_buf_deinit(&text);
        return code == BR_ECANCEL ? br_vu_fail_interrupted(vu, err) : BR_EEXCEPTION;
    }
    if (JS_IsString(json)) p->options_json = br_js_str_dup(ctx, json, &p->arena);
    JS_FreeValue(ctx, json);
    return BR_OK;
}

static bool is_lifecycle(br_str name)
{
    return br_str_is(name, "setup") || br_str_is(name, "teardown") || br_str_is(name, "handleSummary");
}

static br_code read_export(br_program *p, br_vu *vu, JSAtom atom, br_err *err)
{
    JSContext *ctx = vu->ctx;
    size_t n;
    const char *text = JS_AtomToCStringLen(ctx, &n, atom);
    JSValue value = JS_GetProperty(ctx, vu->main_ns, atom);
    br_str name = {text, text ? n : 0};
    br_code code = BR_OK;
    if (JS_IsFunction(ctx, value)) {
        br_map_set(&p->exports, name, p);
        if (!is_lifecycle(name)) p->callables++;
    } else if ((br_str_is(name, "setup") || br_str_is(name, "teardown")) && !br_js_nullish(value)) {
        code = br_fail(err, BR_EINVAL, "exported '" BR_FMT "' must be a function", BR_ARG(name));
    }
    if (JS_IsException(value)) JS_FreeValue(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, value);
    JS_FreeCString(ctx, text);
    return code;
}

static br_code read_exports(br_program *p, br_vu *vu, br_err *err)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (br_js_keys(vu->ctx, vu->main_ns, &keys, &n) < 0)
        return br_fail(err, BR_EINVAL, "cannot list the script's exports");
    br_code code = BR_OK;
    for (uint32_t i = 0; i < n && code == BR_OK; i++)
        code = read_export(p, vu, keys[i].atom, err);
    JS_FreePropertyEnum(vu->ctx, keys, n);
    if (vu->cancelled) return br_vu_fail_interrupted(vu, err); /* in a getter of module.exports */
    if (code == BR_OK && p->callables == 0) code = br_fail(err, BR_EINVAL, "no exported functions in script");
    return code;
}

/* QuickJS's message about a script's own modules in k6's words. */
static void reword_missing_export(const br_program *p, br_err *err)
{
    char name[128], url[600], text[800];
    if (sscanf(err->msg, "SyntaxError: Could not find export '%127[^']' in module '%599[^']'", name, url) !=
        2)
        return;
    bool file = strncmp(url, "file://", 7) == 0;
    if (file) memmove(url, url + 7, strlen(url + 7) + 1);
    br_str path = br_str_of(url);
    bool below = file && br_str_starts(path, p->dir) && path.p[p->dir.n] == '/';
    snprintf(text, sizeof(text),
        "SyntaxError: The requested module \"%s%s\" does not provide an export named \"%s\"",
        below ? "." : "", below ? url + p->dir.n : url, name);
    (void) br_fail(err, err->code, "%s", text);
}

static void make_remote(br_program *p, const br_program_config *c)
{
    br_remote_config remote = c->remote ? *c->remote : (br_remote_config){0};
    remote.stop_flag = c->stop_flag;
    const char *lock = br_arena_printf(&p->arena, BR_FMT "/" BR_MODULE_LOCK_NAME, BR_ARG(p->dir));
    if (!remote.lock_file && (remote.lock_write || access(lock, F_OK) == 0)) remote.lock_file = lock;
    p->remote = br_remote_new(&remote);
}

static br_code discover(br_program *p, const br_program_config *c, br_err *err)
{
    br_vu_settings settings = {.metrics = c->metrics,
        .console_out = c->console_out,
        .memory_limit_bytes = c->memory_limit_bytes,
        .stack_bytes = c->stack_bytes};
    br_vu_config config = {.program = p, .settings = &settings, .id = 0, .stop_flag = c->stop_flag};
    br_vu *vu = NULL;
    br_code code = br_vu_new(&config, &vu, err);
    if (code == BR_EEXCEPTION) reword_missing_export(p, err);
    if (code == BR_OK) code = read_options(p, vu, err);
    if (code == BR_OK) code = read_exports(p, vu, err);
    br_vu_free(vu);
    if (code == BR_OK) code = br_remote_save(p->remote, err);
    br_typescript_free(p->typescript);
    br_remote_free(p->remote);
    p->typescript = NULL;
    p->remote = NULL;
    p->sealed = true;
    return code;
}

br_code br_program_load(const br_program_config *config, br_program **ret, br_err *err)
{
    br_program *p = BR_NEW(br_program);
    br_arena_init(&p->arena, 16384);
    br_map_init(&p->modules);
    br_map_init(&p->source_maps);
    br_map_init(&p->files);
    br_map_init(&p->sources);
    p->archived = config->archived;
    p->keep_sources = config->keep_sources;
    br_map_init(&p->exports);
    br_map_init(&p->shared_arrays);
    pthread_mutex_init(&p->shared_lock, NULL);
    p->secrets = config->secrets;
    br_code code = BR_OK;
    if (config->archived)
        set_main(p, config->path, config->main_url + strlen("file://"));
    else if (strcmp(config->path, "-") == 0)
        code = take_input(p, config->input, err);
    else
        code = resolve_path(p, config->path, err);
    if (code == BR_OK) {
        copy_env(p, config);
        make_remote(p, config);
        p->base_mode = config->base_mode;
        code = discover(p, config, err);
        p->archived = NULL;
    }
    if (code != BR_OK) {
        br_program_free(p);
        return code;
    }
    *ret = p;
    return BR_OK;
}

static void free_bytecode(br_bytecode *code)
{
    if (!code) return;
    br_free(code->bytes);
    br_free(code);
}

void br_program_free(br_program *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->modules.len; i++)
        free_bytecode(p->modules.entries[i].value);
    for (size_t i = 0; i < BR_COUNT_OF(p->bundles); i++)
        free_bytecode(p->bundles[i]);
    free_buffers(&p->sources);
    free_buffers(&p->files);
    for (size_t i = 0; i < p->source_maps.len; i++)
        br_source_map_free(p->source_maps.entries[i].value);
    br_map_deinit(&p->source_maps);
    br_map_deinit(&p->modules);
    br_map_deinit(&p->exports);
    for (size_t i = 0; i < p->shared_arrays.len; i++)
        br_shared_array_free(p->shared_arrays.entries[i].value);
    br_map_deinit(&p->shared_arrays);
    pthread_mutex_destroy(&p->shared_lock);
    br_arena_deinit(&p->arena);
    br_free(p);
}

const char *br_program_path(const br_program *p)
{
    return p->path;
}
const br_map *br_program_sources(const br_program *p)
{
    return &p->sources;
}
const char *br_program_main_url(const br_program *p)
{
    return p->main.p;
}
br_str br_program_options_json(const br_program *p)
{
    return p->options_json;
}
bool br_program_has_export(const br_program *p, br_str name)
{
    return br_map_get(&p->exports, name) != NULL;
}
size_t br_program_callable_count(const br_program *p)
{
    return p->callables;
}
