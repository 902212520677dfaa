#include "engine/segment.h"

#include <stdlib.h>
#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"

/* A number of the line, exactly. */
typedef struct ratio {
    int64_t num, den;
} ratio;

#define RATIO_TERM_MAX 1000000000

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static ratio reduced(int64_t num, int64_t den)
{
    int64_t g = gcd(num, den);
    return g > 1 ? (ratio){num / g, den / g} : (ratio){num, den};
}

static bool parse_term(br_str text, int64_t *ret)
{
    return br_parse_i64(text, ret) == BR_OK && *ret >= 0 && *ret <= RATIO_TERM_MAX;
}

/* "0.25": at most nine digits behind the point. */
static bool parse_decimal(br_str text, ratio *ret)
{
    br_str whole, digits = text;
    int64_t before = 0, behind = 0, den = 1;
    if (!br_str_cut(&digits, '.', &whole)) return false;
    if (digits.n > 9 || (whole.n && !parse_term(whole, &before))) return false;
    if (digits.n && (!parse_term(digits, &behind) || digits.p[0] == '+' || digits.p[0] == '-')) return false;
    for (size_t i = 0; i < digits.n; i++)
        den *= 10;
    if (before > 100 || whole.n + digits.n == 0) return false;
    *ret = reduced(before * den + behind, den);
    return true;
}

static bool parse_ratio(br_str text, ratio *ret)
{
    text = br_str_trim(text);
    br_str num, den = text;
    if (br_str_find_char(text, '/') >= 0) {
        ratio r;
        if (!br_str_cut(&den, '/', &num) || !parse_term(num, &r.num) || !parse_term(den, &r.den) || !r.den)
            return false;
        *ret = reduced(r.num, r.den);
        return true;
    }
    if (text.n && text.p[text.n - 1] == '%') {
        if (!parse_decimal(br_str_sub(text, 0, text.n - 1), ret)) return false;
        if (ret->den > RATIO_TERM_MAX / 100) return false;
        *ret = reduced(ret->num, ret->den * 100);
        return true;
    }
    return parse_decimal(text, ret);
}

static bool less(ratio a, ratio b)
{
    return a.num * b.den < b.num * a.den; /* terms are below 2^31 */
}

static bool equal(ratio a, ratio b)
{
    return a.num == b.num && a.den == b.den;
}

/* Cuts in ascending order, from 0 to 1. */
typedef struct cuts {
    ratio at[BR_SEGMENTS_MAX + 1];
    size_t count;
} cuts;

static br_code add_cut(cuts *c, br_str text, ratio r, br_err *err)
{
    static const ratio one = {1, 1};
    if (less(one, r) || (c->count && !less(c->at[c->count - 1], r)))
        return br_fail(err, BR_EINVAL,
            "invalid execution segment '" BR_FMT "': its numbers must go up, from 0 to 1", BR_ARG(text));
    if (c->count > BR_SEGMENTS_MAX)
        return br_fail(err, BR_ELIMIT, "more than %d execution segments", BR_SEGMENTS_MAX);
    c->at[c->count++] = r;
    return BR_OK;
}

static br_code fail_syntax(br_str text, br_err *err)
{
    return br_fail(err, BR_EINVAL,
        "invalid execution segment '" BR_FMT "': use for example 0:1/3, 1/3:0.5 or 10%%", BR_ARG(text));
}

static br_code parse_segment(br_str text, ratio *from, ratio *to, br_err *err)
{
    br_str first, rest = text;
    *from = (ratio){0, 1};
    bool ok = br_str_find_char(text, ':') < 0
                  ? parse_ratio(text, to)
                  : br_str_cut(&rest, ':', &first) && parse_ratio(first, from) && parse_ratio(rest, to);
    return ok ? BR_OK : fail_syntax(text, err);
}

/* Without a sequence the line has the cuts of the segment alone. */
static br_code default_cuts(br_str text, ratio from, ratio to, cuts *c, br_err *err)
{
    static const ratio zero = {0, 1}, one = {1, 1};
    br_code code = add_cut(c, text, zero, err);
    if (code == BR_OK && !equal(from, zero)) code = add_cut(c, text, from, err);
    if (code == BR_OK) code = add_cut(c, text, to, err);
    if (code == BR_OK && !equal(to, one)) code = add_cut(c, text, one, err);
    return code;
}

static br_code parse_sequence(br_str text, cuts *c, br_err *err)
{
    static const ratio zero = {0, 1}, one = {1, 1};
    br_str item, rest = text;
    br_code code = BR_OK;
    while (code == BR_OK && br_str_cut(&rest, ',', &item)) {
        ratio r = {0, 1};
        code = parse_ratio(item, &r) ? add_cut(c, text, r, err) : fail_syntax(text, err);
    }
    if (code == BR_OK && (c->count < 2 || !equal(c->at[0], zero) || !equal(c->at[c->count - 1], one)))
        code = br_fail(
            err, BR_EINVAL, "the execution segment sequence '" BR_FMT "' must go from 0 to 1", BR_ARG(text));
    return code;
}

/* Lengths as multiples of one unit. */
static br_code measure(const cuts *c, br_arena *arena, br_segments *ret, br_err *err)
{
    int64_t whole = 1;
    for (size_t i = 0; i < c->count; i++) {
        whole = whole / gcd(whole, c->at[i].den) * c->at[i].den;
        if (whole > BR_SEGMENT_WHOLE_MAX)
            return br_fail(err, BR_ELIMIT, "the execution segments have more than %d parts together",
                BR_SEGMENT_WHOLE_MAX);
    }
    ret->whole = whole;
    ret->count = c->count - 1;
    ret->parts = br_arena_zalloc(arena, c->count * sizeof(*ret->parts));
    for (size_t i = 0; i + 1 < c->count; i++) {
        ratio a = c->at[i], b = c->at[i + 1];
        ret->parts[i] = b.num * (whole / b.den) - a.num * (whole / a.den);
    }
    return BR_OK;
}

br_code br_segments_parse(br_str segment, br_str sequence, br_arena *arena, br_segments *ret, br_err *err)
{
    ratio from = {0, 1}, to = {1, 1};
    cuts c = {.count = 0};
    br_code code = parse_segment(segment, &from, &to, err);
    if (code == BR_OK)
        code = sequence.p ? parse_sequence(sequence, &c, err) : default_cuts(segment, from, to, &c, err);
    br_segments s = {.own = SIZE_MAX};
    if (code == BR_OK) code = measure(&c, arena, &s, err);
    if (code != BR_OK) return code;
    for (size_t i = 0; i < s.count; i++) {
        if (equal(c.at[i], from) && equal(c.at[i + 1], to)) s.own = i;
    }
    if (s.own == SIZE_MAX)
        return br_fail(err, BR_EINVAL,
            "couldn't find segment " BR_FMT " in the execution segment sequence " BR_FMT, BR_ARG(segment),
            BR_ARG(sequence));
    *ret = s;
    return BR_OK;
}

/* Dealing ------------------------------------------------------------------------------------------- */

/* Indexes of segments, largest first, equal ones in their order. */
static size_t *by_size(const br_segments *s)
{
    size_t *order = br_calloc(s->count, sizeof(*order));
    for (size_t i = 0; i < s->count; i++) {
        size_t at = i;
        for (; at > 0 && s->parts[order[at - 1]] < s->parts[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return order;
}

/* Which segment each place of a round goes to. */
static uint16_t *deal(const br_segments *s)
{
    BR_STATIC_ASSERT(BR_SEGMENTS_MAX <= UINT16_MAX, "indexes fit");
    uint16_t *owner = br_calloc((size_t) s->whole, sizeof(*owner));
    int64_t *dealt = br_calloc(s->count, sizeof(*dealt));
    size_t *order = by_size(s);
    for (int64_t place = 0; place < s->whole; place++) {
        for (size_t i = 0; i < s->count; i++) {
            size_t k = order[i];
            if (dealt[k] == s->parts[k] || dealt[k] * s->whole > place * s->parts[k]) continue;
            owner[place] = (uint16_t) k;
            dealt[k]++;
            break;
        }
    }
    br_free(order);
    br_free(dealt);
    return owner;
}

const br_stripe *br_segments_stripe(const br_segments *s, br_arena *arena)
{
    br_stripe *stripe = br_arena_zalloc(arena, sizeof(*stripe));
    int32_t *places = br_arena_zalloc(arena, ((size_t) s->parts[s->own] + 1) * sizeof(*places));
    uint16_t *owner = deal(s);
    *stripe = (br_stripe){.whole = s->whole, .places = places};
    for (int64_t place = 0; place < s->whole; place++) {
        if (owner[place] == s->own && stripe->count < s->parts[s->own])
            places[stripe->count++] = (int32_t) place;
    }
    br_free(owner);
    return stripe;
}

br_segments br_segments_by(const br_segments *s, int64_t n, br_arena *arena)
{
    br_segments by = {.whole = n, .count = s->count, .own = s->own};
    by.parts = br_arena_zalloc(arena, (s->count + 1) * sizeof(*by.parts));
    if (n <= 0) {
        by.whole = 0;
        return by;
    }
    uint16_t *owner = deal(s);
    for (size_t i = 0; i < s->count; i++)
        by.parts[i] = n / s->whole * s->parts[i];
    for (int64_t place = 0; place < n % s->whole; place++)
        by.parts[owner[place]]++;
    br_free(owner);
    int64_t unit = n;
    for (size_t i = 0; i < by.count; i++)
        unit = gcd(unit, by.parts[i]);
    by.whole /= unit;
    for (size_t i = 0; i < by.count; i++)
        by.parts[i] /= unit;
    return by;
}

int64_t br_stripe_scale(const br_stripe *s, int64_t n)
{
    if (!s || n <= 0) return n;
    if (s->whole == 0) return 0;
    int64_t rest = n % s->whole, low = 0, high = s->count;
    while (low < high) { /* places below `rest` */
        int64_t middle = (low + high) / 2;
        if (s->places[middle] < rest)
            low = middle + 1;
        else
            high = middle;
    }
    return n / s->whole * s->count + low;
}

int64_t br_stripe_global(const br_stripe *s, int64_t k)
{
    if (!s || s->count == 0) return k;
    return k / s->count * s->whole + s->places[k % s->count];
}

double br_stripe_share(const br_stripe *s)
{
    if (!s) return 1;
    return s->whole ? (double) s->count / (double) s->whole : 0;
}
