/*
 * report/preparation.h - what was done and said before a test, as its result tells it.
 *
 * What: who approved, when stakeholders were told, and the checklist with its answers.
 * Why here: the result file, the page and the history show it; who asks and checks is above.
 * Threads: any. Memory: texts are borrowed.
 */
#pragma once
#include "base/clock.h"
#include "base/str.h"

typedef struct br_prepared_item {
    br_str key, state, text; /* "team", "ok", "in #operations" */
    bool asked;              /* the text is somebody's answer */
} br_prepared_item;

typedef struct br_preparation {
    br_str approver, reason; /* empty: nobody had to approve, and nobody did */
    br_ns told_at;           /* stakeholders; 0: not said */
    br_ns checked_at;        /* wall clock; 0: there was no checklist, and what follows is empty */
    bool ready;
    br_prepared_item *items;
    size_t item_count;
} br_preparation;
