#include "probe/measures.h"

#include <math.h>

void br_measures_init(br_measures *m)
{
    *m = (br_measures){0};
    br_arena_init(&m->arena, 1024);
}

void br_measures_deinit(br_measures *m)
{
    for (size_t i = 0; i < m->list.len; i++)
        br_samples_deinit(&m->list.data[i].samples);
    br_vec_deinit(&m->list);
    br_arena_deinit(&m->arena);
}

/* NULL: there are too many. */
static br_measure *measure_of(br_measures *m, br_str name, const char *unit)
{
    for (size_t i = 0; i < m->list.len; i++) {
        if (br_str_eq(m->list.data[i].name, name)) return &m->list.data[i];
    }
    if (m->list.len == BR_MEASURES_MAX) {
        m->refused++;
        return NULL;
    }
    br_measure *one = br_vec_push(&m->list);
    one->name = br_arena_str(&m->arena, name);
    one->unit = br_str_of(unit);
    return one;
}

static void add(br_measure *one, double limit, br_ns at, double value)
{
    one->seen = true;
    if (limit > 0) one->limit = limit;
    br_samples_add(&one->samples, at, value);
}

void br_measures_gauge(br_measures *m, br_str name, const char *unit, double limit, br_ns at, double value)
{
    if (!isfinite(value)) return;
    br_measure *one = measure_of(m, name, unit);
    if (one) add(one, limit, at, value);
}

void br_measures_counter(br_measures *m, br_str name, const char *unit, double limit, br_ns at, double total)
{
    if (!isfinite(total)) return;
    br_measure *one = measure_of(m, name, unit);
    if (!one) return;
    bool first = !one->has_last;
    double gained = total - one->last, seconds = (double) (at - one->last_at) / (double) BR_SEC;
    one->has_last = true;
    one->last = total;
    one->last_at = at;
    if (first) {
        one->seen = true; /* there is nothing yet to compare it with */
    } else if (gained >= 0 && seconds > 0) {
        add(one, limit, at, gained / seconds);
    }
}

void br_measures_round(br_measures *m)
{
    for (size_t i = 0; i < m->list.len; i++) {
        br_measure *one = &m->list.data[i];
        if (!one->seen) one->samples.missed++;
        one->seen = false;
    }
}

size_t br_measures_count(const br_measures *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->list.len; i++)
        n += m->list.data[i].samples.list.len > 0;
    return n;
}

void br_measures_copy(
    const br_measures *m, br_str source, br_ns origin, br_arena *arena, br_target_series *out)
{
    for (size_t i = 0; i < m->list.len; i++) {
        const br_measure *one = &m->list.data[i];
        if (one->samples.list.len == 0) continue;
        *out++ = (br_target_series){.name = br_arena_str(arena, one->name),
            .source = br_arena_str(arena, source),
            .unit = one->unit,
            .limit = one->limit,
            .samples = br_samples_copy(&one->samples, origin, arena),
            .count = one->samples.list.len,
            .missed = one->samples.missed};
    }
}
