#include "probe/samples.h"

static void thin_out(br_samples *s)
{
    for (size_t i = 0; i < s->list.len; i += 2)
        s->list.data[i / 2] = s->list.data[i];
    s->list.len = (s->list.len + 1) / 2;
    s->skipped = s->stride; /* the newest is among those that went */
    s->stride *= 2;
}

void br_samples_add(br_samples *s, br_ns at, double value)
{
    if (s->stride == 0) s->stride = 1;
    if (s->list.len && ++s->skipped < s->stride) return;
    s->skipped = 0;
    *br_vec_push(&s->list) = (br_target_sample){at, value};
    if (s->list.len == BR_SAMPLES_MAX) thin_out(s);
}

void br_samples_deinit(br_samples *s)
{
    br_vec_deinit(&s->list);
}

br_target_sample *br_samples_copy(const br_samples *s, br_ns origin, br_arena *arena)
{
    br_target_sample *copy = br_arena_alloc(arena, (s->list.len + 1) * sizeof(*copy));
    for (size_t i = 0; i < s->list.len; i++)
        copy[i] = (br_target_sample){s->list.data[i].at - origin, s->list.data[i].value};
    return copy;
}
