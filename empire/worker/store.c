#include "empire/worker/store.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "empire/db/session.h"

#define SESSIONS_MAX 16

enum {
    ST_EFFECT,
    ST_PRODUCTS,
    ST_RANK,
    ST_CONTENT,
    ST_ANALYTICS,
    ST_OPTIMIZE,
    ST_OPTIMIZE_DRY,
    ST_WORKER,
    ST_WORKER_GONE,
    ST_PURGE,
    ST_COUNT
};

/*
 * `e` has a row when the effect is new; everything that depends on it joins it. When two attempts meet, the
 * later one waits for the earlier one's commit and finds no row of its own: the caller asks again
 * (ST_EFFECT).
 */
#define EFFECT     "e AS (INSERT INTO wf_effect (run_id, activity_id, result) SELECT $1::uuid, $2::text, "
#define EFFECT_END " ON CONFLICT DO NOTHING RETURNING result),"
#define RESULT     " SELECT result FROM e"

/* Revenue per thousand views by platform; the share of effort follows the share of that. */
#define RECOMMEND                                                                                            \
    "d AS (SELECT CASE $3::text WHEN 'weekly' THEN 30 ELSE 7 END AS days),"                                  \
    " p AS (SELECT a.platform, sum(a.views) AS views, sum(a.revenue) AS revenue,"                            \
    " coalesce(round(1000 * sum(a.revenue) / nullif(sum(a.views), 0), 4), 0) AS rpm"                         \
    " FROM analytics_daily a, d"                                                                             \
    " WHERE a.day > (SELECT max(day) FROM analytics_daily) - d.days GROUP BY a.platform),"                   \
    " j AS (SELECT json_build_object('status', 'done', 'days', (SELECT days FROM d), 'platforms',"           \
    " coalesce(json_agg(json_build_object('platform', p.platform, 'views', p.views,"                         \
    " 'revenue', p.revenue::text, 'revenuePerThousandViews', p.rpm::text, 'share',"                          \
    " coalesce(round(p.rpm / nullif((SELECT sum(rpm) FROM p), 0), 4), 0)"                                    \
    ") ORDER BY p.rpm DESC, p.platform), '[]')) AS result FROM p)"

/* Products: those that differ from what is there. An update of all would lock all, one sync after the other.
 */
static const emp_statement statements[ST_COUNT] = {
    [ST_EFFECT] = {"effect",
        "SELECT result FROM wf_effect WHERE run_id = $1::uuid AND activity_id = $2::text", 2, true},
    [ST_PRODUCTS] = {"products",
        "WITH r AS (SELECT DISTINCT ON (\"externalId\") * FROM json_to_recordset($3::json) AS x(\"externalId\" text,"
        " name text, category text, price numeric, \"commissionRate\" numeric, rating numeric, \"salesCount\" int))," EFFECT
        "json_build_object('status', 'done', 'products', (SELECT count(*) FROM r))" EFFECT_END
        " c AS (SELECT r.* FROM r LEFT JOIN products p ON p.external_id = r.\"externalId\""
        " WHERE (p.name, p.category, p.price, p.commission_rate, p.rating, p.sales_count) IS DISTINCT FROM"
        " (r.name, r.category, r.price, r.\"commissionRate\", r.rating, r.\"salesCount\")),"
        " p AS (INSERT INTO products (external_id, name, category, price, commission_rate, rating, sales_count)"
        " SELECT \"externalId\", c.name, c.category, c.price, c.\"commissionRate\", c.rating, c.\"salesCount\""
        " FROM c, e ORDER BY \"externalId\" ON CONFLICT (external_id) DO UPDATE SET name = excluded.name,"
        " category = excluded.category, price = excluded.price, commission_rate = excluded.commission_rate,"
        " rating = excluded.rating, sales_count = excluded.sales_count, updated_at = now())" RESULT,
        3, false},
    [ST_RANK] = {"rank",
        "SELECT json_build_object('status', 'done', 'products', coalesce(json_agg(json_build_object('id', p.id,"
        " 'name', p.name, 'category', p.category, 'price', p.price::text)), '[]')) FROM (SELECT id, name, category, price"
        " FROM products ORDER BY score DESC, id LIMIT $1::bigint) p",
        1, true},
    [ST_CONTENT] = {"content",
        "WITH n AS (SELECT nextval(pg_get_serial_sequence('content', 'id')) AS id)," EFFECT
        "(jsonb_build_object('status', 'done', 'contentId', n.id) || coalesce($10::jsonb, '{}'))::json FROM n" EFFECT_END
        " c AS (INSERT INTO content (id, product_id, platform, kind, status, title, body, url, run_id, activity_id,"
        " published_at) OVERRIDING SYSTEM VALUE SELECT n.id, $3::bigint, $4::text, $5::text, $6::text, $7::text,"
        " $8::text, $9::text, $1::uuid, $2::text, CASE WHEN $6::text = 'published' THEN now() END FROM n, e)" RESULT,
        10, false},
    [ST_ANALYTICS] = {"analytics",
        "WITH r AS (SELECT * FROM json_to_recordset($3::json) AS x(\"productId\" bigint, platform text, views int,"
        " clicks int, conversions int, revenue numeric))," EFFECT
        "json_build_object('status', 'done', 'rows', (SELECT count(*) FROM r))" EFFECT_END
        " a AS (INSERT INTO analytics (product_id, platform, views, clicks, conversions, revenue)"
        " SELECT r.\"productId\", r.platform, r.views, r.clicks, r.conversions, r.revenue FROM r, e)" RESULT,
        3, false},
    [ST_OPTIMIZE] = {"optimize",
        "WITH " RECOMMEND "," EFFECT "j.result FROM j" EFFECT_END
        " o AS (INSERT INTO optimizations (run_id, kind, recommendations)"
        " SELECT $1::uuid, $3::text, e.result FROM e)" RESULT,
        3, false},
    [ST_OPTIMIZE_DRY] = {"optimize_dry",
        "WITH " RECOMMEND " SELECT result FROM j WHERE $1::uuid IS NOT NULL AND $2::text IS NOT NULL", 3,
        true},
    [ST_WORKER] = {"worker",
        "INSERT INTO wf_worker (worker_id, host, pid, queue, max_workflow_tasks, max_activities, used_workflow_tasks,"
        " used_activities, samples) VALUES ($1, $2, $3::int, $4, $5::int, $6::int, $7::int, $8::int, $9::json)"
        " ON CONFLICT (worker_id) DO UPDATE SET max_activities = excluded.max_activities,"
        " used_workflow_tasks = excluded.used_workflow_tasks,"
        " used_activities = excluded.used_activities, samples = excluded.samples, seen_at = now()",
        9, false},
    [ST_WORKER_GONE] = {"worker_gone", "DELETE FROM wf_worker WHERE worker_id = $1", 1, false},
    [ST_PURGE] = {"purge",
        "WITH r AS MATERIALIZED (SELECT run_id FROM wf_run WHERE status <> 'running'"
        " AND closed_at < now() - $1::int * interval '1 day' LIMIT 500 FOR UPDATE SKIP LOCKED),"
        " e AS (DELETE FROM wf_event WHERE run_id IN (SELECT run_id FROM r)),"
        " f AS (DELETE FROM wf_effect WHERE run_id IN (SELECT run_id FROM r)),"
        " q AS (DELETE FROM wf_request WHERE run_id IN (SELECT run_id FROM r)),"
        " d AS (DELETE FROM wf_run WHERE run_id IN (SELECT run_id FROM r) RETURNING 1)"
        " SELECT count(*) FROM d",
        1, false},
};

struct emp_store {
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    emp_session *all[SESSIONS_MAX];
    emp_session *idle[SESSIONS_MAX]; /* under the mutex */
    size_t count, idle_count;
};

emp_store *emp_store_new(const char *url, size_t sessions, br_ns timeout)
{
    BR_ASSERT(sessions > 0 && sessions <= SESSIONS_MAX);
    /*
     * An effect need not wait for the disk: the answer that closes its step commits later and waits, and the
     * log is written in order. Without that answer the step is tried again, with the same key.
     */
    const emp_session_config config = {.url = url,
        .statements = statements,
        .statement_count = ST_COUNT,
        .settings = "set_config('synchronous_commit', 'off', false)",
        .timeout = timeout};
    emp_store *s = BR_NEW(emp_store);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->freed, NULL);
    s->count = s->idle_count = sessions;
    for (size_t i = 0; i < sessions; i++) {
        s->all[i] = s->idle[i] = emp_session_new(&config);
    }
    return s;
}

void emp_store_free(emp_store *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->count; i++) {
        emp_session_free(s->all[i]);
    }
    pthread_cond_destroy(&s->freed);
    pthread_mutex_destroy(&s->mutex);
    br_free(s);
}

static emp_session *borrow(emp_store *s)
{
    pthread_mutex_lock(&s->mutex);
    while (s->idle_count == 0) {
        pthread_cond_wait(&s->freed, &s->mutex);
    }
    emp_session *session = s->idle[--s->idle_count];
    pthread_mutex_unlock(&s->mutex);
    return session;
}

static void give_back(emp_store *s, emp_session *session)
{
    pthread_mutex_lock(&s->mutex);
    s->idle[s->idle_count++] = session;
    pthread_cond_signal(&s->freed);
    pthread_mutex_unlock(&s->mutex);
}

/* Runs a statement; *ret_text is its first cell, NULL without a row. */
static br_code run(emp_store *s, size_t statement, const char *const *values, char **ret_text, br_err *err)
{
    emp_result *r = NULL;
    emp_session *session = borrow(s);
    br_code rc = emp_session_one(session, statement, values, &r, err);
    give_back(s, session);
    if (rc == BR_OK && ret_text) {
        *ret_text = NULL;
        if (emp_result_rows(r) > 0 && !emp_result_is_null(r, 0, 0)) {
            br_str cell = emp_result_cell(r, 0, 0);
            *ret_text = br_strndup(cell.p, cell.n);
        }
    }
    emp_result_free(r);
    return rc;
}

br_code emp_store_effect(emp_store *s, emp_doer who, char **ret_result, br_err *err)
{
    const char *const values[] = {who.run_id, who.activity_id};
    return run(s, ST_EFFECT, values, ret_result, err);
}

/* A statement with an effect: its new result, or the one that is there already. */
static br_code run_effect(
    emp_store *s, emp_doer who, size_t statement, const char *const *values, char **ret_result, br_err *err)
{
    char *result = NULL;
    br_code rc = run(s, statement, values, &result, err);
    if (rc == BR_OK && !result) rc = emp_store_effect(s, who, &result, err);
    if (rc == BR_OK && !result) rc = br_fail(err, BR_EIO, "database: the effect is neither new nor there");
    if (rc == BR_OK) *ret_result = result;
    return rc;
}

br_code emp_store_products(emp_store *s, emp_doer who, const char *products, char **ret_result, br_err *err)
{
    const char *const values[] = {who.run_id, who.activity_id, products};
    return run_effect(s, who, ST_PRODUCTS, values, ret_result, err);
}

br_code emp_store_rank(emp_store *s, int64_t count, char **ret_result, br_err *err)
{
    char n[24];
    snprintf(n, sizeof(n), "%" PRId64, count);
    const char *const values[] = {n};
    return run(s, ST_RANK, values, ret_result, err);
}

br_code emp_store_content(emp_store *s, emp_doer who, const emp_content *c, char **ret_result, br_err *err)
{
    char product[24];
    snprintf(product, sizeof(product), "%" PRId64, c->product_id);
    const char *const values[] = {who.run_id, who.activity_id, product, c->platform, c->kind, c->status,
        c->title, c->body, c->url, c->extra};
    return run_effect(s, who, ST_CONTENT, values, ret_result, err);
}

br_code emp_store_analytics(emp_store *s, emp_doer who, const char *rows, char **ret_result, br_err *err)
{
    const char *const values[] = {who.run_id, who.activity_id, rows};
    return run_effect(s, who, ST_ANALYTICS, values, ret_result, err);
}

br_code emp_store_optimize(
    emp_store *s, emp_doer who, const char *kind, bool dry_run, char **ret_result, br_err *err)
{
    const char *const values[] = {who.run_id, who.activity_id, kind};
    if (dry_run) return run(s, ST_OPTIMIZE_DRY, values, ret_result, err);
    return run_effect(s, who, ST_OPTIMIZE, values, ret_result, err);
}

BR_STATIC_ASSERT(EMP_PURGE_MAX == 500, "as in the statement");

br_code emp_store_purge(emp_store *s, int64_t days, int64_t *ret_deleted, br_err *err)
{
    char n[24], *text = NULL;
    snprintf(n, sizeof(n), "%" PRId64, days);
    const char *const values[] = {n};
    br_code rc = run(s, ST_PURGE, values, &text, err);
    if (rc == BR_OK) BR_ASSERT(br_parse_i64(br_str_of(text), ret_deleted) == BR_OK);
    br_free(text);
    return rc;
}

br_code emp_store_worker(emp_store *s, const emp_worker_row *row, br_err *err)
{
    char numbers[5][16];
    const int figures[5] = {row->pid, row->max_workflow_tasks, row->max_activities, row->used_workflow_tasks,
        row->used_activities};
    for (size_t i = 0; i < 5; i++) {
        snprintf(numbers[i], sizeof(numbers[i]), "%d", figures[i]);
    }
    const char *const values[] = {row->worker_id, row->host, numbers[0], row->queue, numbers[1], numbers[2],
        numbers[3], numbers[4], row->samples};
    return run(s, ST_WORKER, values, NULL, err);
}

br_code emp_store_worker_gone(emp_store *s, const char *worker_id, br_err *err)
{
    const char *const values[] = {worker_id};
    return run(s, ST_WORKER_GONE, values, NULL, err);
}
