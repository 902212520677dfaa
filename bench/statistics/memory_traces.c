/*
 * memory_traces: how often does judge/leak.h tell leaks from what only looks like one?
 *
 *     memory_traces [TRACES [SEED [SECONDS [SLOWEST]]]]
 *
 * Makes traces of memory, half of them with a leak of 10 to 200 MB/h, 7200 s long with a sample every 5 s,
 * judges each with a limit of 50 MB/h, and prints a table in Markdown. SLOWEST: the largest time constant of
 * a cache as a share of the length (0.25). Exit status 1: fewer than 99 % of the leaks of 50 MB/h and more
 * were found, or more than 0.5 % of the traces without a leak were called one, or an interval contained the
 * true slope in fewer than 90 % of the traces.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/random.h"
#include "judge/leak.h"

#define LIMIT      50.0
#define INTERVAL_S 5.0
#define MOST       7201

typedef enum background {
    FLAT,
    DEPENDENT,
    SAW,
    UNEVEN_SAW,
    CACHE,
    STEP,
    WARM_UP,
    CACHE_SAW,
    BACKGROUNDS
} background;
static const char *const names[] = {"independent noise", "dependent noise", "saw-tooth", "uneven saw-tooth",
    "cache that fills", "one or two steps", "warm-up", "cache and saw-tooth"};

typedef struct tally {
    int traces, large, found, missed_none, none, false_found, covered, undecided;
} tally;

static double between(br_random *r, double low, double high)
{
    return low + (high - low) * br_random_f64(r);
}

static double normal(br_random *r)
{
    return sqrt(-2 * log(1 - br_random_f64(r))) * cos(2 * M_PI * br_random_f64(r));
}

typedef struct model {
    background kind;
    double base, slope, noise;
    double saw, saw_s, phase; /* amplitude, period, 0..1 */
    double cache, tau_s;
    double step[2], step_at[2];
    double dependence, rest; /* of the noise: AR(1) */
} model;

static bool has_saw(background b)
{
    return b == SAW || b == UNEVEN_SAW || b == CACHE_SAW;
}

static double slowest = 0.25; /* time constant of a cache, as a share of the length */

static model make_model(br_random *r, background kind, bool leak, double length_s)
{
    model m = {.kind = kind, .base = between(r, 100, 800), .noise = exp(between(r, log(0.2), log(20)))};
    if (leak) m.slope = between(r, 10, 200);
    if (kind == DEPENDENT) m.dependence = between(r, 0.5, 0.95);
    if (has_saw(kind)) {
        m.saw = between(r, 20, 200);
        m.saw_s = exp(between(r, log(10), log(length_s / 10)));
        m.phase = br_random_f64(r);
        m.noise = fmin(m.noise, 5);
    }
    if (kind == CACHE || kind == CACHE_SAW) {
        m.cache = between(r, 50, 400);
        m.tau_s = exp(between(r, log(length_s / 60), log(length_s * slowest)));
    }
    if (kind == WARM_UP) {
        m.cache = between(r, 50, 400);
        m.tau_s = between(r, length_s / 240, length_s / 40);
    }
    for (int i = 0; kind == STEP && i < 2; i++) {
        m.step[i] = i == 0 || br_random_f64(r) < 0.5 ? between(r, 30, 300) : 0;
        if (m.step[i] > 0 && br_random_f64(r) < 0.3) m.step[i] = -fmin(m.step[i], 80);
        m.step_at[i] = between(r, 0.1, 0.9) * length_s;
    }
    return m;
}

static double value_at(br_random *r, model *m, double t)
{
    double y = m->base + m->slope * t / 3600;
    m->rest = m->dependence * m->rest + sqrt(1 - m->dependence * m->dependence) * normal(r);
    if (m->cache > 0) y += m->cache * (1 - exp(-t / m->tau_s));
    for (int i = 0; i < 2; i++)
        y += t >= m->step_at[i] ? m->step[i] : 0;
    if (has_saw(m->kind)) {
        double pace = m->kind == UNEVEN_SAW ? between(r, 0.2, 1.8) : 1;
        m->phase = fmod(m->phase + pace * INTERVAL_S / m->saw_s, 1);
        y += m->saw * m->phase;
    }
    return (y + m->noise * m->rest) * 1e6;
}

static void judge_one(br_random *r, background kind, bool leak, double length_s, tally *t, bool verbose)
{
    static br_target_sample samples[MOST];
    model m = make_model(r, kind, leak, length_s), start = m;
    br_target_series series = {.samples = samples};
    for (int i = 0; i * INTERVAL_S <= length_s && series.count < MOST; i++) {
        double at = i * INTERVAL_S, value = value_at(r, &m, at);
        if (br_random_f64(r) < 0.01) continue; /* a sample that could not be taken */
        samples[series.count++] = (br_target_sample){(br_ns) (at * 1e9), fmax(0, value)};
    }
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_leak_report report;
    br_leak_judge(&series, LIMIT, 0, &arena, &report);
    t->traces++;
    t->undecided += report.answer == BR_LEAK_UNDECIDED;
    t->covered += m.slope >= report.low - 0.05 && m.slope <= report.high + 0.05;
    if (leak && m.slope >= LIMIT) {
        t->large++;
        t->found += report.answer == BR_LEAK_FOUND;
        t->missed_none += report.answer == BR_LEAK_NONE;
    }
    if (!leak) {
        t->none++;
        t->false_found += report.answer == BR_LEAK_FOUND;
    }
    if (!verbose) {
        br_arena_deinit(&arena);
        return;
    }
    bool wrong = (leak && m.slope >= LIMIT && report.answer != BR_LEAK_FOUND) ||
                 (!leak && report.answer == BR_LEAK_FOUND);
    if (wrong) {
        fprintf(stderr,
            "%s: slope %.1f noise %.1f saw %.0f/%.0fs cache %.0f/%.0fs steps %.0f@%.0f %.0f@%.0f: " BR_FMT
            " (%s, %s)\n",
            names[kind], m.slope, m.noise, m.saw, m.saw_s, m.cache, m.tau_s, start.step[0], start.step_at[0],
            start.step[1], start.step_at[1], BR_ARG(report.sentence), br_leak_answer_name(report.answer),
            br_leak_course_name(report.course));
    }
    br_arena_deinit(&arena);
}

static double percent(int part, int all)
{
    return all ? 100.0 * part / all : 0;
}

static void print_row(const char *name, const tally *t)
{
    printf("| %s | %d | %d | %.1f %% | %d | %.2f %% | %.1f %% | %.1f %% |\n", name, t->traces, t->large,
        percent(t->found, t->large), t->missed_none, percent(t->false_found, t->none),
        percent(t->covered, t->traces), percent(t->undecided, t->traces));
}

static void add(tally *sum, const tally *t)
{
    sum->traces += t->traces;
    sum->large += t->large;
    sum->found += t->found;
    sum->missed_none += t->missed_none;
    sum->none += t->none;
    sum->false_found += t->false_found;
    sum->covered += t->covered;
    sum->undecided += t->undecided;
}

int main(int argc, char **argv)
{
    int traces = argc > 1 ? atoi(argv[1]) : 1000;
    long seed = argc > 2 ? atol(argv[2]) : 1;
    double length_s = argc > 3 ? atof(argv[3]) : 7200;
    if (argc > 4) slowest = atof(argv[4]);
    if (traces < 1 || length_s < 60 || slowest <= 0.02) {
        fprintf(stderr, "usage: memory_traces [TRACES [SEED [SECONDS [SLOWEST]]]]\n");
        return 2;
    }
    tally all[BACKGROUNDS] = {0}, sum = {0};
    br_random random;
    br_random_seed(&random, (uint64_t) seed);
    for (int i = 0; i < traces; i++) {
        background kind = (background) (i / 2 % BACKGROUNDS);
        judge_one(&random, kind, i % 2 == 1, length_s, &all[kind], getenv("VERBOSE") != NULL);
    }
    printf("| Background | traces | leaks of 50 MB/h or more | of these found | called none | false leaks | "
           "interval "
           "holds the truth | undecided |\n|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < BACKGROUNDS; i++) {
        print_row(names[i], &all[i]);
        add(&sum, &all[i]);
    }
    print_row("**all**", &sum);
    bool good = percent(sum.found, sum.large) >= 99 && percent(sum.false_found, sum.none) <= 0.5 &&
                percent(sum.covered, sum.traces) >= 90;
    return good ? 0 : 1;
}
