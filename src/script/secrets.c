#include <pthread.h>
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "script/secrets_int.h"

#define FILE_MAX_BYTES ((size_t) 16 << 20)
#define LINE_MAX_BYTES ((size_t) 64 << 10) /* of a file; k6's limit, too */
#define SOURCES_MAX    100
#define VALUES_MAX     100000 /* of a source, fetched */

typedef struct secret {
    br_str value;
    bool given; /* to a script: hidden from the logs */
} secret;

typedef struct source {
    br_str name;
    br_map values;            /* key -> secret */
    const br_secret_url *url; /* NULL: all values are there */
    br_ns full;               /* url: when all of the burst may be used again */
} source;

struct br_secrets {
    br_arena arena;
    source *sources;
    size_t count;
    source *first_default;
    pthread_mutex_t lock; /* of values once scripts run */
};

/* Sources --------------------------------------------------------------------------------------------- */

/* Later values of a key win. */
static void put(br_secrets *s, source *src, br_str key, br_str value)
{
    secret *v = BR_ARENA_NEW(&s->arena, secret);
    v->value = br_arena_str(&s->arena, value);
    (void) br_map_set(&src->values, key, v);
}

/* "key=value" into the source; false: there is no '='. */
static bool put_pair(br_secrets *s, source *src, br_str pair)
{
    br_str key;
    if (br_str_find_char(pair, '=') < 0) return false;
    (void) br_str_cut(&pair, '=', &key);
    put(s, src, key, pair.p ? pair : BR_STR(""));
    return true;
}

/* Values are not in messages: they are secret. */
static br_code take_mock(br_secrets *s, source *src, const br_str *items, size_t count, br_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!put_pair(s, src, items[i]))
            return br_fail(
                err, BR_EINVAL, "item %zu of a mock secret source needs =: use mock=key=value,...", i + 1);
    }
    return BR_OK;
}

static br_code take_lines(br_secrets *s, source *src, const char *path, br_str text, br_err *err)
{
    br_str line;
    for (size_t number = 1; text.n && br_str_cut(&text, '\n', &line); number++) {
        if (br_str_ends(line, BR_STR("\r"))) line.n--;
        if (line.n > LINE_MAX_BYTES)
            return br_fail(err, BR_ELIMIT, "reading secret file %s: line %zu is longer than %zu bytes", path,
                number, LINE_MAX_BYTES);
        if (!put_pair(s, src, line))
            return br_fail(
                err, BR_EINVAL, "reading secret file %s: line %zu needs =: use key=value", path, number);
    }
    return BR_OK;
}

static br_code take_file(br_secrets *s, source *src, const br_str *items, size_t count, br_err *err)
{
    const char *path = NULL;
    for (size_t i = 0; i < count; i++) {
        br_str rest = items[i], key;
        bool plain = br_str_find_char(rest, '=') < 0;
        if (!plain) (void) br_str_cut(&rest, '=', &key);
        if (!plain && !br_str_is(key, "filename"))
            return br_fail(err, BR_EINVAL, "unknown configuration key for file secret source \"" BR_FMT "\"",
                BR_ARG(key));
        path = br_arena_cstr(&s->arena, rest.p ? rest : BR_STR(""));
    }
    if (!path || !*path)
        return br_fail(err, BR_EINVAL, "a file secret source needs the name of its file: use file=PATH");
    br_buf text;
    br_buf_init(&text, FILE_MAX_BYTES);
    br_code code = br_file_read(path, &text, err);
    if (code == BR_OK) code = take_lines(s, src, path, br_buf_view(&text), err);
    br_buf_deinit(&text);
    return code;
}

static br_code take_url(br_secrets *s, source *src, const br_str *items, size_t count, br_err *err)
{
    br_secret_url *url = BR_ARENA_NEW(&s->arena, br_secret_url);
    br_code code = br_secret_url_read(&s->arena, items, count, url, err);
    src->url = url;
    return code == BR_OK ? code : br_wrap(err, code, "missing or invalid config of a url secret source");
}

/* Flags ----------------------------------------------------------------------------------------------- */

typedef struct flag {
    br_str type, name;
    bool is_default;
    br_str *items; /* without name and default */
    size_t count;
} flag;

static br_code parse(br_secrets *s, br_str line, flag *ret, br_err *err)
{
    br_str rest = line, item;
    (void) br_str_cut(&rest, '=', &ret->type);
    if (!rest.p && !br_str_is(ret->type, "url"))
        return br_fail(err, BR_EINVAL,
            "couldn't parse secret source configuration \"" BR_FMT "\": use TYPE=CONFIGURATION",
            BR_ARG(line));
    ret->name = BR_STR("");
    ret->items = br_arena_alloc(&s->arena, (line.n + 1) * sizeof(*ret->items));
    while (br_str_cut(&rest, ',', &item)) {
        if (br_str_is(item, "default"))
            ret->is_default = true;
        else if (br_str_starts(item, BR_STR("name=")))
            ret->name = br_str_sub(item, 5, item.n);
        else
            ret->items[ret->count++] = item;
    }
    return BR_OK;
}

static source *find(const br_secrets *s, br_str name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (br_str_eq(s->sources[i].name, name)) return &s->sources[i];
    }
    return NULL;
}

static br_code fill(br_secrets *s, source *src, const flag *f, br_err *err)
{
    if (br_str_is(f->type, "mock")) return take_mock(s, src, f->items, f->count, err);
    if (br_str_is(f->type, "file")) return take_file(s, src, f->items, f->count, err);
    if (br_str_is(f->type, "url")) return take_url(s, src, f->items, f->count, err);
    return br_fail(
        err, BR_EINVAL, "no secret source for type \"" BR_FMT "\": use file, mock or url", BR_ARG(f->type));
}

static br_code add(br_secrets *s, br_str line, br_err *err)
{
    flag f = {0};
    br_code code = parse(s, line, &f, err);
    if (code != BR_OK) return code;
    if (find(s, f.name))
        return br_fail(err, BR_EINVAL,
            "secret source for name \"" BR_FMT "\" already registered: add name=NAME to the second one",
            BR_ARG(f.name));
    source *src = &s->sources[s->count++];
    src->name = br_arena_str(&s->arena, f.name);
    br_map_init(&src->values);
    code = fill(s, src, &f, err);
    if (code != BR_OK || !f.is_default) return code;
    if (s->first_default)
        return br_fail(err, BR_EINVAL, "can't have two secret sources that are default ones");
    s->first_default = src;
    return BR_OK;
}

br_code br_secrets_new(const char *const *lines, size_t count, br_secrets **ret, br_err *err)
{
    if (count > SOURCES_MAX) return br_fail(err, BR_ELIMIT, "more than %d secret sources", SOURCES_MAX);
    br_secrets *s = BR_NEW(br_secrets);
    br_arena_init(&s->arena, 1024);
    pthread_mutex_init(&s->lock, NULL);
    s->sources = BR_NEW_ARRAY(source, count + 1);
    br_code code = BR_OK;
    for (size_t i = 0; i < count && code == BR_OK; i++)
        code = add(s, br_str_of(lines[i]), err);
    if (code != BR_OK) {
        br_secrets_free(s);
        return code;
    }
    if (!s->first_default && s->count == 1) s->first_default = &s->sources[0];
    *ret = s;
    return BR_OK;
}

void br_secrets_free(br_secrets *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->count; i++)
        br_map_deinit(&s->sources[i].values);
    br_free(s->sources);
    pthread_mutex_destroy(&s->lock);
    br_arena_deinit(&s->arena);
    br_free(s);
}

/* Questions ------------------------------------------------------------------------------------------- */

static source *source_of(const br_secrets *s, br_str name)
{
    return br_str_is(name, BR_SECRET_DEFAULT) && s->first_default ? s->first_default : find(s, name);
}

br_code br_secrets_get(br_secrets *s, br_str source_name, br_str key, br_str *ret, br_err *err)
{
    if (!s || s->count == 0) return br_fail(err, BR_ENOTFOUND, "no secret sources are configured");
    source *src = source_of(s, source_name);
    if (!src)
        return br_fail(err, BR_ENOTFOUND, "no secret source with name \"" BR_FMT "\" is configured",
            BR_ARG(source_name));
    pthread_mutex_lock(&s->lock);
    secret *v = br_map_get(&src->values, key);
    if (v && !v->given) br_log_hide(v->value);
    if (v) v->given = true;
    pthread_mutex_unlock(&s->lock);
    if (!v) return src->url ? BR_AGAIN : br_fail(err, BR_ENOTFOUND, "no value");
    *ret = v->value;
    return BR_OK;
}

/* Sources of the type url ----------------------------------------------------------------------------- */

const br_secret_url *br_secrets_url(const br_secrets *s, br_str source_name)
{
    const source *src = source_of(s, source_name);
    return src ? src->url : NULL;
}

/* A bucket of `burst` tokens, one more each interval; `full` is when it has all of them. */
br_ns br_secrets_take_turn(br_secrets *s, br_str source_name, br_ns now)
{
    source *src = source_of(s, source_name);
    br_ns interval = 60 * BR_SEC / src->url->per_minute;
    pthread_mutex_lock(&s->lock);
    br_ns at = src->full - (src->url->burst - 1) * interval;
    if (at < now) at = now;
    src->full = (src->full > now ? src->full : now) + interval;
    pthread_mutex_unlock(&s->lock);
    return at;
}

br_code br_secrets_put(br_secrets *s, br_str source_name, br_str key, br_str value, br_err *err)
{
    source *src = source_of(s, source_name);
    pthread_mutex_lock(&s->lock);
    bool fits = src->values.len < VALUES_MAX;
    if (fits && !br_map_get(&src->values, key)) put(s, src, key, value);
    pthread_mutex_unlock(&s->lock);
    return fits ? BR_OK
                : br_fail(err, BR_ELIMIT, "a source of secrets was asked for more than %d keys", VALUES_MAX);
}
