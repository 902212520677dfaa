#include "judge/generator.h"

#include <math.h>

typedef struct judging {
    const br_generator_view *view;
    br_arena *arena;
    br_generator_report *report;
} judging;

#define TEXT(j, ...) br_str_of(br_arena_printf((j)->arena, __VA_ARGS__))

static void find(judging *j, const char *name, bool ok, br_str text, const char *remedy)
{
    BR_ASSERT(j->report->count < BR_GENERATOR_FINDINGS_MAX);
    j->report->findings[j->report->count++] = (br_generator_finding){
        name, ok, text, ok ? BR_STR("") : br_str_of(remedy)};
    if (!ok) j->report->valid = false;
}

static double ms(br_ns t)
{
    return (double) t / (double) BR_MS;
}

/* What it ran, with what it would have run had it been let; or all the time in which it did not wait, if that
 * is more: a machine whose time is taken by its host shows only there. */
double br_generator_need(const br_worker_health *w)
{
    return fmax(w->cpu_share + w->starved_share, w->busy_share);
}

static const char *starts_of(const judging *j)
{
    return j->view->starts ? j->view->starts : "iterations";
}

static void judge_processor(judging *j)
{
    const br_generator_view *r = j->view;
    const br_worker_health *most = NULL;
    for (size_t i = 0; i < r->worker_count; i++) {
        if (!most || br_generator_need(&r->workers[i]) > br_generator_need(most)) most = &r->workers[i];
    }
    if (!most || r->duration < BR_GENERATOR_LEAST_LENGTH) return;
    double need = br_generator_need(most);
    bool ok = need <= BR_GENERATOR_CPU_MAX, starved = need - most->cpu_share > most->cpu_share;
    br_str text = ok || !starved
                      ? TEXT(j, "the busiest worker used %.0f %% of a core (limit %.0f %%)%s",
                            fmin(need, 1) * 100, BR_GENERATOR_CPU_MAX * 100,
                            ok ? "" : ": the generator was the bottleneck")
                      : TEXT(j,
                            "the busiest worker needed %.0f %% of a core (limit %.0f %%) and got %.0f %%: "
                            "other programs had the processor",
                            fmin(need, 1) * 100, BR_GENERATOR_CPU_MAX * 100, most->cpu_share * 100);
    find(j, "generator CPU", ok, text,
        starved ? "Run brunt on a machine, or on cores, of its own."
                : "Give brunt more cores, spread the load over machines, or ask for less.");
}

static void judge_lag(judging *j)
{
    const br_hist *lag = &j->view->generator->start_lag;
    br_ns limit = (br_ns) (j->view->median_response_ms * BR_GENERATOR_LAG_SHARE * (double) BR_MS);
    if (limit < BR_GENERATOR_LAG_LEAST) limit = BR_GENERATOR_LAG_LEAST;
    j->report->lag_limit = limit;
    if (lag->total < BR_GENERATOR_LEAST_SAMPLES) return;
    static const char remedy[] = "The generator was held up: give it cores of its own, or ask for less.";
    br_ns p99 = (br_ns) br_hist_quantile(lag, 0.99);
    find(j, "start lag", p99 <= limit,
        TEXT(j, "%s started late by %.3g ms at p99 (limit %.3g ms)", starts_of(j), ms(p99), ms(limit)),
        remedy);
    br_ns late = limit * BR_GENERATOR_LATE_FACTOR;
    double share = 1 - (double) br_hist_count_at_or_below(lag, late) / (double) lag->total;
    find(j, "late starts", share <= BR_GENERATOR_LOST_SHARE,
        TEXT(j, "%.2f %% of the %s started more than %.3g ms late (limit %.1f %%)", share * 100, starts_of(j),
            ms(late), BR_GENERATOR_LOST_SHARE * 100),
        remedy);
}

static void judge_starts(judging *j)
{
    const br_generator *g = j->view->generator;
    uint64_t lost = g->starts_dropped + g->starts_missed;
    if (g->starts_scheduled == 0) return;
    double share = (double) lost / (double) g->starts_scheduled;
    find(j, "starts", share <= BR_GENERATOR_LOST_SHARE,
        TEXT(j,
            "%llu of %llu scheduled iterations were not started (%.2f %%, limit %.1f %%): %llu for lack of a "
            "free virtual user, %llu came too late",
            (unsigned long long) lost, (unsigned long long) g->starts_scheduled, share * 100,
            BR_GENERATOR_LOST_SHARE * 100, (unsigned long long) g->starts_dropped,
            (unsigned long long) g->starts_missed),
        g->starts_dropped > g->starts_missed
            ? "The load was lower than planned: raise preAllocatedVUs and maxVUs (rate times longest iteration)."
            : "The load was lower than planned: the generator was held up at the end.");
}

static void judge_resources(judging *j)
{
    const br_generator *g = j->view->generator;
    if (g->out_of_descriptors)
        find(j, "descriptors", false,
            TEXT(j, "%llu requests found no free file descriptor (limit %llu)",
                (unsigned long long) g->out_of_descriptors,
                (unsigned long long) g->resources.descriptors_limit),
            "Raise the limit: ulimit -n, LimitNOFILE= of systemd, or --ulimit nofile= of a container.");
    if (g->out_of_ports)
        find(j, "ports", false,
            TEXT(j, "%llu requests found no free local port (%u of them)",
                (unsigned long long) g->out_of_ports, g->resources.ports_limit),
            "Keep connections alive, widen net.ipv4.ip_local_port_range, or use more source addresses "
            "(--local-ips).");
}

/* Half of the requests were faster; without requests 0. */
static double median_response_ms(const br_run_result *r)
{
    const br_result_metric *m = br_run_result_find(r, BR_STR("http_res_time"));
    if (!m || !m->sink.count) m = br_run_result_find(r, BR_STR("http_req_duration"));
    return m && m->sink.count ? br_sink_percentile(&m->sink, 50) : 0;
}

br_generator_view br_generator_view_of(const br_run_result *r)
{
    return (br_generator_view){
        r->workers, r->worker_count, &r->generator, r->duration, median_response_ms(r), NULL};
}

void br_judge_generator(const br_generator_view *v, br_arena *arena, br_generator_report *ret)
{
    *ret = (br_generator_report){.valid = true};
    judging j = {v, arena, ret};
    judge_processor(&j);
    judge_lag(&j);
    judge_starts(&j);
    judge_resources(&j);
}
