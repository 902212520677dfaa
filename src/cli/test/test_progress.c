#include "cli/test/test_progress.h"

#include "base/num.h"

/* Stages of no length are jumps: the one behind them says what holds. */
static size_t stage_at(const br_load_plan *load, br_ns elapsed)
{
    br_ns end = 0;
    for (size_t i = 0; i < load->stage_count; i++) {
        end += load->stages[i].duration;
        if (elapsed < end) return i;
    }
    return load->stage_count - 1;
}

void br_test_phase(const br_load_plan *load, br_ns elapsed, br_buf *out)
{
    if (load->stage_count == 0) {
        (void) br_buf_printf(out, "%lld VUs", (long long) load->vus);
        return;
    }
    size_t i = stage_at(load, elapsed);
    int64_t from = i ? load->stages[i - 1].target : load->start_vus, to = load->stages[i].target;
    const char *word = to > from ? "ramp to" : to < from ? "fall to" : "hold";
    (void) br_buf_printf(out, "%s %lld VUs", word, (long long) to);
}

void br_test_progress_line(void *ctx, const br_run_status *s, br_buf *out)
{
    const br_test_progress *p = ctx;
    (void) br_buf_put(out, p->test);
    if (p->count > 1) (void) br_buf_printf(out, " (%zu of %zu)", p->number, p->count);
    (void) br_buf_puts(out, ": ");
    if (s->phase < BR_RUN_RUNNING) {
        (void) br_buf_puts(out, "preparing");
    } else if (s->phase > BR_RUN_RUNNING || s->elapsed >= p->load->duration) {
        (void) br_buf_puts(out, "finishing");
    } else {
        br_ns left = (p->load->duration - s->elapsed + BR_SEC - 1) / BR_SEC * BR_SEC;
        br_test_phase(p->load, s->elapsed, out);
        (void) br_buf_puts(out, ", ");
        (void) br_buf_put_duration(out, left);
        (void) br_buf_puts(out, " left");
    }
    if (s->all_requests)
        (void) br_buf_printf(out, ", p95 %.4gms and %.2f%% errors so far", s->all_p95_ms,
            100 * (double) s->all_failed / (double) s->all_requests);
}
