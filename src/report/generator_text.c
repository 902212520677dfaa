#include "report/generator_text.h"

#include <math.h>

#define RED     "\x1b[31m"
#define GREEN   "\x1b[32m"
#define YELLOW  "\x1b[33m"
#define RESET   "\x1b[0m"
#define CPU_MAX 8 /* workers that are shown one by one */

static void put_coloured(br_buf *out, bool colour, const char *escape, br_str text)
{
    if (colour) (void) br_buf_puts(out, escape);
    (void) br_buf_put(out, text);
    if (colour) (void) br_buf_puts(out, RESET);
}

static void put_cpu(br_buf *out, const br_generator_view *r)
{
    double least = 1e9, most = 0;
    (void) br_buf_puts(out, "CPU");
    for (size_t i = 0; i < r->worker_count; i++) {
        double need = 100 * fmin(br_generator_need(&r->workers[i]), 1);
        least = need < least ? need : least;
        most = need > most ? need : most;
        if (r->worker_count <= CPU_MAX) (void) br_buf_printf(out, " %.0f%%", need);
    }
    if (r->worker_count > CPU_MAX)
        (void) br_buf_printf(out, " %.0f%% to %.0f%% of %zu cores", least, most, r->worker_count);
}

static br_ns worse(br_ns a, const br_delay_figures *b)
{
    return a > b->p99 ? a : b->p99;
}

/* Of the worst worker each. */
static void put_delays(br_buf *out, const br_generator_view *r)
{
    br_ns starts = 0, timers = 0, held = 0;
    for (size_t i = 0; i < r->worker_count; i++) {
        starts = worse(starts, &r->workers[i].starts);
        timers = worse(timers, &r->workers[i].timers);
        held = worse(held, &r->workers[i].held);
    }
    (void) br_buf_printf(out, "; p99 lag %.3g ms (timers %.3g, loop %.3g)", (double) starts / (double) BR_MS,
        (double) timers / (double) BR_MS, (double) held / (double) BR_MS);
}

static void put_starts(br_buf *out, const br_generator *g)
{
    if (g->starts_dropped)
        (void) br_buf_printf(out, ", %llu dropped", (unsigned long long) g->starts_dropped);
    if (g->starts_missed) (void) br_buf_printf(out, ", %llu missed", (unsigned long long) g->starts_missed);
}

static void put_resources(br_buf *out, const br_generator_resources *r)
{
    if (r->descriptors_limit > 0) {
        (void) br_buf_printf(out, "; descriptors %llu/%llu", (unsigned long long) r->descriptors_peak,
            (unsigned long long) r->descriptors_limit);
    }
    if (r->ports_limit > 0) {
        uint32_t left = r->ports_limit > r->ports_peak ? r->ports_limit - r->ports_peak : 0;
        (void) br_buf_printf(out, ", ports left %u", left);
    }
}

void br_report_generator_figures(const br_generator_view *view, br_buf *out)
{
    put_cpu(out, view);
    put_delays(out, view);
    put_starts(out, view->generator);
    put_resources(out, &view->generator->resources);
}

void br_report_generator_text(const br_generator_view *view, bool colour, br_buf *out)
{
    if (view->worker_count == 0) return;
    br_arena arena;
    br_arena_init(&arena, 2048);
    br_generator_report report;
    br_judge_generator(view, &arena, &report);
    (void) br_buf_puts(out, "  ");
    put_coloured(out, colour, report.valid ? GREEN : RED, report.valid ? BR_STR("✓") : BR_STR("✗"));
    (void) br_buf_puts(out, " generator: ");
    br_report_generator_figures(view, out);
    (void) br_buf_putc(out, '\n');
    for (size_t i = 0; i < report.count; i++) {
        const br_generator_finding *f = &report.findings[i];
        if (f->ok) continue;
        (void) br_buf_puts(out, "      ↳ ");
        put_coloured(out, colour, RED, f->text);
        (void) br_buf_printf(out, ". " BR_FMT "\n", BR_ARG(f->remedy));
    }
    if (!report.valid) {
        (void) br_buf_puts(out, "    ");
        put_coloured(out, colour, YELLOW,
            BR_STR("This run is no evidence about its target: the generator "
                   "was the limit, or the load was not the planned one."));
        (void) br_buf_putc(out, '\n');
    }
    br_arena_deinit(&arena);
}
