#include "http/ws_handshake.h"
#include <openssl/evp.h>
#include "base/assert.h"
#include "codec/base64.h"

#define MORE_FIELDS 6
#define GUID        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 section 1.3 */
#define EXTENSION   "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

/* The request ------------------------------------------------------------------------------------- */

/* RFC 6455 section 4.2.2: base64 of SHA-1 of the key and the GUID. */
static br_str accept_of(br_arena *arena, br_str key)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    br_str both = br_str_of(br_arena_printf(arena, BR_FMT GUID, BR_ARG(key)));
    int ok = EVP_Digest(both.p, both.n, digest, &n, EVP_sha1(), NULL);
    BR_ASSERT(ok == 1);
    return br_base64_text(arena, "", (br_str){(const char *) digest, n});
}

static bool is_name(br_str a, const char *b)
{
    return br_str_eq_nocase(a, br_str_of(b));
}

br_code br_ws_handshake_check(const br_ws_handshake *h, br_err *err)
{
    static const char *const own[] = {
        "Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions"};
    for (size_t i = 0; i < h->request->header_count; i++) {
        br_str name = h->request->headers[i].name;
        bool ours = h->protocols.n > 0 && is_name(name, "Sec-Websocket-Protocol");
        for (size_t k = 0; k < BR_COUNT_OF(own); k++) {
            ours = ours || is_name(name, own[k]);
        }
        if (ours) {
            return br_fail(err, BR_EINVAL, "websocket: duplicate header not allowed: " BR_FMT, BR_ARG(name));
        }
    }
    return BR_OK;
}

/* Sorted in, behind a leading User-Agent, as Go writes header fields. */
static void put_sorted(br_http_header *list, size_t *count, br_str name, br_str value)
{
    size_t i = (*count)++;
    for (; i > 0 && !is_name(list[i - 1].name, "User-Agent") && br_str_cmp(list[i - 1].name, name) > 0; i--) {
        list[i] = list[i - 1];
    }
    list[i] = (br_http_header){name, value};
}

br_str br_ws_handshake_make(br_arena *arena, const br_ws_handshake *h, const uint8_t nonce[BR_WS_NONCE_BYTES],
    br_http_request *ret_request)
{
    const br_http_request *given = h->request;
    br_str protocols = br_arena_str(arena, h->protocols);
    br_str key = br_base64_text(arena, "", (br_str){(const char *) nonce, BR_WS_NONCE_BYTES});
    br_http_header *list = br_arena_alloc(arena, (given->header_count + MORE_FIELDS) * sizeof(*list));
    size_t n = 0;
    for (size_t i = 0; i < given->header_count; i++) {
        if (is_name(given->headers[i].name, "Sec-Websocket-Protocol")) {
            protocols = given->headers[i].value; /* in the RFC's spelling */
        } else {
            list[n++] = given->headers[i];
        }
    }
    put_sorted(list, &n, BR_STR("Connection"), BR_STR("Upgrade"));
    put_sorted(list, &n, BR_STR("Sec-WebSocket-Key"), key);
    put_sorted(list, &n, BR_STR("Sec-WebSocket-Version"), BR_STR("13"));
    put_sorted(list, &n, BR_STR("Upgrade"), BR_STR("websocket"));
    if (h->deflate) {
        put_sorted(list, &n, BR_STR("Sec-WebSocket-Extensions"), BR_STR(EXTENSION));
    }
    if (protocols.n > 0) {
        put_sorted(list, &n, BR_STR("Sec-WebSocket-Protocol"), protocols);
    }
    *ret_request = *given;
    ret_request->headers = list;
    ret_request->header_count = n;
    ret_request->upgrade = true;
    return accept_of(arena, key);
}

/* The answer -------------------------------------------------------------------------------------- */

/* Is `token` in a field of that name: a list with commas? */
static bool has_token(const br_http_response *r, br_str name, br_str token)
{
    for (size_t i = 0; i < r->fields.len; i++) {
        br_str rest = br_http_field_value(r, i), item;
        if (!br_str_eq_nocase(br_http_field_name(r, i), name)) {
            continue;
        }
        while (br_str_cut(&rest, ',', &item)) {
            if (br_str_eq_nocase(br_str_trim(item), token)) {
                return true;
            }
        }
    }
    return false;
}

/* An item of Sec-WebSocket-Extensions. False: compression in a form that was not offered. */
static bool take_extension(br_str item, bool *ret_deflate)
{
    br_str param;
    bool server = false, client = false;
    (void) br_str_cut(&item, ';', &param);
    if (!br_str_eq_nocase(br_str_trim(param), BR_STR("permessage-deflate"))) {
        return true;
    }
    while (br_str_cut(&item, ';', &param)) {
        param = br_str_trim(param);
        server = server || br_str_is(param, "server_no_context_takeover");
        client = client || br_str_is(param, "client_no_context_takeover");
    }
    *ret_deflate = server && client;
    return *ret_deflate;
}

static bool take_extensions(const br_http_response *r, bool *ret_deflate)
{
    for (size_t i = 0; i < r->fields.len && !*ret_deflate; i++) {
        br_str rest = br_http_field_value(r, i), item;
        if (!br_str_eq_nocase(br_http_field_name(r, i), BR_STR("Sec-WebSocket-Extensions"))) {
            continue;
        }
        while (!*ret_deflate && br_str_cut(&rest, ',', &item)) {
            if (!take_extension(item, ret_deflate)) {
                return false;
            }
        }
    }
    return true;
}

const char *br_ws_handshake_fault(const br_http_response *r, br_str accept, bool *ret_deflate)
{
    *ret_deflate = false;
    if (r->status == 0) {
        return r->error.raw[0] ? r->error.raw : r->error.text;
    }
    br_str given = br_str_trim(br_http_response_header(r, BR_STR("Sec-WebSocket-Accept")));
    if (r->status != 101 || !has_token(r, BR_STR("Upgrade"), BR_STR("websocket")) ||
        !has_token(r, BR_STR("Connection"), BR_STR("upgrade")) || !br_str_eq(given, accept)) {
        return "websocket: bad handshake";
    }
    return take_extensions(r, ret_deflate) ? NULL : "websocket: invalid compression negotiation";
}
