#include "empire/db/migrate.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/str.h"
#include "empire/db/sql.h"

#define ROLE_NAME_MAX 63          /* PostgreSQL's own limit */
#define LOCK_KEY      "727117001" /* the project's own number, for pg_advisory_lock */

static const struct {
    const char *name, *sql;
} migrations[] = {
    {"tables", emp_sql_0001_tables},
    {"daily_rollup", emp_sql_0002_daily_rollup},
    {"counters", emp_sql_0003_counters},
    {"workflows", emp_sql_0004_workflows},
    {"api_starts", emp_sql_0005_api_starts},
    {"product_documents", emp_sql_0006_product_documents},
    {"schedules", emp_sql_0007_schedules},
    {"last_attempts", emp_sql_0008_last_attempts},
};

int64_t emp_schema_version(void)
{
    return (int64_t) BR_COUNT_OF(migrations);
}

/* 0 for a database without our tables. */
static br_code current_version(emp_admin *a, int64_t *ret_version, br_err *err)
{
    int64_t exists = 0;
    br_code rc = emp_admin_number(a, "SELECT count(to_regclass('schema_migrations'))::int", 0, &exists, err);
    if (rc != BR_OK) return rc;
    if (!exists) {
        *ret_version = 0;
        return BR_OK;
    }
    return emp_admin_number(a, "SELECT max(version) FROM schema_migrations", 0, ret_version, err);
}

static br_code newer(int64_t version, br_err *err)
{
    return br_fail(err, BR_EUNSUPPORTED,
        "the database has schema version %" PRId64 ", this program knows %" PRId64 ": use a newer empire",
        version, emp_schema_version());
}

static br_code apply(emp_admin *a, int64_t version, br_err *err)
{
    char record[160];
    const char *name = migrations[version - 1].name;
    snprintf(record, sizeof(record),
        "INSERT INTO schema_migrations (version, name) VALUES (%" PRId64 ", '%s'); COMMIT", version, name);
    br_code rc = emp_admin_run(a, "BEGIN", err);
    if (rc == BR_OK) rc = emp_admin_run(a, migrations[version - 1].sql, err);
    if (rc == BR_OK) rc = emp_admin_run(a, record, err);
    if (rc == BR_OK) return BR_OK;
    (void) emp_admin_run(a, "ROLLBACK", NULL); /* the first error is the one to tell */
    return br_wrap(err, rc, "migration %" PRId64 " (%s)", version, name);
}

static br_code apply_missing(emp_admin *a, int64_t *ret_applied, br_err *err)
{
    int64_t version = 0;
    br_code rc = emp_admin_run(a,
        "CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, name text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT now())",
        err);
    if (rc == BR_OK) rc = current_version(a, &version, err);
    if (rc != BR_OK) return rc;
    if (version > emp_schema_version()) return newer(version, err);
    int64_t from = version;
    while (rc == BR_OK && version < emp_schema_version()) {
        rc = apply(a, ++version, err);
    }
    if (rc == BR_OK) *ret_applied = version - from;
    return rc;
}

br_code emp_migrate(emp_admin *a, int64_t *ret_applied, br_err *err)
{
    br_code rc = emp_admin_run(a, "SET lock_timeout = '60s'; SELECT pg_advisory_lock(" LOCK_KEY ")", err);
    if (rc != BR_OK) return br_wrap(err, rc, "waiting for another migration");
    rc = apply_missing(a, ret_applied, err);
    (void) emp_admin_run(a, "SELECT pg_advisory_unlock(" LOCK_KEY ")", NULL); /* closing releases it, too */
    return rc;
}

static bool is_plain_role(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool other = (c >= '0' && c <= '9') || c == '-';
        if (!letter && (!other || i == 0)) return false;
    }
    return s.n > 0 && s.n <= ROLE_NAME_MAX;
}

br_code emp_migrate_grant(emp_admin *a, const char *role, br_err *err)
{
    char setting[ROLE_NAME_MAX + 64];
    if (!is_plain_role(br_str_of(role))) {
        return br_fail(err, BR_EINVAL,
            "--grant-to: '%s' is not a role's name of up to %d letters, digits, _ and -", role,
            ROLE_NAME_MAX);
    }
    snprintf(setting, sizeof(setting), "SELECT set_config('empire.role', '%s', false)", role);
    br_code rc = emp_admin_run(a, setting, err);
    if (rc == BR_OK) rc = emp_admin_run(a, emp_sql_grants, err);
    return rc == BR_OK ? BR_OK : br_wrap(err, rc, "rights for '%s'", role);
}

br_code emp_migrate_check(emp_admin *a, br_err *err)
{
    int64_t version = 0;
    br_code rc = current_version(a, &version, err);
    if (rc != BR_OK) return rc;
    if (version > emp_schema_version()) return newer(version, err);
    if (version == emp_schema_version()) return BR_OK;
    return br_fail(err, BR_ENOTFOUND,
        "the database has schema version %" PRId64 ", this program needs %" PRId64 ": run 'empire migrate'",
        version, emp_schema_version());
}

br_code emp_migrate_check_url(const char *url, br_err *err)
{
    emp_admin *admin = NULL;
    br_code rc = emp_admin_open(url, &admin, err);
    if (rc == BR_OK) rc = emp_migrate_check(admin, err);
    emp_admin_close(admin);
    return rc;
}
