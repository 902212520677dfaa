/*
 * capacity_curves: how exact are knee and breaking point of judge/capacity.h?
 *
 *     capacity_curves [RUNS [SEED]]
 *
 * Simulates services request by request under a load that rises for ten minutes, makes slices of a second,
 * and compares with what is known without simulation: closed   users who think for a while (exponential) at a
 * service of several servers (exponential). Throughput of N users is that of the repairman's model; its knee,
 * by definition, is where the exact curve is furthest above the diagonal. The limit of p95 is set to what a
 * certain number of users sees, so that number is the truth. open     starts at random, several servers and a
 * limited queue (M/M/c/K), who finds it full is refused. The truth is the rate at which Erlang's formula
 * gives 5 % of refusals, and the knee of the exact goodput. Prints a table in Markdown. Exit status 1: the
 * median error of a figure is above 5 %, or fewer than 90 % are within 5 %.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/random.h"
#include "judge/capacity.h"

#define LENGTH_S     600
#define SERVERS_MOST 32
#define USERS_MOST   400
#define ERRORS       0.05

static double between(br_random *r, double low, double high)
{
    return low + (high - low) * br_random_f64(r);
}

static double exponential(br_random *r, double mean)
{
    return -mean * log(1 - br_random_f64(r));
}

/* Truth ------------------------------------------------------------------------------------------ */

typedef struct service {
    bool open;
    int servers, queue; /* queue: of the open one */
    double service_s, think_s;
    double most; /* load at the end */
} service;

/* Probabilities of 0..most requests in the system: rates of arrival and of service by their number. */
static void balance(
    double *p, int most, double (*in)(const service *, int, double), const service *s, double load)
{
    double sum = p[0] = 1;
    for (int j = 1; j <= most; j++) {
        double out = fmin(j, s->servers) / s->service_s;
        p[j] = p[j - 1] * in(s, j - 1, load) / out;
        sum += p[j];
    }
    for (int j = 0; j <= most; j++)
        p[j] /= sum;
}

static double in_closed(const service *s, int j, double users)
{
    return (users - j) / s->think_s;
}

static double in_open(const service *s, int j, double rate)
{
    (void) s;
    (void) j;
    return rate;
}

/* Good answers per second with that load. */
static double exact_goodput(const service *s, double load)
{
    double p[USERS_MOST + 1], x = 0;
    int most = s->open ? s->servers + s->queue : (int) load;
    balance(p, most, s->open ? in_open : in_closed, s, load);
    for (int j = 1; j <= most; j++)
        x += p[j] * fmin(j, s->servers) / s->service_s;
    return x;
}

static double exact_refusals(const service *s, double rate)
{
    double p[USERS_MOST + 1];
    balance(p, s->servers + s->queue, in_open, s, rate);
    return p[s->servers + s->queue];
}

static double exact_knee(const service *s)
{
    double best = 0, knee = 0, top = exact_goodput(s, s->most), step = s->open ? s->most / 800 : 1;
    for (int i = 1; i * step <= s->most; i++) {
        double d = exact_goodput(s, i * step) / top - i * step / s->most;
        if (d <= best) continue;
        best = d;
        knee = i * step;
    }
    return knee;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* p95 of N users: who comes sees the system with one user less, in balance. 40,000 draws: off by about 0.5 %.
 */
static double exact_p95(br_random *r, const service *s, int users)
{
    enum { DRAWS = 40000 };
    static double t[DRAWS];
    double p[USERS_MOST + 1];
    balance(p, users - 1, in_closed, s, users - 1);
    for (int i = 0; i < DRAWS; i++) {
        double u = br_random_f64(r);
        int j = 0;
        while (j < users - 1 && u > p[j])
            u -= p[j++];
        t[i] = exponential(r, s->service_s);
        for (int k = s->servers; k <= j; k++)
            t[i] += exponential(r, s->service_s / s->servers);
    }
    qsort(t, DRAWS, sizeof *t, by_value);
    return t[DRAWS * 95 / 100];
}

/* Simulation ------------------------------------------------------------------------------------- */

static br_run_result *new_result(const service *s)
{
    br_run_result *r = br_run_result_new();
    r->slice_count = LENGTH_S;
    r->slices = br_arena_zalloc(&r->arena, LENGTH_S * sizeof *r->slices);
    for (size_t i = 0; i < LENGTH_S; i++) {
        r->slices[i].start = (br_ns) i * BR_SEC;
        r->slices[i].length = BR_SEC;
        r->slices[i].vus = s->open ? 0 : floor(s->most * (double) (i + 1) / LENGTH_S);
        br_hist_init(&r->slices[i].latency_us);
    }
    r->scenario_count = 1;
    r->scenarios = br_arena_zalloc(&r->arena, sizeof *r->scenarios);
    r->scenarios[0].executor = s->open ? BR_STR("ramping-arrival-rate") : BR_STR("ramping-vus");
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
    br_hist_record(&s->latency_us, (int64_t) ((end - start) * 1e6));
}

static size_t first_free(const double *free_at, int n)
{
    size_t best = 0;
    for (int i = 1; i < n; i++)
        if (free_at[i] < free_at[best]) best = (size_t) i;
    return best;
}

static void play_open(br_random *r, const service *s, br_run_result *result)
{
    double free_at[SERVERS_MOST] = {0}, *ends = BR_NEW_ARRAY(double, (size_t) (s->servers + s->queue));
    int inside = 0;
    for (double t = 0.5;;) {
        t += exponential(r, LENGTH_S / (s->most * t));
        if (t >= LENGTH_S) break;
        result->slices[(size_t) t].starts++;
        for (int i = 0; i < inside;) {
            if (ends[i] > t)
                i++;
            else
                ends[i] = ends[--inside];
        }
        if (inside == s->servers + s->queue) {
            count(result, t, t + 0.001, true);
            continue;
        }
        size_t k = first_free(free_at, s->servers);
        free_at[k] = ends[inside++] = fmax(t, free_at[k]) + exponential(r, s->service_s);
        count(result, t, free_at[k], false);
    }
    br_free(ends);
}

/* User i comes when the ramp reaches it; the next event is the earliest request of any user. */
static void play_closed(br_random *r, const service *s, br_run_result *result)
{
    double free_at[SERVERS_MOST] = {0}, next[USERS_MOST] = {0};
    int users = (int) s->most;
    for (int i = 0; i < users; i++)
        next[i] = LENGTH_S * (i + 1) / s->most + exponential(r, s->think_s);
    for (;;) {
        int u = 0;
        for (int i = 1; i < users; i++)
            if (next[i] < next[u]) u = i;
        double t = next[u];
        if (t >= LENGTH_S) break;
        size_t k = first_free(free_at, s->servers);
        free_at[k] = fmax(t, free_at[k]) + exponential(r, s->service_s);
        count(result, t, free_at[k], false);
        next[u] = free_at[k] + exponential(r, s->think_s);
    }
}

/* Comparison ------------------------------------------------------------------------------------- */

enum { CLOSED_KNEE, CLOSED_BREAKING, OPEN_KNEE, OPEN_BREAKING, FIGURES };
static const char *const names[] = {
    "closed, knee", "closed, breaking point", "open, knee", "open, breaking point"};

typedef struct errors {
    double *values;
    int n, held;
} errors;

static void note(errors *e, const br_capacity_figure *f, double truth)
{
    e->values[e->n++] = f->found ? fabs(f->load / truth - 1) : 1;
    e->held += f->found && truth >= f->load_low && truth <= f->load_high;
}

static service make_service(br_random *r, bool open)
{
    service s = {.open = open, .servers = 2 + (int) br_random_below(r, SERVERS_MOST - 1), .queue = 20};
    s.service_s = between(r, 0.02, 0.1);
    s.think_s = between(r, 0.5, 3) * s.service_s;
    double knee = s.servers * (1 + s.think_s / s.service_s); /* users */
    s.most = open ? between(r, 1.3, 2.5) * s.servers / s.service_s : floor(between(r, 2.5, 4) * knee);
    if (!open && s.most > USERS_MOST) s.most = USERS_MOST;
    return s;
}

static void run_one(br_random *r, bool open, errors *knees, errors *breaks)
{
    service s = make_service(r, open);
    br_run_result *result = new_result(&s);
    br_capacity_limits limits = {.error_share = open ? ERRORS : 0};
    double truth = floor(between(r, 0.5, 0.8) * s.most);
    if (open) {
        play_open(r, &s, result);
        double low = 0, high = s.most;
        for (int i = 0; i < 60; i++) {
            truth = (low + high) / 2;
            if (exact_refusals(&s, truth) < ERRORS)
                low = truth;
            else
                high = truth;
        }
    } else {
        play_closed(r, &s, result);
        limits.p95_ms = exact_p95(r, &s, (int) truth) * 1000;
    }
    br_arena arena;
    br_arena_init(&arena, 4096);
    br_capacity_step *steps;
    size_t n;
    br_capacity_report report;
    br_capacity_steps(result, &arena, &steps, &n);
    br_capacity_judge(steps, n, br_capacity_is_open(result), &limits, &arena, &report);
    double knee = exact_knee(&s);
    note(knees, &report.knee, knee);
    note(breaks, &report.breaking, truth);
    if (getenv("VERBOSE"))
        fprintf(stderr, "%s c %d S %.3f Z %.3f most %.0f: knee %.1f, breaking %.1f: " BR_FMT "\n",
            open ? "open" : "closed", s.servers, s.service_s, s.think_s, s.most, knee, truth,
            BR_ARG(report.sentence));
    br_arena_deinit(&arena);
    free_result(result);
}

int main(int argc, char **argv)
{
    int runs = argc > 1 ? atoi(argv[1]) : 200;
    long seed = argc > 2 ? atol(argv[2]) : 1;
    if (runs < 2) {
        fprintf(stderr, "usage: capacity_curves [RUNS [SEED]]\n");
        return 2;
    }
    errors all[FIGURES];
    for (int i = 0; i < FIGURES; i++)
        all[i] = (errors){.values = BR_NEW_ARRAY(double, (size_t) runs)};
    br_random random;
    br_random_seed(&random, (uint64_t) seed);
    for (int i = 0; i < runs; i++)
        run_one(&random, i % 2, &all[i % 2 ? OPEN_KNEE : CLOSED_KNEE],
            &all[i % 2 ? OPEN_BREAKING : CLOSED_BREAKING]);
    printf("| Figure | runs | median error | 90 %% below | within 5 %% | interval holds the truth |\n"
           "|---|---|---|---|---|---|\n");
    bool good = true;
    for (int i = 0; i < FIGURES; i++) {
        errors *e = &all[i];
        qsort(e->values, (size_t) e->n, sizeof *e->values, by_value);
        int within = 0;
        while (within < e->n && e->values[within] <= 0.05)
            within++;
        double n = e->n;
        printf("| %s | %d | %.1f %% | %.1f %% | %.1f %% | %.1f %% |\n", names[i], e->n,
            100 * e->values[e->n / 2], 100 * e->values[e->n * 9 / 10], 100 * within / n, 100 * e->held / n);
        good = good && e->values[e->n / 2] <= 0.05 && within >= 0.9 * n;
        br_free(e->values);
    }
    return good ? 0 : 1;
}
