#include "cli/config/window.h"
#include <stdio.h>
#include <time.h>
#include "base/assert.h"
#include "base/buf.h"

#define MINUTE  (60 * BR_SEC)
#define DAY     1440 /* minutes */
#define WEEK    (7 * DAY)
#define YEAR_LO 1970
#define YEAR_HI 2200

static const char *const day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* Parsing ------------------------------------------------------------------------------------------ */

static br_code fail_window(br_str text, const char *why, br_err *err)
{
    return br_fail(err, BR_ESYNTAX,
        "window \"" BR_FMT "\" %s; write e.g. \"02:00-04:00 UTC\" or \"Mon-Fri 22:00-04:00 UTC\"",
        BR_ARG(br_str_sub(text, 0, 60)), why);
}

/* Exactly `digits` digits at the begin of *s, which moves on; -1: others. */
static int take_digits(br_str *s, size_t digits)
{
    int n = 0;
    if (s->n < digits) return -1;
    for (size_t i = 0; i < digits; i++) {
        if (s->p[i] < '0' || s->p[i] > '9') return -1;
        n = 10 * n + (s->p[i] - '0');
    }
    *s = br_str_sub(*s, digits, s->n);
    return n;
}

static bool take_char(br_str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) return false;
    *s = br_str_sub(*s, 1, s->n);
    return true;
}

/* HH:MM as minutes, up to 24:00; -1: no such time. */
static int take_clock(br_str *s)
{
    int h = take_digits(s, 2);
    if (h < 0 || !take_char(s, ':')) return -1;
    int m = take_digits(s, 2);
    return m < 0 || m > 59 || h * 60 + m > DAY ? -1 : h * 60 + m;
}

static int day_of(br_str name)
{
    for (int i = 0; i < 7; i++) {
        if (br_str_eq_nocase(name, br_str_of(day_names[i]))) return i;
    }
    return -1;
}

/* "Mon", "Mon-Fri", "Sat-Mon", joined by commas; 0: no days. */
static uint8_t parse_days(br_str text)
{
    unsigned days = 0;
    br_str part, first;
    while (br_str_cut(&text, ',', &part)) {
        br_str last = part;
        if (!br_str_cut(&last, '-', &first)) return 0;
        int from = day_of(br_str_trim(first)), to = last.p ? day_of(br_str_trim(last)) : from;
        if (from < 0 || to < 0) return 0;
        for (int d = from;; d = (d + 1) % 7) {
            days |= 1u << d;
            if (d == to) break;
        }
    }
    return (uint8_t) days;
}

br_code br_window_parse(br_str text, br_window *ret, br_err *err)
{
    br_str rest = br_str_trim(text);
    br_window w = {.days = BR_WINDOW_ALL_DAYS};
    if (rest.n > 0 && (rest.p[0] < '0' || rest.p[0] > '9')) {
        size_t n = 0;
        while (n < rest.n && !(rest.p[n] >= '0' && rest.p[n] <= '9'))
            n++;
        w.days = parse_days(br_str_trim(br_str_sub(rest, 0, n)));
        if (!w.days) return fail_window(text, "does not begin with days (Sun Mon Tue Wed Thu Fri Sat)", err);
        rest = br_str_sub(rest, n, rest.n);
    }
    int from = take_clock(&rest);
    rest = br_str_trim(rest);
    if (from < 0 || from == DAY || !take_char(&rest, '-'))
        return fail_window(text, "has no begin HH:MM- of 00:00 to 23:59", err);
    rest = br_str_trim(rest);
    int to = take_clock(&rest);
    if (to < 0) return fail_window(text, "has no end HH:MM of 00:00 to 24:00", err);
    if (to == from) return fail_window(text, "is empty; the whole day is 00:00-24:00", err);
    if (!br_str_is(br_str_trim(rest), "UTC")) return fail_window(text, "must end with the zone UTC", err);
    w.from = (int16_t) from;
    w.to = (int16_t) to;
    *ret = w;
    return BR_OK;
}

/* Arithmetic --------------------------------------------------------------------------------------- */

static br_ns floor_div(br_ns a, br_ns b)
{
    return a / b - (a % b < 0);
}

/* Minutes since the last midnight from Saturday to Sunday; *ret_week: that midnight. 1970-01-01 was a
 * Thursday. */
static int minute_of_week(br_ns wall, br_ns *ret_week)
{
    br_ns since_sunday = wall + 4 * DAY * MINUTE; /* of the week in which 1970 began */
    br_ns week = floor_div(since_sunday, WEEK * MINUTE);
    *ret_week = week * WEEK * MINUTE - 4 * DAY * MINUTE;
    return (int) ((wall - *ret_week) / MINUTE);
}

static int length_of(const br_window *w)
{
    return w->to > w->from ? w->to - w->from : w->to + DAY - w->from;
}

/* Of the windows that begin on day `d` of the week (-1: Saturday before): does it hold minute `at`? */
static bool holds(const br_window *w, int d, int at)
{
    int begin = d * DAY + w->from;
    return (w->days >> ((d + 7) % 7) & 1) && at >= begin && at < begin + length_of(w);
}

/* The minute of the week, possibly beyond it, at which the window that holds `at` ends; -1: none does. */
static int end_of_one(const br_window *w, int at)
{
    int end = -1;
    for (int d = -1; d < 7; d++) {
        if (holds(w, d, at)) end = d * DAY + w->from + length_of(w);
    }
    return end;
}

static int end_of_any(const br_window *list, size_t count, int at)
{
    int last = -1;
    for (size_t i = 0; i < count; i++) {
        int end = end_of_one(&list[i], at);
        if (end > last) last = end;
    }
    return last;
}

bool br_windows_contain(const br_window *list, size_t count, br_ns wall, br_ns *ret_end)
{
    if (count == 0) {
        if (ret_end) *ret_end = BR_NS_MAX;
        return true;
    }
    br_ns week;
    int start = minute_of_week(wall, &week), at = start, ahead = 0;
    for (int end; ahead < WEEK && (end = end_of_any(list, count, at)) >= 0;) {
        ahead += end - at; /* windows that touch or overlap go on into each other */
        at = end % WEEK;
    }
    if (ahead == 0) return false;
    if (ret_end) *ret_end = ahead < WEEK ? week + (start + ahead) * MINUTE : BR_NS_MAX;
    return true;
}

br_ns br_windows_next(const br_window *list, size_t count, br_ns wall)
{
    if (br_windows_contain(list, count, wall, NULL)) return wall;
    br_ns week;
    int at = minute_of_week(wall, &week), best = 2 * WEEK;
    for (size_t i = 0; i < count; i++) {
        for (int d = 0; d < 14; d++) {
            int begin = d * DAY + list[i].from;
            if ((list[i].days >> (d % 7) & 1) && begin > at && begin < best) best = begin;
        }
    }
    BR_ASSERT(best < 2 * WEEK); /* a window has a day */
    return week + best * MINUTE;
}

/* Texts -------------------------------------------------------------------------------------------- */

/* "Mon-Fri ", "Sat,Sun "; nothing for every day. */
static void put_days(br_buf *b, unsigned days)
{
    if (days == BR_WINDOW_ALL_DAYS) return;
    int from = 0;
    while (!((days >> from & 1) && !(days >> (from + 6) % 7 & 1)))
        from++; /* the first day of a span: some day is missing, so there is one */
    bool first = true;
    for (int i = 0; i < 7; i++) {
        int d = (from + i) % 7, last = d;
        if (!(days >> d & 1)) continue;
        while (days >> (last + 1) % 7 & 1) {
            last = (last + 1) % 7;
            i++;
        }
        (void) br_buf_printf(b, "%s%s", first ? "" : ",", day_names[d]);
        if (last != d) (void) br_buf_printf(b, "-%s", day_names[last]);
        first = false;
    }
    (void) br_buf_putc(b, ' ');
}

br_str br_window_text(const br_window *w, br_arena *arena)
{
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    put_days(&b, w->days);
    (void) br_buf_printf(&b, "%02d:%02d-%02d:%02d UTC", w->from / 60, w->from % 60, w->to / 60, w->to % 60);
    br_str text = br_arena_str(arena, br_buf_view(&b));
    br_buf_deinit(&b);
    return text;
}

br_str br_utc_text(br_ns wall, br_arena *arena)
{
    time_t t = (time_t) floor_div(wall, BR_SEC);
    struct tm tm = {0};
    gmtime_r(&t, &tm);
    return br_str_of(br_arena_printf(arena, "%04d-%02d-%02d %02d:%02d UTC", tm.tm_year + 1900, tm.tm_mon + 1,
        tm.tm_mday, tm.tm_hour, tm.tm_min));
}

/* Reading instants --------------------------------------------------------------------------------- */

static bool take_date(br_str *s, struct tm *tm)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y = take_digits(s, 4);
    if (y < YEAR_LO || y > YEAR_HI || !take_char(s, '-')) return false;
    int m = take_digits(s, 2);
    if (m < 1 || m > 12 || !take_char(s, '-')) return false;
    int d = take_digits(s, 2);
    bool leap = m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    if (d < 1 || d > days[m - 1] + leap) return false;
    *tm = (struct tm){.tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = d};
    return true;
}

static bool take_seconds(br_str *s, struct tm *tm)
{
    int minutes = take_clock(s);
    if (minutes < 0 || minutes == DAY) return false;
    tm->tm_hour = minutes / 60;
    tm->tm_min = minutes % 60;
    if (!take_char(s, ':')) return true;
    tm->tm_sec = take_digits(s, 2);
    return tm->tm_sec >= 0 && tm->tm_sec < 60;
}

/* "", "Z", "UTC", "+01:00": minutes east of UTC. */
static bool take_zone(br_str *s, int *ret_minutes)
{
    *s = br_str_trim(*s);
    *ret_minutes = 0;
    if (br_str_is(*s, "UTC") || br_str_is(*s, "Z")) *s = BR_STR("");
    if (s->n == 0) return true;
    int sign = s->p[0] == '+' ? 1 : s->p[0] == '-' ? -1 : 0;
    *s = br_str_sub(*s, 1, s->n);
    int minutes = take_clock(s);
    *ret_minutes = sign * minutes;
    return sign && minutes >= 0;
}

br_code br_utc_parse(br_str text, br_ns *ret, br_err *err)
{
    br_str s = br_str_trim(text);
    struct tm tm;
    int east = 0;
    bool ok = take_date(&s, &tm) && (take_char(&s, 'T') || take_char(&s, ' ')) && take_seconds(&s, &tm) &&
              take_zone(&s, &east) && s.n == 0;
    if (!ok) {
        return br_fail(err, BR_ESYNTAX,
            "\"" BR_FMT "\" is no instant; write e.g. 2026-11-26T02:00Z (without a zone it is UTC)",
            BR_ARG(br_str_sub(text, 0, 60)));
    }
    *ret = ((br_ns) timegm(&tm) - east * 60) * BR_SEC;
    return BR_OK;
}
