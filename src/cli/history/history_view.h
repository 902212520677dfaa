/*
 * cli/history/history_view.h - stored runs as people and programs read them.
 *
 * What: cells, JSON and changes of level of stored runs; and the frame of the commands about them.
 * Why here: history, show, export, prune and compare speak of runs in the same words.
 * Threads: main thread.
 */
#pragma once
#include <jansson.h>
#include "cli/terminal/globals.h"
#include "report/table.h"
#include "store/store.h"

/* Facts and figures of all requests. New reference. */
json_t *br_history_json(const br_stored_run *r);
/* Prints and frees. */
void br_history_print_json(json_t *json);
void br_history_print(const br_buf *text);

/* "2026-11-26 17:03", local time. */
br_str br_history_when(br_arena *arena, br_ns wall);
br_str br_history_ms(br_arena *arena, double ms);       /* "12.5ms" */
br_str br_history_share(br_arena *arena, double share); /* "1.25%" */
/* "excellent", "critical", "invalid", "passed", ... */
br_str br_history_verdict(const br_stored_run *r, br_paint *ret_paint);
double br_history_error_rate(const br_stored_run *r);
double br_history_per_second(const br_stored_run *r);

/* As br_cli_command(), of a command about the history; 255 if what it printed cannot be written. */
int br_history_command(
    int argc, char **argv, const br_arg_section *sections, void (*print_help)(void), br_cli_work *work);
