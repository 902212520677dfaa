/* The options executionSegment and executionSegmentSequence: scenarios are cut down to this instance's share.
 */
#include "engine/options_read.h"
#include "engine/segment.h"

/* False: nothing of it is left for this instance. */
static bool scale_scenario(br_scenario *s, const br_segments *segments, br_arena *arena)
{
    const br_stripe *vus = s->stripe = br_segments_stripe(segments, arena);
    int64_t of = s->executor == BR_EXEC_SHARED_ITERATIONS ? s->vus : s->max_vus;
    switch (s->executor) {
        case BR_EXEC_RAMPING_VUS: /* stages are those of the whole test: VUs have their numbers in it */
            return br_scenario_max_vus(s) > 0;
        case BR_EXEC_CONSTANT_VUS:
        case BR_EXEC_PER_VU_ITERATIONS: s->vus = br_stripe_scale(vus, s->vus); return s->vus > 0;
        case BR_EXEC_SHARED_ITERATIONS:
        case BR_EXEC_CONSTANT_ARRIVAL_RATE:
        case BR_EXEC_RAMPING_ARRIVAL_RATE: break;
    }
    br_segments by_vus = br_segments_by(segments, of, arena);
    s->stripe = br_segments_stripe(&by_vus, arena);
    if (br_scenario_is_open(s)) {
        s->pre_allocated_vus = br_stripe_scale(vus, s->pre_allocated_vus);
        s->max_vus = br_stripe_scale(vus, s->max_vus);
        return s->max_vus > 0;
    }
    s->vus = br_stripe_scale(vus, s->vus);
    s->iterations = br_stripe_scale(s->stripe, s->iterations);
    return s->vus > 0 && s->iterations > 0;
}

br_code br_options_segment(const br_option_reader *r, br_options *o, const json_t *j)
{
    br_str segment = BR_STR_NONE, sequence = BR_STR_NONE;
    br_segments segments;
    br_code code = br_read_text(r, "executionSegment", json_object_get(j, "executionSegment"), &segment);
    if (code == BR_OK)
        code = br_read_text(
            r, "executionSegmentSequence", json_object_get(j, "executionSegmentSequence"), &sequence);
    if (code != BR_OK || !segment.n) return code;
    code = br_segments_parse(segment, sequence.n ? sequence : BR_STR_NONE, r->arena, &segments, r->err);
    if (code != BR_OK || segments.count == 1) return code;
    o->stripe = br_segments_stripe(&segments, r->arena);
    size_t kept = 0;
    for (size_t i = 0; i < o->scenario_count; i++) {
        if (scale_scenario(&o->scenarios[i], &segments, r->arena)) o->scenarios[kept++] = o->scenarios[i];
    }
    o->scenario_count = kept;
    return BR_OK;
}
