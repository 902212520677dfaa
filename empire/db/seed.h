/*
 * db/seed.h - test data.
 *
 * What: fills the tables with deterministic rows (db/seed.sql says how).
 * Why here: a load test needs the same rows on every machine and every run.
 * Threads: any; one admin, one thread.
 */
#pragma once
#include "empire/db/admin.h"

#define EMP_SEED_PRODUCTS_MAX 1000000
#define EMP_SEED_DAYS_MAX     1000

typedef struct emp_seed_config {
    int64_t products, days; /* 1 .. the limits above */
    bool reset;             /* delete what is in the tables first */
} emp_seed_config;

/*
 * Seeds in one transaction. *ret_seeded is false when the database holds exactly this seed already.
 * BR_EEXISTS: the tables hold something else and `reset` is not set. BR_ENOTFOUND, BR_EUNSUPPORTED: the
 * schema (emp_migrate_check). BR_EIO.
 */
BR_NODISCARD br_code emp_seed(emp_admin *a, const emp_seed_config *config, bool *ret_seeded, br_err *err);
