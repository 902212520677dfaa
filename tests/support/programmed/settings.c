#include "support/programmed/settings.h"
#include <math.h>
#include "base/num.h"

typedef struct setting {
    const char *name;
    size_t offset;
    double least, most, value;
    const char *help;
} setting;

#define AT(field) #field, offsetof(settings, field)
#define DAY_S     86400.0

static const setting table[] = {
    {AT(port), 0, 65535, 0, "to listen on; 0: a free one"},
    {AT(slots), 0, 100000, 0, "requests served at once; 0: all"},
    {AT(service_ms), 0, 60000, 0, "time of service; the capacity is slots / service_ms"},
    {AT(spread), 0, 1, 0, "times of service vary by up to this share, evenly"},
    {AT(exponential), 0, 1, 0, "1: times of service are exponentially distributed"},
    {AT(queue), -1, 1e6, -1, "requests that may wait for a slot; who comes then is answered 503; -1: all"},
    {AT(thrash), 0, 100, 0, "service takes 1 + thrash * waiting / slots times as long"},
    {AT(rate), 0, 1e6, 0, "requests per second beyond which the answer is 429; 0: no limit"},
    {AT(burst), 1, 1e6, 1, "how many may come at once within `rate`"},
    {AT(error_share), 0, 1, 0, "share of answers that are 500, evenly spread"},
    {AT(down_from_s), 0, DAY_S, 0, "/health answers 503 from here"},
    {AT(down_to_s), 0, DAY_S, 0, "to here"},
    {AT(slow_ms), 0, 60000, 0, "answers are so much later"},
    {AT(slow_from_s), 0, DAY_S, 0, "if they are asked for from here"},
    {AT(slow_to_s), 0, DAY_S, DAY_S, "to here"},
    {AT(overload), 0, 1e6, 0, "with more requests than this at once the server is overloaded; 0: never"},
    {AT(overload_ms), 0, 60000, 0, "while it is overloaded, answers are so much later"},
    {AT(overload_hold_s), 0, DAY_S, 0, "and remain so, so long after the last moment with too many"},
    {AT(base_mb), 0, 1000, 0, "memory from the start (10^6 bytes)"},
    {AT(leak_mb_per_h), 0, 1e6, 0, "memory grows"},
    {AT(leak_request_bytes), 0, 1e6, 0, "memory grows with each request"},
    {AT(cache_mb), 0, 1000, 0, "memory of a cache that fills"},
    {AT(cache_tau_s), 0.1, DAY_S, 10, "in this time to 63 %"},
    {AT(saw_mb), 0, 1000, 0, "memory that grows and is released again and again"},
    {AT(saw_s), 0.1, DAY_S, 5, "every so often"},
    {AT(body_bytes), 0, 1e6, 100, "of an answer"},
};

static double *field(settings *s, const setting *t)
{
    return (double *) ((char *) s + t->offset);
}

settings settings_default(void)
{
    settings s;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        *field(&s, &table[i]) = table[i].value;
    }
    return s;
}

br_code settings_set(settings *s, br_str assignment, br_err *err)
{
    br_str value = assignment, name;
    (void) br_str_cut(&value, '=', &name);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const setting *t = &table[i];
        double v;
        if (!br_str_is(name, t->name)) continue;
        if (!value.p || br_parse_f64(value, &v) != BR_OK || v < t->least || v > t->most) {
            return br_fail(err, BR_EINVAL, "%s is a number from %g to %g", t->name, t->least, t->most);
        }
        *field(s, t) = v;
        return BR_OK;
    }
    return br_fail(err, BR_EINVAL, "there is no setting '" BR_FMT "'", BR_ARG(name));
}

void settings_help(br_buf *out)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        (void) br_buf_printf(out, "  %-20s %s (%g)\n", table[i].name, table[i].help, table[i].value);
    }
}

void settings_json(const settings *s, br_buf *out)
{
    settings copy = *s;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        (void) br_buf_printf(out, "%s\"%s\":", i ? "," : "{", table[i].name);
        (void) br_buf_put_f64(out, *field(&copy, &table[i]));
    }
    (void) br_buf_putc(out, '}');
}
