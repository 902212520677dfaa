/*
 * Script values to a request: URL, headers in Go's order, body encodings, parameters.
 * Order on the wire (as k6 sends it): Host, User-Agent, Content-Length, then the others sorted.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/log.h"
#include "base/num.h"
#include "http/coding.h"
#include "script/js.h"

#define CODINGS_MAX    10
#define HEADERS_MAX    1000
#define FORM_BYTES_MAX ((size_t) 256 << 20)
#define TIMEOUT_MAX    (10000 * 86400 * BR_SEC) /* more would overflow when the time of the start is added */

typedef struct builder {
    br_vu *vu;
    JSContext *ctx;
    br_arena *arena;
    br_js_request *out;
    br_http_error *error;
    br_http_header *headers; /* [0] User-Agent, [1] Content-Length, then the rest; empty names are skipped */
    size_t header_count;
    bool user_agent_set, content_type_set, has_length, has_body;
    br_str content_encoding;        /* of params.compression */
    br_str content_type;            /* that the body's encoding asks for */
    br_coding codings[CODINGS_MAX]; /* params.compression, in order */
    size_t coding_count;
    br_str given_coding; /* of a header Content-Encoding; p == NULL: none */
    br_str given_length; /* of a header Content-Length; p == NULL: none */
} builder;

static br_code invalid(builder *b, int k6_code, const char *text)
{
    b->error->code = BR_EINVAL;
    b->error->step = BR_STEP_URL;
    b->error->k6_code = k6_code;
    snprintf(b->error->text, sizeof(b->error->text), "%.*s", (int) sizeof(b->error->text) - 1, text);
    return BR_EINVAL;
}

static char *canonical_name(br_arena *arena, br_str name)
{
    char *s = br_arena_cstr(arena, name);
    bool upper = true;
    for (char *p = s; *p; p++) {
        *p = (char) (upper ? toupper((unsigned char) *p) : tolower((unsigned char) *p));
        upper = *p == '-';
    }
    return s;
}

/* Headers ------------------------------------------------------------------------------------------- */

static void put_header(builder *b, br_str name, br_str value)
{
    for (size_t i = 2; i < b->header_count; i++) {
        if (br_str_eq(b->headers[i].name, name)) {
            b->headers[i].value = value;
            return;
        }
    }
    b->headers[b->header_count++] = (br_http_header){name, value};
}

static void take_header(builder *b, br_str raw_name, br_str value)
{
    br_str name = br_str_of(canonical_name(b->arena, raw_name));
    if (br_str_is(name, "Host")) {
        b->out->http.host = value;
    } else if (br_str_is(name, "User-Agent")) {
        b->headers[0] = (br_http_header){value.n ? name : BR_STR_NONE, value};
        b->user_agent_set = true;
    } else if (br_str_is(name, "Content-Length")) {
        b->given_length = value; /* the body decides */
    } else {
        if (br_str_is(name, "Content-Type")) b->content_type_set = true;
        if (br_str_is(name, "Content-Encoding")) b->given_coding = value;
        put_header(b, name, value);
    }
}

static br_code take_headers(builder *b, JSValueConst object)
{
    if (!JS_IsObject(object)) return BR_OK;
    JSPropertyEnum *keys;
    uint32_t n;
    if (br_js_keys(b->ctx, object, &keys, &n) < 0) return BR_EEXCEPTION;
    br_code code = n > HEADERS_MAX ? invalid(b, 0, "more than 1000 headers in one request") : BR_OK;
    if (code == BR_OK && n) {
        br_http_header *more = br_arena_zalloc(b->arena, (n + 5) * sizeof(*more));
        memcpy(more, b->headers, 2 * sizeof(*more));
        b->headers = more;
    }
    for (uint32_t i = 0; i < n && code == BR_OK; i++) {
        size_t len;
        const char *name = JS_AtomToCStringLen(b->ctx, &len, keys[i].atom);
        JSValue value = JS_GetProperty(b->ctx, object, keys[i].atom);
        br_str text = JS_IsException(value) ? BR_STR_NONE : br_js_str_dup(b->ctx, value, b->arena);
        if (!name || !text.p) {
            code = BR_EEXCEPTION;
        } else if (len == 0) {
            code = invalid(b, 0, "invalid header field name \"\"");
        } else {
            take_header(b, (br_str){name, len}, text);
        }
        JS_FreeValue(b->ctx, value);
        JS_FreeCString(b->ctx, name);
    }
    JS_FreePropertyEnum(b->ctx, keys, n);
    return code;
}

static int by_name(const void *a, const void *b)
{
    return br_str_cmp(((const br_http_header *) a)->name, ((const br_http_header *) b)->name);
}

static void warn_wrong_length(const builder *b)
{
    int64_t n;
    if (br_parse_i64(b->given_length, &n) == BR_OK && n == (int64_t) b->out->http.body.n) return;
    br_warn("The specified Content-Length header \"" BR_FMT "\" in the " BR_FMT " request for " BR_FMT
            " doesn't match the actual "
            "request body length of %zu, so it will be ignored!",
        BR_ARG(b->given_length), BR_ARG(b->out->http.method), BR_ARG(b->out->url), b->out->http.body.n);
}

static void finish_headers(builder *b)
{
    if (BR_UNLIKELY(b->given_length.p != NULL)) warn_wrong_length(b);
    if (!b->user_agent_set && b->vu->config.settings->user_agent.n) {
        b->headers[0] = (br_http_header){BR_STR("User-Agent"), b->vu->config.settings->user_agent};
    }
    if (b->has_length) {
        char *digits = br_arena_printf(b->arena, "%zu", b->out->http.body.n);
        b->headers[1] = (br_http_header){BR_STR("Content-Length"), br_str_of(digits)};
    }
    if (b->content_encoding.n) put_header(b, BR_STR("Content-Encoding"), b->content_encoding);
    if (b->content_type.n && !b->content_type_set) put_header(b, BR_STR("Content-Type"), b->content_type);
    if (b->header_count > 3) qsort(b->headers + 2, b->header_count - 2, sizeof(*b->headers), by_name);
    size_t n = 0;
    for (size_t i = 0; i < b->header_count; i++) {
        if (b->headers[i].name.n) b->headers[n++] = b->headers[i];
    }
    b->out->http.headers = b->headers;
    b->out->http.header_count = n;
}

/* Body ---------------------------------------------------------------------------------------------- */

static void put_form_encoded(br_buf *out, br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char) s.p[i];
        if (isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~')
            (void) br_buf_putc(out, (char) c);
        else if (c == ' ')
            (void) br_buf_putc(out, '+');
        else
            (void) br_buf_printf(out, "%%%02X", c);
    }
}

enum { FORM_TOO_LARGE = 1 };

typedef struct form_key {
    br_str name;
    JSAtom atom;
} form_key;

static int by_form_key(const void *a, const void *b)
{
    return br_str_cmp(((const form_key *) a)->name, ((const form_key *) b)->name);
}

/* 0, -1 with an exception pending, or FORM_TOO_LARGE. */
static int put_form_value(JSContext *ctx, br_buf *out, br_str key, JSValueConst value)
{
    if (out->len) (void) br_buf_putc(out, '&');
    put_form_encoded(out, key);
    if (br_buf_putc(out, '=') != BR_OK) return FORM_TOO_LARGE;
    if (br_js_nullish(value)) return 0;
    if (JS_IsObject(value)) {
        br_warn(
            "cannot urlencode a nested %s value in a request form body; encoding it as an empty value, use JSON.stringify() "
            "to send structured data",
            JS_IsArray(value) ? "array" : "object");
        return 0;
    }
    br_str text = br_js_str(ctx, value);
    if (!text.p) return -1;
    put_form_encoded(out, text);
    JS_FreeCString(ctx, text.p);
    return out->len < out->max_bytes ? 0 : FORM_TOO_LARGE;
}

static int put_form_field(JSContext *ctx, br_buf *out, br_str key, JSValueConst value)
{
    if (!JS_IsArray(value)) return put_form_value(ctx, out, key, value);
    int64_t n;
    int rc = JS_GetLength(ctx, value, &n);
    for (int64_t i = 0; i < n && rc == 0; i++) {
        JSValue item = JS_GetPropertyInt64(ctx, value, i);
        rc = JS_IsException(item) ? -1 : put_form_value(ctx, out, key, item);
        JS_FreeValue(ctx, item);
    }
    return rc;
}

static br_code multipart_body(builder *b, JSValueConst body)
{
    br_code code = br_js_multipart(b->ctx, body, b->arena, &b->out->http.body, &b->content_type);
    b->has_length = true;
    return code == BR_ELIMIT ? invalid(b, 0, "the form is larger than 256 MiB") : code;
}

static bool has_file(builder *b, JSValueConst body, const JSPropertyEnum *keys, uint32_t n)
{
    bool found = false;
    for (uint32_t i = 0; i < n && !found; i++) {
        JSValue value = JS_GetProperty(b->ctx, body, keys[i].atom);
        found = br_js_is_file(value);
        if (JS_IsException(value))
            JS_FreeValue(b->ctx, JS_GetException(b->ctx)); /* thrown again when it is read */
        JS_FreeValue(b->ctx, value);
    }
    return found;
}

/* Keys in order, as k6 sends them. 0, -1 with an exception pending, or FORM_TOO_LARGE. */
static int put_form_keys(
    JSContext *ctx, JSValueConst form, const JSPropertyEnum *keys, uint32_t n, br_buf *out)
{
    form_key *sorted = BR_NEW_ARRAY(form_key, n + 1);
    int rc = 0;
    for (uint32_t i = 0; i < n; i++) {
        sorted[i].name.p = JS_AtomToCStringLen(ctx, &sorted[i].name.n, keys[i].atom);
        sorted[i].atom = keys[i].atom;
        if (!sorted[i].name.p) rc = -1;
    }
    if (n > 1 && rc == 0) qsort(sorted, n, sizeof(*sorted), by_form_key);
    for (uint32_t i = 0; i < n && rc == 0; i++) {
        JSValue value = JS_GetProperty(ctx, form, sorted[i].atom);
        rc = JS_IsException(value) ? -1 : put_form_field(ctx, out, sorted[i].name, value);
        JS_FreeValue(ctx, value);
    }
    for (uint32_t i = 0; i < n; i++)
        JS_FreeCString(ctx, sorted[i].name.p);
    br_free(sorted);
    return rc;
}

int br_js_put_form(JSContext *ctx, JSValueConst form, br_buf *out)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (br_js_keys(ctx, form, &keys, &n) < 0) return -1;
    int rc = put_form_keys(ctx, form, keys, n, out);
    JS_FreePropertyEnum(ctx, keys, n);
    if (rc == FORM_TOO_LARGE) br_js_throw(ctx, "the form is larger than %zu bytes", out->max_bytes);
    return rc == 0 ? 0 : -1;
}

/* An object becomes application/x-www-form-urlencoded. */
static br_code form_body(builder *b, JSValueConst body)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (br_js_keys(b->ctx, body, &keys, &n) < 0) return BR_EEXCEPTION;
    if (has_file(b, body, keys, n)) {
        JS_FreePropertyEnum(b->ctx, keys, n);
        return multipart_body(b, body);
    }
    br_buf out;
    br_buf_init(&out, FORM_BYTES_MAX);
    int rc = put_form_keys(b->ctx, body, keys, n, &out);
    JS_FreePropertyEnum(b->ctx, keys, n);
    if (rc == 0) b->out->http.body = br_arena_str(b->arena, br_buf_view(&out));
    br_buf_deinit(&out);
    if (rc == FORM_TOO_LARGE) return invalid(b, 0, "the form is larger than 256 MiB");
    b->content_type = BR_STR("application/x-www-form-urlencoded");
    b->has_length = true;
    return rc == 0 ? BR_OK : BR_EEXCEPTION;
}

static bool sends_zero_length(br_str method)
{
    return br_str_is(method, "POST") || br_str_is(method, "PUT") || br_str_is(method, "PATCH");
}

static br_code take_body(builder *b, JSValueConst body)
{
    if (br_js_nullish(body)) {
        b->has_length = sends_zero_length(b->out->http.method);
        return BR_OK;
    }
    b->has_body = true;
    br_str bytes;
    if (JS_IsString(body)) {
        b->out->http.body = br_js_str_dup(b->ctx, body, b->arena);
        if (!b->out->http.body.p) return BR_EEXCEPTION;
    } else if (br_js_octets(b->ctx, body, &bytes)) {
        b->out->http.body = br_arena_str(b->arena, bytes);
    } else if (JS_IsObject(body) && !JS_IsFunction(b->ctx, body) && !JS_IsArray(body) &&
               JS_GetTypedArrayType(body) < 0) {
        return form_body(b, body);
    } else {
        const char *type = JS_IsArray(body) || JS_GetTypedArrayType(body) >= 0 ? "array"
                           : JS_IsObject(body)                                 ? "function"
                           : JS_IsNumber(body)                                 ? "number"
                                                                               : "boolean";
        return invalid(b, 0,
            br_arena_printf(
                b->arena, "unknown request body type %s: use a string, an ArrayBuffer or an object", type));
    }
    b->has_length = b->out->http.body.n > 0;
    return BR_OK;
}

/* Parameters ---------------------------------------------------------------------------------------- */

/* Tags of the wrong kind are an error of the request; what a script's own toString() threw stays an
 * exception. */
static br_code refuse_tags(builder *b)
{
    JSValue error = JS_GetException(b->ctx);
    if (!JS_IsInstanceOf(b->ctx, error, b->vu->go_error_ctor)) {
        JS_Throw(b->ctx, error);
        return BR_EEXCEPTION;
    }
    JSValue message = JS_GetProperty(b->ctx, error, b->vu->atoms[BR_ATOM_message]);
    br_str text = br_js_str_dup(b->ctx, message, b->arena);
    JS_FreeValue(b->ctx, message);
    JS_FreeValue(b->ctx, error);
    if (!text.p) return BR_EEXCEPTION;
    return invalid(
        b, 0, br_arena_printf(b->arena, "invalid HTTP request metric tags: " BR_FMT, BR_ARG(text)));
}

static br_code take_tags(builder *b, JSValueConst object)
{
    br_tag *tags;
    size_t n, kept = 0;
    if (br_js_tags(b->ctx, object, b->arena, &tags, &n) < 0) return refuse_tags(b);
    for (size_t i = 0; i < n; i++) {
        if (br_str_is(tags[i].key, "name")) {
            b->out->name_tag = tags[i].value;
            b->out->named = true;
            /* A name that a script gives is a tag even when that system tag is off. */
            if (!(b->vu->config.settings->system_tags & BR_SYSTEM_TAG(NAME))) tags[kept++] = tags[i];
        } else if (!br_str_is(tags[i].key, "url") && !br_str_is(tags[i].key, "method")) {
            tags[kept++] = tags[i];
        }
    }
    b->out->tags = tags;
    b->out->tag_count = kept;
    return BR_OK;
}

static br_code take_timeout(builder *b, JSValueConst value)
{
    if (!JS_IsString(value) && !JS_IsNumber(value))
        return invalid(b, 0,
            br_arena_printf(b->arena, "invalid timeout value: unable to use type %s as a duration value",
                br_js_type_name(b->ctx, value)));
    br_str text = br_js_str_dup(b->ctx, value, b->arena);
    if (!text.p) return BR_EEXCEPTION;
    br_ns timeout;
    if (br_parse_duration(text, BR_DURATION_K6, &timeout) != BR_OK || timeout < 0) {
        return invalid(b, 0,
            br_arena_printf(
                b->arena, "invalid timeout value: time: invalid duration \"" BR_FMT "\"", BR_ARG(text)));
    }
    b->out->http.timeout_ns = timeout < TIMEOUT_MAX ? timeout : TIMEOUT_MAX;
    return BR_OK;
}

static br_code take_response_type(builder *b, JSValueConst value)
{
    br_str text = br_js_str_dup(b->ctx, value, b->arena);
    if (!text.p) return BR_EEXCEPTION;
    b->out->drop_body = br_str_is(text, "none");
    b->out->binary = br_str_is(text, "binary");
    if (!b->out->drop_body && !b->out->binary && !br_str_is(text, "text")) {
        return invalid(
            b, 0, br_arena_printf(b->arena, BR_FMT " does not belong to ResponseType values", BR_ARG(text)));
    }
    return BR_OK;
}

static br_code take_response_callback(builder *b, JSValueConst value)
{
    const br_js_statuses *set = br_js_statuses_of(value);
    if (!set && !br_js_nullish(value)) return invalid(b, 0, "unsupported responseCallback");
    b->out->has_expectation = set != NULL;
    b->out->expected = set ? br_js_statuses_copy(set, b->arena) : NULL;
    return BR_OK;
}

/* "gzip, br": applied in that order. */
static br_code take_compression(builder *b, JSValueConst value)
{
    br_str rest = br_js_str_dup(b->ctx, value, b->arena), item;
    if (!rest.p) return BR_EEXCEPTION;
    rest = br_str_trim(rest);
    while (rest.n && br_str_cut(&rest, ',', &item)) {
        item = br_str_trim(item);
        br_coding coding = br_coding_of(item);
        if (coding == BR_CODING_NONE)
            return invalid(b, 0,
                br_arena_printf(b->arena,
                    "unknown compression algorithm " BR_FMT
                    ", supported algorithms are [gzip deflate zstd br]",
                    BR_ARG(item)));
        if (b->coding_count == CODINGS_MAX)
            return invalid(b, 0, "more than 10 compression algorithms in one request");
        b->codings[b->coding_count++] = coding;
    }
    return BR_OK;
}

static void warn_other_coding(const builder *b)
{
    br_warn(
        "There's a mismatch between the desired `compression` the manually set `Content-Encoding` header in the " BR_FMT
        " request for '" BR_FMT "', the custom header has precedence and won't be overwritten. This may "
        "result in invalid data being sent to the server.",
        BR_ARG(b->out->http.method), BR_ARG(b->out->url));
}

/* Applies the codings to the body that is there. */
static br_code compress(builder *b)
{
    br_str body = b->out->http.body, names = BR_STR("");
    if (b->coding_count == 0 || !b->has_body) return BR_OK;
    for (size_t i = 0; i < b->coding_count; i++) {
        br_buf out;
        br_buf_init(&out, FORM_BYTES_MAX + (1 << 20));
        br_code code = br_coding_encode(b->vu->config.tools->coder, b->codings[i], body, &out);
        if (code == BR_OK) body = br_arena_str(b->arena, br_buf_view(&out));
        br_buf_deinit(&out);
        if (code != BR_OK) return invalid(b, 0, "the request body cannot be compressed: it is too large");
        names = br_str_of(br_arena_printf(
            b->arena, BR_FMT "%s%s", BR_ARG(names), i ? ", " : "", br_coding_name(b->codings[i])));
    }
    b->out->http.body = body;
    b->has_length = true;
    if (b->given_coding.n == 0)
        b->content_encoding = names;
    else if (!br_str_eq(b->given_coding, names))
        warn_other_coding(b);
    return BR_OK;
}

static br_code take_cookies(builder *b, JSValueConst value)
{
    br_http_cookie *list = NULL;
    int rc = br_js_take_cookies(b->ctx, value, b->arena, &list, &b->out->fetch.cookie_count);
    b->out->fetch.cookies = list;
    return rc < 0 ? BR_EEXCEPTION : BR_OK;
}

static br_code take_jar(builder *b, JSValueConst value)
{
    br_jar *jar = br_js_jar_of(value);
    if (jar) {
        br_jar_unref(b->out->jar);
        b->out->fetch.jar = b->out->jar = br_jar_ref(jar);
    }
    return BR_OK; /* k6 passes over what is no jar */
}

static br_code take_auth(builder *b, JSValueConst value)
{
    if (br_js_nullish(value)) return BR_OK;
    br_str text = br_js_str_dup(b->ctx, value, b->arena);
    if (!text.p) return BR_EEXCEPTION;
    b->out->fetch.auth = br_str_is(text, "digest") ? BR_AUTH_DIGEST
                         : br_str_is(text, "ntlm") ? BR_AUTH_NTLM
                                                   : BR_AUTH_BASIC;
    return BR_OK;
}

static br_code take_redirects(builder *b, JSValueConst value)
{
    int64_t n;
    if (JS_ToInt64(b->ctx, &n, value) < 0) return BR_EEXCEPTION;
    b->out->fetch.max_redirects = n < 0 ? 0 : n;
    b->out->redirects_set = true;
    return BR_OK;
}

typedef br_code take_fn(builder *b, JSValueConst value);

static br_code take_param(builder *b, JSValueConst params, enum br_js_atom name, take_fn *take)
{
    JSValue v = JS_GetProperty(b->ctx, params, b->vu->atoms[name]);
    br_code code = JS_IsException(v) ? BR_EEXCEPTION : take(b, v);
    JS_FreeValue(b->ctx, v);
    return code;
}

static br_code take_throw(builder *b, JSValueConst value)
{
    b->out->throw_errors = JS_ToBool(b->ctx, value) == 1;
    return BR_OK;
}

/* The same for params whose being there counts, be they undefined: k6 goes through the keys. */
static br_code take_own(builder *b, JSValueConst params, enum br_js_atom name, take_fn *take)
{
    int there = JS_GetOwnProperty(b->ctx, NULL, params, b->vu->atoms[name]);
    if (there < 0) return BR_EEXCEPTION;
    return there > 0 ? take_param(b, params, name, take) : BR_OK;
}

static br_code take_params(builder *b, JSValueConst params)
{
    if (!JS_IsObject(params)) return BR_OK;
    br_code code = take_param(b, params, BR_ATOM_headers, take_headers);
    if (code == BR_OK) code = take_param(b, params, BR_ATOM_tags, take_tags);
    if (code == BR_OK) code = take_own(b, params, BR_ATOM_timeout, take_timeout);
    if (code == BR_OK) code = take_own(b, params, BR_ATOM_responseType, take_response_type);
    if (code == BR_OK) code = take_own(b, params, BR_ATOM_responseCallback, take_response_callback);
    if (code == BR_OK) code = take_own(b, params, BR_ATOM_throw, take_throw);
    if (code == BR_OK) code = take_param(b, params, BR_ATOM_cookies, take_cookies);
    if (code == BR_OK) code = take_param(b, params, BR_ATOM_jar, take_jar);
    if (code == BR_OK) code = take_param(b, params, BR_ATOM_auth, take_auth);
    if (code == BR_OK) code = take_own(b, params, BR_ATOM_redirects, take_redirects);
    if (code == BR_OK) code = take_own(b, params, BR_ATOM_compression, take_compression);
    return code;
}

static br_code parse_url(builder *b);

/* An object of http.url: its name, which the tags name and url get, and its text. */
static br_code take_template_url(builder *b, JSValueConst url)
{
    JSValue name = JS_GetProperty(b->ctx, url, b->vu->atoms[BR_ATOM_name]),
            text = JS_GetProperty(b->ctx, url, b->vu->atoms[BR_ATOM_url]);
    b->out->name_tag = br_js_str_dup(b->ctx, name, b->arena);
    b->out->url = br_js_str_dup(b->ctx, text, b->arena);
    b->out->named = true;
    JS_FreeValue(b->ctx, name);
    JS_FreeValue(b->ctx, text);
    return b->out->name_tag.p && b->out->url.p ? parse_url(b) : BR_EEXCEPTION;
}

static br_code take_url(builder *b, JSValueConst url)
{
    if (br_js_is_template_url(url)) return take_template_url(b, url);
    if (!JS_IsString(url)) {
        br_str shown = br_js_nullish(url) ? BR_STR("<nil>") : br_js_str_dup(b->ctx, url, b->arena);
        if (!shown.p) return BR_EEXCEPTION;
        return invalid(b, 1020, br_arena_printf(b->arena, "invalid URL: '#" BR_FMT "'", BR_ARG(shown)));
    }
    b->out->url = br_js_str_dup(b->ctx, url, b->arena);
    if (!b->out->url.p) return BR_EEXCEPTION;
    b->out->name_tag = b->out->url;
    return parse_url(b);
}

/* Scripts ask for the same URL again and again: the last one is kept parsed. */
#define KEPT_URL_BYTES 512

static void keep_url(br_vu *vu, const br_url *parsed)
{
    br_buf_reset(&vu->url_text);
    if (parsed->text.n <= KEPT_URL_BYTES && br_buf_put(&vu->url_text, parsed->text) == BR_OK) {
        vu->url = br_url_rebase(parsed, br_buf_view(&vu->url_text));
    }
}

static br_code parse_url(builder *b)
{
    br_vu *vu = b->vu;
    if (vu->url_text.len && br_str_eq(b->out->url, br_buf_view(&vu->url_text))) {
        b->out->http.url = br_url_rebase(&vu->url, b->out->url);
        return BR_OK;
    }
    br_err err;
    br_code code = br_url_parse(b->out->url, &b->out->http.url, &err);
    if (code == BR_EUNSUPPORTED) return invalid(b, 1000, err.msg);
    if (code != BR_OK) return invalid(b, 1020, br_arena_printf(b->arena, "invalid URL: %s", err.msg));
    keep_url(vu, &b->out->http.url);
    return BR_OK;
}

br_code br_js_request_build(br_vu *vu, const char *method, JSValueConst url, JSValueConst body,
    JSValueConst params, br_js_request *ret, br_http_error *ret_error)
{
    const br_vu_settings *s = vu->config.settings;
    if (vu->building++ == 0) br_arena_reset(&vu->scratch);
    *ret = (br_js_request){.drop_body = s->discard_bodies,
        .throw_errors = s->throw_errors,
        .has_expectation = true,
        .fetch = {.max_redirects = s->max_redirects, .jar = vu->jar},
        .redirects_set = s->max_redirects_set};
    ret->http.method = br_arena_str(&vu->scratch, br_str_of(method));
    ret->http.timeout_ns = 60 * BR_SEC;
    if (BR_UNLIKELY(!JS_IsUndefined(vu->response_callback))) {
        const br_js_statuses *set = br_js_statuses_of(vu->response_callback);
        ret->has_expectation = set != NULL;
        ret->expected = set ? br_js_statuses_copy(set, &vu->scratch) : NULL;
    }
    builder b = {
        .vu = vu, .ctx = vu->ctx, .arena = &vu->scratch, .out = ret, .error = ret_error, .header_count = 2};
    b.headers = br_arena_zalloc(b.arena, 5 * sizeof(*b.headers));
    br_code code = take_url(&b, url);
    if (code == BR_OK) code = take_params(&b, params);
    if (code == BR_OK) code = take_body(&b, body);
    ret->plain_body = ret->http.body;
    if (code == BR_OK) code = compress(&b);
    vu->building--;
    if (code != BR_OK) return code;
    finish_headers(&b);
    ret->http.drop_body = ret->drop_body;
    return BR_OK;
}
