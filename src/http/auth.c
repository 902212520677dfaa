#include "http/auth_int.h"
#include <openssl/evp.h>
#include <string.h>
#include "base/buf.h"
#include "codec/base64.h"

/* Credentials ------------------------------------------------------------------------------------ */

br_code br_http_base64_read(br_arena *arena, br_str text, br_str *ret)
{
    br_buf bytes;
    if (text.n == 0 || text.n > (size_t) 1 << 24) {
        return BR_ESYNTAX;
    }
    br_buf_init(&bytes, BR_BUF_NO_LIMIT);
    bool ok = br_base64_decode(text, false, true, &bytes, NULL);
    if (ok) {
        *ret = br_arena_str(arena, br_buf_view(&bytes));
    }
    br_buf_deinit(&bytes);
    return ok ? BR_OK : BR_ESYNTAX;
}

bool br_http_basic_read(br_arena *arena, br_str field, br_str *ret_user, br_str *ret_password)
{
    br_str both;
    if (field.n < 6 || !br_str_eq_nocase(br_str_sub(field, 0, 6), BR_STR("Basic ")) ||
        br_http_base64_read(arena, br_str_trim(br_str_sub(field, 6, field.n)), &both) != BR_OK ||
        br_str_find_char(both, ':') < 0) {
        return false;
    }
    (void) br_str_cut(&both, ':', ret_user);
    *ret_password = both;
    return true;
}

/* Challenges -------------------------------------------------------------------------------------- */

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(br_str s, size_t i)
{
    while (i < s.n && blank(s.p[i])) {
        i++;
    }
    return i;
}

/* The end of the quoted text that begins at i, behind its last quote. */
static size_t skip_quoted(br_str s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++) {
        i += s.p[i] == '\\' ? 1 : 0;
    }
    return i < s.n ? i + 1 : s.n;
}

/* Behind the next comma that is not in quotes, or the end. */
static size_t skip_item(br_str s, size_t i)
{
    while (i < s.n && s.p[i] != ',') {
        i = s.p[i] == '"' ? skip_quoted(s, i) : i + 1;
    }
    return i < s.n ? i + 1 : s.n;
}

bool br_http_challenge_find(br_str field, br_str scheme, br_str *ret_rest)
{
    for (size_t i = 0; i < field.n; i = skip_item(field, i)) {
        i = skip_blanks(field, i);
        size_t end = i + scheme.n;
        if (end > field.n || !br_str_eq_nocase(br_str_sub(field, i, end), scheme)) {
            continue;
        }
        size_t next = skip_blanks(field, end);
        bool whole = next > end || end == field.n || field.p[end] == ',';
        if (whole && !(next < field.n && field.p[next] == '=')) { /* not a parameter of that name */
            *ret_rest = br_str_sub(field, next, field.n);
            return true;
        }
    }
    return false;
}

br_str br_http_challenge_data(br_str rest)
{
    size_t n = 0;
    while (n < rest.n && !blank(rest.p[n]) && rest.p[n] != ',') {
        n++;
    }
    return br_str_sub(rest, 0, n);
}

/* Digest: parameters ------------------------------------------------------------------------------ */

/* Takes `name=value` or `name="value"` off the front; false at the end, or where the next challenge begins.
 */
static bool next_parameter(br_str *rest, br_str *ret_name, br_str *ret_value)
{
    br_str s = *rest;
    size_t i = 0;
    while (i < s.n && (blank(s.p[i]) || s.p[i] == ',')) {
        i++;
    }
    size_t name = i;
    while (i < s.n && s.p[i] != '=' && s.p[i] != ',' && !blank(s.p[i])) {
        i++;
    }
    *ret_name = br_str_sub(s, name, i);
    i = skip_blanks(s, i);
    if (i == s.n || s.p[i] != '=' || ret_name->n == 0) {
        return false;
    }
    i = skip_blanks(s, i + 1);
    size_t value = i;
    if (i < s.n && s.p[i] == '"') {
        i = skip_quoted(s, i);
        bool closed = i - value > 1 && s.p[i - 1] == '"';
        *ret_value = br_str_sub(s, value + 1, closed ? i - 1 : i);
    } else {
        while (i < s.n && s.p[i] != ',' && !blank(s.p[i])) {
            i++;
        }
        *ret_value = br_str_sub(s, value, i);
    }
    *rest = br_str_sub(s, i, s.n);
    return true;
}

static const EVP_MD *kind_of(br_str algorithm, bool *ret_session)
{
    br_str name = algorithm;
    *ret_session = name.n > 5 && br_str_eq_nocase(br_str_sub(name, name.n - 5, name.n), BR_STR("-sess"));
    if (*ret_session) {
        name = br_str_sub(name, 0, name.n - 5);
    }
    return br_str_eq_nocase(name, BR_STR("MD5"))           ? EVP_md5()
           : br_str_eq_nocase(name, BR_STR("SHA-256"))     ? EVP_sha256()
           : br_str_eq_nocase(name, BR_STR("SHA-512-256")) ? EVP_sha512_256()
                                                           : NULL;
}

/* "auth" is preferred among what the server offers; n == 0: it offers nothing known. */
static br_str choose_qop(br_str offered)
{
    br_str item, best = BR_STR_NONE;
    while (br_str_cut(&offered, ',', &item)) {
        item = br_str_trim(item);
        if (br_str_eq_nocase(item, BR_STR("auth"))) {
            return BR_STR("auth");
        }
        best = br_str_eq_nocase(item, BR_STR("auth-int")) ? BR_STR("auth-int") : best;
    }
    return best;
}

static bool is_true(br_str name, const char *wanted, br_str value)
{
    return br_str_eq_nocase(name, br_str_of(wanted)) && br_str_eq_nocase(value, BR_STR("true"));
}

br_code br_http_digest_parse(br_str rest, br_http_digest *ret)
{
    br_http_digest d = {.algorithm = BR_STR_NONE};
    br_str name, value;
    while (next_parameter(&rest, &name, &value)) {
        const struct {
            const char *name;
            br_str *value;
        } known[] = {{"realm", &d.realm}, {"nonce", &d.nonce}, {"opaque", &d.opaque}, {"qop", &d.qop},
            {"algorithm", &d.algorithm}};
        for (size_t i = 0; i < BR_COUNT_OF(known); i++) {
            if (br_str_eq_nocase(name, br_str_of(known[i].name))) {
                *known[i].value = value;
            }
        }
        d.stale = d.stale || is_true(name, "stale", value);
        d.userhash = d.userhash || is_true(name, "userhash", value);
    }
    bool session;
    d.algorithm = d.algorithm.n > 0 ? d.algorithm : BR_STR("MD5");
    if (d.nonce.n == 0) {
        return BR_ESYNTAX;
    }
    if (kind_of(d.algorithm, &session) == NULL || (d.qop.n > 0 && choose_qop(d.qop).n == 0)) {
        return BR_EUNSUPPORTED;
    }
    *ret = d;
    return BR_OK;
}

/* Digest: the answer ------------------------------------------------------------------------------ */

typedef struct hasher {
    br_arena *arena;
    const EVP_MD *kind;
} hasher;

/* The hash of the parts, joined by colons, in lower-case hexadecimal. */
static br_str hash(const hasher *h, const br_str *parts, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md != NULL && EVP_DigestInit_ex(md, h->kind, NULL) == 1;
    for (size_t i = 0; ok && i < count; i++) {
        ok = (i == 0 || EVP_DigestUpdate(md, ":", 1) == 1) &&
             (parts[i].n == 0 || EVP_DigestUpdate(md, parts[i].p, parts[i].n) == 1);
    }
    if (!ok || EVP_DigestFinal_ex(md, raw, &len) != 1) {
        len = 0; /* a provider without it: the server will refuse */
    }
    EVP_MD_CTX_free(md);
    char *out = br_arena_alloc(h->arena, 2 * EVP_MAX_MD_SIZE);
    for (unsigned i = 0; i < len; i++) {
        out[2 * i] = digits[raw[i] >> 4];
        out[2 * i + 1] = digits[raw[i] & 15];
    }
    return (br_str){out, 2 * (size_t) len};
}

#define HASH(h, ...) hash((h), (const br_str[]){__VA_ARGS__}, BR_COUNT_OF(((const br_str[]){__VA_ARGS__})))

/* What is hashed is the text without escapes. */
static br_str unescaped(br_arena *arena, br_str s)
{
    if (br_str_find_char(s, '\\') < 0) {
        return s;
    }
    char *out = br_arena_alloc(arena, s.n);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        i += s.p[i] == '\\' && i + 1 < s.n ? 1 : 0;
        out[n++] = s.p[i];
    }
    return (br_str){out, n};
}

/* Appends `, name="value"`; a value with quotes or backslashes gets escapes. */
static void put_quoted(br_buf *out, const char *name, br_str value, bool escape)
{
    (void) br_buf_printf(out, "%s%s=\"", out->len > 7 ? ", " : "", name);
    for (size_t i = 0; i < value.n; i++) {
        if (escape && (value.p[i] == '"' || value.p[i] == '\\')) {
            (void) br_buf_putc(out, '\\');
        }
        (void) br_buf_putc(out, value.p[i]);
    }
    (void) br_buf_putc(out, '"');
}

static br_str field_of(
    br_arena *arena, const br_http_digest *d, const br_http_digest_use *use, br_str user, br_str response)
{
    br_str qop = choose_qop(d->qop);
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&out, "Digest ");
    put_quoted(&out, "username", user, true);
    put_quoted(&out, "realm", d->realm, false); /* as they came, with their escapes */
    put_quoted(&out, "nonce", d->nonce, false);
    put_quoted(&out, "uri", use->uri, false);
    put_quoted(&out, "response", response, false);
    (void) br_buf_printf(&out, ", algorithm=" BR_FMT, BR_ARG(d->algorithm));
    if (d->opaque.n > 0) {
        put_quoted(&out, "opaque", d->opaque, false);
    }
    if (qop.n > 0) {
        (void) br_buf_printf(&out, ", qop=" BR_FMT ", nc=00000001", BR_ARG(qop));
        put_quoted(&out, "cnonce", use->cnonce, false);
    }
    if (d->userhash) {
        (void) br_buf_puts(&out, ", userhash=true");
    }
    br_str field = br_arena_str(arena, br_buf_view(&out));
    br_buf_deinit(&out);
    return field;
}

br_str br_http_digest_answer(br_arena *arena, const br_http_digest *d, const br_http_digest_use *use)
{
    bool session;
    hasher h = {arena, kind_of(d->algorithm, &session)};
    br_str qop = choose_qop(d->qop), realm = unescaped(arena, d->realm), nonce = unescaped(arena, d->nonce);
    br_str a1 = HASH(&h, use->user, realm, use->password), a2, response;
    if (session) {
        a1 = HASH(&h, a1, nonce, use->cnonce);
    }
    if (br_str_is(qop, "auth-int")) {
        a2 = HASH(&h, use->method, use->uri, HASH(&h, use->body));
    } else {
        a2 = HASH(&h, use->method, use->uri);
    }
    if (qop.n > 0) {
        response = HASH(&h, a1, nonce, BR_STR("00000001"), use->cnonce, qop, a2);
    } else {
        response = HASH(&h, a1, nonce, a2);
    }
    br_str user = d->userhash ? HASH(&h, use->user, realm) : use->user;
    return field_of(arena, d, use, user, response);
}
