/*
 * The Response object. Its native part is pooled per VU; every property is made when it is first read and
 * kept. Own properties come from an exotic class, so that `'body' in res`, Object.keys() and
 * JSON.stringify() see them as k6 shows them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include "dom/dom.h"
#include "script/js.h"

#define POOL_KEEPS_BODY_BYTES ((size_t) 1 << 20)

static JSClassID response_class;

/* Pool ---------------------------------------------------------------------------------------------- */

br_js_response *br_js_response_take(br_vu *vu)
{
    br_js_response *r = vu->free_responses;
    if (r) {
        vu->free_responses = r->next_free;
    } else {
        r = BR_NEW(br_js_response);
        br_http_response_init(&r->http);
        br_buf_init(&r->request, BR_BUF_NO_LIMIT);
        br_buf_init(&r->final_url, BR_BUF_NO_LIMIT);
        r->vu = vu;
        for (int i = 0; i < BR_RESPONSE_FIELDS; i++)
            r->cached[i] = JS_UNINITIALIZED;
    }
    r->json = r->trailers = JS_UNINITIALIZED;
    r->status = r->error_code = 0;
    r->lag = 0;
    r->error = BR_STR("");
    r->drop_body = r->binary = r->json_checked = false;
    r->http.error = (br_http_error){.code = BR_OK};
    return r;
}

void br_js_response_put(br_js_response *r)
{
    JS_CountMemory(r->vu->rt, -(ptrdiff_t) r->counted);
    r->counted = 0;
    br_http_response_reset(&r->http);
    br_dom_unref(r->dom);
    r->dom = NULL;
    br_buf_reset(&r->request);
    if (r->request.cap > POOL_KEEPS_BODY_BYTES) br_buf_deinit(&r->request);
    r->next_free = r->vu->free_responses;
    r->vu->free_responses = r;
}

void br_js_response_pool_free(br_vu *vu)
{
    while (vu->free_responses) {
        br_js_response *r = vu->free_responses;
        vu->free_responses = r->next_free;
        br_http_response_deinit(&r->http);
        br_buf_deinit(&r->request);
        br_buf_deinit(&r->final_url);
        br_free(r);
    }
}

static void free_values(JSRuntime *rt, br_js_response *r)
{
    for (int i = 0; i < BR_RESPONSE_FIELDS; i++) {
        JS_FreeValueRT(rt, r->cached[i]);
        r->cached[i] = JS_UNINITIALIZED;
    }
    JS_FreeValueRT(rt, r->json);
    JS_FreeValueRT(rt, r->trailers);
    r->json = r->trailers = JS_UNINITIALIZED;
}

static void finalize(JSRuntime *rt, JSValueConst v)
{
    br_js_response *r = JS_GetOpaque(v, response_class);
    if (!r) return;
    free_values(rt, r);
    br_js_response_put(r);
}

static void mark(JSRuntime *rt, JSValueConst v, JS_MarkFunc *fn)
{
    br_js_response *r = JS_GetOpaque(v, response_class);
    if (!r) return;
    for (int i = 0; i < BR_RESPONSE_FIELDS; i++)
        JS_MarkValue(rt, r->cached[i], fn);
    JS_MarkValue(rt, r->json, fn);
    JS_MarkValue(rt, r->trailers, fn);
}

/* The request's copy: method, URL, then name and value of each header, then the body, each behind its length.
 */
static void keep(br_buf *b, br_str s)
{
    uint64_t n = s.n;
    (void) br_buf_append(b, &n, sizeof(n));
    (void) br_buf_put(b, s);
}

static br_str kept_next(br_str *rest)
{
    uint64_t n;
    memcpy(&n, rest->p, sizeof(n));
    br_str s = {rest->p + sizeof(n), (size_t) n};
    *rest = br_str_sub(*rest, sizeof(n) + s.n, rest->n);
    return s;
}

void br_js_response_keep_request(br_js_response *r, const br_js_request *request)
{
    const br_http_request *h = &request->http;
    br_buf_reset(&r->request);
    keep(&r->request, h->method);
    keep(&r->request, request->url);
    for (size_t i = 0; i < h->header_count; i++) {
        keep(&r->request, h->headers[i].name);
        keep(&r->request, h->headers[i].value);
    }
    keep(&r->request, request->plain_body);
    for (size_t i = 0; i < request->fetch.cookie_count; i++) {
        keep(&r->request, request->fetch.cookies[i].name);
        keep(&r->request, request->fetch.cookies[i].value);
    }
    r->request_cookies = request->fetch.cookie_count;
    br_buf_reset(&r->final_url);
    r->request_headers = h->header_count;
    r->drop_body = request->drop_body;
    r->binary = request->binary;
}

/* Fields -------------------------------------------------------------------------------------------- */

static void set_ms(JSContext *ctx, JSValueConst o, const char *name, br_ns ns)
{
    JS_DefinePropertyValueStr(ctx, o, name, JS_NewFloat64(ctx, (double) ns / 1e6), JS_PROP_C_W_E);
}

static JSValue make_timings(JSContext *ctx, const br_js_response *r)
{
    br_http_phases t = br_http_response_phases(&r->http);
    JSValue o = JS_NewObject(ctx);
    set_ms(ctx, o, "duration", t.duration);
    set_ms(ctx, o, "blocked", t.blocked);
    set_ms(ctx, o, "looking_up", 0);
    set_ms(ctx, o, "connecting", t.connecting);
    set_ms(ctx, o, "tls_handshaking", t.tls_handshaking);
    set_ms(ctx, o, "sending", t.sending);
    set_ms(ctx, o, "waiting", t.waiting);
    set_ms(ctx, o, "receiving", t.receiving);
    return o;
}

/* Go's canonical form: Content-Type. Names with other than token characters stay as they are. */
static JSAtom canonical_atom(JSContext *ctx, br_str name)
{
    if (name.n == 0) return JS_NewAtom(ctx, "");
    char small[128], *s = name.n <= sizeof(small) ? small : br_malloc(name.n);
    bool upper = true;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char) name.p[i];
        s[i] = (char) (upper ? toupper(c) : tolower(c));
        upper = c == '-';
    }
    JSAtom atom = JS_NewAtomLen(ctx, s, name.n);
    if (s != small) br_free(s);
    return atom;
}

/* Several fields of one name are joined with ", ". */
static JSValue joined(JSContext *ctx, JSValue old, br_str value)
{
    br_str first = br_js_str(ctx, old);
    br_buf both;
    br_buf_init(&both, BR_BUF_NO_LIMIT);
    (void) br_buf_put(&both, first);
    (void) br_buf_puts(&both, ", ");
    (void) br_buf_put(&both, value);
    JSValue v = br_js_new_str(ctx, br_buf_view(&both));
    br_buf_deinit(&both);
    JS_FreeCString(ctx, first.p);
    JS_FreeValue(ctx, old);
    return v;
}

static void put_header(JSContext *ctx, JSValueConst o, br_str name, br_str value)
{
    JSAtom atom = canonical_atom(ctx, name);
    JSValue old = JS_GetProperty(ctx, o, atom);
    JSValue v = JS_IsString(old) ? joined(ctx, old, value) : br_js_new_str(ctx, value);
    if (!JS_IsString(old)) JS_FreeValue(ctx, old); /* of Object.prototype */
    JS_DefinePropertyValue(ctx, o, atom, v, JS_PROP_C_W_E);
    JS_FreeAtom(ctx, atom);
}

void br_js_put_headers(JSContext *ctx, JSValueConst o, const br_http_response *r)
{
    for (size_t i = 0; i < r->fields.len; i++)
        put_header(ctx, o, br_http_field_name(r, i), br_http_field_value(r, i));
}

static JSValue make_headers(JSContext *ctx, const br_js_response *r)
{
    JSValue o = JS_NewObject(ctx);
    if (r->status) br_js_put_headers(ctx, o, &r->http);
    return o;
}

static bool status_has_body(int status)
{
    return !(status < 200 || status == 204 || status == 304);
}

bool br_js_response_body(const br_js_response *r, br_str *ret)
{
    br_str body = br_buf_view(&r->http.body);
    bool cut = r->http.error.code != BR_OK && body.n > 0; /* k6 keeps what had arrived */
    if (!cut && (r->drop_body || !status_has_body(r->status))) return false;
    *ret = (br_str){body.n ? body.p : "", body.n};
    return true;
}

static JSValue make_body(JSContext *ctx, const br_js_response *r)
{
    br_str body;
    if (!br_js_response_body(r, &body)) return JS_NULL;
    if (r->binary) return JS_NewArrayBufferCopy(ctx, (const uint8_t *) body.p, body.n);
    return br_js_new_str(ctx, body);
}

/* {name: [{name, value, replace}]}; k6 shows replace as false whatever was given. */
static JSValue make_request_cookies(JSContext *ctx, const br_js_response *r, br_str rest)
{
    JSValue all = JS_NewObject(ctx);
    for (size_t i = 0; i < r->request_cookies; i++) {
        br_str name = kept_next(&rest), value = kept_next(&rest);
        JSValue list = JS_NewArray(ctx), cookie = JS_NewObject(ctx);
        JS_DefinePropertyValueStr(ctx, cookie, "name", br_js_new_str(ctx, name), JS_PROP_C_W_E);
        JS_DefinePropertyValueStr(ctx, cookie, "value", br_js_new_str(ctx, value), JS_PROP_C_W_E);
        JS_DefinePropertyValueStr(ctx, cookie, "replace", JS_FALSE, JS_PROP_C_W_E);
        JS_DefinePropertyValueUint32(ctx, list, 0, cookie, JS_PROP_C_W_E);
        JSAtom atom = JS_NewAtomLen(ctx, name.p, name.n);
        JS_DefinePropertyValue(ctx, all, atom, list, JS_PROP_C_W_E);
        JS_FreeAtom(ctx, atom);
    }
    return all;
}

static JSValue make_request(JSContext *ctx, const br_js_response *r)
{
    br_str rest = br_buf_view(&r->request);
    JSValue o = JS_NewObject(ctx), headers = JS_NewObject(ctx);
    JS_DefinePropertyValueStr(ctx, o, "method", br_js_new_str(ctx, kept_next(&rest)), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "url", br_js_new_str(ctx, kept_next(&rest)), JS_PROP_C_W_E);
    for (size_t i = 0; i < r->request_headers; i++) {
        br_str name = kept_next(&rest), value = kept_next(&rest);
        JSValue list = JS_NewArray(ctx);
        JS_DefinePropertyValueUint32(ctx, list, 0, br_js_new_str(ctx, value), JS_PROP_C_W_E);
        JSAtom atom = JS_NewAtomLen(ctx, name.p, name.n);
        JS_DefinePropertyValue(ctx, headers, atom, list, JS_PROP_C_W_E);
        JS_FreeAtom(ctx, atom);
    }
    JS_DefinePropertyValueStr(ctx, o, "headers", headers, JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "body", br_js_new_str(ctx, kept_next(&rest)), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "cookies", make_request_cookies(ctx, r, rest), JS_PROP_C_W_E);
    return o;
}

const char *br_js_response_tls_version(const br_js_response *r)
{
    return r->status && r->http.tls ? br_tls_version_name(r->http.tls_info.version) : "";
}

/* OCSP comes with TLS: over plain HTTP k6 shows empty fields. */
static JSValue make_ocsp(JSContext *ctx, const br_js_response *r)
{
    static const br_tls_ocsp none = {.status = "", .revocation_reason = ""};
    const br_tls_ocsp *ocsp = r->status && r->http.tls ? &r->http.tls_info.ocsp : &none;
    const struct {
        const char *name;
        int64_t value;
    } times[] = {{"produced_at", ocsp->produced_at}, {"this_update", ocsp->this_update},
        {"next_update", ocsp->next_update}, {"revoked_at", ocsp->revoked_at}};
    JSValue o = JS_NewObject(ctx);
    for (size_t i = 0; i < BR_COUNT_OF(times); i++) {
        JS_DefinePropertyValueStr(ctx, o, times[i].name, JS_NewInt64(ctx, times[i].value), JS_PROP_C_W_E);
    }
    JS_DefinePropertyValueStr(
        ctx, o, "revocation_reason", JS_NewString(ctx, ocsp->revocation_reason), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "status", JS_NewString(ctx, ocsp->status), JS_PROP_C_W_E);
    return o;
}

static JSValue make_url(JSContext *ctx, const br_js_response *r)
{
    if (r->final_url.len) return br_js_new_str(ctx, br_buf_view(&r->final_url));
    br_str rest = br_buf_view(&r->request);
    (void) kept_next(&rest);
    return br_js_new_str(ctx, kept_next(&rest));
}

static JSValue make_status_text(JSContext *ctx, const br_js_response *r)
{
    if (r->status == 0) return JS_NewString(ctx, "");
    char text[300];
    int n = snprintf(text, sizeof(text), "%d " BR_FMT, r->status, BR_ARG(br_http_response_reason(&r->http)));
    return JS_NewStringLen(ctx, text, n < (int) sizeof(text) ? (size_t) n : sizeof(text) - 1);
}

static JSValue make_field(JSContext *ctx, const br_js_response *r, int field)
{
    switch (field) {
        case BR_ATOM_remote_ip: return JS_NewString(ctx, r->status ? r->http.remote_ip : "");
        case BR_ATOM_url: return make_url(ctx, r);
        case BR_ATOM_status_text: return make_status_text(ctx, r);
        case BR_ATOM_proto:
            return br_js_new_str(ctx, r->status ? br_http_response_proto(&r->http) : BR_STR(""));
        case BR_ATOM_headers: return make_headers(ctx, r);
        case BR_ATOM_cookies: return br_js_response_cookies(ctx, r);
        case BR_ATOM_body: return make_body(ctx, r);
        case BR_ATOM_timings: return make_timings(ctx, r);
        case BR_ATOM_tls_version: return JS_NewString(ctx, br_js_response_tls_version(r));
        case BR_ATOM_tls_cipher_suite:
            return JS_NewString(ctx, r->status && r->http.tls ? r->http.tls_info.cipher : "");
        case BR_ATOM_ocsp: return make_ocsp(ctx, r);
        case BR_ATOM_error: return br_js_new_str(ctx, r->error);
        case BR_ATOM_request: return make_request(ctx, r);
        default: BR_UNREACHABLE("response field");
    }
}

static JSValue field_value(JSContext *ctx, br_js_response *r, int field)
{
    /* Numbers are cheaper to make than to keep. */
    if (field == BR_ATOM_status) return JS_NewInt32(ctx, r->status);
    if (field == BR_ATOM_error_code) return JS_NewInt32(ctx, r->error_code);
    if (field == BR_ATOM_remote_port) return JS_NewInt32(ctx, r->status ? r->http.remote_port : 0);
    if (JS_VALUE_GET_TAG(r->cached[field]) == JS_TAG_UNINITIALIZED) {
        JSValue v = make_field(ctx, r, field);
        if (JS_IsException(v)) return v; /* no memory now; perhaps the next time */
        r->cached[field] = v;
    }
    return JS_DupValue(ctx, r->cached[field]);
}

/* The exotic class ---------------------------------------------------------------------------------- */

static int field_of(const br_vu *vu, JSAtom atom)
{
    for (int i = 0; i < BR_RESPONSE_FIELDS; i++) {
        if (vu->atoms[i] == atom) return i;
    }
    return -1;
}

static int get_own_property(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst obj, JSAtom atom)
{
    br_js_response *r = JS_GetOpaque(obj, response_class);
    int field = field_of(r->vu, atom);
    if (field < 0) return 0;
    if (desc) {
        desc->flags = JS_PROP_C_W_E;
        desc->getter = desc->setter = JS_UNDEFINED;
        desc->value = field_value(ctx, r, field);
        if (JS_IsException(desc->value)) return -1;
    }
    return 1;
}

static int get_own_property_names(JSContext *ctx, JSPropertyEnum **ret, uint32_t *ret_count, JSValueConst obj)
{
    const br_js_response *r = JS_GetOpaque(obj, response_class);
    JSPropertyEnum *names = js_malloc(ctx, BR_RESPONSE_FIELDS * sizeof(*names));
    if (!names) return -1;
    for (int i = 0; i < BR_RESPONSE_FIELDS; i++) {
        names[i] = (JSPropertyEnum){.is_enumerable = true, .atom = JS_DupAtom(ctx, r->vu->atoms[i])};
    }
    *ret = names;
    *ret_count = BR_RESPONSE_FIELDS;
    return 0;
}

/* A script may put its own value over a field: the cached one is replaced. */
static int define_own_property(JSContext *ctx, JSValueConst obj, JSAtom atom, JSValueConst value,
    JSValueConst getter, JSValueConst setter, int flags)
{
    br_js_response *r = JS_GetOpaque(obj, response_class);
    int field = field_of(r->vu, atom);
    if (field < 0) return JS_DefineProperty(ctx, obj, atom, value, getter, setter, flags | JS_PROP_NO_EXOTIC);
    if (!(flags & JS_PROP_HAS_VALUE)) return 1; /* Object.freeze(): attributes are not kept */
    if (field == BR_ATOM_status || field == BR_ATOM_error_code || field == BR_ATOM_remote_port) {
        int32_t n;
        if (JS_ToInt32(ctx, &n, value) < 0) return -1;
        if (field == BR_ATOM_status)
            r->status = n;
        else if (field == BR_ATOM_error_code)
            r->error_code = n;
        return 1;
    }
    JS_FreeValue(ctx, r->cached[field]);
    r->cached[field] = JS_DupValue(ctx, value);
    return 1;
}

static JSClassExoticMethods exotic = {.get_own_property = get_own_property,
    .get_own_property_names = get_own_property_names,
    .define_own_property = define_own_property};

static const JSClassDef class_def = {
    .class_name = "Response", .finalizer = finalize, .gc_mark = mark, .exotic = &exotic};

/* Methods ------------------------------------------------------------------------------------------- */

br_js_response *br_js_response_of(JSContext *ctx, JSValueConst v)
{
    return JS_GetOpaque2(ctx, v, response_class);
}

/* Ours; k6 has none. Not an own property, so that an answer lists and prints as k6's do. */
static JSValue response_trailers(JSContext *ctx, JSValueConst this_val)
{
    br_js_response *r = br_js_response_of(ctx, this_val);
    if (!r) return JS_EXCEPTION;
    if (JS_VALUE_GET_TAG(r->trailers) == JS_TAG_UNINITIALIZED) {
        r->trailers = JS_NewObject(ctx);
        for (size_t i = 0; i < r->http.trailers.len && r->status; i++)
            put_header(
                ctx, r->trailers, br_http_trailer_name(&r->http, i), br_http_trailer_value(&r->http, i));
    }
    return JS_DupValue(ctx, r->trailers);
}

static const JSCFunctionListEntry methods[] = {
    JS_CFUNC_DEF("clickLink", 1, br_js_response_click_link),
    JS_CFUNC_DEF("html", 1, br_js_response_html),
    JS_CFUNC_DEF("json", 1, br_js_response_json),
    JS_CFUNC_DEF("submitForm", 1, br_js_response_submit_form),
    JS_CGETSET_DEF("trailers", response_trailers, NULL),
};

void br_js_response_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &response_class);
}

int br_js_response_class_init(br_vu *vu)
{
    if (JS_NewClass(vu->rt, response_class, &class_def) < 0) return -1;
    JSValue proto = JS_NewObject(vu->ctx);
    if (JS_SetPropertyFunctionList(vu->ctx, proto, methods, BR_COUNT_OF(methods)) < 0) return -1;
    JS_SetClassProto(vu->ctx, response_class, proto);
    return 0;
}

JSValue br_js_response_object(br_vu *vu, br_js_response *r)
{
    r->counted = sizeof(*r) + r->http.body.cap + r->request.cap;
    JS_CountMemory(vu->rt, (ptrdiff_t) r->counted);
    JSValue o = JS_NewObjectClass(vu->ctx, response_class);
    if (JS_IsException(o)) {
        br_js_response_put(r);
        return o;
    }
    JS_SetOpaque(o, r);
    return o;
}
