/*
 * recovery_runs: does judge/recovery.h see when a service is back to normal?
 *
 *     recovery_runs [RUNS [SEED]]
 *
 * Simulates a service with several servers and exponential times of service, request by request: 60 s at a
 * base rate, a spike, and the base rate again. When it is back is known: the queue that the spike left is
 * empty, or a fault that the spike began is over at a programmed instant. Prints a table in Markdown. Exit
 * status 1: in fewer than 99 % of the runs that recover the time found is within a second of the truth (of
 * the two slices where a second holds too few requests), fewer than 99 % of those that never do are called
 * so, or a service that the spike did not touch is said to recover later than at once in more than 10 %.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "base/random.h"
#include "judge/recovery.h"

#define BASE_S     60
#define LENGTH_S   260
#define SERVERS    8
#define SERVERS_MS 20.0 /* mean time of service: 400 requests/s */

typedef enum kind { DRAIN, SLOW, ERRORS, REFUSED, NEVER, UNTOUCHED, KINDS } kind;
static const char *const names[] = {"a queue that drains", "slow until an instant", "errors until an instant",
    "refusals until an instant", "never recovers", "not touched by the spike"};

typedef struct plan {
    kind kind;
    double rate, spike_rate, spike_s; /* requests per second */
    double fault_s;                   /* after the spike's end */
    double slow_s;
} plan;

typedef struct tally {
    int runs, right, missed;
    double worst, sum;
} tally;

static double between(br_random *r, double low, double high)
{
    return low + (high - low) * br_random_f64(r);
}

static plan make_plan(br_random *r, kind k)
{
    plan p = {.kind = k, .rate = between(r, 70, 160), .spike_s = floor(between(r, 5, 30))};
    p.spike_rate = k == DRAIN ? between(r, 450, 900) : p.rate * between(r, 1, 1.5);
    p.fault_s = k == NEVER ? LENGTH_S : between(r, 0, 120);
    p.slow_s = between(r, 0.05, 0.5);
    return p;
}

static br_run_result *new_result(void)
{
    br_run_result *r = br_run_result_new();
    r->slice_count = LENGTH_S;
    r->slices = br_arena_zalloc(&r->arena, LENGTH_S * sizeof *r->slices);
    for (size_t i = 0; i < LENGTH_S; i++) {
        r->slices[i].start = (br_ns) i * BR_SEC;
        r->slices[i].length = BR_SEC;
        br_hist_init(&r->slices[i].latency_us);
    }
    return r;
}

static void free_result(br_run_result *r)
{
    for (size_t i = 0; i < r->slice_count; i++)
        br_hist_deinit(&r->slices[i].latency_us);
    r->slice_count = 0;
    br_run_result_free(r);
}

static void count(br_run_result *r, double start, double end, bool failed)
{
    if (end >= LENGTH_S) return;
    br_slice *s = &r->slices[(size_t) end];
    s->requests++;
    s->failed += failed;
    s->vus = 10;
    br_hist_record(&s->latency_us, (int64_t) ((end - start) * 1e6));
}

static double exponential(br_random *r, double mean)
{
    return -mean * log(1 - br_random_f64(r));
}

/* The server that is free first. */
static size_t next_server(const double *free_at)
{
    size_t best = 0;
    for (size_t i = 1; i < SERVERS; i++)
        if (free_at[i] < free_at[best]) best = i;
    return best;
}

/* Plays the plan; returns the second after the spike's end at which the last answer came that it had harmed.
 */
static double play(br_random *r, const plan *p, br_run_result *result)
{
    double free_at[SERVERS] = {0}, harmed = 0, spike_end = BASE_S + p->spike_s;
    for (double t = 0; t < LENGTH_S;) {
        bool spike = t >= BASE_S && t < spike_end, fault = t >= BASE_S && t < spike_end + p->fault_s;
        t += exponential(r, 1 / (spike ? p->spike_rate : p->rate));
        bool failed = fault && p->kind == ERRORS && br_random_f64(r) < 0.3;
        if (fault && p->kind == REFUSED && br_random_f64(r) < 0.5) {
            count(result, t, t + 0.001, true);
            harmed = t;
            continue;
        }
        size_t k = next_server(free_at);
        double begin = fmax(t, free_at[k]), end = begin + exponential(r, SERVERS_MS / 1000);
        free_at[k] = end;
        if (fault && (p->kind == SLOW || p->kind == NEVER)) end += p->slow_s;
        count(result, t, end, failed);
        bool late = p->kind == DRAIN && t >= BASE_S && begin > t + 0.02 && harmed > t - 2;
        if (failed || late || (fault && p->kind == SLOW) || (p->kind == DRAIN && spike)) harmed = end;
    }
    return fmax(0, harmed - spike_end);
}

static void run_one(br_random *r, kind k, tally *t, bool verbose)
{
    br_run_result *result = new_result();
    plan p = make_plan(r, k);
    double truth = play(r, &p, result);
    br_arena arena;
    br_recovery_report report;
    br_arena_init(&arena, 1024);
    br_recovery_judge(result, BASE_S * BR_SEC, (br_ns) (BASE_S + p.spike_s) * BR_SEC, &arena, &report);
    double off = report.total_s - (k == UNTOUCHED ? 0 : truth);
    bool right = k == NEVER ? report.measured && !report.recovered
                            : report.recovered && off > -1 && off <= 1 + (report.resolution_s - 1);
    if (k == UNTOUCHED) right = report.recovered && report.total_s <= 0;
    t->runs++;
    t->right += right;
    t->missed += k != NEVER && !report.recovered;
    if (k != NEVER && report.recovered) {
        t->worst = fmax(t->worst, fabs(off));
        t->sum += off;
    }
    if (verbose && !right)
        fprintf(stderr,
            "%s: rate %.0f spike %.0f for %.0f s, fault %.1f s, slow %.2f s; truth %.2f: " BR_FMT "\n",
            names[k], p.rate, p.spike_rate, p.spike_s, p.fault_s, p.slow_s, truth, BR_ARG(report.sentence));
    br_arena_deinit(&arena);
    free_result(result);
}

int main(int argc, char **argv)
{
    int runs = argc > 1 ? atoi(argv[1]) : 1200;
    long seed = argc > 2 ? atol(argv[2]) : 1;
    if (runs < KINDS) {
        fprintf(stderr, "usage: recovery_runs [RUNS [SEED]]\n");
        return 2;
    }
    tally all[KINDS] = {0};
    br_random random;
    br_random_seed(&random, (uint64_t) seed);
    for (int i = 0; i < runs; i++)
        run_one(&random, (kind) (i % KINDS), &all[i % KINDS], getenv("VERBOSE") != NULL);
    printf(
        "| Service | runs | right | found - true, mean | largest | not found |\n|---|---|---|---|---|---|\n");
    bool good = true;
    for (int k = 0; k < KINDS; k++) {
        const tally *t = &all[k];
        printf("| %s | %d | %.1f %% | %.2f s | %.2f s | %d |\n", names[k], t->runs,
            100.0 * t->right / t->runs, t->sum / t->runs, t->worst, t->missed);
        good = good && t->right >= (k == UNTOUCHED ? 0.9 : 0.99) * t->runs;
    }
    return good ? 0 : 1;
}
