#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"

/*
 * strtod and snprintf follow the locale only after setlocale(), which this program never calls: the
 * decimal point is always '.'.
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes digits from the front of *s into *value. BR_ELIMIT when it goes over `max`. */
static br_code take_digits(br_str *s, uint64_t max, uint64_t *ret_value)
{
    uint64_t v = 0;
    size_t i = 0;
    for (; i < s->n && is_digit(s->p[i]); i++) {
        uint64_t digit = (uint64_t) (s->p[i] - '0');
        if (v > (max - digit) / 10) return BR_ELIMIT;
        v = v * 10 + digit;
    }
    *s = br_str_sub(*s, i, s->n);
    *ret_value = v;
    return BR_OK;
}

static bool all_digits(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i])) return false;
    }
    return s.n > 0;
}

/* Removes a sign; true if it is '-'. */
static bool take_sign(br_str *s)
{
    if (s->n == 0 || (s->p[0] != '-' && s->p[0] != '+')) return false;
    bool negative = s->p[0] == '-';
    *s = br_str_sub(*s, 1, s->n);
    return negative;
}

br_code br_parse_u64(br_str s, uint64_t *ret_value)
{
    if (!all_digits(s)) return BR_ESYNTAX;
    return take_digits(&s, UINT64_MAX, ret_value);
}

/* -v or v; v <= 2^63 when negative, else < 2^63. */
static int64_t with_sign(uint64_t v, bool negative)
{
    return negative ? (int64_t) (0 - v) : (int64_t) v;
}

static uint64_t i64_magnitude_max(bool negative)
{
    return (uint64_t) INT64_MAX + (negative ? 1 : 0);
}

br_code br_parse_i64(br_str s, int64_t *ret_value)
{
    bool negative = take_sign(&s);
    if (!all_digits(s)) return BR_ESYNTAX;
    uint64_t v;
    br_code rc = take_digits(&s, i64_magnitude_max(negative), &v);
    if (rc != BR_OK) return rc;
    *ret_value = with_sign(v, negative);
    return BR_OK;
}

static size_t skip_digits(br_str s, size_t from)
{
    while (from < s.n && is_digit(s.p[from])) {
        from++;
    }
    return from;
}

/* [+-] (digits [. digits] | . digits) [e [+-] digits] */
static bool is_decimal(br_str s)
{
    take_sign(&s);
    size_t i = skip_digits(s, 0);
    size_t digits = i;
    if (i < s.n && s.p[i] == '.') {
        size_t end = skip_digits(s, i + 1);
        digits += end - i - 1;
        i = end;
    }
    if (digits == 0) return false;
    if (i == s.n) return true;
    if (s.p[i] != 'e' && s.p[i] != 'E') return false;
    br_str exponent = br_str_sub(s, i + 1, s.n);
    take_sign(&exponent);
    return all_digits(exponent);
}

br_code br_parse_f64(br_str s, double *ret_value)
{
    if (!is_decimal(s)) return BR_ESYNTAX;
    char text[1024]; /* no double needs more than 770 digits; longer input is refused */
    if (s.n >= sizeof(text)) return BR_ELIMIT;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    double v = strtod(text, NULL);
    if (!isfinite(v)) return BR_ELIMIT;
    *ret_value = v;
    return BR_OK;
}

static bool is_one_of(br_str s, const char *const *words)
{
    for (; *words; words++) {
        if (br_str_is(s, *words)) return true;
    }
    return false;
}

br_code br_parse_bool(br_str s, bool *ret_value)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True", NULL};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False", NULL};
    bool value = is_one_of(s, yes);
    if (!value && !is_one_of(s, no)) return BR_ESYNTAX;
    *ret_value = value;
    return BR_OK;
}

/* Durations ------------------------------------------------------------------------------------ */

#define MINUTE_NS ((uint64_t) 60 * 1000000000)
#define HOUR_NS   (60 * MINUTE_NS)
#define DAY_NS    (24 * HOUR_NS)

static const struct {
    br_str name;
    uint64_t ns;
} units[] = {
    {BR_STR_INIT("ns"), 1},
    {BR_STR_INIT("us"), 1000},
    {BR_STR_INIT("\xC2\xB5s"), 1000}, /* U+00B5 micro sign */
    {BR_STR_INIT("\xCE\xBCs"), 1000}, /* U+03BC Greek mu */
    {BR_STR_INIT("ms"), 1000000},
    {BR_STR_INIT("s"), 1000000000},
    {BR_STR_INIT("m"), MINUTE_NS},
    {BR_STR_INIT("h"), HOUR_NS},
};

/* Takes the unit, which reaches to the next digit or point. */
static br_code take_unit(br_str *s, uint64_t *ret_ns)
{
    size_t end = 0;
    while (end < s->n && !is_digit(s->p[end]) && s->p[end] != '.') {
        end++;
    }
    br_str name = br_str_sub(*s, 0, end);
    for (size_t i = 0; i < BR_COUNT_OF(units); i++) {
        if (!br_str_eq(name, units[i].name)) continue;
        *s = br_str_sub(*s, end, s->n);
        *ret_ns = units[i].ns;
        return BR_OK;
    }
    return BR_ESYNTAX;
}

/* A fraction of digits / scale. Digits behind the 18th are below a nanosecond in every unit. */
typedef struct fraction {
    uint64_t digits, scale;
} fraction;

static fraction take_fraction(br_str *s)
{
    fraction f = {0, 1};
    size_t i = 0;
    for (; i < s->n && is_digit(s->p[i]); i++) {
        if (i >= 18) continue;
        f.digits = f.digits * 10 + (uint64_t) (s->p[i] - '0');
        f.scale *= 10;
    }
    *s = br_str_sub(*s, i, s->n);
    return f;
}

/* One "12.5ms"; adds it to *total_ns, which stays <= max_ns. */
static br_code take_term(br_str *s, uint64_t max_ns, uint64_t *total_ns)
{
    uint64_t whole, unit_ns, term_ns;
    size_t before = s->n;
    br_code rc = take_digits(s, max_ns, &whole);
    if (rc != BR_OK) return rc;
    size_t digits = before - s->n;
    fraction f = {0, 1};
    if (s->n && s->p[0] == '.') {
        *s = br_str_sub(*s, 1, s->n);
        before = s->n;
        f = take_fraction(s);
        digits += before - s->n;
    }
    if (digits == 0) return BR_ESYNTAX;
    if ((rc = take_unit(s, &unit_ns)) != BR_OK) return rc;
    if (BR_MUL_OVERFLOW(whole, unit_ns, &term_ns)) return BR_ELIMIT;
    if (BR_ADD_OVERFLOW(term_ns, (uint64_t) ((unsigned __int128) f.digits * unit_ns / f.scale), &term_ns)) {
        return BR_ELIMIT;
    }
    if (term_ns > max_ns - *total_ns) return BR_ELIMIT;
    *total_ns += term_ns;
    return BR_OK;
}

static br_code take_terms(br_str s, uint64_t max_ns, uint64_t *total_ns)
{
    while (s.n) {
        br_code rc = take_term(&s, max_ns, total_ns);
        if (rc != BR_OK) return rc;
    }
    return BR_OK;
}

static br_code parse_go_duration(br_str s, br_ns *ret_ns)
{
    bool negative = take_sign(&s);
    if (s.n == 0) return BR_ESYNTAX;
    uint64_t ns = 0;
    if (!br_str_is(s, "0")) {
        br_code rc = take_terms(s, i64_magnitude_max(negative), &ns);
        if (rc != BR_OK) return rc;
    }
    *ret_ns = with_sign(ns, negative);
    return BR_OK;
}

/* Whole days before the `d` at `at`, then nothing or an unsigned duration in Go's syntax. */
static br_code parse_days(br_str s, size_t at, br_ns *ret_ns)
{
    br_str days_text = br_str_sub(s, 0, at), rest = br_str_sub(s, at + 1, s.n);
    bool negative = take_sign(&days_text);
    uint64_t max_ns = i64_magnitude_max(negative), ns;
    if (!all_digits(days_text)) return BR_ESYNTAX;
    br_code rc = take_digits(&days_text, max_ns / DAY_NS, &ns);
    if (rc != BR_OK) return rc;
    ns *= DAY_NS;
    rc = take_terms(rest, max_ns, &ns);
    if (rc != BR_OK) return rc;
    *ret_ns = with_sign(ns, negative);
    return BR_OK;
}

static br_code parse_milliseconds(br_str s, br_ns *ret_ns)
{
    double ms;
    br_code rc = br_parse_f64(s, &ms);
    if (rc != BR_OK) return rc;
    double ns = ms * (double) BR_MS;
    if (!(ns >= -0x1p63 && ns < 0x1p63)) return BR_ELIMIT;
    *ret_ns = (br_ns) ns;
    return BR_OK;
}

br_code br_parse_duration(br_str s, br_duration_syntax syntax, br_ns *ret_ns)
{
    if (syntax == BR_DURATION_K6) {
        if (is_decimal(s)) return parse_milliseconds(s, ret_ns);
        ptrdiff_t at = br_str_find_char(s, 'd');
        if (at >= 0) return parse_days(s, (size_t) at, ret_ns);
    }
    return parse_go_duration(s, ret_ns);
}

/* The unit of the first number in `s` that has none which Go knows; false: something else is wrong. */
static bool wrong_unit(br_str s, br_str *ret)
{
    size_t at = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
    while (at < s.n) {
        size_t number = at, digits = 0, points = 0;
        for (; at < s.n && (is_digit(s.p[at]) || (s.p[at] == '.' && points++ == 0)); at++)
            digits += s.p[at] != '.';
        if (at == number || digits == 0) return false;
        size_t unit = at;
        while (at < s.n && s.p[at] != '.' && !is_digit(s.p[at]))
            at++;
        *ret = br_str_sub(s, unit, at);
        bool known = false;
        for (size_t i = 0; i < BR_COUNT_OF(units); i++)
            known = known || br_str_eq(*ret, units[i].name);
        if (!known) return true;
    }
    return false;
}

void br_explain_duration(br_str s, br_duration_syntax syntax, char *text, size_t size)
{
    ptrdiff_t days = syntax == BR_DURATION_K6 ? br_str_find_char(s, 'd') : -1;
    br_str go = days >= 0 ? br_str_sub(s, (size_t) days + 1, s.n) : s, unit;
    br_ns parsed;
    if (days >= 0 && (go.n == 0 || parse_go_duration(go, &parsed) == BR_OK)) {
        br_str number = br_str_sub(s, 0, (size_t) days);
        snprintf(text, size, "strconv.ParseInt: parsing \"%.*s\": invalid syntax",
            BR_ARG(br_str_sub(number, 0, 100)));
        return;
    }
    go = br_str_sub(go, 0, 100);
    if (!wrong_unit(go, &unit))
        snprintf(text, size, "time: invalid duration \"%.*s\"", BR_ARG(go));
    else if (unit.n == 0)
        snprintf(text, size, "time: missing unit in duration \"%.*s\"", BR_ARG(go));
    else
        snprintf(text, size, "time: unknown unit \"%.*s\" in duration \"%.*s\"", BR_ARG(unit), BR_ARG(go));
}

/* v / scale with its fraction, trailing zeros dropped, then the unit: 1500, 1000, "us" gives "1.5us". */
static br_code put_scaled(br_buf *b, uint64_t v, uint64_t scale, const char *unit)
{
    char digits[9]; /* of the fraction; scale <= 10^9 */
    int used = 0;
    for (uint64_t part = v % scale, place = scale / 10; part; place /= 10) {
        digits[used++] = (char) ('0' + part / place);
        part %= place;
    }
    br_code rc = br_buf_put_u64(b, v / scale);
    if (rc == BR_OK && used) rc = br_buf_putc(b, '.');
    if (rc == BR_OK) rc = br_buf_append(b, digits, (size_t) used);
    return rc == BR_OK ? br_buf_puts(b, unit) : rc;
}

static br_code put_magnitude(br_buf *b, uint64_t ns)
{
    if (ns == 0) return br_buf_puts(b, "0s");
    if (ns < 1000) return put_scaled(b, ns, 1, "ns");
    if (ns < 1000000) return put_scaled(b, ns, 1000, "\xC2\xB5s");
    if (ns < 1000000000) return put_scaled(b, ns, 1000000, "ms");
    uint64_t hours = ns / HOUR_NS, minutes = ns / MINUTE_NS % 60;
    br_code rc = BR_OK;
    if (hours) rc = br_buf_printf(b, "%lluh", (unsigned long long) hours);
    if (rc == BR_OK && (hours || minutes)) rc = br_buf_printf(b, "%llum", (unsigned long long) minutes);
    return rc == BR_OK ? put_scaled(b, ns % MINUTE_NS, 1000000000, "s") : rc;
}

br_code br_buf_put_duration(br_buf *b, br_ns d)
{
    size_t start = b->len;
    br_code rc = d < 0 ? br_buf_putc(b, '-') : BR_OK;
    if (rc == BR_OK) rc = put_magnitude(b, d < 0 ? 0 - (uint64_t) d : (uint64_t) d);
    if (rc != BR_OK && b->data) {
        b->len = start;
        b->data[start] = '\0';
    }
    return rc;
}

/* Doubles -------------------------------------------------------------------------------------- */

/* A positive double as 0.d1d2d3... * 10^point, without trailing zeros. */
typedef struct decimal {
    char digits[20];
    int count;
    int point;
} decimal;

static void decimal_round(double v, int count, decimal *out)
{
    char text[40]; /* d.ddde[+-]ddd */
    snprintf(text, sizeof(text), "%.*e", count - 1, v);
    const char *e = strchr(text, 'e');
    out->digits[0] = text[0];
    if (count > 1) memcpy(out->digits + 1, text + 2, (size_t) count - 1);
    out->count = count;
    out->point = (int) strtol(e + 1, NULL, 10) + 1;
}

static double decimal_value(const decimal *d)
{
    char text[40];
    snprintf(text, sizeof(text), "0.%.*se%d", d->count, d->digits, d->point);
    return strtod(text, NULL);
}

static void decimal_strip(decimal *d)
{
    while (d->count > 1 && d->digits[d->count - 1] == '0') {
        d->count--;
    }
}

/* One more in the last place; false if that would need a further digit in front. */
static bool decimal_increment(decimal *d)
{
    for (int i = d->count - 1; i >= 0; i--) {
        if (d->digits[i] != '9') return d->digits[i]++, true;
        d->digits[i] = '0';
    }
    return false;
}

static bool is_power_of_two(double v)
{
    int exponent;
    return frexp(v, &exponent) == 0.5;
}

/*
 * The shortest digits that read back as v. Any decimal of up to 15 digits survives the way through
 * a normal double, so rounding to 15 and dropping zeros finds every shorter one; only subnormals,
 * which hold fewer digits, must be searched from 1 up. At a power of two the doubles below are
 * twice as dense as those above: there the nearest 16 digits may miss v while the next ones up hit.
 */
static void decimal_shortest(double v, decimal *out)
{
    for (int count = v < 0x1p-1022 ? 1 : 15; count < 17; count++) {
        decimal_round(v, count, out);
        bool hit = decimal_value(out) == v;
        if (!hit && count == 16 && is_power_of_two(v)) {
            hit = decimal_increment(out) && decimal_value(out) == v;
        }
        if (hit) {
            decimal_strip(out);
            return;
        }
    }
    decimal_round(v, 17, out);
}

/* Writes "0000" of the given count. */
static char *put_zeros(char *at, int count)
{
    memset(at, '0', (size_t) count);
    return at + count;
}

static char *put_digits(char *at, const decimal *d, int from, int to)
{
    memcpy(at, d->digits + from, (size_t) (to - from));
    return at + (to - from);
}

/* JavaScript's Number::toString (ECMA-262 6.1.6.1.20), which Go's encoding/json follows. */
static size_t decimal_print(const decimal *d, char text[48])
{
    char *at = text;
    if (d->point > 21 || d->point <= -6) {
        at = put_digits(at, d, 0, 1);
        if (d->count > 1) *at++ = '.';
        at = put_digits(at, d, 1, d->count);
        at += snprintf(at, (size_t) (text + 48 - at), "e%+d", d->point - 1);
    } else if (d->point <= 0) {
        at = put_zeros(at, 1);
        *at++ = '.';
        at = put_zeros(at, -d->point);
        at = put_digits(at, d, 0, d->count);
    } else if (d->point >= d->count) {
        at = put_digits(at, d, 0, d->count);
        at = put_zeros(at, d->point - d->count);
    } else {
        at = put_digits(at, d, 0, d->point);
        *at++ = '.';
        at = put_digits(at, d, d->point, d->count);
    }
    return (size_t) (at - text);
}

/* What is no number gets JavaScript's names; JSON has none, its writers must look before. */
static br_code put_not_finite(br_buf *b, double v)
{
    if (isnan(v)) return br_buf_puts(b, "NaN");
    return br_buf_puts(b, v < 0 ? "-Infinity" : "Infinity");
}

br_code br_buf_put_f64(br_buf *b, double v)
{
    if (!isfinite(v)) return put_not_finite(b, v);
    char text[64];
    size_t len = 0;
    if (signbit(v)) text[len++] = '-';
    v = fabs(v);
    if (v < 0x1p53 && v == (double) (int64_t) v) { /* most of what we print */
        len += (size_t) snprintf(text + len, sizeof(text) - len, "%lld", (long long) v);
    } else {
        decimal d;
        decimal_shortest(v, &d);
        len += decimal_print(&d, text + len);
    }
    return br_buf_append(b, text, len);
}

/* Time ----------------------------------------------------------------------------------------- */

/* ".123" without trailing zeros, or nothing. */
static size_t print_fraction(char *text, size_t size, long ns)
{
    if (ns == 0) return 0;
    int len = snprintf(text, size, ".%09ld", ns);
    BR_ASSERT(len == 10);
    while (text[len - 1] == '0') {
        len--;
    }
    return (size_t) len;
}

static size_t print_zone(char *text, size_t size, long offset_s)
{
    if (offset_s == 0) return (size_t) snprintf(text, size, "Z");
    long minutes = labs(offset_s) / 60;
    return (size_t) snprintf(
        text, size, "%c%02ld:%02ld", offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

br_code br_buf_put_rfc3339(br_buf *b, br_ns wall_ns, bool with_fraction)
{
    /* Rounds down, also before 1970. */
    long ns = (long) (wall_ns % BR_SEC);
    time_t seconds = (time_t) (wall_ns / BR_SEC);
    if (ns < 0) {
        ns += (long) BR_SEC;
        seconds--;
    }
    struct tm tm;
    BR_ASSERT(localtime_r(&seconds, &tm)); /* fails only beyond the years an int holds */
    char text[80];
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    if (with_fraction) len += print_fraction(text + len, sizeof(text) - len, ns);
    len += print_zone(text + len, sizeof(text) - len, tm.tm_gmtoff);
    return br_buf_append(b, text, len);
}
