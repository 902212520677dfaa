#include "empire/worker/stats.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/num.h"

static const br_ns bounds[EMP_WAIT_BUCKETS] = {10 * BR_MS, 50 * BR_MS, 100 * BR_MS, 500 * BR_MS, BR_SEC,
    5 * BR_SEC, 10 * BR_SEC, 30 * BR_SEC, 60 * BR_SEC};

void emp_stats_wait(emp_wait_histogram *h, br_ns waited)
{
    size_t i = 0;
    while (i < EMP_WAIT_BUCKETS && waited > bounds[i]) {
        i++;
    }
    h->buckets[i]++;
    h->total += waited > 0 ? waited : 0;
}

static emp_kind_stats *kind_of(emp_worker_stats *s, const char *kind)
{
    for (size_t i = 0; i < s->kind_count; i++) {
        if (strcmp(s->kinds[i].kind, kind) == 0) return &s->kinds[i];
    }
    if (s->kind_count < EMP_KINDS_MAX - 1) {
        emp_kind_stats *k = &s->kinds[s->kind_count++];
        snprintf(k->kind, sizeof(k->kind), "%s", kind);
        return k;
    }
    emp_kind_stats *other = &s->kinds[EMP_KINDS_MAX - 1];
    snprintf(other->kind, sizeof(other->kind), "other");
    s->kind_count = EMP_KINDS_MAX;
    return other;
}

void emp_stats_activity(emp_worker_stats *s, const char *kind, emp_activity_outcome outcome, br_ns took)
{
    emp_kind_stats *k = kind_of(s, kind);
    k->outcomes[outcome]++;
    k->ns_total += took;
}

/* Samples ------------------------------------------------------------------------------------------ */

/* `labels` with its quotes escaped for JSON, "" if none. */
static void put(br_buf *out, const char *metric, const char *labels, double value)
{
    br_buf_puts(out, br_buf_view(out).n > 1 ? ",{\"m\":\"" : "{\"m\":\"");
    br_buf_puts(out, metric);
    br_buf_puts(out, "\",\"l\":\"");
    br_buf_puts(out, labels);
    br_buf_puts(out, "\",\"v\":");
    br_buf_put_f64(out, value);
    br_buf_putc(out, '}');
}

BR_PRINTF(4, 5) static void put_labelled(br_buf *out, const char *metric, double value, const char *fmt, ...)
{
    char labels[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(labels, sizeof(labels), fmt, args);
    va_end(args);
    put(out, metric, labels, value);
}

static double seconds(br_ns ns)
{
    return (double) ns / (double) BR_SEC;
}

static void put_wait(br_buf *out, const char *task, const emp_wait_histogram *h)
{
    uint64_t sum = 0;
    for (size_t i = 0; i <= EMP_WAIT_BUCKETS; i++) {
        char bound[24];
        sum += h->buckets[i];
        snprintf(bound, sizeof(bound), "%g", i < EMP_WAIT_BUCKETS ? seconds(bounds[i]) : 0);
        put_labelled(out, "empire_workflow_schedule_to_start_seconds_bucket", (double) sum,
            "task=\\\"%s\\\",le=\\\"%s\\\"", task, i < EMP_WAIT_BUCKETS ? bound : "+Inf");
    }
    put_labelled(
        out, "empire_workflow_schedule_to_start_seconds_sum", seconds(h->total), "task=\\\"%s\\\"", task);
    put_labelled(
        out, "empire_workflow_schedule_to_start_seconds_count", (double) sum, "task=\\\"%s\\\"", task);
}

static void put_kinds(br_buf *out, const emp_worker_stats *s)
{
    static const char *const outcomes[] = {"done", "retry", "failed", "released"};
    for (size_t i = 0; i < s->kind_count; i++) {
        const emp_kind_stats *k = &s->kinds[i];
        uint64_t sum = 0;
        for (size_t o = 0; o < BR_COUNT_OF(outcomes); o++) {
            sum += k->outcomes[o];
            if (k->outcomes[o] == 0) continue;
            put_labelled(out, "empire_activities_total", (double) k->outcomes[o],
                "type=\\\"%s\\\",outcome=\\\"%s\\\"", k->kind, outcomes[o]);
        }
        put_labelled(out, "empire_activity_seconds_sum", seconds(k->ns_total), "type=\\\"%s\\\"", k->kind);
        put_labelled(out, "empire_activity_seconds_count", (double) sum, "type=\\\"%s\\\"", k->kind);
    }
}

static void put_service(br_buf *out, emp_service service, emp_service_stats *s)
{
    static const char *const outcomes[] = {"ok", "retry", "refused"};
    const char *name = emp_service_name(service);
    long opened = 0;
    emp_breaker_state state = emp_breaker_look(&s->breaker, &opened);
    uint64_t sum = 0;
    put_labelled(out, "empire_breaker_state", (double) state, "provider=\\\"%s\\\"", name);
    put_labelled(out, "empire_breaker_opened_total", (double) opened, "provider=\\\"%s\\\"", name);
    for (size_t o = 0; o < EMP_CALL_OUTCOMES; o++) {
        uint64_t n = atomic_load(&s->calls[o]);
        sum += n;
        put_labelled(out, "empire_provider_calls_total", (double) n, "provider=\\\"%s\\\",outcome=\\\"%s\\\"",
            name, outcomes[o]);
    }
    put_labelled(out, "empire_provider_calls_total", (double) atomic_load(&s->short_circuited),
        "provider=\\\"%s\\\",outcome=\\\"breaker\\\"", name);
    put_labelled(
        out, "empire_provider_seconds_sum", seconds(atomic_load(&s->ns_total)), "provider=\\\"%s\\\"", name);
    put_labelled(out, "empire_provider_seconds_count", (double) sum, "provider=\\\"%s\\\"", name);
}

/* Those that are the workers'. */
static void put_faults(br_buf *out, const emp_faults *faults)
{
    for (int i = EMP_FAULT_SLOW_PROVIDER; i < EMP_FAULT_COUNT; i++) {
        put_labelled(out, "empire_worker_fault", emp_fault_metric(faults, (emp_fault) i), "name=\\\"%s\\\"",
            emp_fault_name((emp_fault) i));
    }
}

void emp_stats_put(br_buf *out, const emp_worker_stats *s, emp_provider *provider, const emp_faults *faults)
{
    br_buf_putc(out, '[');
    put(out, "empire_workflow_decisions_total", "", (double) s->decisions);
    put(out, "empire_workflow_decisions_failed_total", "", (double) s->decisions_failed);
    put(out, "empire_workflow_stale_answers_total", "", (double) s->stale);
    put_faults(out, faults);
    put_wait(out, "decision", &s->decision_wait);
    put_wait(out, "activity", &s->activity_wait);
    put_kinds(out, s);
    for (int i = 0; i < EMP_SERVICE_COUNT; i++) {
        if (emp_provider_has(provider, (emp_service) i))
            put_service(out, (emp_service) i, &provider->services[i]);
    }
    br_buf_putc(out, ']');
}
