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

/* Bytes that a value may have; nothing else is in it. */
static bool take_value(br_str s, br_str *ret)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!value_byte(s.p[i])) {
            return false;
        }
    }
    *ret = s;
    return true;
}

/* Dates ------------------------------------------------------------------------------------------ */

/* The index of a name of three letters in a list of them; -1: none of them. */
static int name_of(br_str s, const char *names)
{
    for (int m = 0; names[3 * m] != 0 && s.n >= 3; m++) {
        if (br_str_eq_nocase((br_str){names + 3 * m, 3}, br_str_sub(s, 0, 3))) {
            return m;
        }
    }
    return -1;
}

static bool take_name(br_str *s, const char *names, int *ret)
{
    *ret = name_of(*s, names);
    *s = br_str_sub(*s, 3, s->n);
    return *ret >= 0;
}

/* Between min and max digits. */
static bool take_digits(br_str *s, size_t min, size_t max, int *ret)
{
    size_t n = 0;
    int value = 0;
    while (n < max && n < s->n && isdigit((unsigned char) s->p[n])) {
        value = 10 * value + (s->p[n++] - '0');
    }
    *s = br_str_sub(*s, n, s->n);
    *ret = value;
    return n >= min;
}

static bool take_char(br_str *s, char c)
{
    bool there = s->n > 0 && s->p[0] == c;
    *s = br_str_sub(*s, there ? 1 : 0, s->n);
    while (there && c == ' ' && s->n > 0 && s->p[0] == ' ') { /* several blanks are as good as one */
        *s = br_str_sub(*s, 1, s->n);
    }
    return there;
}

/* ".123" behind the seconds. */
static void skip_fraction(br_str *s)
{
    size_t n = 1;
    while (n < s->n && isdigit((unsigned char) s->p[n])) {
        n++;
    }
    if (n > 1 && s->p[0] == '.') {
        *s = br_str_sub(*s, n, s->n);
    }
}

/* "GMT", "CEST", "+03", "GMT-3": Go knows only GMT of them, and takes the others for it. */
static bool is_zone(br_str s)
{
    size_t letters = 0, digits = 0;
    while (letters < s.n && s.p[letters] >= 'A' && s.p[letters] <= 'Z') {
        letters++;
    }
    br_str sign = br_str_sub(s, letters, s.n);
    while (1 + digits < sign.n && isdigit((unsigned char) sign.p[1 + digits])) {
        digits++;
    }
    bool offset = sign.n > 1 && (sign.p[0] == '+' || sign.p[0] == '-') && digits <= 2 && 1 + digits == sign.n;
    if (sign.n > 0) {
        return offset && (letters == 0 || br_str_is(br_str_sub(s, 0, letters), "GMT"));
    }
    return letters == 3 || ((letters == 4 || letters == 5) && s.p[letters - 1] == 'T');
}

static bool day_exists(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day >= 1 && day <= days[month] + (leap && month == 1 ? 1 : 0);
}

/* With blanks or with dashes between day, month and year. */
static br_code parse_date(br_str s, char between, int64_t *ret_seconds)
{
    struct tm tm = {0};
    int year, weekday;
    bool ok = take_name(&s, "SunMonTueWedThuFriSat", &weekday) && take_char(&s, ',') && take_char(&s, ' ') &&
              take_digits(&s, 2, 2, &tm.tm_mday) && take_char(&s, between) &&
              take_name(&s, "JanFebMarAprMayJunJulAugSepOctNovDec", &tm.tm_mon) && take_char(&s, between) &&
              take_digits(&s, 4, 4, &year) && take_char(&s, ' ') && take_digits(&s, 1, 2, &tm.tm_hour) &&
              take_char(&s, ':') && take_digits(&s, 2, 2, &tm.tm_min) && take_char(&s, ':') &&
              take_digits(&s, 2, 2, &tm.tm_sec);
    if (!ok) {
        return BR_ESYNTAX;
    }
    skip_fraction(&s);
    if (!take_char(&s, ' ') || !is_zone(s) || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59 ||
        !day_exists(year, tm.tm_mon, tm.tm_mday)) {
        return BR_ESYNTAX;
    }
    tm.tm_year = year - 1900;
    *ret_seconds = (int64_t) timegm(&tm);
    return BR_OK;
}

br_code br_cookie_parse_date(br_str text, int64_t *ret_seconds)
{
    br_code code = parse_date(text, ' ', ret_seconds);
    return code == BR_OK ? code : parse_date(text, '-', ret_seconds);
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
    if (value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"') {
        value = br_str_sub(value, 1, value.n - 1);
        c.quoted = true;
    }
    if (!is_token(c.name) || !take_value(value, &c.value)) {
        return BR_ESYNTAX;
    }
    while (text.p != NULL && br_str_cut(&text, ';', &part)) {
        br_str rest = br_str_trim(part), attribute, plain;
        if (rest.n == 0) {
            continue;
        }
        (void) br_str_cut(&rest, '=', &attribute);
        if (take_value(rest.p != NULL ? rest : BR_STR(""), &plain)) {
            take_attribute(&c, attribute, plain);
        }
    }
    *ret = c;
    return BR_OK;
}

/* Sending ----------------------------------------------------------------------------------------- */

void br_cookie_put(br_buf *out, br_str name, br_str value, bool quoted)
{
    bool quote = value.n > 0 &&
                 (quoted || br_str_find_char(value, ' ') >= 0 || br_str_find_char(value, ',') >= 0);
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
