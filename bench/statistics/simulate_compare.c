#include "statistics/simulate_compare.h"
#include <math.h>
#include "base/random.h"

#define ENDPOINTS    4
#define NEW_RUNS_MAX 40
#define REPEATS_MAX  5 /* of `--repeat auto` */
#define DAY          (24 * 3600 * BR_SEC)

typedef struct noise {
    double total, session, run; /* standard deviations of logarithms */
    double requests;            /* of an endpoint, in each run */
} noise;

typedef struct session_effect {
    double common, own[ENDPOINTS];
} session_effect;

static double normal(br_random *r)
{
    double u, v, s;
    do {
        u = 2 * br_random_f64(r) - 1;
        v = 2 * br_random_f64(r) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    return u * sqrt(-2 * log(s) / s);
}

static double between(br_random *r, double low, double high)
{
    return low + (high - low) * br_random_f64(r);
}

static noise draw_noise(br_random *r)
{
    noise n = {.total = exp(between(r, log(0.03), log(0.10))), .requests = floor(between(r, 1500, 3000))};
    double share = between(r, 0.2, 0.7);
    n.session = n.total * sqrt(share);
    n.run = n.total * sqrt(1 - share);
    return n;
}

static session_effect draw_effect(br_random *r, double deviation)
{
    session_effect e = {.common = normal(r) * deviation * M_SQRT1_2};
    for (size_t i = 0; i < ENDPOINTS; i++) {
        e.own[i] = normal(r) * deviation * M_SQRT1_2;
    }
    return e;
}

/* Runs ------------------------------------------------------------------------------------------- */

static void fill_endpoint(br_random *r, br_figures_endpoint *e, const noise *n, double factor)
{
    double tail = 0.02 * exp(0.2 * normal(r)), errors = 0.002 * exp(0.5 * normal(r));
    e->requests = (uint64_t) n->requests;
    for (uint64_t i = 0; i < e->requests; i++) {
        double ms = factor * exp(0.4 * normal(r));
        if (br_random_f64(r) < tail) ms *= 5;
        br_hist_record(&e->latency_us, (int64_t) (ms * 1000));
        e->failed += br_random_f64(r) < errors;
    }
}

static br_run_figures *draw_run(br_random *r, const noise *n, const session_effect *session,
    const double factor[ENDPOINTS], br_ns started)
{
    static const char *const names[ENDPOINTS] = {"GET /a", "GET /b", "GET /c", "POST /d"};
    static const double base_ms[ENDPOINTS] = {8, 25, 60, 140};
    br_run_figures *f = BR_NEW(br_run_figures);
    br_arena_init(&f->arena, 1024);
    f->started_wall = started;
    f->valid = true;
    f->duration_s = 300 * exp(0.005 * normal(r));
    f->fingerprint = BR_STR("same");
    f->endpoint_count = ENDPOINTS + 1;
    f->endpoints = br_arena_zalloc(&f->arena, (ENDPOINTS + 1) * sizeof *f->endpoints);
    session_effect run = draw_effect(r, n->run);
    br_hist_init(&f->endpoints[0].latency_us);
    for (size_t i = 0; i < ENDPOINTS; i++) {
        br_figures_endpoint *e = &f->endpoints[i + 1];
        br_hist_init(&e->latency_us);
        e->name = br_str_of(names[i]);
        double noise_factor = exp(session->common + session->own[i] + run.common + run.own[i]);
        fill_endpoint(r, e, n, base_ms[i] * factor[i] * noise_factor);
        br_hist_merge(&f->endpoints[0].latency_us, &e->latency_us);
        f->endpoints[0].requests += e->requests;
        f->endpoints[0].failed += e->failed;
    }
    return f;
}

static void free_run(br_run_figures *f)
{
    for (size_t i = 0; i < f->endpoint_count; i++) {
        br_hist_deinit(&f->endpoints[i].latency_us);
    }
    br_arena_deinit(&f->arena);
    br_free(f);
}

/* One comparison --------------------------------------------------------------------------------- */

typedef struct trial {
    br_random random;
    noise noise;
    double factor[ENDPOINTS]; /* of the new version */
    br_run_figures *old_runs[NEW_RUNS_MAX], *new_runs[NEW_RUNS_MAX];
    size_t old_count, new_count;
    br_ns now;
    session_effect session; /* of the latest new run */
    bool alarm_first;
} trial;

static void add_new_run(trial *t, bool other_session)
{
    if (other_session) {
        t->session = draw_effect(&t->random, t->noise.session);
        t->now += DAY;
    } else {
        t->now += 600 * BR_SEC;
    }
    t->new_runs[t->new_count++] = draw_run(&t->random, &t->noise, &t->session, t->factor, t->now);
}

static void add_old_run(trial *t, const session_effect *session)
{
    static const double same[ENDPOINTS] = {1, 1, 1, 1};
    t->old_runs[t->old_count++] = draw_run(&t->random, &t->noise, session, same, t->now);
}

static void begin_in_turn(trial *t, unsigned runs)
{
    t->session = draw_effect(&t->random, t->noise.session);
    for (unsigned i = 0; i < runs; i++) {
        add_new_run(t, false);
        t->now += 600 * BR_SEC;
        add_old_run(t, &t->session);
    }
}

static void begin(trial *t, const simulation *s, unsigned number)
{
    *t = (trial){.now = 0};
    br_random_seed(&t->random, s->seed * 1000003u + number);
    t->noise = draw_noise(&t->random);
    for (size_t i = 0; i < ENDPOINTS; i++) {
        t->factor[i] = number % 2 == 1 || i == number / 2 % ENDPOINTS ? s->change : 1;
    }
    if (s->policy == SIMULATED_IN_TURN) {
        begin_in_turn(t, s->in_turn);
        return;
    }
    for (unsigned i = 0; i < s->old_runs; i++) {
        session_effect session = draw_effect(&t->random, t->noise.session);
        t->now += 7 * DAY;
        add_old_run(t, &session);
    }
    add_new_run(t, true);
}

static void end(trial *t)
{
    for (size_t i = 0; i < t->old_count; i++) {
        free_run(t->old_runs[i]);
    }
    for (size_t i = 0; i < t->new_count; i++) {
        free_run(t->new_runs[i]);
    }
}

/* So many runs more are made. */
static unsigned more_runs(const simulation *s, const trial *t, const br_comparison *c)
{
    switch (s->policy) {
        case SIMULATED_REPEAT:
            return t->new_count < REPEATS_MAX &&
                   br_comparison_wants_repeat(c->answer, c->runs_wanted, t->new_count);
        case SIMULATED_WANTED: return c->runs_wanted;
        case SIMULATED_IN_TURN: break;
    }
    return 0;
}

static void count(simulated_tally *t, br_comparison_answer answer, const trial *of, unsigned looks)
{
    t->comparisons++;
    t->runs += (unsigned) of->new_count;
    t->looks += looks;
    t->ok += answer == BR_COMPARISON_OK;
    t->inconclusive += answer == BR_COMPARISON_INCONCLUSIVE;
    t->regressed += answer == BR_COMPARISON_REGRESSED;
    t->alarms_first += of->alarm_first;
}

static void compare_once(const simulation *s, unsigned number, simulated_tally ret[SIMULATED_BANDS + 1])
{
    trial t;
    begin(&t, s, number);
    br_comparison_answer answer;
    unsigned looks = 0, more;
    do {
        br_comparison *c = br_compare((const br_run_figures *const *) t.old_runs, t.old_count,
            (const br_run_figures *const *) t.new_runs, t.new_count, NULL);
        answer = c->answer;
        if (looks++ == 0) t.alarm_first = answer == BR_COMPARISON_REGRESSED;
        more = more_runs(s, &t, c);
        for (unsigned i = 0; i < more && t.new_count < NEW_RUNS_MAX; i++) {
            add_new_run(&t, s->policy == SIMULATED_WANTED && i < c->sessions_wanted);
        }
        br_comparison_free(c);
    } while (more > 0 && t.new_count < NEW_RUNS_MAX);
    size_t band = t.noise.total < 0.05 ? 0 : t.noise.total < 0.07 ? 1 : 2;
    count(&ret[band], answer, &t, looks);
    count(&ret[SIMULATED_BANDS], answer, &t, looks);
    end(&t);
}

void simulate_compare(const simulation *s, simulated_tally ret[SIMULATED_BANDS + 1])
{
    for (size_t i = 0; i <= SIMULATED_BANDS; i++) {
        ret[i] = (simulated_tally){0};
    }
    for (unsigned i = 0; i < s->comparisons; i++) {
        compare_once(s, i, ret);
    }
}
