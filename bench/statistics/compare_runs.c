/*
 * How often brunt's comparison is right: prints the tables of docs/statistics-compare.md. Arguments:
 * comparisons a row (500), seed (1), old runs (10), only this change (120: +20 %), runs of each version in
 * turn (0).
 */
#include <stdio.h>
#include <stdlib.h>
#include "statistics/simulate_compare.h"

static const char *const bands[SIMULATED_BANDS + 1] = {"3 to 5 %", "5 to 7 %", "7 to 10 %", "all"};

static void print_row(double change, const char *band, const simulated_tally *t)
{
    double n = t->comparisons;
    if (t->comparisons == 0) return;
    printf("| %+.0f %% | %s | %u | %.1f %% | %.1f %% | %.1f %% | %.1f %% | %.1f %% | %.1f |\n",
        (change - 1) * 100, band, t->comparisons, 100 * t->regressed / n, 100 * t->regressed_first / n,
        100 * t->regressed_five / n, 100 * t->inconclusive / n, 100 * t->ok / n, t->runs / n);
    (void) fflush(stdout);
}

int main(int argc, char **argv)
{
    simulation s = {.seed = 1, .old_runs = 10, .comparisons = 500};
    if (argc > 1) s.comparisons = (unsigned) strtoul(argv[1], NULL, 10);
    if (argc > 2) s.seed = strtoul(argv[2], NULL, 10);
    if (argc > 3) s.old_runs = (unsigned) strtoul(argv[3], NULL, 10);
    if (argc > 5) s.in_turn = (unsigned) strtoul(argv[5], NULL, 10);
    static const double changes[] = {1.00, 1.05, 1.10, 1.15, 1.20, 1.25, 1.30};
    printf(
        "| change | noise | comparisons | regressed | with one new run | with at most five | inconclusive | ok "
        "| new runs |\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (argc > 4 && changes[i] * 100 != strtod(argv[4], NULL)) continue;
        simulated_tally t[SIMULATED_BANDS + 1];
        s.change = changes[i];
        simulate_compare(&s, t);
        for (size_t b = 0; b <= SIMULATED_BANDS; b++) {
            print_row(s.change, bands[b], &t[b]);
        }
    }
    return 0;
}
