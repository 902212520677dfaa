#include "codec/cookie.h"
#include <ctype.h>
#include <string.h>
#include <time.h>
#include "base/num.h"

static bool is_token(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char) s.p[i];
        if (!isalnum(c) && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return s.n > 0;
}

static bool value_byte(char c)
{
    unsigned char u = (unsigned char) c;
    return u >= 0x20 && u < 0x7f && u != '"' && u != ';' && u != '\\';
}

/* Without the quotes around it, if they are allowed; false: other bytes. */
static bool take_value(br_str s, bool quotes, br_str *ret)
{
    if (quotes && s.n > 1 && s.p[0] == '"' && s.p[s.n - 1] == '"') {
        s = br_str_sub(s, 1, s.n - 1);
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!value_byte(s.p[i])) {
            return false;
        }
    }
    *ret = s;
    return true;
}

/* Dates ------------------------------------------------------------------------------------------ */

static int month_of(br_str s)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int m = 0; m < 12 && s.n == 3; m++) {
        if (memcmp(names + 3 * m, s.p, 3) == 0) {
            return m;
        }
    }
    return -1;
}

static bool digits(br_str s, size_t at, size_t n, int *ret)
{
    int value = 0;
    if (at + n > s.n) {
        return false;
    }
    for (size_t i = at; i < at + n; i++) {
        if (!isdigit((unsigned char) s.p[i])) {
            return false;
        }
        value = 10 * value + (s.p[i] - '0');
    }
    *ret = value;
    return true;
}

/* "01 Jan 2100 00:00:00 GMT" or "01-Jan-2100 00:00:00 GMT". */
br_code br_cookie_parse_date(br_str text, int64_t *ret_seconds)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    ptrdiff_t comma = br_str_find_char(text, ',');
    br_str s = comma == 3 ? br_str_trim(br_str_sub(text, 4, text.n)) : BR_STR_NONE;
    struct tm tm = {0};
    int year;
    if (s.n < 22 || (s.p[2] != ' ' && s.p[2] != '-') || s.p[6] != s.p[2] || s.p[11] != ' ' ||
        s.p[14] != ':' || s.p[17] != ':' || s.p[20] != ' ') {
        return BR_ESYNTAX;
    }
    tm.tm_mon = month_of(br_str_sub(s, 3, 6));
    if (tm.tm_mon < 0 || !digits(s, 0, 2, &tm.tm_mday) || !digits(s, 7, 4, &year) ||
        !digits(s, 12, 2, &tm.tm_hour) || !digits(s, 15, 2, &tm.tm_min) || !digits(s, 18, 2, &tm.tm_sec)) {
        return BR_ESYNTAX;
    }
    if (tm.tm_mday < 1 || tm.tm_mday > days[tm.tm_mon] || tm.tm_hour > 23 || tm.tm_min > 59 ||
        tm.tm_sec > 59 || year < 1601) { /* RFC 6265 and Go's cookies know nothing before */
        return BR_ESYNTAX;
    }
    tm.tm_year = year - 1900;
    *ret_seconds = (int64_t) timegm(&tm);
    return BR_OK;
}

/* Attributes -------------------------------------------------------------------------------------- */

static void take_max_age(br_cookie *c, br_str value)
{
    int64_t seconds;
    if (br_parse_i64(value, &seconds) != BR_OK || (seconds != 0 && value.p[0] == '0')) {
        return;
    }
    c->max_age = seconds <= 0 ? -1 : seconds;
}

static void take_attribute(br_cookie *c, br_str name, br_str value)
{
    if (br_str_eq_nocase(name, BR_STR("secure"))) {
        c->secure = true;
    } else if (br_str_eq_nocase(name, BR_STR("httponly"))) {
        c->http_only = true;
    } else if (br_str_eq_nocase(name, BR_STR("domain"))) {
        c->domain = value;
    } else if (br_str_eq_nocase(name, BR_STR("path"))) {
        c->path = value;
    } else if (br_str_eq_nocase(name, BR_STR("max-age"))) {
        take_max_age(c, value);
    } else if (br_str_eq_nocase(name, BR_STR("expires"))) {
        c->has_expires = br_cookie_parse_date(value, &c->expires) == BR_OK;
    }
}

br_code br_cookie_parse(br_str text, br_cookie *ret)
{
    br_cookie c = {0};
    br_str part, name;
    if (!br_str_cut(&text, ';', &part)) {
        return BR_ESYNTAX;
    }
    br_str value = br_str_trim(part);
    if (!br_str_cut(&value, '=', &name) || value.p == NULL) {
        return BR_ESYNTAX;
    }
    c.name = br_str_trim(name);
    if (!is_token(c.name) || !take_value(value, true, &c.value)) {
        return BR_ESYNTAX;
    }
    while (text.p != NULL && br_str_cut(&text, ';', &part)) {
        br_str rest = br_str_trim(part), attribute, plain;
        if (rest.n == 0) {
            continue;
        }
        (void) br_str_cut(&rest, '=', &attribute);
        if (take_value(rest.p != NULL ? rest : BR_STR(""), false, &plain)) {
            take_attribute(&c, br_str_trim(attribute), plain);
        }
    }
    *ret = c;
    return BR_OK;
}

/* Sending ----------------------------------------------------------------------------------------- */

void br_cookie_put(br_buf *out, br_str name, br_str value)
{
    bool quote = br_str_find_char(value, ' ') >= 0 || br_str_find_char(value, ',') >= 0;
    (void) br_buf_puts(out, out->len > 0 ? "; " : "");
    for (size_t i = 0; i < name.n; i++) {
        (void) br_buf_putc(out, name.p[i] == '\n' || name.p[i] == '\r' ? '-' : name.p[i]);
    }
    (void) br_buf_puts(out, quote ? "=\"" : "=");
    for (size_t i = 0; i < value.n; i++) {
        if (value_byte(value.p[i])) {
            (void) br_buf_putc(out, value.p[i]);
        }
    }
    (void) br_buf_puts(out, quote ? "\"" : "");
}
