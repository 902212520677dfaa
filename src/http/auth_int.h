/* http/auth_int.h - header fields of authentication. */
#pragma once
#include "base/arena.h"
#include "base/err.h"

typedef struct br_http_digest {
    br_str realm, nonce, opaque, qop, algorithm; /* of the challenge */
    bool stale;
} br_http_digest;

/* Reads a WWW-Authenticate field. BR_ESYNTAX: no Digest challenge with a nonce. */
BR_NODISCARD br_code br_http_digest_parse(br_str field, br_http_digest *ret);

/*
 * "Digest username=..., response=..." for a request; RFC 7616 with MD5, SHA-256 and their -sess forms, qop
 * auth, auth-int and none. `body` is the entity that auth-int covers. `cnonce` is fresh random text.
 * BR_EUNSUPPORTED: another algorithm.
 */
BR_NODISCARD br_code br_http_digest_answer(br_arena *arena, const br_http_digest *d, br_str method,
    br_str uri, br_str body, br_str userinfo, br_str cnonce, br_str *ret);
