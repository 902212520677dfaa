#include "empire/db/session.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "empire/db/pool_int.h"

#define TRIES 6 /* of a batch that the server asks to repeat */

struct emp_session {
    emp_session_config config;
    char *url;
    PGconn *pg;
    bool notified;
};

emp_session *emp_session_new(const emp_session_config *config)
{
    emp_session *s = BR_NEW(emp_session);
    s->config = *config;
    s->url = br_strdup(config->url);
    return s;
}

static void drop(emp_session *s)
{
    PQfinish(s->pg);
    s->pg = NULL;
}

void emp_session_free(emp_session *s)
{
    if (!s) return;
    drop(s);
    br_free(s->url);
    br_free(s);
}

static br_code lost(emp_session *s, br_err *err)
{
    char line[512];
    emp_first_line(s->pg ? PQerrorMessage(s->pg) : "", line, sizeof(line));
    drop(s);
    return br_fail(err, BR_EDIAL, "database: %s", line[0] ? line : "the connection was lost");
}

/* Talking ------------------------------------------------------------------------------------------ */

static void take_notifications(emp_session *s)
{
    PGnotify *n;
    while ((n = PQnotifies(s->pg)) != NULL) {
        s->notified = true;
        PQfreemem(n);
    }
}

/* Sends what is waiting and reads until a result is there. */
static br_code await_result(emp_session *s, br_ns until, br_err *err)
{
    for (;;) {
        int rest = PQflush(s->pg);
        if (rest < 0) return lost(s, err);
        if (!PQisBusy(s->pg) && rest == 0) return BR_OK;
        br_ns left = until - br_clock_now();
        if (left <= 0) {
            drop(s); /* what the server still does with it is cancelled by statement_timeout */
            return br_fail(err, BR_ETIMEOUT, "database: no answer in time");
        }
        struct pollfd p = {.fd = PQsocket(s->pg), .events = (short) (rest ? POLLIN | POLLOUT : POLLIN)};
        if (poll(&p, 1, (int) (left / BR_MS) + 1) < 0 && errno != EINTR) return lost(s, err);
        if (PQconsumeInput(s->pg) != 1) return lost(s, err);
        take_notifications(s);
    }
}

/* BR_OK; BR_AGAIN: the server asks to repeat the transaction; BR_EIO with its words. */
static br_code judge(const PGresult *r, br_err *err)
{
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return BR_OK;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    if (state && (strcmp(state, "40P01") == 0 || strcmp(state, "40001") == 0)) return BR_AGAIN;
    char line[512];
    emp_first_line(PQresultErrorMessage(r), line, sizeof(line));
    return br_fail(err, BR_EIO, "database: %s", line[0] ? line : "the statement failed");
}

/* Results up to the sync. The first failure is the batch's; what follows it was not executed. */
static br_code receive(emp_session *s, size_t count, emp_result **results, br_err *err)
{
    br_ns until = br_clock_now() + s->config.timeout;
    br_code verdict = BR_OK;
    for (size_t i = 0;;) {
        br_code rc = await_result(s, until, err);
        if (rc != BR_OK) return rc;
        PGresult *r = PQgetResult(s->pg);
        if (!r) { /* the end of a statement's results */
            i++;
            if (i > count) return lost(s, err);
            continue;
        }
        ExecStatusType status = PQresultStatus(r);
        if (status == PGRES_PIPELINE_SYNC || PQstatus(s->pg) == CONNECTION_BAD) {
            PQclear(r);
            return status == PGRES_PIPELINE_SYNC ? verdict : lost(s, err);
        }
        if (verdict == BR_OK && status != PGRES_PIPELINE_ABORTED) verdict = judge(r, err);
        if (results && i < count && !results[i]) {
            results[i] = (emp_result *) r;
        } else {
            PQclear(r);
        }
    }
}

static br_code send_calls(emp_session *s, const emp_call *calls, size_t count, br_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const emp_statement *st = &s->config.statements[calls[i].statement];
        if (PQsendQueryPrepared(s->pg, st->name, st->param_count, calls[i].values, NULL, NULL, 0) != 1)
            return lost(s, err);
    }
    return PQpipelineSync(s->pg) == 1 ? BR_OK : lost(s, err);
}

/* Connecting --------------------------------------------------------------------------------------- */

static void drop_notice(void *ctx, const char *message)
{
    (void) ctx;
    (void) message;
}

static br_code set_up(emp_session *s, br_err *err)
{
    char settings[512];
    const char *more = s->config.settings;
    int n = snprintf(settings, sizeof(settings),
        "SELECT set_config('statement_timeout', '%lld', false), set_config('plan_cache_mode', 'force_generic_plan', false)%s%s",
        (long long) (s->config.timeout / BR_MS), more ? ", " : "", more ? more : "");
    BR_ASSERT(n > 0 && (size_t) n < sizeof(settings));
    if (PQsetnonblocking(s->pg, 1) != 0 || PQenterPipelineMode(s->pg) != 1) return lost(s, err);
    size_t count = 1;
    bool ok = PQsendQueryParams(s->pg, settings, 0, NULL, NULL, NULL, NULL, 0) == 1;
    if (s->config.channel) {
        char listen[64];
        snprintf(listen, sizeof(listen), "LISTEN %s", s->config.channel);
        ok = ok && PQsendQueryParams(s->pg, listen, 0, NULL, NULL, NULL, NULL, 0) == 1;
        count++;
    }
    for (size_t i = 0; ok && i < s->config.statement_count; i++, count++) {
        const emp_statement *st = &s->config.statements[i];
        ok = PQsendPrepare(s->pg, st->name, st->sql, st->param_count, NULL) == 1;
    }
    if (!ok || PQpipelineSync(s->pg) != 1) return lost(s, err);
    br_code rc = receive(s, count, NULL, err);
    if (rc != BR_OK) drop(s);
    return rc;
}

static br_code connect(emp_session *s, br_err *err)
{
    static const char *const keys[] = {
        "connect_timeout", "dbname", "fallback_application_name", "client_encoding", "options", NULL};
    const char *const values[] = {
        "5", s->url, "empire worker", "UTF8", "-c TimeZone=UTC -c DateStyle=ISO", NULL};
    s->pg = PQconnectdbParams(keys, values, 1);
    if (PQstatus(s->pg) != CONNECTION_OK) return lost(s, err);
    PQsetNoticeProcessor(s->pg, drop_notice, NULL);
    return set_up(s, err);
}

/* Batches ------------------------------------------------------------------------------------------ */

static void forget(emp_result **results, size_t count)
{
    for (size_t i = 0; results && i < count; i++) {
        emp_result_free(results[i]);
        results[i] = NULL;
    }
}

br_code emp_session_run(
    emp_session *s, const emp_call *calls, size_t count, emp_result **ret_results, br_err *err)
{
    BR_ASSERT(count > 0 && count <= EMP_BATCH_MAX);
    for (size_t i = 0; ret_results && i < count; i++) {
        ret_results[i] = NULL;
    }
    br_code rc = BR_OK;
    for (int attempt = 0; attempt < TRIES; attempt++) {
        if (!s->pg && (rc = connect(s, err)) != BR_OK) return rc;
        rc = send_calls(s, calls, count, err);
        if (rc == BR_OK) rc = receive(s, count, ret_results, err);
        if (rc == BR_OK) return BR_OK;
        forget(ret_results, count);
        if (rc != BR_AGAIN) return rc;
    }
    return br_fail(err, BR_EIO, "database: the transaction met others again and again");
}

br_code emp_session_one(
    emp_session *s, size_t statement, const char *const *values, emp_result **ret_result, br_err *err)
{
    const emp_call call = {statement, values};
    return emp_session_run(s, &call, 1, ret_result, err);
}

int emp_session_fd(const emp_session *s)
{
    return s->pg ? PQsocket(s->pg) : -1;
}

bool emp_session_notified(emp_session *s)
{
    if (s->pg && PQconsumeInput(s->pg) != 1) {
        drop(s);
        return true; /* let the caller find out */
    }
    if (s->pg) take_notifications(s);
    bool was = s->notified;
    s->notified = false;
    return was;
}
