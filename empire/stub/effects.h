/*
 * stub/effects.h - what the stub was asked to do.
 *
 * What: counts publications by idempotency key: how many are new, how many were repeated.
 * Why here: tests see from the outside that every effect happened once.
 * Threads: any; one mutex.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

#define EMP_STUB_KEYS_MAX 1000000

typedef struct emp_effects emp_effects;

emp_effects *emp_effects_new(void);
void emp_effects_free(emp_effects *e);

/* True and a number of its own for a new key; false and the number of then for a known one. An empty key is
 * new each time, and counted as unkeyed. */
bool emp_effects_note(emp_effects *e, br_str key, uint64_t *ret_number);

typedef struct emp_effect_counts {
    uint64_t unique, repeated, unkeyed;
} emp_effect_counts;
void emp_effects_look(emp_effects *e, emp_effect_counts *ret_counts);
