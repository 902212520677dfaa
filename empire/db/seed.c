#include "empire/db/seed.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/assert.h"
#include "empire/db/migrate.h"
#include "empire/db/sql.h"

#define SEED_VERSION 1 /* goes up when seed.sql makes other rows */

typedef enum contents { CONTENTS_NONE, CONTENTS_THIS_SEED, CONTENTS_OTHER } contents;

static br_code look(emp_admin *a, const emp_seed_config *config, contents *ret_contents, br_err *err)
{
    char sql[256];
    int64_t same = 0, rows = 0;
    snprintf(sql, sizeof(sql),
        "SELECT count(*) FROM seeds WHERE version = %d AND products = %" PRId64 " AND days = %" PRId64,
        SEED_VERSION, config->products, config->days);
    br_code rc = emp_admin_number(a, sql, 0, &same, err);
    if (rc != BR_OK) return rc;
    rc = emp_admin_number(a,
        "SELECT (EXISTS (SELECT FROM products) OR EXISTS (SELECT FROM analytics)"
        " OR EXISTS (SELECT FROM content) OR EXISTS (SELECT FROM workflows))::int",
        0, &rows, err);
    if (rc != BR_OK) return rc;
    *ret_contents = same ? CONTENTS_THIS_SEED : rows ? CONTENTS_OTHER : CONTENTS_NONE;
    return BR_OK;
}

static br_code fill(emp_admin *a, const emp_seed_config *config, br_err *err)
{
    char settings[256];
    snprintf(settings, sizeof(settings),
        "SET LOCAL empire.products = %" PRId64 "; SET LOCAL empire.days = %" PRId64 ";"
        " SET LOCAL empire.seed_version = %d",
        config->products, config->days, SEED_VERSION);
    br_code rc = emp_admin_run(a, "BEGIN", err);
    /* Also without `reset`, when they are empty: the rows refer to each other by ids that start at 1. */
    if (rc == BR_OK) {
        rc = emp_admin_run(a,
            "TRUNCATE products, content, analytics, workflows, optimizations, wf_run, wf_event, wf_task, wf_timer,"
            " wf_request, wf_effect, seeds RESTART IDENTITY CASCADE",
            err);
    }
    if (rc == BR_OK) rc = emp_admin_run(a, settings, err);
    if (rc == BR_OK) rc = emp_admin_run(a, emp_sql_seed, err);
    if (rc == BR_OK) return emp_admin_run(a, "COMMIT", err);
    (void) emp_admin_run(a, "ROLLBACK", NULL); /* the first error is the one to tell */
    return br_wrap(err, rc, "seeding");
}

br_code emp_seed(emp_admin *a, const emp_seed_config *config, bool *ret_seeded, br_err *err)
{
    BR_ASSERT(config->products > 0 && config->products <= EMP_SEED_PRODUCTS_MAX);
    BR_ASSERT(config->days > 0 && config->days <= EMP_SEED_DAYS_MAX);
    contents there = CONTENTS_NONE;
    br_code rc = emp_migrate_check(a, err);
    if (rc == BR_OK) rc = look(a, config, &there, err);
    if (rc != BR_OK) return rc;
    if (there == CONTENTS_THIS_SEED && !config->reset) {
        *ret_seeded = false;
        return BR_OK;
    }
    if (there == CONTENTS_OTHER && !config->reset) {
        return br_fail(err, BR_EEXISTS, "the tables hold other data: 'empire seed --reset' deletes it first");
    }
    if ((rc = fill(a, config, err)) != BR_OK) return rc;
    /* Statistics for the planner; the visibility map for scans that read the index only. */
    rc = emp_admin_run(
        a, "VACUUM (ANALYZE) products, content, analytics, analytics_daily, workflows, counters", err);
    if (rc == BR_OK) *ret_seeded = true;
    return rc;
}
