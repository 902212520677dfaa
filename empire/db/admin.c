#include "empire/db/admin.h"

#include <libpq-fe.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "empire/db/pool_int.h"

struct emp_admin {
    PGconn *pg;
};

static void drop_notice(void *ctx, const char *message)
{
    (void) ctx;
    (void) message;
}

/* libpq's own message would repeat parts of the address, maybe of the password. */
static br_code check_url(const char *url, br_err *err)
{
    PQconninfoOption *options = url[0] ? PQconninfoParse(url, NULL) : NULL;
    if (!options) {
        return br_fail(err, BR_EINVAL,
            "the database address is not valid: write postgresql://user@host:port/name"
            " or host=... dbname=...");
    }
    PQconninfoFree(options);
    return BR_OK;
}

br_code emp_admin_open(const char *url, emp_admin **ret_admin, br_err *err)
{
    static const char *const keys[] = {
        "connect_timeout", "dbname", "fallback_application_name", "client_encoding", "options", NULL};
    const char *const values[] = {"5", url, "empire", "UTF8", "-c TimeZone=UTC -c DateStyle=ISO", NULL};
    br_code rc = check_url(url, err);
    if (rc != BR_OK) return rc;
    PGconn *pg = PQconnectdbParams(keys, values, 1);
    if (PQstatus(pg) != CONNECTION_OK) {
        char line[512];
        emp_first_line(PQerrorMessage(pg), line, sizeof(line));
        PQfinish(pg);
        return br_fail(
            err, BR_EDIAL, "cannot connect to PostgreSQL: %s: start it, or correct DATABASE_URL", line);
    }
    PQsetNoticeProcessor(pg, drop_notice, NULL);
    emp_admin *a = BR_NEW(emp_admin);
    a->pg = pg;
    *ret_admin = a;
    return BR_OK;
}

void emp_admin_close(emp_admin *a)
{
    if (!a) return;
    PQfinish(a->pg);
    br_free(a);
}

/* BR_OK or BR_EIO; the result is the caller's to clear in both cases. */
static br_code check_result(const PGresult *r, br_err *err)
{
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return BR_OK;
    char line[512];
    emp_first_line(PQresultErrorMessage(r), line, sizeof(line));
    return br_fail(err, BR_EIO, "database: %s", line[0] ? line : "the connection was lost");
}

br_code emp_admin_run(emp_admin *a, const char *sql, br_err *err)
{
    PGresult *r = PQexec(a->pg, sql);
    br_code rc = check_result(r, err);
    PQclear(r);
    return rc;
}

br_code emp_admin_number(emp_admin *a, const char *sql, int64_t if_none, int64_t *ret_value, br_err *err)
{
    PGresult *r = PQexec(a->pg, sql);
    br_code rc = check_result(r, err);
    int64_t value = if_none;
    if (rc == BR_OK && PQntuples(r) > 0 && !PQgetisnull(r, 0, 0)) {
        if (br_parse_i64(br_str_of(PQgetvalue(r, 0, 0)), &value) != BR_OK) {
            rc = br_fail(err, BR_EIO, "database: '%s' is not a whole number", PQgetvalue(r, 0, 0));
        }
    }
    PQclear(r);
    if (rc == BR_OK) *ret_value = value;
    return rc;
}

static const char *option(const PQconninfoOption *options, const char *key, const char *otherwise)
{
    for (; options->keyword; options++) {
        if (strcmp(options->keyword, key) == 0)
            return options->val && options->val[0] ? options->val : otherwise;
    }
    return otherwise;
}

br_code emp_admin_describe(const char *url, br_buf *out, br_err *err)
{
    br_code rc = check_url(url, err);
    if (rc != BR_OK) return rc;
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    const char *host = option(options, "host", option(options, "hostaddr", "default socket"));
    br_buf_printf(out, "%s@%s", option(options, "user", "(current user)"), host);
    if (host[0] != '/') br_buf_printf(out, ":%s", option(options, "port", "5432"));
    br_buf_printf(out, " database %s", option(options, "dbname", "(same as user)"));
    PQconninfoFree(options);
    return BR_OK;
}
