#include "http/auth_int.h"
#include <openssl/evp.h>
#include <string.h>
#include "codec/credentials.h"

/* Digest ----------------------------------------------------------------------------------------- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

/* Takes `name=value` or `name="value"` off the front; escapes in quotes stay as they are. */
static bool next_parameter(br_str *rest, br_str *ret_name, br_str *ret_value)
{
    size_t i = 0;
    while (i < rest->n && blank(rest->p[i])) {
        i++;
    }
    size_t name = i;
    while (i < rest->n && rest->p[i] != '=' && !blank(rest->p[i])) {
        i++;
    }
    *ret_name = br_str_sub(*rest, name, i);
    if (i == rest->n || rest->p[i] != '=' || i == name) {
        return false;
    }
    size_t value = ++i;
    bool quoted = i < rest->n && rest->p[i] == '"';
    if (quoted) {
        for (value = ++i; i < rest->n && rest->p[i] != '"'; i++) {
            i += rest->p[i] == '\\' && i + 1 < rest->n ? 1 : 0;
        }
    } else {
        while (i < rest->n && !blank(rest->p[i])) {
            i++;
        }
    }
    *ret_value = br_str_sub(*rest, value, i);
    *rest = br_str_sub(*rest, i + (quoted && i < rest->n ? 1 : 0), rest->n);
    return true;
}

br_code br_http_digest_parse(br_str field, br_http_digest *ret)
{
    br_http_digest d = {.algorithm = BR_STR("MD5")};
    if (field.n < 7 || !br_str_eq_nocase(br_str_sub(field, 0, 7), BR_STR("Digest "))) {
        return BR_ESYNTAX;
    }
    br_str rest = br_str_sub(field, 7, field.n), name, value;
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
        d.stale = d.stale ||
                  (br_str_eq_nocase(name, BR_STR("stale")) && br_str_eq_nocase(value, BR_STR("true")));
    }
    if (d.nonce.n == 0) {
        return BR_ESYNTAX;
    }
    *ret = d;
    return BR_OK;
}

typedef struct hasher {
    br_arena *arena;
    const EVP_MD *kind;
} hasher;

/* The hash of text in lower-case hexadecimal. */
static br_str hash(const hasher *h, const char *text, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char *out = br_arena_alloc(h->arena, 2 * EVP_MAX_MD_SIZE + 1);
    if (EVP_Digest(text, n, raw, &len, h->kind, NULL) != 1) {
        len = 0; /* a provider without it: the server will refuse */
    }
    for (unsigned i = 0; i < len; i++) {
        out[2 * i] = digits[raw[i] >> 4];
        out[2 * i + 1] = digits[raw[i] & 15];
    }
    return (br_str){out, 2 * (size_t) len};
}

static br_str hash_of(const hasher *h, char *text)
{
    return hash(h, text, strlen(text));
}

static const EVP_MD *kind_of(br_str algorithm, bool *ret_session)
{
    br_str name = algorithm;
    *ret_session = name.n > 5 && br_str_eq_nocase(br_str_sub(name, name.n - 5, name.n), BR_STR("-sess"));
    if (*ret_session) {
        name = br_str_sub(name, 0, name.n - 5);
    }
    return br_str_eq_nocase(name, BR_STR("MD5"))       ? EVP_md5()
           : br_str_eq_nocase(name, BR_STR("SHA-256")) ? EVP_sha256()
                                                       : NULL;
}

/* "auth" is preferred among what the server offers. */
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

br_code br_http_digest_answer(br_arena *arena, const br_http_digest *d, br_str method, br_str uri,
    br_str body, br_str userinfo, br_str cnonce, br_str *ret)
{
    bool session;
    hasher h = {arena, kind_of(d->algorithm, &session)};
    br_str user, password, qop = choose_qop(d->qop), answer;
    if (h.kind == NULL) {
        return BR_EUNSUPPORTED;
    }
    br_credentials_split(arena, userinfo, &user, &password);
    br_str a1 = hash_of(&h, br_arena_printf(arena, BR_FMT ":" BR_FMT ":" BR_FMT, BR_ARG(user),
                                BR_ARG(d->realm), BR_ARG(password)));
    if (session) {
        a1 = hash_of(&h, br_arena_printf(arena, BR_FMT ":" BR_FMT ":" BR_FMT, BR_ARG(a1), BR_ARG(d->nonce),
                             BR_ARG(cnonce)));
    }
    br_str a2 = br_str_is(qop, "auth-int")
                    ? hash_of(&h, br_arena_printf(arena, BR_FMT ":" BR_FMT ":" BR_FMT, BR_ARG(method),
                                      BR_ARG(uri), BR_ARG(hash(&h, body.p != NULL ? body.p : "", body.n))))
                    : hash_of(&h, br_arena_printf(arena, BR_FMT ":" BR_FMT, BR_ARG(method), BR_ARG(uri)));
    if (qop.n > 0) {
        answer = hash_of(
            &h, br_arena_printf(arena, BR_FMT ":" BR_FMT ":00000001:" BR_FMT ":" BR_FMT ":" BR_FMT,
                    BR_ARG(a1), BR_ARG(d->nonce), BR_ARG(cnonce), BR_ARG(qop), BR_ARG(a2)));
    } else {
        answer = hash_of(&h,
            br_arena_printf(arena, BR_FMT ":" BR_FMT ":" BR_FMT, BR_ARG(a1), BR_ARG(d->nonce), BR_ARG(a2)));
    }
    const char *text = br_arena_printf(arena,
        "Digest username=\"" BR_FMT "\", realm=\"" BR_FMT "\", nonce=\"" BR_FMT "\", uri=\"" BR_FMT
        "\", response=\"" BR_FMT "\", algorithm=" BR_FMT,
        BR_ARG(user), BR_ARG(d->realm), BR_ARG(d->nonce), BR_ARG(uri), BR_ARG(answer), BR_ARG(d->algorithm));
    if (d->opaque.n > 0) {
        text = br_arena_printf(arena, "%s, opaque=\"" BR_FMT "\"", text, BR_ARG(d->opaque));
    }
    if (qop.n > 0) {
        text = br_arena_printf(arena, "%s, qop=" BR_FMT ", nc=00000001, cnonce=\"" BR_FMT "\"", text,
            BR_ARG(qop), BR_ARG(cnonce));
    }
    *ret = br_str_of(text);
    return BR_OK;
}
