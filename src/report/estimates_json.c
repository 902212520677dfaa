/* Knee and breaking point, recovery, leak: in result files. */
#include "report/result_parts_int.h"

#define DECIMALS 6

static double seconds(br_ns t)
{
    return br_json_rounded((double) t / (double) BR_SEC, 3);
}

static void open_member(br_json *j, const char *key, char bracket)
{
    br_json_key(j, br_str_of(key));
    br_json_open(j, bracket);
}

static void put_figure(br_json *j, const char *key, double value)
{
    br_json_put_f64(j, key, br_json_rounded(value, DECIMALS));
}

/* Capacity --------------------------------------------------------------------------------------- */

static void put_step(br_json *j, const br_capacity_step *s)
{
    br_json_open(j, '{');
    br_json_put_f64(j, "start_s", seconds(s->start));
    br_json_put_f64(j, "length_s", seconds(s->length));
    put_figure(j, "load", s->load);
    put_figure(j, "throughput", s->throughput);
    put_figure(j, "goodput", s->goodput);
    br_json_put_u64(j, "requests", s->requests);
    if (s->requests > 0) {
        put_figure(j, "p50_ms", s->p50_ms);
        put_figure(j, "p95_ms", s->p95_ms);
        put_figure(j, "error_share", s->error_share);
    }
    br_json_close(j, '}');
}

static void put_capacity_figure(br_json *j, const char *key, const br_capacity_figure *f)
{
    if (!f->found) return;
    open_member(j, key, '{');
    put_figure(j, "load", f->load);
    put_figure(j, "load_low", f->load_low);
    put_figure(j, "load_high", f->load_high);
    put_figure(j, "throughput", f->throughput);
    br_json_close(j, '}');
}

static void put_scalability(br_json *j, const br_capacity_report *c)
{
    if (!c->usl) return;
    open_member(j, "scalability", '{');
    put_figure(j, "lambda", c->usl_lambda);
    put_figure(j, "sigma", c->usl_sigma);
    br_json_put_f64(j, "kappa", br_json_rounded(c->usl_kappa, 12)); /* of the order of 1 / load² */
    if (c->usl_load_max > 0) { /* without coherence the curve has no peak */
        put_figure(j, "load_max", c->usl_load_max);
        put_figure(j, "throughput_max", c->usl_throughput_max);
    }
    if (c->usl_throughput_high > 0) {
        put_figure(j, "throughput_low", c->usl_throughput_low);
        put_figure(j, "throughput_high", c->usl_throughput_high);
    }
    br_json_close(j, '}');
}

void br_json_put_capacity(br_json *j, const br_capacity_report *c)
{
    if (!c) return;
    open_member(j, "capacity", '{');
    br_json_put_bool(j, "measured", c->measured);
    br_json_put_str(j, "load_unit", c->open ? BR_STR("starts_per_s") : BR_STR("virtual_users"));
    br_json_put_str(j, "beyond", br_str_of(br_beyond_name(c->beyond)));
    put_capacity_figure(j, "knee", &c->knee);
    put_capacity_figure(j, "breaking_point", &c->breaking);
    if (c->measured) put_figure(j, "best_goodput", c->best_goodput);
    if (c->beyond != BR_BEYOND_UNKNOWN) put_figure(j, "goodput_beyond", c->goodput_beyond);
    put_scalability(j, c);
    open_member(j, "steps", '[');
    for (size_t i = 0; i < c->step_count; i++)
        put_step(j, &c->steps[i]);
    br_json_close(j, ']');
    br_json_put_str(j, "sentence", c->sentence);
    br_json_close(j, '}');
}

/* Search ------------------------------------------------------------------------------------------- */

void br_json_put_search(br_json *j, const br_search_report *s, const br_capacity_report *searched)
{
    if (!s) return;
    open_member(j, "search", '{');
    br_json_put_str(j, "end", br_str_of(br_search_end_name(s->end)));
    if (s->low > 0) put_figure(j, "held", s->low);
    if (s->high > 0) put_figure(j, "broke", s->high);
    open_member(j, "steps", '[');
    for (size_t i = 0; i < s->step_count; i++)
        put_step(j, &s->steps[i]);
    br_json_close(j, ']');
    br_json_put_capacity(j, searched);
    br_json_put_str(j, "sentence", s->sentence);
    br_json_close(j, '}');
}

/* Recovery --------------------------------------------------------------------------------------- */

void br_json_put_recovery(br_json *j, const br_recovery_report *r)
{
    if (!r) return;
    open_member(j, "recovery", '{');
    br_json_put_bool(j, "measured", r->measured);
    if (r->measured) {
        br_json_put_bool(j, "recovered", r->recovered);
        br_json_put_bool(j, "metastable", r->metastable);
        put_figure(j, "total_s", r->total_s);
        put_figure(j, "latency_s", r->latency_s);
        put_figure(j, "error_s", r->error_s);
        put_figure(j, "goodput_s", r->goodput_s);
        put_figure(j, "observed_s", r->observed_s);
        put_figure(j, "resolution_s", r->resolution_s);
        put_figure(j, "reference_s", r->reference_s);
        put_figure(j, "p95_before_ms", r->p95_before_ms);
        put_figure(j, "p95_limit_ms", r->p95_limit_ms);
        put_figure(j, "p95_peak_ms", r->p95_peak_ms);
        put_figure(j, "area_s", r->area_s);
        put_figure(j, "error_share_before", r->error_share_before);
        put_figure(j, "error_share_peak", r->error_share_peak);
        put_figure(j, "goodput_before", r->goodput_before);
    }
    br_json_put_str(j, "sentence", r->sentence);
    br_json_close(j, '}');
}

/* Leak ------------------------------------------------------------------------------------------- */

static void put_slope(br_json *j, const br_leak_report *l)
{
    put_figure(j, "slope_mb_per_h", l->slope);
    put_figure(j, "low", l->low);
    put_figure(j, "high", l->high);
    if (l->per_1000_requests != 0) put_figure(j, "mb_per_1000_requests", l->per_1000_requests);
    put_figure(j, "start_mb", l->start_mb);
    put_figure(j, "end_mb", l->end_mb);
    put_figure(j, "max_mb", l->max_mb);
    br_json_put_f64(j, "warm_up_s", seconds(l->warm_up));
    br_json_put_str(j, "course", br_str_of(br_leak_course_name(l->course)));
    br_json_put_bool(j, "levels_off", l->levels_off);
    if (l->step_mb != 0) put_figure(j, "step_mb", l->step_mb);
    if (l->cache_mb != 0) {
        put_figure(j, "cache_mb", l->cache_mb);
        put_figure(j, "cache_tau_s", l->cache_tau_s);
    }
    if (l->limit_after_s > 0) put_figure(j, "limit_after_s", l->limit_after_s);
}

void br_json_put_leak(br_json *j, const br_leak_report *l)
{
    if (!l) return;
    open_member(j, "leak", '{');
    br_json_put_str(j, "answer", br_str_of(br_leak_answer_name(l->answer)));
    br_json_put_bool(j, "measured", l->measured);
    if (l->measured) put_slope(j, l);
    if (l->needed_s > 0) put_figure(j, "needed_s", l->needed_s);
    br_json_put_str(j, "sentence", l->sentence);
    br_json_close(j, '}');
}
