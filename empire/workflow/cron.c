#include "empire/workflow/cron.h"

#include "base/assert.h"
#include "base/num.h"

#define DAY         ((br_ns) 86400 * BR_SEC)
#define HOUR        ((br_ns) 3600 * BR_SEC)
#define MINUTE      ((br_ns) 60 * BR_SEC)
#define DAYS_SOUGHT (9 * 366) /* 29 February is eight years away at most */

typedef struct field {
    const char *what;
    int min, max;
    const char *names; /* three letters each, for min and so on; NULL: none */
} field;

static const field fields[] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of the month", 1, 31, NULL},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 7, "sunmontuewedthufrisat"},
};

#define FIELDS   BR_COUNT_OF(fields)
#define WEEKDAYS 4 /* the last field */

/* Parsing ------------------------------------------------------------------------------------------ */

static bool is_all(const field *f, uint64_t set)
{
    uint64_t all = 0;
    for (int v = f->min; v <= f->max; v++) {
        all |= UINT64_C(1) << v;
    }
    return (set & all) == all;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* A number, or a name of three letters; -1: neither, or out of range. */
static int value_of(const field *f, br_str s)
{
    int v = 0;
    for (int i = 0; s.n == 3 && f->names && f->names[i]; i += 3) {
        if (lower(s.p[0]) == f->names[i] && lower(s.p[1]) == f->names[i + 1] &&
            lower(s.p[2]) == f->names[i + 2])
            return f->min + i / 3;
    }
    if (s.n == 0 || s.n > 2) return -1;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    return v >= f->min && v <= f->max ? v : -1;
}

static br_code wrong(const field *f, br_str item, br_err *err)
{
    return br_fail(err, BR_EINVAL, "'" BR_FMT "' is not a %s: %d to %d%s, a list, a range or a step",
        BR_ARG(item), f->what, f->min, f->max, f->names ? " or three letters" : "");
}

/* One item of a list: *, N, N-M, and /STEP behind the first and the last. */
static br_code add_item(const field *f, br_str item, uint64_t *set, br_err *err)
{
    int from = f->min, to = f->max, step = 1;
    br_str range = item;
    ptrdiff_t slash = br_str_find_char(item, '/');
    if (slash >= 0) {
        int64_t n = 0;
        if (br_parse_i64(br_str_sub(item, (size_t) slash + 1, item.n), &n) != BR_OK || n < 1 || n > f->max)
            return wrong(f, item, err);
        step = (int) n;
        range = br_str_sub(item, 0, (size_t) slash);
    }
    if (!br_str_is(range, "*")) {
        ptrdiff_t dash = br_str_find_char(range, '-');
        if (dash < 0 && slash >= 0) return wrong(f, item, err); /* 5/10 means different things elsewhere */
        from = value_of(f, dash < 0 ? range : br_str_sub(range, 0, (size_t) dash));
        to = dash < 0 ? from : value_of(f, br_str_sub(range, (size_t) dash + 1, range.n));
        if (from < 0 || to < from) return wrong(f, item, err);
    }
    for (int v = from; v <= to; v += step) {
        *set |= UINT64_C(1) << v;
    }
    return BR_OK;
}

static br_code read_field(const field *f, br_str text, uint64_t *ret_set, br_err *err)
{
    uint64_t set = 0;
    for (size_t from = 0; from <= text.n;) {
        ptrdiff_t comma = br_str_find_char(br_str_sub(text, from, text.n), ',');
        size_t to = comma < 0 ? text.n : from + (size_t) comma;
        br_code rc = add_item(f, br_str_sub(text, from, to), &set, err);
        if (rc != BR_OK) return rc;
        from = to + 1;
    }
    *ret_set = set;
    return BR_OK;
}

static br_str short_form(br_str text)
{
    static const char *const forms[][2] = {
        {"@hourly", "0 * * * *"},
        {"@daily", "0 0 * * *"},
        {"@weekly", "0 0 * * 0"},
        {"@monthly", "0 0 1 * *"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(forms); i++) {
        if (br_str_is(text, forms[i][0])) return br_str_of(forms[i][1]);
    }
    return text;
}

/* Cuts the text at its blanks; false: not five words. */
static bool split(br_str text, br_str words[FIELDS])
{
    size_t count = 0;
    for (size_t at = 0; at < text.n;) {
        while (at < text.n && text.p[at] == ' ') {
            at++;
        }
        size_t from = at;
        while (at < text.n && text.p[at] != ' ') {
            at++;
        }
        if (at == from) break;
        if (count == FIELDS) return false;
        words[count++] = br_str_sub(text, from, at);
    }
    return count == FIELDS;
}

/* No month of these has a day of these. */
static bool is_never(const emp_cron *c)
{
    static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int m = 1; m <= 12; m++) {
        if (!(c->months >> m & 1)) continue;
        for (int d = 1; d <= longest[m - 1]; d++) {
            if (c->days >> d & 1) return false;
        }
    }
    return true;
}

br_code emp_cron_parse(br_str text, emp_cron *ret_cron, br_err *err)
{
    br_str words[FIELDS];
    uint64_t sets[FIELDS];
    if (text.n >= EMP_CRON_MAX)
        return br_fail(err, BR_EINVAL, "the times are longer than %d bytes", EMP_CRON_MAX - 1);
    if (!split(short_form(text), words))
        return br_fail(err, BR_EINVAL,
            "'" BR_FMT
            "' is not five fields: minute hour day-of-month month day-of-week, such as '0 4 * * *'",
            BR_ARG(text));
    for (size_t i = 0; i < FIELDS; i++) {
        br_code rc = read_field(&fields[i], words[i], &sets[i], err);
        if (rc != BR_OK) return rc;
    }
    if (sets[WEEKDAYS] >> 7 & 1) sets[WEEKDAYS] |= 1; /* 7 is Sunday, too */
    const emp_cron c = {
        sets[0], (uint32_t) sets[1], (uint32_t) sets[2], (uint32_t) sets[3], (uint32_t) sets[4] & 0x7f};
    if (!is_all(&fields[2], sets[2]) && c.weekdays != 0x7f)
        return br_fail(err, BR_EINVAL,
            "'" BR_FMT "' has a day of the month and a day of the week: cron takes either, others both."
            " Use two schedules",
            BR_ARG(text));
    if (is_never(&c)) return br_fail(err, BR_EINVAL, "'" BR_FMT "' names no date at all", BR_ARG(text));
    *ret_cron = c;
    return BR_OK;
}

/* Times -------------------------------------------------------------------------------------------- */

/* Of a number of days since 1970-01-01: Howard Hinnant's civil_from_days, for days from then on. */
static void date_of(int64_t day, int *ret_month, int *ret_day)
{
    int64_t z = day + 719468, in_era = z % 146097;
    int64_t year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t day_of_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    *ret_day = (int) (day_of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int) (month < 10 ? month + 3 : month - 9);
}

static bool has_day(const emp_cron *c, int64_t day)
{
    int month, of_month;
    date_of(day, &month, &of_month);
    return (c->months >> month & 1) && (c->days >> of_month & 1) &&
           (c->weekdays >> ((day + 4) % 7) & 1); /* 1970-01-01 was a Thursday */
}

/* The first minute of a day from minute `from` on; -1: none. */
static int minute_from(const emp_cron *c, int from)
{
    for (int hour = from / 60; hour < 24; hour++) {
        if (!(c->hours >> hour & 1)) continue;
        for (int minute = hour == from / 60 ? from % 60 : 0; minute < 60; minute++) {
            if (c->minutes >> minute & 1) return hour * 60 + minute;
        }
    }
    return -1;
}

br_ns emp_cron_next(const emp_cron *c, br_ns after)
{
    BR_ASSERT(after >= 0);
    br_ns from = (after / MINUTE + 1) * MINUTE;
    int64_t day = from / DAY;
    int minute = (int) (from % DAY / MINUTE);
    for (int i = 0; i < DAYS_SOUGHT; i++, day++, minute = 0) {
        if (!has_day(c, day)) continue;
        int found = minute_from(c, minute);
        if (found >= 0) return day * DAY + found * MINUTE;
    }
    BR_UNREACHABLE("a text without a date was parsed");
}

emp_cron_turn emp_cron_turn_of(const emp_cron *c, br_ns due, br_ns now, br_ns catch_up)
{
    emp_cron_turn t = {.at = -1};
    for (t.next = due; t.next <= now; t.next = emp_cron_next(c, t.next)) {
        if (t.next < now - catch_up) {
            t.missed++;
        } else if (t.at < 0) {
            t.at = t.next;
        } else {
            t.skipped++;
        }
    }
    return t;
}
