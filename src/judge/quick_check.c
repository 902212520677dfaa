#include "judge/quick_check.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define CPU_SHARE_MAX       0.8
#define UNSTARTED_SHARE_MAX 0.001
#define LAG_SHARE_MAX       0.01
#define TIMER_LATE_MAX_MS   1.0

BR_PRINTF(2, 3) static void add(br_quick_check *c, const char *fmt, ...)
{
    if (c->count == BR_QUICK_FINDINGS_MAX) return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->findings[c->count++], sizeof(c->findings[0]), fmt, args);
    va_end(args);
}

static void check_cpu(br_quick_check *c, const br_quick_result *r)
{
    double most = 0;
    for (uint32_t i = 0; i < r->worker_count; i++)
        most = fmax(most, r->workers[i].cpu_share);
    if (most <= CPU_SHARE_MAX) return;
    c->lower_bound = true;
    c->valid = c->valid && r->rate <= 0;
    add(c,
        r->rate > 0
            ? "a worker used %.0f %% of its core (limit 80 %%): brunt itself may have been late"
            : "a worker used %.0f %% of its core: brunt was the limit, the target can do at least this much",
        most * 100);
}

/*
 * A start is late because the generator is, or because no place was free; the latter is the target's doing
 * and part of the response time. What the loop's timers did tells them apart.
 */
static void check_lag(br_quick_check *c, const br_quick_result *r)
{
    double lag = br_hist_quantile(&r->tally.lag, 0.99) / 1e6,
           p50 = br_hist_quantile(&r->tally.response, 0.5) / 1e6;
    double limit = fmax(TIMER_LATE_MAX_MS, LAG_SHARE_MAX * p50), late = 0;
    for (uint32_t i = 0; i < r->worker_count; i++)
        late = fmax(late, (double) r->workers[i].timer_late_ns_max / 1e6);
    if (lag <= limit || late <= limit) return;
    c->valid = false;
    add(c, "starts were late by %.3g ms at p99 (limit %.3g ms), timers by up to %.3g ms", lag, limit, late);
}

static void check_starts(br_quick_check *c, const br_quick_result *r)
{
    double all = (double) r->tally.requests + (double) r->unstarted;
    if (!r->unstarted || (double) r->unstarted / all <= UNSTARTED_SHARE_MAX) return;
    c->valid = false;
    add(c,
        "%llu of %.0f starts never happened: the connections were busy; more of them (-c), or a lower rate",
        (unsigned long long) r->unstarted, all);
}

br_quick_check br_quick_check_of(const br_quick_result *r)
{
    br_quick_check c = {.valid = true};
    if (r->tally.requests == r->tally.failed) {
        c.valid = false;
        add(&c, "not one request was answered");
        return c;
    }
    check_cpu(&c, r);
    if (r->rate > 0) {
        check_starts(&c, r);
        check_lag(&c, r);
    }
    return c;
}
