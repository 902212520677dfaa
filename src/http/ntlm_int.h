/*
 * http/ntlm_int.h - the three messages of NTLMv2: negotiate, challenge, authenticate.
 *
 * What: [MS-NLMP] for logging in over HTTP: no signing, no sealing, no NTLMv1. Strings go as UTF-16.
 * Why here: http/fetch_auth.c says when which message goes; this is what is in them.
 * Threads: values.
 * Memory: what is made is in the caller's arena; a challenge's slices point into its message.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"

typedef struct br_ntlm_challenge {
    uint32_t flags;
    const char *server; /* 8 bytes */
    br_str target_name; /* UTF-16 */
    br_str target_info; /* pairs of attributes, as they came */
    br_str time;        /* 8 bytes of target_info, if it tells the time; else n == 0 */
} br_ntlm_challenge;

br_str br_ntlm_negotiate(br_arena *arena);

/* BR_ESYNTAX: no challenge, or slices that do not lie in it. BR_EUNSUPPORTED: it wants NTLMv1. */
BR_NODISCARD br_code br_ntlm_challenge_parse(br_str message, br_ntlm_challenge *ret);

/* What makes an answer unlike the last: 8 random bytes, and the time in 100 ns since 1601. */
typedef struct br_ntlm_fresh {
    uint64_t random, time;
} br_ntlm_fresh;

/* `user` is "user", "DOMAIN\user" or "user@domain". Without a domain it is one of the server's. */
br_str br_ntlm_authenticate(
    br_arena *arena, const br_ntlm_challenge *c, br_str user, br_str password, const br_ntlm_fresh *fresh);
