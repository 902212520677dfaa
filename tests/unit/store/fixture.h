/* unit/store/fixture.h - what the tests of the store share: a folder of their own, runs to store. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/store_int.h"

int enter_folder(void **state);
int leave_folder(void **state);

/* Made of a number: latency `ms` of all requests and of two endpoints. */
br_run_figures *some_figures(double ms);
br_stored_run some_run(const char *test, const char *environment);

br_store *open_store(const char *path, br_store_mode mode);
/* Expects that it does not open; the message must contain `words`. */
void refuse_store(const char *path, br_store_mode mode, br_code code, const char *words);
int64_t add(br_store *s, const char *test, const char *environment, double ms);
size_t count_runs(br_store *s);
void run_sql(const char *path, const char *sql);
