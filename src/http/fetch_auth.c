#include "base/random.h"
#include "codec/base64.h"
#include "codec/credentials.h"
#include "http/auth_int.h"
#include "http/fetch_int.h"
#include "http/ntlm_int.h"

/* From 1601 to 1970, in the 100 ns of NTLM. */
#define NTLM_EPOCH 116444736000000000ULL

bool br_http_fetch_logs_in(const br_http_fetch *f, const br_url *url)
{
    br_str own = br_http_fetch_own_authorization(f);
    if (f->_options.auth == BR_AUTH_NTLM && own.p != NULL) {
        return own.n > 6 && br_str_eq_nocase(br_str_sub(own, 0, 6), BR_STR("Basic "));
    }
    return f->_options.auth != BR_AUTH_BASIC && url->userinfo.p != NULL;
}

static bool credentials(br_http_fetch *f, br_str *ret_user, br_str *ret_password)
{
    br_arena *arena = br_http_fetch_arena(f);
    br_str own = br_http_fetch_own_authorization(f);
    if (!br_http_fetch_logs_in(f, &f->current->url)) {
        return false;
    }
    if (f->_options.auth == BR_AUTH_NTLM && own.p != NULL) {
        return br_http_basic_read(arena, own, ret_user, ret_password);
    }
    br_credentials_split(arena, f->current->url.userinfo, ret_user, ret_password);
    return true;
}

/* The next field of the answer, from *i on, with a challenge of the scheme. */
static bool next_challenge(const br_http_response *r, br_str scheme, size_t *i, br_str *ret_rest)
{
    while (*i < r->fields.len) {
        size_t field = (*i)++;
        if (br_str_eq_nocase(br_http_field_name(r, field), BR_STR("Www-Authenticate")) &&
            br_http_challenge_find(br_http_field_value(r, field), scheme, ret_rest)) {
            return true;
        }
    }
    return false;
}

/* Digest ------------------------------------------------------------------------------------------ */

static br_str random_text(br_arena *arena)
{
    br_random r;
    br_random_seed_os(&r);
    return br_str_of(br_arena_printf(arena, "%016llx%016llx", (unsigned long long) br_random_u64(&r),
        (unsigned long long) br_random_u64(&r)));
}

/* The first of the challenges that is understood: the server prefers it. */
static bool find_digest(const br_http_response *r, br_http_digest *ret)
{
    br_str rest;
    for (size_t i = 0; next_challenge(r, BR_STR("Digest"), &i, &rest);) {
        if (br_http_digest_parse(rest, ret) == BR_OK) {
            return true;
        }
    }
    return false;
}

static bool answer_digest(br_http_fetch *f)
{
    br_http_digest d;
    br_arena *arena = br_http_fetch_arena(f);
    const br_http_request *q = f->current;
    br_http_digest_use use = {.method = q->method, .body = q->body};
    if (f->_login != BR_LOGIN_NONE || f->response->status != 401 || !find_digest(f->response, &d) ||
        !credentials(f, &use.user, &use.password)) {
        return false;
    }
    br_buf uri;
    br_buf_init(&uri, 3 * BR_URL_MAX_BYTES);
    br_code code = br_url_put_target(&q->url, &uri);
    use.uri = br_arena_str(arena, br_buf_view(&uri));
    br_buf_deinit(&uri);
    use.cnonce = random_text(arena);
    f->_authorization = br_http_digest_answer(arena, &d, &use);
    f->_login = BR_LOGIN_ANSWERED;
    return code == BR_OK;
}

/* NTLM -------------------------------------------------------------------------------------------- */

/* NTLM itself is preferred to Negotiate, which may mean Kerberos. */
static bool find_ntlm(br_http_fetch *f, br_str *ret_rest)
{
    static const char *const schemes[] = {"NTLM", "Negotiate"};
    for (size_t k = 0; k < BR_COUNT_OF(schemes); k++) {
        size_t i = 0;
        if (next_challenge(f->response, br_str_of(schemes[k]), &i, ret_rest)) {
            f->_ntlm_prefix = k == 0 ? "NTLM " : "Negotiate ";
            return true;
        }
    }
    return false;
}

static bool begin_ntlm(br_http_fetch *f)
{
    br_str rest;
    br_arena *arena = br_http_fetch_arena(f);
    if (f->response->status != 401) {
        return false;
    }
    if (find_ntlm(f, &rest)) {
        f->_authorization = br_base64_text(arena, f->_ntlm_prefix, br_ntlm_negotiate(arena));
        f->_login = BR_LOGIN_NEGOTIATING;
        return true;
    }
    br_str own = br_http_fetch_own_authorization(f);
    if (f->_login != BR_LOGIN_NONE) {
        return false;
    }
    f->_authorization = own.p != NULL ? own : br_credentials_basic_of(arena, f->current->url.userinfo);
    f->_login = BR_LOGIN_BASIC;
    return true;
}

static bool end_ntlm(br_http_fetch *f)
{
    br_str rest, message, user, password;
    br_ntlm_challenge c;
    br_arena *arena = br_http_fetch_arena(f);
    if (!find_ntlm(f, &rest) || br_http_base64_read(arena, br_http_challenge_data(rest), &message) != BR_OK ||
        br_ntlm_challenge_parse(message, &c) != BR_OK || !credentials(f, &user, &password)) {
        return false;
    }
    br_random r;
    br_random_seed_os(&r);
    br_ntlm_fresh fresh = {br_random_u64(&r), NTLM_EPOCH + (uint64_t) br_clock_wall() / 100};
    f->_authorization = br_base64_text(
        arena, f->_ntlm_prefix, br_ntlm_authenticate(arena, &c, user, password, &fresh));
    f->_login = BR_LOGIN_ANSWERED;
    return true;
}

bool br_http_fetch_answers(br_http_fetch *f)
{
    if (f->_options.auth == BR_AUTH_DIGEST) {
        return answer_digest(f);
    }
    if (f->_login == BR_LOGIN_ANSWERED || !br_http_fetch_logs_in(f, &f->current->url)) {
        return false;
    }
    return f->_login == BR_LOGIN_NEGOTIATING ? end_ntlm(f) : begin_ntlm(f);
}
