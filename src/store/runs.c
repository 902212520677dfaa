#include "base/mem.h"
#include "store/store_int.h"

/* The latency of "all requests" of each run is read with it. */
#define RUN_COLUMNS                                                                                          \
    "r.id, r.started_ns, r.duration_ns, r.test, r.environment, r.script, r.target, r.outcome, r.level, "     \
    "r.headline, r.exit_status, r.complete, r.valid, r.open, r.fingerprint, r.script_hash, r.load_hash, "    \
    "r.machine, r.tool_version, r.target_version, r.commit_id, r.dirty, coalesce(e.requests, 0), "           \
    "coalesce(e.failed, 0), e.latency_us, p.run IS NOT NULL "
#define RUN_TABLES                                                                                           \
    "FROM runs r LEFT JOIN run_endpoints e ON e.run = r.id AND e.name = '' LEFT JOIN pins p ON p.run = r.id "

static const char insert_run[] =
    "INSERT INTO runs (started_ns, duration_ns, test, environment, script, target, outcome, level, headline, "
    "exit_status, complete, valid, open, fingerprint, script_hash, load_hash, machine, tool_version, "
    "target_version, commit_id, dirty, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "?, ?, ?)";
static const char select_runs[] =
    "SELECT " RUN_COLUMNS RUN_TABLES
    "WHERE (?1 IS NULL OR r.test = ?1) AND (?2 IS NULL OR r.environment = ?2) "
    "AND (?3 IS NULL OR r.fingerprint = ?3) AND r.started_ns >= ?4 AND (?5 = 0 OR r.id < ?5) "
    "AND (?6 = 0 OR r.valid) ORDER BY r.id DESC LIMIT ?7";
static const char select_run[] = "SELECT " RUN_COLUMNS RUN_TABLES "WHERE r.id = ?1";

/* Writing ----------------------------------------------------------------------------------------- */

static br_str text_or_empty(br_str s)
{
    return s.p ? s : BR_STR("");
}

static void bind_run(br_stmt *q, const br_stored_run *r, br_str document)
{
    const br_str texts[] = {r->test, r->environment, r->script, r->target, r->outcome, r->level, r->headline};
    const br_str parts[] = {r->fingerprint, r->script_hash, r->load_hash, r->machine, r->tool_version,
        r->target_version, r->commit};
    br_stmt_int(q, r->started_wall);
    br_stmt_int(q, r->duration);
    for (size_t i = 0; i < BR_COUNT_OF(texts); i++)
        br_stmt_text(q, text_or_empty(texts[i]));
    br_stmt_int(q, r->exit_status);
    br_stmt_int(q, r->complete);
    br_stmt_int(q, r->valid);
    br_stmt_int(q, r->open);
    for (size_t i = 0; i < BR_COUNT_OF(parts); i++)
        br_stmt_text(q, text_or_empty(parts[i]));
    br_stmt_int(q, r->dirty);
    br_stmt_blob(q, document);
}

static br_code add_run(
    const br_store *s, const br_stored_run *run, br_str document, int64_t *ret_id, br_err *err)
{
    br_stmt q;
    br_code code = br_stmt_open(&q, s, insert_run, "storing a run", err);
    if (code == BR_OK) {
        bind_run(&q, run, document);
        code = br_stmt_finish(&q, err);
    }
    if (code == BR_OK) *ret_id = sqlite3_last_insert_rowid(s->db);
    br_stmt_close(&q);
    return code;
}

static br_code add_endpoints(const br_store *s, int64_t id, const br_run_figures *f, br_err *err)
{
    br_stmt q;
    br_buf bytes;
    br_buf_init(&bytes, BR_BUF_NO_LIMIT);
    br_code code = br_stmt_open(&q, s,
        "INSERT INTO run_endpoints (run, name, requests, failed, latency_us) VALUES (?, ?, ?, ?, ?)",
        "storing a run", err);
    for (size_t i = 0; i < f->endpoint_count && code == BR_OK; i++) {
        const br_figures_endpoint *e = &f->endpoints[i];
        br_buf_reset(&bytes);
        (void) br_hist_encode(&e->latency_us, &bytes);
        br_stmt_int(&q, id);
        br_stmt_text(&q, text_or_empty(e->name));
        br_stmt_int(&q, (int64_t) e->requests);
        br_stmt_int(&q, (int64_t) e->failed);
        br_stmt_blob(&q, br_buf_view(&bytes));
        code = br_stmt_finish(&q, err);
    }
    br_stmt_close(&q);
    br_buf_deinit(&bytes);
    return code;
}

static br_code add_values(const br_store *s, int64_t id, const br_run_figures *f, br_err *err)
{
    br_stmt q;
    br_code code = br_stmt_open(
        &q, s, "INSERT INTO run_values (run, name, unit, value) VALUES (?, ?, ?, ?)", "storing a run", err);
    for (size_t i = 0; i < f->value_count && i < BR_STORE_VALUES_MAX && code == BR_OK; i++) {
        br_stmt_int(&q, id);
        br_stmt_text(&q, text_or_empty(f->values[i].name));
        br_stmt_text(&q, text_or_empty(f->values[i].unit));
        br_stmt_real(&q, f->values[i].value);
        code = br_stmt_finish(&q, err);
    }
    br_stmt_close(&q);
    return code;
}

br_code br_store_add(br_store *s, const br_stored_run *run, const br_run_figures *figures, br_str document,
    int64_t *ret_id, br_err *err)
{
    int64_t id = 0;
    if (document.n > BR_STORE_DOCUMENT_MAX)
        return br_fail(err, BR_ELIMIT, "the result document is larger than %zu bytes", BR_STORE_DOCUMENT_MAX);
    br_code code = br_store_begin(s, "storing a run", err);
    if (code != BR_OK) return code;
    code = add_run(s, run, document, &id, err);
    if (code == BR_OK) code = add_endpoints(s, id, figures, err);
    if (code == BR_OK) code = add_values(s, id, figures, err);
    code = br_store_end(s, code, "storing a run", err);
    if (code == BR_OK) *ret_id = id;
    return code;
}

/* Reading facts ----------------------------------------------------------------------------------- */

static br_code fail_run(const br_store *s, int64_t id, const char *what, br_err *err)
{
    return br_fail(err, BR_ESYNTAX,
        "history '%s': run %lld cannot be read: %s; `brunt prune --run %lld` deletes it", s->path,
        (long long) id, what, (long long) id);
}

/* The blob of a histogram; *ret must be initialised and empty. */
static br_code take_latency(br_stmt *q, int64_t id, br_hist *ret, br_err *err)
{
    br_str bytes = br_stmt_take_blob(q);
    if (bytes.n == 0) return BR_OK;
    if (bytes.n > BR_STORE_HISTOGRAM_MAX || br_hist_decode(ret, bytes) != BR_OK)
        return fail_run(q->store, id, "a histogram is none", err);
    return BR_OK;
}

static void take_facts(br_stmt *q, br_arena *arena, br_stored_run *r)
{
    br_str *const texts[] = {
        &r->test, &r->environment, &r->script, &r->target, &r->outcome, &r->level, &r->headline};
    br_str *const parts[] = {&r->fingerprint, &r->script_hash, &r->load_hash, &r->machine, &r->tool_version,
        &r->target_version, &r->commit};
    r->id = br_stmt_take_int(q);
    r->started_wall = br_stmt_take_int(q);
    r->duration = br_stmt_take_int(q);
    for (size_t i = 0; i < BR_COUNT_OF(texts); i++)
        *texts[i] = br_stmt_take_text(q, arena);
    r->exit_status = (int) br_stmt_take_int(q);
    r->complete = br_stmt_take_int(q) != 0;
    r->valid = br_stmt_take_int(q) != 0;
    r->open = br_stmt_take_int(q) != 0;
    for (size_t i = 0; i < BR_COUNT_OF(parts); i++)
        *parts[i] = br_stmt_take_text(q, arena);
    r->dirty = br_stmt_take_int(q) != 0;
}

static br_code take_run(br_stmt *q, br_arena *arena, br_stored_run *ret, br_err *err)
{
    br_stored_run r = {0};
    br_hist latency;
    br_hist_init(&latency);
    take_facts(q, arena, &r);
    r.requests = (uint64_t) br_stmt_take_int(q);
    r.failed = (uint64_t) br_stmt_take_int(q);
    br_code code = take_latency(q, r.id, &latency, err);
    if (code == BR_OK && q->rc != SQLITE_OK) code = fail_run(q->store, r.id, "a text is too long", err);
    if (code == BR_OK && r.failed > r.requests) code = fail_run(q->store, r.id, "counts contradict", err);
    r.p50_ms = br_hist_quantile(&latency, 0.5) / 1000;
    r.p95_ms = br_hist_quantile(&latency, 0.95) / 1000;
    r.p99_ms = br_hist_quantile(&latency, 0.99) / 1000;
    r.pinned = br_stmt_take_int(q) != 0;
    br_hist_deinit(&latency);
    if (code == BR_OK) *ret = r;
    return code;
}

static void bind_query(br_stmt *st, const br_store_query *q)
{
    const char *const texts[] = {q->test, q->environment, q->fingerprint};
    for (size_t i = 0; i < BR_COUNT_OF(texts); i++)
        br_stmt_text(st, br_str_of(texts[i])); /* NULL is the SQL NULL */
    br_stmt_int(st, q->since > 0 ? q->since : INT64_MIN);
    br_stmt_int(st, q->before);
    br_stmt_int(st, q->valid_only);
    br_stmt_int(st, q->limit > 0 && q->limit < INT64_MAX ? (int64_t) q->limit : -1);
}

br_code br_store_list(br_store *s, const br_store_query *query, br_arena *arena, br_stored_run **ret,
    size_t *ret_count, br_err *err)
{
    BR_VEC(br_stored_run) list = {0};
    br_stmt q;
    br_code code = br_stmt_open(&q, s, select_runs, "reading its runs", err);
    if (code == BR_OK) bind_query(&q, query);
    while (code == BR_OK) {
        br_stored_run run = {0};
        code = br_stmt_step(&q, err);
        if (code == BR_OK) code = take_run(&q, arena, &run, err);
        if (code == BR_OK) *br_vec_push(&list) = run;
    }
    br_stmt_close(&q);
    if (code == BR_EOF) {
        *ret = br_arena_alloc(arena, (list.len + 1) * sizeof(*list.data));
        if (list.len) memcpy(*ret, list.data, list.len * sizeof(*list.data));
        *ret_count = list.len;
    }
    br_vec_deinit(&list);
    return code == BR_EOF ? BR_OK : code;
}

static br_code not_there(const br_store *s, int64_t id, br_err *err)
{
    return br_fail(err, BR_ENOTFOUND, "history '%s': there is no run %lld; `brunt history` lists them",
        s->path, (long long) id);
}

br_code br_store_get(br_store *s, int64_t id, br_arena *arena, br_stored_run *ret, br_err *err)
{
    br_stmt q;
    br_code code = br_stmt_open(&q, s, select_run, "reading a run", err);
    if (code == BR_OK) {
        br_stmt_int(&q, id);
        code = br_stmt_step(&q, err);
    }
    if (code == BR_OK) code = take_run(&q, arena, ret, err);
    br_stmt_close(&q);
    return code == BR_EOF ? not_there(s, id, err) : code;
}

/* Reading figures --------------------------------------------------------------------------------- */

static br_run_figures *figures_new(void)
{
    br_run_figures *f = BR_NEW(br_run_figures);
    br_arena_init(&f->arena, 16384);
    return f;
}

static void take_over(br_run_figures *f, const br_stored_run *r)
{
    f->id = r->id;
    f->started_wall = r->started_wall;
    f->duration_s = (double) r->duration / (double) BR_SEC;
    f->test = r->test;
    f->environment = r->environment;
    f->fingerprint = r->fingerprint;
    f->version = r->target_version;
    f->valid = r->valid;
    f->open = r->open;
}

static br_code read_endpoint(br_stmt *q, br_run_figures *f, br_err *err)
{
    if (f->endpoint_count == BR_FIGURES_ENDPOINTS_MAX)
        return fail_run(q->store, f->id, "it has too many endpoints", err);
    br_figures_endpoint *e = &f->endpoints[f->endpoint_count];
    br_hist_init(&e->latency_us);
    e->name = br_stmt_take_text(q, &f->arena);
    e->requests = (uint64_t) br_stmt_take_int(q);
    e->failed = (uint64_t) br_stmt_take_int(q);
    br_code code = take_latency(q, f->id, &e->latency_us, err);
    if (code == BR_OK && (q->rc != SQLITE_OK || e->failed > e->requests)) {
        br_hist_deinit(&e->latency_us);
        code = fail_run(q->store, f->id, "an endpoint contradicts itself", err);
    }
    if (code == BR_OK) f->endpoint_count++;
    return code;
}

static br_code read_value(br_stmt *q, br_run_figures *f, br_err *err)
{
    if (f->value_count == BR_STORE_VALUES_MAX)
        return fail_run(q->store, f->id, "it has too many values", err);
    br_figures_value *v = &f->values[f->value_count++];
    v->name = br_stmt_take_text(q, &f->arena);
    v->unit = br_stmt_take_text(q, &f->arena);
    v->value = br_stmt_take_real(q);
    return q->rc == SQLITE_OK ? BR_OK : fail_run(q->store, f->id, "a text is too long", err);
}

static br_code read_rows(const br_store *s, br_run_figures *f, const char *sql,
    br_code (*row)(br_stmt *, br_run_figures *, br_err *), br_err *err)
{
    br_stmt q;
    br_code code = br_stmt_open(&q, s, sql, "reading a run", err);
    if (code == BR_OK) br_stmt_int(&q, f->id);
    while (code == BR_OK) {
        code = br_stmt_step(&q, err);
        if (code == BR_OK) code = row(&q, f, err);
    }
    br_stmt_close(&q);
    return code == BR_EOF ? BR_OK : code;
}

/* Byte order, as br_str_cmp(): the collation BINARY. */
static br_code read_all(const br_store *s, br_run_figures *f, br_err *err)
{
    f->endpoints = br_arena_zalloc(&f->arena, BR_FIGURES_ENDPOINTS_MAX * sizeof(*f->endpoints));
    f->values = br_arena_zalloc(&f->arena, BR_STORE_VALUES_MAX * sizeof(*f->values));
    br_code code = read_rows(s, f,
        "SELECT name, requests, failed, latency_us FROM run_endpoints WHERE run = ? ORDER BY name",
        read_endpoint, err);
    if (code == BR_OK)
        code = read_rows(
            s, f, "SELECT name, unit, value FROM run_values WHERE run = ? ORDER BY rowid", read_value, err);
    if (code == BR_OK && (f->endpoint_count == 0 || f->endpoints[0].name.n > 0))
        code = fail_run(s, f->id, "the figures of all requests are missing", err);
    return code;
}

br_code br_store_figures(br_store *s, int64_t id, br_run_figures **ret, br_err *err)
{
    br_run_figures *f = figures_new();
    br_stored_run run = {0};
    br_code code = br_store_get(s, id, &f->arena, &run, err);
    if (code == BR_OK) {
        take_over(f, &run);
        code = read_all(s, f, err);
    }
    if (code == BR_OK)
        *ret = f;
    else
        br_run_figures_free(f);
    return code;
}

br_code br_store_document(br_store *s, int64_t id, br_buf *out, br_err *err)
{
    br_stmt q;
    br_code code = br_stmt_open(&q, s, "SELECT document FROM runs WHERE id = ?", "reading a run", err);
    if (code == BR_OK) {
        br_stmt_int(&q, id);
        code = br_stmt_step(&q, err);
    }
    if (code == BR_OK) {
        br_str bytes = br_stmt_take_blob(&q);
        if (bytes.n > BR_STORE_DOCUMENT_MAX)
            code = fail_run(s, id, "its document is too large", err);
        else if (br_buf_put(out, bytes) != BR_OK)
            code = br_fail(err, BR_ELIMIT, "the document of run %lld is larger than %zu bytes",
                (long long) id, out->max_bytes);
    }
    br_stmt_close(&q);
    return code == BR_EOF ? not_there(s, id, err) : code;
}
