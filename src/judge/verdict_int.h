/*
 * judge/verdict_int.h - what verdict.c, self_check.c and actions.c share.
 *
 * What: the figures of a run that all three need, and ways to add to a judgement.
 * Threads: any; pure.
 */
#pragma once
#include "judge/verdict.h"

#define BR_ERRORS_WARNING        0.01
#define BR_ERRORS_CRITICAL       0.05
#define BR_ERRORS_EXCELLENT      0.001
#define BR_THROUGHPUT_PRODUCTION 100.0 /* requests/s that a service should have shown before production */

typedef struct br_figures {
    uint64_t requests, failed, unanswered;          /* unanswered: status 0 */
    uint64_t client_errors, limited, server_errors; /* 4xx but 429, 429, 5xx */
    double error_share, per_second;
    bool has_p95;
    double p50_ms, p95_ms;
    uint64_t p95_samples;
} br_figures;

br_figures br_judge_figures(const br_run_result *r);

/* Adds to the judgement; BR_REASON(j, severity, format, ...), BR_NOTE(j, format, ...) make the text in its
 * arena. */
void br_judge_add_reason(br_judgement *j, br_severity severity, const char *text);
void br_judge_add_note(br_judgement *j, const char *text);
#define BR_REASON(j, severity, ...)                                                                          \
    br_judge_add_reason(j, severity, br_arena_printf(&(j)->arena, __VA_ARGS__))
#define BR_NOTE(j, ...) br_judge_add_note(j, br_arena_printf(&(j)->arena, __VA_ARGS__))
br_action *br_judge_action(br_judgement *j, const char *title);

/* `name` is a literal, `text` of the judgement's arena. */
br_self_check *br_judge_add_check(br_judgement *j, const char *name, bool fatal, bool ok, const char *text);
/* Of littles_law.c: adds its checks. */
void br_judge_littles_law(br_judgement *j, const br_run_result *r);
/* Of self_check.c: fills j->self_checks and the notes on length. */
void br_judge_self_checks(
    br_judgement *j, const br_judge_plan *plan, const br_run_result *r, const br_figures *f);
/* Of actions_answers.c and actions_target.c: adds to j->actions what answers, and what the target itself,
 * tell. */
void br_judge_answer_actions(br_judgement *j, const br_run_result *r, const br_figures *f);
void br_judge_target_actions(br_judgement *j, const br_run_result *r);
/* Of actions.c: fills j->actions. */
void br_judge_actions(
    br_judgement *j, const br_judge_plan *plan, const br_run_result *r, const br_figures *f);
