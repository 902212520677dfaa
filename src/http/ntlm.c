#include "http/ntlm_int.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include "codec/md4.h"

#define HASH            16
#define TARGET_INFO_MAX 32768 /* goes into a slice of at most 65535 bytes */

static const char signature[8] = "NTLMSSP"; /* with its NUL */

enum {
    UNICODE = 0x1,
    REQUEST_TARGET = 0x4,
    NTLM = 0x200,
    LM_KEY = 0x80,
    ALWAYS_SIGN = 0x8000,
    EXTENDED_SECURITY = 0x80000,
    TARGET_INFO = 0x800000,
    KEY_128 = 0x20000000,
    OFFERED = UNICODE | REQUEST_TARGET | NTLM | ALWAYS_SIGN | EXTENDED_SECURITY | TARGET_INFO | KEY_128,
};

enum { ATTRIBUTE_END = 0, ATTRIBUTE_TIME = 7 };

static uint64_t load(const char *p, size_t bytes)
{
    uint64_t v = 0;
    for (size_t i = bytes; i > 0; i--) {
        v = v << 8 | (unsigned char) p[i - 1];
    }
    return v;
}

static void store(char *p, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        p[i] = (char) (v >> (8 * i));
    }
}

/* Text ------------------------------------------------------------------------------------------- */

/* Upper case of Latin, Greek and Cyrillic letters: what names of users are made of. */
static uint32_t upper(uint32_t c)
{
    bool by_32 = (c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7) ||
                 (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) || (c >= 0x430 && c <= 0x44f);
    bool even_odd = (c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14a && c <= 0x177);
    if (by_32) {
        return c - 32;
    }
    if (c >= 0x450 && c <= 0x45f) {
        return c - 80;
    }
    return even_odd ? c & ~1U : c;
}

static size_t put_utf16(char *out, uint32_t rune)
{
    if (rune < 0x10000) {
        store(out, rune, 2);
        return 2;
    }
    rune -= 0x10000;
    store(out, 0xd800 | rune >> 10, 2);
    store(out + 2, 0xdc00 | (rune & 0x3ff), 2);
    return 4;
}

/* Bytes that are no UTF-8 become U+FFFD. */
static br_str utf16(br_arena *arena, br_str text, bool uppercase)
{
    char *out = br_arena_alloc(arena, 2 * text.n + 2);
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        uint32_t rune = 0xfffd;
        size_t used = br_utf8_decode(text.p + i, text.n - i, &rune);
        n += put_utf16(out + n, uppercase ? upper(rune) : rune);
        i += used > 0 ? used : 1;
    }
    return (br_str){out, n};
}

static br_str joined(br_arena *arena, br_str a, br_str b)
{
    char *out = br_arena_alloc(arena, a.n + b.n + 1);
    if (a.n > 0) {
        memcpy(out, a.p, a.n);
    }
    if (b.n > 0) {
        memcpy(out + a.n, b.p, b.n);
    }
    return (br_str){out, a.n + b.n};
}

/* Negotiate --------------------------------------------------------------------------------------- */

br_str br_ntlm_negotiate(br_arena *arena)
{
    char *m = br_arena_zalloc(arena, 32);
    memcpy(m, signature, sizeof(signature));
    store(m + 8, 1, 4);
    store(m + 12, OFFERED, 4);
    store(m + 20, 32, 4); /* domain and workstation: empty, behind the end */
    store(m + 28, 32, 4);
    return (br_str){m, 32};
}

/* Challenge --------------------------------------------------------------------------------------- */

/* What the length and offset at `at` mean. False: it reaches beyond the message. */
static bool slice_at(br_str m, size_t at, br_str *ret)
{
    size_t n = (size_t) load(m.p + at, 2), from = (size_t) load(m.p + at + 4, 4);
    *ret = BR_STR("");
    if (n == 0) {
        return true;
    }
    if (from > m.n || n > m.n - from) {
        return false;
    }
    *ret = br_str_sub(m, from, from + n);
    return true;
}

/* The attribute of that number; n == 0 if there is none. */
static br_str attribute(br_str pairs, unsigned wanted)
{
    while (pairs.n >= 4) {
        unsigned id = (unsigned) load(pairs.p, 2);
        size_t n = (size_t) load(pairs.p + 2, 2);
        if (id == ATTRIBUTE_END || n > pairs.n - 4) {
            break;
        }
        if (id == wanted) {
            return br_str_sub(pairs, 4, 4 + n);
        }
        pairs = br_str_sub(pairs, 4 + n, pairs.n);
    }
    return BR_STR("");
}

br_code br_ntlm_challenge_parse(br_str m, br_ntlm_challenge *ret)
{
    br_ntlm_challenge c = {0};
    if (m.n < 32 || memcmp(m.p, signature, sizeof(signature)) != 0 || load(m.p + 8, 4) != 2) {
        return BR_ESYNTAX;
    }
    c.flags = (uint32_t) load(m.p + 20, 4);
    c.server = m.p + 24;
    c.target_name = c.target_info = c.time = BR_STR("");
    if (!slice_at(m, 12, &c.target_name)) {
        return BR_ESYNTAX;
    }
    if ((c.flags & TARGET_INFO) != 0 && (m.n < 48 || !slice_at(m, 40, &c.target_info))) {
        return BR_ESYNTAX;
    }
    if (c.target_info.n > TARGET_INFO_MAX) {
        return BR_ESYNTAX;
    }
    if ((c.flags & LM_KEY) != 0 || (c.flags & UNICODE) == 0) {
        return BR_EUNSUPPORTED;
    }
    br_str time = attribute(c.target_info, ATTRIBUTE_TIME);
    c.time = time.n == 8 ? time : BR_STR("");
    *ret = c;
    return BR_OK;
}

/* Authenticate ------------------------------------------------------------------------------------ */

static void hmac(br_str key, br_str text, char out[HASH])
{
    unsigned len = 0;
    if (HMAC(EVP_md5(), key.p, (int) key.n, (const unsigned char *) text.p, text.n, (unsigned char *) out,
            &len) == NULL) {
        memset(out, 0, HASH); /* a provider without MD5: the server will refuse */
    }
}

/* Section 3.3.2: the key of a user in a domain. */
static void user_key(br_arena *arena, br_str user, br_str domain16, br_str password, char key[HASH])
{
    uint8_t hash[BR_MD4_BYTES];
    br_md4(utf16(arena, password, false), hash);
    hmac((br_str){(const char *) hash, sizeof(hash)}, joined(arena, utf16(arena, user, true), domain16), key);
}

/* The same section: 16 bytes of proof, and what they prove. */
static br_str answer_of(
    br_arena *arena, const br_ntlm_challenge *c, const br_ntlm_fresh *fresh, const char key[HASH])
{
    size_t n = 28 + c->target_info.n + 4;
    char *out = br_arena_zalloc(arena, HASH + n), *temp = out + HASH;
    temp[0] = temp[1] = 1;
    if (c->time.n == 8) {
        memcpy(temp + 8, c->time.p, 8);
    } else {
        store(temp + 8, fresh->time, 8);
    }
    store(temp + 16, fresh->random, 8);
    if (c->target_info.n > 0) {
        memcpy(temp + 28, c->target_info.p, c->target_info.n);
    }
    br_str text = joined(arena, (br_str){c->server, 8}, (br_str){temp, n});
    hmac((br_str){key, HASH}, text, out);
    return (br_str){out, HASH + n};
}

/* LMv2, which is not asked for (zeros) once the server tells the time. */
static br_str lm_answer_of(
    br_arena *arena, const br_ntlm_challenge *c, const br_ntlm_fresh *fresh, const char key[HASH])
{
    char *out = br_arena_zalloc(arena, HASH + 8), own[8];
    if (c->time.n == 8) {
        return (br_str){out, HASH + 8};
    }
    store(own, fresh->random, 8);
    hmac((br_str){key, HASH}, joined(arena, (br_str){c->server, 8}, (br_str){own, 8}), out);
    memcpy(out + HASH, own, 8);
    return (br_str){out, HASH + 8};
}

/* Appends a payload and fills in its length and offset. */
static void put_slice(char *m, size_t at, br_str payload, size_t *len)
{
    store(m + at, payload.n, 2);
    store(m + at + 2, payload.n, 2);
    store(m + at + 4, *len, 4);
    if (payload.n > 0) {
        memcpy(m + *len, payload.p, payload.n);
    }
    *len += payload.n;
}

br_str br_ntlm_authenticate(
    br_arena *arena, const br_ntlm_challenge *c, br_str user, br_str password, const br_ntlm_fresh *fresh)
{
    br_str domain16 = c->target_name, name = user;
    ptrdiff_t backslash = br_str_find_char(user, '\\');
    if (backslash >= 0) {
        domain16 = utf16(arena, br_str_sub(user, 0, (size_t) backslash), false);
        name = br_str_sub(user, (size_t) backslash + 1, user.n);
    } else if (br_str_find_char(user, '@') >= 0) {
        domain16 = BR_STR(""); /* the name says it all */
    }
    char key[HASH];
    user_key(arena, name, domain16, password, key);
    br_str nt = answer_of(arena, c, fresh, key), lm = lm_answer_of(arena, c, fresh, key);
    br_str name16 = utf16(arena, name, false);
    size_t len = 64;
    char *m = br_arena_zalloc(arena, len + lm.n + nt.n + domain16.n + name16.n);
    memcpy(m, signature, sizeof(signature));
    store(m + 8, 3, 4);
    put_slice(m, 28, domain16, &len);
    put_slice(m, 36, name16, &len);
    put_slice(m, 44, BR_STR(""), &len); /* workstation */
    put_slice(m, 12, lm, &len);
    put_slice(m, 20, nt, &len);
    put_slice(m, 52, BR_STR(""), &len); /* no session key */
    store(m + 60, c->flags & OFFERED, 4);
    return (br_str){m, len};
}
