#include "judge/format.h"
#include <math.h>
#include <stdio.h>
#include "base/num.h"

/* Is value exactly half way between two numbers of that many decimals? Only then do C and ECMAScript differ:
 * printf rounds ties to even, toFixed up. A tie has at most decimals + 1 binary digits behind the point. */
static bool is_tie(double value, int decimals)
{
    double scaled = ldexp(value, decimals + 1);
    if (fabs(value) > 1e9 || scaled != floor(scaled)) return false;
    long double shifted = (long double) value * powl(10.0L, decimals);
    return shifted - floorl(shifted) == 0.5L;
}

void br_format_fixed(br_buf *out, double value, int decimals)
{
    if (!isfinite(value)) {
        (void) br_buf_puts(out, "NaN");
        return;
    }
    if (is_tie(value, decimals)) {
        long double step = powl(10.0L, decimals);
        value = (double) ((floorl((long double) value * step) + 1.0L) / step);
    }
    (void) br_buf_printf(out, "%.*f", decimals, value);
}

void br_format_number(br_buf *out, double value, int decimals)
{
    size_t start = out->len;
    br_format_fixed(out, value, decimals);
    if (memchr(out->data + start, '.', out->len - start)) {
        while (out->data[out->len - 1] == '0') {
            out->len--;
        }
        if (out->data[out->len - 1] == '.') out->len--;
        out->data[out->len] = 0;
    }
    if (br_str_is(br_str_sub(br_buf_view(out), start, out->len), "-0")) {
        out->len = start;
        (void) br_buf_putc(out, '0');
    }
}

/* Cuts behind that many decimals. */
static double truncated(double value, int decimals)
{
    double step = pow(10, decimals);
    return trunc(value * step) / step;
}

static void put_long_duration(br_buf *out, double value_ms)
{
    double minutes = trunc(value_ms / 60000), hours = trunc(minutes / 60);
    if (hours >= 1) (void) br_buf_printf(out, "%.0fh", hours);
    if (minutes >= 1) (void) br_buf_printf(out, "%.0fm", fmod(minutes, 60));
    int decimals = value_ms > 60000 ? 0 : 2;
    br_format_number(out, truncated(fmod(value_ms, 60000) / 1000, decimals), decimals);
    (void) br_buf_putc(out, 's');
}

void br_format_duration(br_buf *out, double value_ms)
{
    if (!isfinite(value_ms)) {
        (void) br_buf_puts(out, "NaN");
    } else if (value_ms == 0) {
        (void) br_buf_puts(out, "0s");
    } else if (value_ms < 0) {
        (void) br_buf_putc(out, '-');
        br_format_duration(out, -value_ms);
    } else if (value_ms < 0.001) {
        (void) br_buf_printf(out, "%.0fns", trunc(value_ms * 1e6));
    } else if (value_ms < 1) {
        br_format_number(out, truncated(value_ms * 1000, 2), 2);
        (void) br_buf_puts(out, "µs");
    } else if (value_ms < 1000) {
        br_format_number(out, truncated(value_ms, 2), 2);
        (void) br_buf_puts(out, "ms");
    } else {
        put_long_duration(out, value_ms);
    }
}

void br_format_duration_unit(br_buf *out, double value_ms, br_str unit)
{
    static const struct {
        const char *unit, *suffix;
        double per_ms;
    } units[] = {{"s", "s", 0.001}, {"ms", "ms", 1}, {"us", "µs", 1000}};
    for (size_t i = 0; i < BR_COUNT_OF(units); i++) {
        if (!br_str_is(unit, units[i].unit)) continue;
        br_format_fixed(out, value_ms * units[i].per_ms, 2);
        (void) br_buf_puts(out, units[i].suffix);
        return;
    }
    br_format_duration(out, value_ms);
}

void br_format_bytes(br_buf *out, double bytes)
{
    static const char *const suffixes[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    if (!(bytes >= 10) || !isfinite(bytes)) {
        (void) br_buf_put_f64(out, isfinite(bytes) ? bytes : 0);
        (void) br_buf_puts(out, " B");
        return;
    }
    size_t power = (size_t) floor(log(bytes) / log(1000));
    if (power >= BR_COUNT_OF(suffixes)) power = BR_COUNT_OF(suffixes) - 1;
    double mantissa = floor(bytes / pow(1000, (double) power) * 10 + 0.5) / 10;
    br_format_fixed(out, mantissa, mantissa < 10 ? 1 : 0);
    (void) br_buf_printf(out, " %s", suffixes[power]);
}

void br_format_share(br_buf *out, double value)
{
    br_format_fixed(out, trunc(value * 100 * 100) / 100, 2);
    (void) br_buf_putc(out, '%');
}

void br_format_metric(
    br_buf *out, double value, br_metric_type type, br_metric_contains contains, br_str time_unit)
{
    if (type == BR_RATE) {
        br_format_share(out, value);
    } else if (contains == BR_CONTAINS_DATA) {
        br_format_bytes(out, value);
    } else if (contains == BR_CONTAINS_TIME) {
        br_format_duration_unit(out, value, time_unit);
    } else {
        br_format_number(out, value, 6);
    }
}

size_t br_format_width(br_str text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (((unsigned char) text.p[i] & 0xc0) != 0x80) width++;
    }
    return width;
}
