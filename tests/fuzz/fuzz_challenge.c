/*
 * WWW-Authenticate fields, and challenges of NTLM. Besides not crashing: slices lie inside the text, and what
 * is understood can be answered.
 */
#include "base/assert.h"
#include "http/auth_int.h"
#include "http/ntlm_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_slice(br_str text, br_str part)
{
    BR_ASSERT(part.n == 0 || (part.p >= text.p && part.p + part.n <= text.p + text.n));
}

static void try_digest(br_arena *arena, br_str rest)
{
    br_http_digest d;
    if (br_http_digest_parse(rest, &d) != BR_OK) {
        return;
    }
    br_str parts[] = {d.realm, d.nonce, d.opaque, d.qop};
    for (size_t i = 0; i < BR_COUNT_OF(parts); i++) {
        check_slice(rest, parts[i]);
    }
    const br_http_digest_use use = {
        BR_STR("GET"), BR_STR("/"), BR_STR("b"), BR_STR("u"), BR_STR("p"), BR_STR("c")};
    BR_ASSERT(br_str_starts(br_http_digest_answer(arena, &d, &use), BR_STR("Digest username=")));
}

static void try_ntlm(br_arena *arena, br_str message)
{
    br_ntlm_challenge c;
    if (br_ntlm_challenge_parse(message, &c) != BR_OK) {
        return;
    }
    check_slice(message, c.target_name);
    check_slice(message, c.target_info);
    check_slice(message, c.time);
    const br_ntlm_fresh fresh = {1, 2};
    br_str m = br_ntlm_authenticate(arena, &c, BR_STR("user"), BR_STR("pw"), &fresh);
    BR_ASSERT(m.n > 64 && br_str_starts(m, BR_STR("NTLMSSP")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str field = {(const char *) data, size}, rest, message, user, password;
    br_arena arena;
    br_arena_init(&arena, 1024);
    try_ntlm(&arena, field);
    if (br_http_challenge_find(field, BR_STR("Digest"), &rest)) {
        check_slice(field, rest);
        try_digest(&arena, rest);
    }
    if (br_http_challenge_find(field, BR_STR("NTLM"), &rest) &&
        br_http_base64_read(&arena, br_http_challenge_data(rest), &message) == BR_OK) {
        try_ntlm(&arena, message);
    }
    (void) br_http_basic_read(&arena, field, &user, &password);
    br_arena_deinit(&arena);
    return 0;
}
