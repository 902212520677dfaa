/*
 * How often brunt's comparison is right: prints the tables of docs/statistics-compare.md. Arguments:
 * comparisons a row (500), seed (1), old runs (10), only this change (120: +20 %), runs of each version in
 * turn (0: first what `--repeat auto` does, then what the comparison asks for).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "statistics/simulate_compare.h"

static const char *const bands[SIMULATED_BANDS + 1] = {"3 to 5 %", "5 to 7 %", "7 to 10 %", "all"};
static const char *const titles[] = {
    [SIMULATED_REPEAT] =
        "Again at once until it is decided, at most five new runs in one session (--repeat auto)",
    [SIMULATED_WANTED] = "As many new runs as the comparison asks for, on other days if it says so",
    [SIMULATED_IN_TURN] = "Both versions in turn in one session, compared once"};

static void print_row(double change, const char *band, const simulated_tally *t)
{
    double n = t->comparisons;
    if (t->comparisons == 0) return;
    printf("| %+.0f %% | %s | %u | %.1f %% | %.1f %% | %.1f %% | %.1f %% | %.1f |\n", (change - 1) * 100,
        band, t->comparisons, 100 * t->regressed / n, 100 * t->alarms_first / n, 100 * t->inconclusive / n,
        100 * t->ok / n, t->runs / n);
    (void) fflush(stdout);
}

/* only: 120 for +20 %; 0: all changes. */
static void print_table(simulation s, double only)
{
    static const double changes[] = {1.00, 1.05, 1.10, 1.15, 1.20, 1.25, 1.30};
    printf(
        "%s:\n\n| change | noise | comparisons | regressed | with one new run alone | inconclusive | ok | new "
        "runs |\n|---|---|---|---|---|---|---|---|\n",
        titles[s.policy]);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (only > 0 && lround(changes[i] * 100) != lround(only)) continue;
        simulated_tally t[SIMULATED_BANDS + 1];
        s.change = changes[i];
        simulate_compare(&s, t);
        for (size_t b = 0; b <= SIMULATED_BANDS; b++) {
            print_row(s.change, bands[b], &t[b]);
        }
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    simulation s = {.seed = 1, .old_runs = 10, .comparisons = 500};
    if (argc > 1) s.comparisons = (unsigned) strtoul(argv[1], NULL, 10);
    if (argc > 2) s.seed = strtoul(argv[2], NULL, 10);
    if (argc > 3) s.old_runs = (unsigned) strtoul(argv[3], NULL, 10);
    double only = argc > 4 ? strtod(argv[4], NULL) : 0;
    if (argc > 5) s.in_turn = (unsigned) strtoul(argv[5], NULL, 10);
    if (s.in_turn > 0) {
        s.policy = SIMULATED_IN_TURN;
        print_table(s, only);
        return 0;
    }
    for (s.policy = SIMULATED_REPEAT; s.policy <= SIMULATED_WANTED; s.policy++) {
        print_table(s, only);
    }
    return 0;
}
