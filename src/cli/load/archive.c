#include "cli/load/archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "cli/terminal/globals.h"
#include "codec/tar.h"

#define METADATA "metadata.json"

/* Reading ------------------------------------------------------------------------------------------ */

/* "file/dir/x.js" -> "file:///dir/x.js", "https/host/x.js" -> "https://host/x.js"; p == NULL: neither. */
static br_str url_of(br_archive *a, br_str name)
{
    br_str rest = name, scheme;
    if (!br_str_cut(&rest, '/', &scheme) || !rest.p) return BR_STR_NONE;
    if (br_str_is(scheme, "file"))
        return br_str_of(br_arena_printf(&a->arena, "file:///" BR_FMT, BR_ARG(rest)));
    if (br_str_is(scheme, "https"))
        return br_str_of(br_arena_printf(&a->arena, "https://" BR_FMT, BR_ARG(rest)));
    return BR_STR_NONE;
}

static void add_file(br_archive *a, br_str url, br_str content)
{
    if (br_map_get(&a->files, url)) return;
    br_buf *copy = BR_NEW(br_buf);
    br_buf_init(copy, BR_BUF_NO_LIMIT);
    (void) br_buf_put(copy, content);
    br_map_set(&a->files, url, copy);
}

static bool on_file(void *ctx, br_str name, br_str content)
{
    br_archive *a = ctx;
    br_str url = url_of(a, name);
    if (url.p) {
        add_file(a, url, content);
    } else if (br_str_is(name, "data")) {
        a->data = content;
    } else if (br_str_is(name, METADATA)) {
        json_decref(a->metadata);
        a->metadata = json_loadb(content.p, content.n, 0, NULL);
    }
    return true;
}

static br_code take_env(br_archive *a, br_err *err)
{
    json_t *env = json_object_get(a->metadata, "env"), *value;
    const char *name;
    a->env = br_arena_zalloc(&a->arena, (json_object_size(env) + 1) * sizeof(*a->env));
    json_object_foreach(env, name, value)
    {
        const char *text = json_string_value(value);
        if (!text) return br_fail(err, BR_ESYNTAX, METADATA ": the variable '%s' is no text", name);
        a->env[a->env_count++] = (br_env_var){br_str_of(name), br_str_of(text)};
    }
    return BR_OK;
}

static br_code take_metadata(br_archive *a, br_err *err)
{
    if (!json_is_object(a->metadata))
        return br_fail(err, BR_ESYNTAX, "it has no " METADATA " that is JSON: it is no archive of a script");
    const char *type = json_string_value(json_object_get(a->metadata, "type"));
    a->main_url = json_string_value(json_object_get(a->metadata, "filename"));
    if (!type || strcmp(type, "js") != 0)
        return br_fail(err, BR_ESYNTAX, METADATA ": the type is not \"js\"");
    if (!a->main_url || strncmp(a->main_url, "file:///", 8) != 0)
        return br_fail(err, BR_ESYNTAX, METADATA ": the filename is no URL of a local script");
    if (a->data.p) add_file(a, br_str_of(a->main_url), a->data);
    if (!br_map_get(&a->files, br_str_of(a->main_url)))
        return br_fail(err, BR_ESYNTAX, "the main script '%s' is not in it", a->main_url);
    return take_env(a, err);
}

static br_code parse(const char *path, br_str bytes, br_archive **ret, br_err *err)
{
    br_archive *a = BR_NEW(br_archive);
    br_arena_init(&a->arena, 4096);
    br_map_init(&a->files);
    br_code code = br_tar_walk(&a->arena, bytes, on_file, a, err);
    if (code == BR_OK) code = take_metadata(a, err);
    if (code != BR_OK) (void) br_wrap(err, code, "the archive '%s'", path);
    a->data = BR_STR_NONE;
    if (code == BR_OK)
        *ret = a;
    else
        br_archive_free(a);
    return code;
}

static bool is_archive_file(const char *path)
{
    char block[512];
    FILE *f = fopen(path, "re");
    if (!f) return false;
    size_t n = fread(block, 1, sizeof(block), f);
    fclose(f);
    return br_tar_is((br_str){block, n});
}

static br_code read_input(br_buf *out, br_err *err)
{
    char block[65536];
    br_code code = BR_OK;
    for (size_t n = 1; code == BR_OK && n;) {
        n = fread(block, 1, sizeof(block), stdin);
        code = br_buf_append(out, block, n);
    }
    if (code != BR_OK)
        return br_fail(err, BR_ELIMIT, "standard input is larger than %zu MiB", BR_ARCHIVE_BYTES_MAX >> 20);
    return ferror(stdin) ? br_fail_errno(err, BR_EIO, errno, "cannot read standard input") : BR_OK;
}

br_code br_source_read(const char *path, br_source_kind kind, br_source *ret, br_err *err)
{
    bool input = strcmp(path, "-") == 0, automatic = kind == BR_SOURCE_AUTO;
    if (!input && (automatic ? !is_archive_file(path) : kind == BR_SOURCE_SCRIPT)) return BR_OK;
    br_buf bytes;
    br_buf_init(&bytes, BR_ARCHIVE_BYTES_MAX);
    br_code code = input ? read_input(&bytes, err) : br_file_read(path, &bytes, err);
    if (code == BR_OK && (automatic ? br_tar_is(br_buf_view(&bytes)) : kind == BR_SOURCE_ARCHIVE)) {
        code = parse(path, br_buf_view(&bytes), &ret->archive, err);
    } else if (code == BR_OK) {
        ret->text = bytes;
        return BR_OK;
    }
    br_buf_deinit(&bytes);
    return code;
}

void br_source_deinit(br_source *s)
{
    br_archive_free(s->archive);
    br_buf_deinit(&s->text);
}

void br_archive_free(br_archive *a)
{
    if (!a) return;
    for (size_t i = 0; i < a->files.len; i++) {
        br_buf_deinit(a->files.entries[i].value);
        br_free(a->files.entries[i].value);
    }
    br_map_deinit(&a->files);
    json_decref(a->metadata);
    br_arena_deinit(&a->arena);
    br_free(a);
}

/* Writing ------------------------------------------------------------------------------------------ */

static json_t *env_json(const br_env_var *env, size_t count)
{
    json_t *out = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_setn_new(out, env[i].name.p, env[i].name.n, json_stringn(env[i].value.p, env[i].value.n));
    return out;
}

static br_code put_metadata(
    const br_job *job, const br_env_var *env, size_t env_count, br_buf *out, br_ns now, br_err *err)
{
    const char *url = br_program_main_url(job->program);
    json_t *folder = json_stringn(url, (size_t) (strrchr(url, '/') + 1 - url));
    json_t *m = json_pack("{s:s,s:o,s:s,s:o,s:o,s:s,s:s,s:s}", "type", "js", "options",
        json_loads(job->options->merged_json, 0, NULL), "filename", url, "pwd", folder, "env",
        env_json(env, env_count), "compatibilityMode", "extended", "k6version", BR_FOLLOWED_K6, "goos",
        "linux");
    char *text = m ? json_dumps(m, JSON_INDENT(2)) : NULL;
    br_code code = text ? br_tar_put(out, BR_STR(METADATA), br_str_of(text), now)
                        : br_fail(err, BR_EINVAL, "a variable given by --env is no UTF-8 text");
    free(text); // from jansson
    json_decref(m);
    return code;
}

/* The reverse of url_of(); p == NULL: it cannot be in an archive. */
static br_str name_of(br_arena *arena, br_str url)
{
    if (br_str_starts(url, BR_STR("file:///")))
        return br_str_of(br_arena_printf(arena, "file/" BR_FMT, BR_ARG(br_str_sub(url, 8, url.n))));
    if (br_str_starts(url, BR_STR("https://")))
        return br_str_of(br_arena_printf(arena, "https/" BR_FMT, BR_ARG(br_str_sub(url, 8, url.n))));
    return BR_STR_NONE;
}

static int by_key(const void *a, const void *b)
{
    return br_str_cmp((*(const br_map_entry *const *) a)->key, (*(const br_map_entry *const *) b)->key);
}

/* In the order of their names, so that equal scripts give equal archives but for the time. */
static br_code put_sources(const br_map *sources, br_buf *out, br_ns now)
{
    br_arena arena;
    br_arena_init(&arena, 4096);
    const br_map_entry **sorted = br_arena_alloc(&arena, (sources->len + 1) * sizeof(*sorted));
    for (size_t i = 0; i < sources->len; i++)
        sorted[i] = &sources->entries[i];
    qsort(sorted, sources->len, sizeof(*sorted), by_key);
    br_code code = BR_OK;
    for (size_t i = 0; i < sources->len && code == BR_OK; i++) {
        br_str name = name_of(&arena, sorted[i]->key);
        if (name.p) code = br_tar_put(out, name, br_buf_view(sorted[i]->value), now);
    }
    br_arena_deinit(&arena);
    return code;
}

br_code br_archive_write(const br_job *job, const br_env_var *env, size_t env_count, br_buf *out, br_err *err)
{
    br_ns now = br_clock_wall();
    const br_map *sources = br_program_sources(job->program);
    const br_buf *script = br_map_get(sources, br_str_of(br_program_main_url(job->program)));
    BR_ASSERT(script); /* kept like the others */
    br_code code = put_metadata(job, env, env_count, out, now, err);
    if (code == BR_EINVAL) return code;
    if (code == BR_OK) code = br_tar_put(out, BR_STR("data"), br_buf_view(script), now);
    if (code == BR_OK) code = put_sources(sources, out, now);
    if (code == BR_OK) code = br_tar_finish(out);
    return code == BR_OK ? code
                         : br_fail(err, code, "the archive would be larger than %zu MiB, or a name too long",
                               out->max_bytes >> 20);
}
