/*
 * http/auth_int.h - header fields of authentication: challenges and their answers.
 *
 * What: finds a scheme in WWW-Authenticate fields, reads and makes Authorization fields.
 * Why here: http/fetch_auth.c says when; the messages of NTLM are in http/ntlm_int.h.
 * Threads: values.
 * Memory: what is made is in the caller's arena; what is found points into the field.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"

/* What a field "Basic ..." holds. False: it is another field, or no base64. */
bool br_http_basic_read(br_arena *arena, br_str field, br_str *ret_user, br_str *ret_password);

/* The bytes of base64 in a field. BR_ESYNTAX: it is none, or nothing. */
BR_NODISCARD br_code br_http_base64_read(br_arena *arena, br_str text, br_str *ret);

/*
 * Looks for a challenge of a scheme in a field, which may hold several: `Negotiate, Digest realm="a"`. What
 * stands behind the scheme, up to the end of the field, is its parameters and perhaps more challenges.
 */
bool br_http_challenge_find(br_str field, br_str scheme, br_str *ret_rest);
/* The data of a challenge like "NTLM TlRM...", which has no parameters; n == 0: none. */
br_str br_http_challenge_data(br_str rest);

typedef struct br_http_digest {
    br_str realm, nonce, opaque, qop, algorithm; /* of the challenge; quoted ones with their escapes */
    bool stale, userhash;
} br_http_digest;

/* Reads the parameters behind "Digest". BR_ESYNTAX: no nonce. BR_EUNSUPPORTED: an algorithm, or only qops,
 * that br_http_digest_answer() does not know. */
BR_NODISCARD br_code br_http_digest_parse(br_str rest, br_http_digest *ret);

/* The request that a Digest answer is for. */
typedef struct br_http_digest_use {
    br_str method, uri, body; /* the body is what auth-int covers */
    br_str user, password;
    br_str cnonce; /* fresh random text */
} br_http_digest_use;

/* "Digest username=..., response=..."; RFC 7616 with MD5, SHA-256, SHA-512-256 and their -sess forms, qop
 * auth, auth-int and none. `d` is one that br_http_digest_parse() took. */
br_str br_http_digest_answer(br_arena *arena, const br_http_digest *d, const br_http_digest_use *use);
