/* What the target said of itself, in result files: an array a column. */
#include "base/mem.h"
#include "report/result_parts_int.h"

#define DECIMALS 6

/* Indices of the samples that are shown, ascending. Returns how many. */
static size_t choose(const br_target_series *s, size_t samples_max, size_t *ret)
{
    size_t spans = samples_max / 2, n = 0;
    if (samples_max == 0 || s->count <= samples_max || spans == 0) {
        for (size_t i = 0; i < s->count; i++)
            ret[n++] = i;
        return n;
    }
    br_ns first = s->samples[0].at, length = s->samples[s->count - 1].at - first + 1;
    for (size_t i = 0, span = 0; span < spans && i < s->count; span++) {
        br_ns end = first + (br_ns) ((double) length * (double) (span + 1) / (double) spans);
        size_t low = i, high = i, begin = i;
        for (; i < s->count && (s->samples[i].at < end || span + 1 == spans); i++) {
            if (s->samples[i].value < s->samples[low].value) low = i;
            if (s->samples[i].value > s->samples[high].value) high = i;
        }
        if (i == begin) continue; /* nothing was sampled in that time */
        ret[n++] = low < high ? low : high;
        if (low != high) ret[n++] = low < high ? high : low;
    }
    return n;
}

static void put_series(br_json *j, const br_target_series *s, size_t samples_max)
{
    br_json_open(j, '{');
    br_json_put_str(j, "name", s->name);
    br_json_put_str(j, "source", s->source);
    br_json_put_str(j, "unit", s->unit);
    if (s->limit > 0) br_json_put_f64(j, "limit", s->limit);
    br_json_put_u64(j, "samples_total", s->count);
    br_json_put_u64(j, "missed", s->missed);
    size_t *shown = br_malloc((s->count + 1) * sizeof *shown);
    size_t n = choose(s, samples_max, shown);
    br_json_key(j, BR_STR("at_s"));
    br_json_open(j, '[');
    for (size_t i = 0; i < n; i++)
        br_json_f64(j, br_json_rounded((double) s->samples[shown[i]].at / (double) BR_SEC, 3));
    br_json_close(j, ']');
    br_json_key(j, BR_STR("value"));
    br_json_open(j, '[');
    for (size_t i = 0; i < n; i++)
        br_json_f64(j, br_json_rounded(s->samples[shown[i]].value, DECIMALS));
    br_json_close(j, ']');
    br_free(shown);
    br_json_close(j, '}');
}

void br_json_put_target(
    br_json *j, const br_target_series *series, size_t count, size_t series_max, size_t samples_max)
{
    br_json_put_u64(j, "target_total", count);
    br_json_key(j, BR_STR("target"));
    br_json_open(j, '[');
    size_t n = series_max > 0 && count > series_max ? series_max : count;
    for (size_t i = 0; i < n; i++)
        put_series(j, &series[i], samples_max);
    br_json_close(j, ']');
}
