#include "judge/figures_fixture.h"
#include <math.h>
#include "base/assert.h"
#include "stat/distributions.h"

br_run_figures *figures_new(int64_t id, br_ns started)
{
    br_run_figures *f = BR_NEW(br_run_figures);
    br_arena_init(&f->arena, 1024);
    f->id = id;
    f->started_wall = started;
    f->duration_s = 300;
    f->valid = true;
    f->fingerprint = BR_STR("same");
    f->endpoints = br_arena_zalloc(&f->arena, (FIGURES_ENDPOINTS_MAX + 1) * sizeof *f->endpoints);
    f->values = br_arena_zalloc(&f->arena, FIGURES_VALUES_MAX * sizeof *f->values);
    br_hist_init(&f->endpoints[0].latency_us);
    f->endpoint_count = 1;
    return f;
}

/* Quantiles of a lognormal distribution, so that nothing is left to chance. */
void figures_endpoint(br_run_figures *f, const char *name, uint64_t n, double median_ms, uint64_t failed)
{
    BR_ASSERT(f->endpoint_count <= FIGURES_ENDPOINTS_MAX);
    br_figures_endpoint *e = &f->endpoints[f->endpoint_count++];
    br_hist_init(&e->latency_us);
    e->name = br_str_of(name);
    e->requests = n;
    e->failed = failed;
    for (uint64_t i = 0; i < n; i++) {
        double z = br_normal_quantile(((double) i + 0.5) / (double) n);
        br_hist_record(&e->latency_us, (int64_t) (median_ms * 1000 * exp(0.4 * z)));
    }
    br_hist_merge(&f->endpoints[0].latency_us, &e->latency_us);
    f->endpoints[0].requests += n;
    f->endpoints[0].failed += failed;
}

void figures_value(br_run_figures *f, const char *name, const char *unit, double value)
{
    BR_ASSERT(f->value_count < FIGURES_VALUES_MAX);
    f->values[f->value_count++] = (br_figures_value){br_str_of(name), br_str_of(unit), value};
}

void figures_free(br_run_figures *f)
{
    for (size_t i = 0; i < f->endpoint_count; i++) {
        br_hist_deinit(&f->endpoints[i].latency_us);
    }
    br_arena_deinit(&f->arena);
    br_free(f);
}
