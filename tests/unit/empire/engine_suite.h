/*
 * tests/unit/empire/engine_suite.h - what the files of the engines' conformance test share.
 *
 * What: the engine under test, time, a start and a poll.
 * Why here: test_workflow_engine.c tests runs, engine_schedules.c schedules; one program for each engine.
 */
#pragma once
#include "empire/workflow/engine.h"

#define PAUSE(n) ((n) *BR_SEC)

extern const char *database; /* NULL: in memory */
extern emp_engine *engine;   /* the test's */

int set_up(void **state);
int tear_down(void **state);

void advance(br_ns by); /* time goes by */
void start(const char *id, const char *request, char run[EMP_UUID_SIZE], bool want_new);
size_t poll_decisions(emp_decision_task *tasks, size_t max);

/* The number of tests that failed. */
int test_schedules(void);
