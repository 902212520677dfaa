#include "unit/report/estimates_fixture.h"
#include <math.h>
#include "base/mem.h"

const br_capacity_report *fixture_capacity(br_arena *arena)
{
    static const double throughput[] = {118, 236, 344, 402, 426, 421, 310, 190};
    static const double p95[] = {61, 64, 82, 160, 410, 1180, 2600, 4100};
    static const double errors[] = {0, 0, 0, 0.001, 0.004, 0.062, 0.21, 0.44};
    br_capacity_report *c = BR_ARENA_NEW(arena, br_capacity_report);
    *c = (br_capacity_report){.measured = true,
        .step_count = BR_COUNT_OF(p95),
        .knee = {true, 75, 344, 68, 84},
        .breaking = {true, 130, 424, 122, 147},
        .best_goodput = 424,
        .goodput_beyond = 0.25,
        .beyond = BR_BEYOND_COLLAPSE,
        .usl = true,
        .usl_lambda = 4.8,
        .usl_sigma = 0.004,
        .usl_kappa = 0.00003,
        .usl_load_max = 182,
        .usl_throughput_max = 431,
        .usl_throughput_low = 420,
        .usl_throughput_high = 445,
        .sentence = BR_STR(
            "The knee is at 75 virtual users (68 to 84) with 344 requests/s; the limits break at 130 (122 "
            "to 147); beyond, the service collapses: 25 % of its best goodput are left.")};
    c->steps = br_arena_zalloc(arena, c->step_count * sizeof *c->steps);
    for (size_t i = 0; i < c->step_count; i++) {
        c->steps[i] = (br_capacity_step){.start = (br_ns) i * 22 * BR_SEC,
            .length = 22 * BR_SEC,
            .load = 25 * (double) (i + 1),
            .throughput = throughput[i],
            .goodput = throughput[i] * (1 - errors[i]),
            .p50_ms = p95[i] / 2.2,
            .p95_ms = p95[i],
            .error_share = errors[i],
            .requests = (uint64_t) (throughput[i] * 22)};
    }
    return c;
}

const br_search_report *fixture_search(br_arena *arena)
{
    static const double rates[] = {200, 400, 410, 420};
    br_search_report *s = BR_ARENA_NEW(arena, br_search_report);
    *s = (br_search_report){.end = BR_SEARCH_FOUND,
        .low = 410,
        .high = 420,
        .step_count = BR_COUNT_OF(rates),
        .sentence = BR_STR("410 iterations started per second hold, 420 do not.")};
    s->steps = br_arena_zalloc(arena, s->step_count * sizeof *s->steps);
    for (size_t i = 0; i < s->step_count; i++) {
        s->steps[i] = (br_capacity_step){.start = (br_ns) i * 10 * BR_SEC,
            .length = 10 * BR_SEC,
            .load = rates[i],
            .throughput = rates[i],
            .goodput = rates[i],
            .p50_ms = rates[i] / 10,
            .p95_ms = rates[i] > 410 ? 1400 : rates[i] / 4,
            .requests = (uint64_t) rates[i] * 10};
    }
    return s;
}

const br_recovery_report *fixture_recovery(br_arena *arena)
{
    br_recovery_report *r = BR_ARENA_NEW(arena, br_recovery_report);
    *r = (br_recovery_report){.measured = true,
        .recovered = true,
        .total_s = 42,
        .latency_s = 42,
        .error_s = 17,
        .goodput_s = 30,
        .observed_s = 180,
        .resolution_s = 1,
        .reference_s = 60,
        .p95_limit_ms = 89,
        .goodput_before = 60,
        .p95_before_ms = 81,
        .p95_peak_ms = 1900,
        .area_s = 310,
        .error_share_before = 0,
        .error_share_peak = 0.12,
        .sentence = BR_STR(
            "The service was as before 42 s (to within 1 s) after the spike: latency after 42 s, errors "
            "after 17 s.")};
    return r;
}

static br_target_series series(
    br_run_result *r, const char *name, const char *unit, double limit, size_t samples)
{
    return (br_target_series){.name = br_str_of(name),
        .source = BR_STR("process 4711 (empire)"),
        .unit = br_str_of(unit),
        .limit = limit,
        .samples = br_arena_zalloc(&r->arena, (samples + 1) * sizeof(br_target_sample)),
        .count = samples};
}

const br_leak_report *fixture_leak(br_run_result *r, size_t samples)
{
    r->target = br_arena_zalloc(&r->arena, 2 * sizeof *r->target);
    r->target_count = 2;
    r->target[0] = series(r, "memory", "bytes", 512e6, samples);
    r->target[1] = series(r, "empire_db_connections{state=\"active\"}", "count", 50, samples);
    for (size_t i = 0; i < samples; i++) {
        br_ns at = (br_ns) ((double) r->duration * (double) i / (double) samples);
        double hours = (double) at / 3600e9, warm = 40e6 * (1 - exp(-hours * 20));
        double tooth = (double) (i % 37) / 37 * 12e6;
        r->target[0].samples[i] = (br_target_sample){at, 180e6 + warm + 84e6 * hours + tooth};
        r->target[1].samples[i] = (br_target_sample){at, (double) (20 + i * 7919 % 5)};
    }
    r->target[0].missed = 3;
    br_leak_report *l = BR_ARENA_NEW(&r->arena, br_leak_report);
    *l = (br_leak_report){.answer = BR_LEAK_FOUND,
        .measured = samples > 0,
        .slope = 84.2,
        .low = 80.9,
        .high = 87.4,
        .per_1000_requests = 0.41,
        .start_mb = 224,
        .end_mb = 388,
        .max_mb = 400,
        .warm_up = 600 * BR_SEC,
        .course = BR_LEAK_CACHE_LINE,
        .cache_mb = 38,
        .cache_tau_s = 180,
        .limit_after_s = 5300,
        .sentence = BR_STR(
            "Memory grows by 84.2 MB/h (80.9 to 87.4): more than 50 MB/h is a leak; at this rate the limit "
            "of 512 MB is reached 1 h 28 min after the end.")};
    return l;
}

static br_comparison_row row(
    br_arena *a, const char *endpoint, const char *measure, const char *unit, double ratio)
{
    br_comparison_row r = {.endpoint = br_arena_str(a, br_str_of(endpoint)),
        .measure = br_str_of(measure),
        .unit = br_str_of(unit),
        .old_value = 100,
        .new_value = 100 * ratio,
        .ratio = ratio,
        .low = ratio * 0.92,
        .high = ratio * 1.09,
        .detectable = 1.15,
        .p_value = ratio > 1.2 ? 0.0004 : 0.4,
        .q_value = ratio > 1.2 ? 0.003 : 0.6,
        .change = ratio > 1.2 ? BR_CHANGE_REGRESSED : BR_CHANGE_OK,
        .gates = true};
    r.sentence = br_str_of(br_arena_printf(a, "%s of %s is %.2f (%.2f to %.2f) times what it was.", measure,
        endpoint[0] ? endpoint : "all requests", ratio, r.low, r.high));
    return r;
}

br_comparison *fixture_comparison(size_t endpoints)
{
    static int64_t old_ids[] = {11, 12, 14}, new_ids[] = {17};
    br_comparison *c = BR_NEW(br_comparison);
    br_arena_init(&c->arena, 4096);
    c->answer = BR_COMPARISON_REGRESSED;
    c->limit = 1.2;
    c->rows = br_arena_zalloc(&c->arena, (2 * endpoints + 3) * sizeof *c->rows);
    for (size_t i = 0; i < endpoints; i++) {
        const char *name = i == 0 ? "GET /products" : br_arena_printf(&c->arena, "GET /resource/%zu", i);
        c->rows[c->row_count++] = row(
            &c->arena, name, "p95", "ms", i == 0 ? 1.43 : 0.98 + 0.01 * (double) (i % 9));
        c->rows[c->row_count++] = row(&c->arena, name, "error_rate", "share", 1);
        c->rows[c->row_count - 1].old_value = c->rows[c->row_count - 1].new_value = 0;
        c->rows[c->row_count - 1].bound = 0.0004;
    }
    br_comparison_row *fewer = &c->rows[c->row_count++]; /* worse, not by the limit */
    *fewer = row(&c->arena, "", "throughput", "per_s", 1.15);
    fewer->more_is_better = true;
    fewer->new_value = 100 / 1.15;
    fewer->sentence = BR_STR("throughput of all requests is 0.87 (0.80 to 0.95) times what it was.");
    br_comparison_row *vague = &c->rows[c->row_count++];
    *vague = row(&c->arena, "POST /orchestrator/start", "p95", "ms", 1.18);
    *vague = (br_comparison_row){.endpoint = vague->endpoint,
        .measure = vague->measure,
        .unit = vague->unit,
        .old_value = 100,
        .new_value = 118,
        .ratio = 1.18,
        .low = 0,
        .high = INFINITY,
        .change = BR_CHANGE_INCONCLUSIVE,
        .sentence = BR_STR("p95 of POST /orchestrator/start: too few requests to tell.")};
    br_comparison_row *better = &c->rows[c->row_count++];
    *better = row(&c->arena, "GET /health", "p95", "ms", 0.7);
    better->change = BR_CHANGE_IMPROVED;
    c->headline = BR_STR("REGRESSED: p95 of GET /products is 1.43 (1.32 to 1.56) times what it was.");
    c->old_ids = old_ids;
    c->new_ids = new_ids;
    c->old_count = BR_COUNT_OF(old_ids);
    c->new_count = BR_COUNT_OF(new_ids);
    c->runs_wanted = 2;
    c->sessions_wanted = 1;
    *br_vec_push(&c->notes) = BR_STR("Run 13 was left out: it is invalid.");
    return c;
}

void fixture_comparison_free(br_comparison *c)
{
    br_vec_deinit(&c->notes);
    br_arena_deinit(&c->arena);
    br_free(c);
}
