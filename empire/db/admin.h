/*
 * db/admin.h - one blocking connection for the commands.
 *
 * What: connects, runs SQL, reads a number; says where it is connected without the password.
 * Why here: migrate, seed and the check at the start of the service need no pool and no speed.
 * Threads: one admin, one thread.
 */
#pragma once
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

typedef struct emp_admin emp_admin;

/* BR_EINVAL: not a database address. BR_EDIAL: no connection; the message has libpq's reason and a remedy. */
BR_NODISCARD br_code emp_admin_open(const char *url, emp_admin **ret_admin, br_err *err);
void emp_admin_close(emp_admin *a); /* NULL is fine */

/* Runs one or more statements. BR_EIO with the server's message. */
br_code emp_admin_run(emp_admin *a, const char *sql, br_err *err);

/* Runs a query and reads the integer in its first row; `if_none` without a row or for NULL. BR_EIO. */
BR_NODISCARD br_code emp_admin_number(
    emp_admin *a, const char *sql, int64_t if_none, int64_t *ret_value, br_err *err);

/* Appends user, host or socket, port and database name of an address, never the password. BR_EINVAL. */
BR_NODISCARD br_code emp_admin_describe(const char *url, br_buf *out, br_err *err);
