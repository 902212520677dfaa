/*
 * db/migrate.h - the versions of the schema.
 *
 * What: brings a database to the newest version; says which version it has.
 * Why here: a migration is SQL that is built into the program (db/migrations/), applied once, in order,
 *     each in a transaction with its row in schema_migrations. An advisory lock lets several programs start
 *     at once: one migrates, the others wait and find nothing to do. A migration that was released is never
 *     edited; changes are new migrations.
 * Threads: any; one admin, one thread.
 */
#pragma once
#include "empire/db/admin.h"

/* The newest version that this program knows. */
int64_t emp_schema_version(void);

/* Applies what is missing; *ret_applied is how many. BR_EIO; BR_EUNSUPPORTED: the database is newer. */
BR_NODISCARD br_code emp_migrate(emp_admin *a, int64_t *ret_applied, br_err *err);

/*
 * Gives a role what API and workers need, after a migration; makes the role if there is none. BR_EINVAL: not
 * a plain name; BR_EIO: the owner may not.
 */
BR_NODISCARD br_code emp_migrate_grant(emp_admin *a, const char *role, br_err *err);

/* BR_OK when the schema is the one this program needs; BR_ENOTFOUND or BR_EUNSUPPORTED with the remedy;
 * BR_EIO. */
BR_NODISCARD br_code emp_migrate_check(emp_admin *a, br_err *err);
/* The same with a connection of its own: says plainly that the database is away, before others only try
 * again. */
BR_NODISCARD br_code emp_migrate_check_url(const char *url, br_err *err);
