#include "codec/credentials.h"
#include <string.h>
#include "codec/base64.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char) (c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static br_str percent_decoded(br_arena *arena, br_str s)
{
    char *out = br_arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool escape = s.p[i] == '%' && i + 2 < s.n && hex_digit(s.p[i + 1]) >= 0 &&
                      hex_digit(s.p[i + 2]) >= 0;
        out[n++] = escape ? (char) (hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2])) : s.p[i];
        i += escape ? 2 : 0;
    }
    out[n] = 0;
    return (br_str){out, n};
}

void br_credentials_split(br_arena *arena, br_str userinfo, br_str *ret_user, br_str *ret_password)
{
    br_str password = userinfo, user = BR_STR("");
    (void) br_str_cut(&password, ':', &user);
    *ret_user = percent_decoded(arena, user);
    *ret_password = password.p != NULL ? percent_decoded(arena, password) : BR_STR("");
}

br_str br_credentials_basic(br_arena *arena, br_str plain)
{
    return br_base64_text(arena, "Basic ", plain);
}

br_str br_credentials_basic_of(br_arena *arena, br_str userinfo)
{
    br_str user, password;
    br_credentials_split(arena, userinfo, &user, &password);
    br_str plain = {NULL, user.n + 1 + password.n};
    char *text = br_arena_alloc(arena, plain.n); /* there may be zero bytes in both */
    memcpy(text, user.p, user.n);
    text[user.n] = ':';
    memcpy(text + user.n + 1, password.p, password.n);
    plain.p = text;
    return br_credentials_basic(arena, plain);
}
