/* Secret sources of the type url: how they are to be asked for, from flag, file and environment. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/url.h"
#include "script/secrets_int.h"

#define CONFIG_MAX_BYTES ((size_t) 1 << 20)
#define HEADERS_MAX      100
#define ENV_PREFIX       "K6_SECRET_SOURCE_URL_"
#define ENV_HEADER       ENV_PREFIX "HEADER_"

static const struct {
    const char *key, *variable;
} settings[] = {{"urlTemplate", "URL_TEMPLATE"}, {"method", "METHOD"}, {"responsePath", "RESPONSE_PATH"},
    {"timeout", "TIMEOUT"}, {"requestsPerMinuteLimit", "REQUESTS_PER_MINUTE_LIMIT"},
    {"requestsBurst", "REQUESTS_BURST"}, {"maxRetries", "MAX_RETRIES"}, {"retryBackoff", "RETRY_BACKOFF"}};

/* A later header of the same name replaces the former. */
static br_code set_header(br_arena *arena, br_secret_url *u, br_str name, br_str value, br_err *err)
{
    size_t i = 0;
    while (i < u->header_count && !br_str_eq_nocase(u->headers[i].name, name))
        i++;
    if (i == HEADERS_MAX) return br_fail(err, BR_ELIMIT, "more than %d headers", HEADERS_MAX);
    if (!u->headers) u->headers = br_arena_zalloc(arena, HEADERS_MAX * sizeof(*u->headers));
    u->headers[i] = (br_http_header){br_arena_str(arena, name), br_arena_str(arena, value)};
    if (i == u->header_count) u->header_count++;
    return BR_OK;
}

static br_code set_number(const char *key, br_str text, int64_t min, int64_t *ret, br_err *err)
{
    if (br_parse_i64(text, ret) == BR_OK && *ret >= min && *ret <= 1000000) return BR_OK;
    return br_fail(err, BR_EINVAL, "%s must be a whole number from %d to 1000000", key, (int) min);
}

static br_code set_time(const char *key, br_str text, br_ns *ret, br_err *err)
{
    if (br_parse_duration(text, BR_DURATION_K6, ret) == BR_OK && *ret > 0 && *ret <= 24 * 3600 * BR_SEC)
        return BR_OK;
    return br_fail(err, BR_EINVAL, "%s must be greater than 0 and at most 24h, e.g. 30s", key);
}

static br_code set(br_arena *arena, br_secret_url *u, br_str key, br_str value, br_err *err)
{
    if (br_str_is(key, "urlTemplate"))
        u->url = br_arena_str(arena, value);
    else if (br_str_is(key, "method"))
        u->method = br_arena_str(arena, value);
    else if (br_str_is(key, "responsePath"))
        u->response_path = br_arena_str(arena, value);
    else if (br_str_is(key, "timeout"))
        return set_time("timeout", value, &u->timeout, err);
    else if (br_str_is(key, "retryBackoff"))
        return set_time("retryBackoff", value, &u->retry_backoff, err);
    else if (br_str_is(key, "requestsPerMinuteLimit"))
        return set_number("requestsPerMinuteLimit", value, 1, &u->per_minute, err);
    else if (br_str_is(key, "requestsBurst"))
        return set_number("requestsBurst", value, 1, &u->burst, err);
    else if (br_str_is(key, "maxRetries"))
        return set_number("maxRetries", value, 0, &u->max_retries, err);
    else if (br_str_starts(key, BR_STR("headers.")) && key.n > 8)
        return set_header(arena, u, br_str_sub(key, 8, key.n), value, err);
    else
        return br_fail(err, BR_EINVAL, "unknown configuration key: \"" BR_FMT "\"", BR_ARG(key));
    return BR_OK;
}

/* Environment ----------------------------------------------------------------------------------------- */

static br_code take_env(br_arena *arena, br_secret_url *u, br_err *err)
{
    br_code code = BR_OK;
    for (size_t i = 0; i < BR_COUNT_OF(settings) && code == BR_OK; i++) {
        char name[128];
        snprintf(name, sizeof(name), ENV_PREFIX "%s", settings[i].variable);
        const char *value = getenv(name);
        if (value && *value) code = set(arena, u, br_str_of(settings[i].key), br_str_of(value), err);
    }
    for (char **e = environ; e && *e && code == BR_OK; e++) {
        br_str rest = br_str_of(*e), name;
        if (!br_str_starts(rest, BR_STR(ENV_HEADER))) continue;
        (void) br_str_cut(&rest, '=', &name);
        name = br_str_sub(name, sizeof(ENV_HEADER) - 1, name.n);
        if (name.n && rest.n) code = set_header(arena, u, name, rest, err);
    }
    return code;
}

/* File ------------------------------------------------------------------------------------------------ */

static br_code take_json_value(
    br_arena *arena, br_secret_url *u, br_str key, const json_t *value, br_err *err)
{
    if (json_is_string(value))
        return set(arena, u, key, (br_str){json_string_value(value), json_string_length(value)}, err);
    if (json_is_integer(value))
        return set(arena, u, key,
            br_str_of(br_arena_printf(arena, "%lld", (long long) json_integer_value(value))), err);
    return br_fail(err, BR_EINVAL, "\"" BR_FMT "\" must be a text or a whole number", BR_ARG(key));
}

static br_code take_json(br_arena *arena, br_secret_url *u, json_t *object, br_err *err)
{
    const char *key, *name;
    json_t *value, *header;
    br_code code = BR_OK;
    json_object_foreach(object, key, value)
    {
        if (code != BR_OK) break;
        if (strcmp(key, "headers") != 0 || !json_is_object(value)) {
            code = take_json_value(arena, u, br_str_of(key), value, err);
            continue;
        }
        json_object_foreach(value, name, header)
        {
            br_str full = br_str_of(br_arena_printf(arena, "headers.%s", name));
            if (code == BR_OK) code = take_json_value(arena, u, full, header, err);
        }
    }
    return code;
}

static br_code take_file(br_arena *arena, br_secret_url *u, const char *path, br_err *err)
{
    br_buf text;
    json_error_t why;
    br_buf_init(&text, CONFIG_MAX_BYTES);
    br_code code = br_file_read(path, &text, err);
    json_t *json = code == BR_OK ? json_loadb(text.data ? text.data : "", text.len, 0, &why) : NULL;
    if (code == BR_OK && !json_is_object(json))
        code = br_fail(err, BR_ESYNTAX, "failed to parse JSON config %s: an object is expected", path);
    if (code == BR_OK) code = take_json(arena, u, json, err);
    json_decref(json);
    br_buf_deinit(&text);
    return code;
}

/* All ------------------------------------------------------------------------------------------------- */

/* k6's {key} with a harmless key in it. */
static br_code check(br_arena *arena, const br_secret_url *u, br_err *err)
{
    br_url url;
    if (!u->url.p)
        return br_fail(err, BR_EINVAL, "urlTemplate is required: url=urlTemplate=https://host/{key}");
    if (br_str_find(u->url, BR_STR("{key}")) < 0)
        return br_fail(err, BR_EINVAL, "urlTemplate must contain {key} placeholder");
    br_code code = br_url_parse(br_secret_url_for(arena, u, BR_STR("test")), &url, err);
    return code == BR_OK ? code : br_wrap(err, code, "urlTemplate is not a valid URL");
}

br_str br_secret_url_for(br_arena *arena, const br_secret_url *u, br_str key)
{
    br_str rest = u->url;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    for (ptrdiff_t at = br_str_find(rest, BR_STR("{key}")); at >= 0;
         at = br_str_find(rest, BR_STR("{key}"))) {
        (void) br_buf_put(&out, br_str_sub(rest, 0, (size_t) at));
        (void) br_buf_put(&out, key);
        rest = br_str_sub(rest, (size_t) at + 5, rest.n);
    }
    (void) br_buf_put(&out, rest);
    br_str text = br_arena_str(arena, br_buf_view(&out));
    br_buf_deinit(&out);
    return text;
}

br_code br_secret_url_read(
    br_arena *arena, const br_str *items, size_t count, br_secret_url *ret, br_err *err)
{
    *ret = (br_secret_url){.method = BR_STR("GET"),
        .response_path = BR_STR(""),
        .timeout = 30 * BR_SEC,
        .retry_backoff = BR_SEC,
        .per_minute = 300,
        .burst = 10,
        .max_retries = 3};
    br_code code = take_env(arena, ret, err);
    for (int pass = 0; pass < 2; pass++) { /* the file before the rest of the flag */
        for (size_t i = 0; i < count && code == BR_OK; i++) {
            br_str value = items[i], key;
            bool file = br_str_starts(value, BR_STR("config="));
            if (value.n == 0 || file != (pass == 0)) continue;
            (void) br_str_cut(&value, '=', &key);
            if (!value.p) value = BR_STR("");
            code = file ? take_file(arena, ret, br_arena_cstr(arena, value), err)
                        : set(arena, ret, key, value, err);
        }
    }
    return code == BR_OK ? check(arena, ret, err) : code;
}

/* Answers --------------------------------------------------------------------------------------------- */

br_code br_secret_url_extract(br_arena *arena, const br_secret_url *u, br_str body, br_str *ret, br_err *err)
{
    if (body.n > BR_SECRET_MAX_BYTES)
        return br_fail(err, BR_ELIMIT,
            "failed to extract secret: secret response exceeds maximum size of %d bytes",
            BR_SECRET_MAX_BYTES);
    if (u->response_path.n == 0) {
        *ret = br_arena_str(arena, body);
        return BR_OK;
    }
    json_error_t why;
    json_t *root = json_loadb(body.n ? body.p : "", body.n, JSON_DECODE_ANY, &why), *value = root;
    br_str rest = u->response_path, key;
    while (value && br_str_cut(&rest, '.', &key)) {
        uint64_t index;
        value = json_is_array(value) && br_parse_u64(key, &index) == BR_OK
                    ? json_array_get(value, index)
                    : json_object_getn(value, key.p, key.n);
    }
    bool text = json_is_string(value);
    if (text) *ret = br_arena_str(arena, (br_str){json_string_value(value), json_string_length(value)});
    bool there = value != NULL;
    json_decref(root);
    if (text) return BR_OK;
    return there ? br_fail(err, BR_EINVAL,
                       "failed to extract secret: secret value at path \"" BR_FMT "\" is not a string",
                       BR_ARG(u->response_path))
                 : br_fail(err, BR_ENOTFOUND,
                       "failed to extract secret: path \"" BR_FMT "\" not found in response",
                       BR_ARG(u->response_path));
}
