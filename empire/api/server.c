#include "empire/api/server.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "empire/api/routes.h"
#include "empire/api/target.h"

#define CONNECTION_MEMORY ((size_t) 16 * 1024)
/* A body that nobody wants is read to its end, so that the client sees the answer; up to this much. */
#define DROPPED_BODY_MAX ((size_t) 1024 * 1024)

struct emp_server {
    struct MHD_Daemon *daemon;
    emp_app *app;
    emp_request_store *requests;
    emp_connections *connections;
    int listen_fd;
    bool is_inherited;
};

/* What belongs to a connection. */
typedef struct seat {
    emp_connection *place;
    emp_request *request; /* that the library has from us; NULL: none */
} seat;

static seat *seat_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* Answering ------------------------------------------------------------------------------------ */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    enum MHD_Result ok = MHD_add_response_header(response, name, value);
    BR_ASSERT(ok == MHD_YES); /* NO: memory is out, or a line end in the value */
}

static void add_number(struct MHD_Response *response, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, value);
    add_header(response, name, text);
}

static void add_caching(const emp_request *r, struct MHD_Response *response)
{
    char text[48] = "no-store";
    if (r->etag[0]) {
        add_header(response, "ETag", r->etag);
        snprintf(text, sizeof(text), "private, max-age=%d", r->max_age_s); /* 0: ask again each time */
    }
    if (r->age_s) add_number(response, "Age", r->age_s);
    add_header(response, "Cache-Control", text);
}

static void add_allowance(const emp_request *r, struct MHD_Response *response)
{
    const emp_allowance *a = &r->allowance;
    if (a->limit == 0) return;
    add_number(response, "RateLimit-Limit", a->limit);
    add_number(response, "RateLimit-Remaining", a->remaining);
    add_number(response, "RateLimit-Reset", a->reset_s);
}

static void add_headers(const emp_request *r, struct MHD_Response *response)
{
    add_header(response, "Content-Type", r->content_type);
    if (r->allow[0]) add_header(response, "Allow", r->allow);
    if (r->location[0]) add_header(response, "Location", r->location);
    if (r->retry_after_s) add_number(response, "Retry-After", r->retry_after_s);
    if (r->status == 401) add_header(response, "WWW-Authenticate", "Bearer");
    if (r->id[0]) add_header(response, "X-Request-Id", r->id);
    add_caching(r, response);
    add_allowance(r, response);
    /* The answers are data for programs: a browser that shows one runs nothing in it and guesses nothing. */
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    if (r->close || atomic_load(&r->app->draining)) add_header(response, "Connection", "close");
}

static void answer_too_much(emp_request *r)
{
    br_buf_deinit(&r->out);
    emp_answer_problem(r, 503, "too many bodies and answers are held");
    r->etag[0] = '\0';
    r->close = true;
}

/* The body stays in the request, which lives until the answer is sent. */
static enum MHD_Result answer(emp_request *r)
{
    if (r->status == 200 && r->etag[0] && emp_head_matches(&r->head, r->etag)) {
        r->status = 304; /* the client has this body */
        r->constant = BR_STR_NONE;
        br_buf_reset(&r->out);
    }
    bool is_probe = r->route && (r->route->traits & EMP_ROUTE_UNLIMITED); /* answered also when all is full */
    if (r->status < 300 && !is_probe && !emp_request_hold(r, r->out.len)) answer_too_much(r);
    br_str body = emp_request_answer(r);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.n, (void *) (uintptr_t) body.p, MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    add_headers(r, response);
    r->stage = EMP_STAGE_ANSWERED;
    emp_connection_enter(r->place, EMP_PHASE_SEND);
    enum MHD_Result ok = MHD_queue_response(r->connection, (unsigned) r->status, response);
    MHD_destroy_response(response);
    return ok;
}

/* Running the query ---------------------------------------------------------------------------- */

/* On the pool's thread. From here on the request belongs to its connection's thread again. */
static void query_done(emp_query *q)
{
    emp_request *r = q->ctx;
    MHD_resume_connection(r->connection);
}

static enum MHD_Result start_query(emp_request *r)
{
    emp_admission admission = emp_pool_admit(r->app->pool);
    if (admission != EMP_ADMITTED && r->tries_only) {
        r->query.outcome = EMP_DB_DOWN;
        r->route->finish(r);
        return answer(r);
    }
    switch (admission) {
        case EMP_ADMITTED: break;
        case EMP_REFUSED_DOWN: emp_answer_problem(r, 503, "the database is not available"); return answer(r);
        case EMP_REFUSED_FULL:
            emp_answer_problem(r, 503, "too many requests are waiting for the database");
            return answer(r);
    }
    r->stage = EMP_STAGE_WAITING;
    r->query.done = query_done;
    r->query.ctx = r;
    MHD_suspend_connection(r->connection);
    emp_pool_submit(r->app->pool, &r->query); /* r is the pool's now */
    return MHD_YES;
}

static void finish_query(emp_request *r)
{
    if (r->tries_only) {
        r->route->finish(r);
        return;
    }
    switch (r->query.outcome) {
        case EMP_DB_OK: r->route->finish(r); break;
        case EMP_DB_DOWN: emp_answer_problem(r, 503, "the database is not available"); break;
        case EMP_DB_TIMEOUT: emp_answer_problem(r, 503, "the database did not answer in time"); break;
        case EMP_DB_NO_CONNECTION:
            emp_answer_problem(r, 503, "timeout acquiring connection from pool");
            break;
        case EMP_DB_ERROR: emp_answer_problem(r, 500, "the database refused the query"); break;
        case EMP_DB_PENDING: BR_UNREACHABLE("resumed before the query was done");
    }
}

/* Reading the request -------------------------------------------------------------------------- */

static void answer_no_route(emp_request *r, br_code rc, br_str path)
{
    if (rc == BR_ENOTFOUND) {
        emp_answer_problem(r, 404, "there is nothing at " BR_FMT, BR_ARG(path));
        return;
    }
    br_buf allow;
    br_buf_init(&allow, sizeof(r->allow) - 1);
    emp_router_allow(emp_routes, EMP_ROUTE_COUNT, path, &allow);
    memcpy(r->allow, allow.data, allow.len + 1);
    emp_answer_problem(r, 405, BR_FMT " allows %s", BR_ARG(path), r->allow);
    br_buf_deinit(&allow);
}

/* Finds route and parameters. A problem is answered into the request. */
static void route(emp_request *r)
{
    br_err err;
    br_str path, query;
    size_t path_len = 0;
    emp_match match;
    if (emp_target_split(br_buf_view(&r->target), &path, &query, &err) != BR_OK) {
        emp_answer_problem(r, 400, "%s", err.msg);
        return;
    }
    br_code rc = emp_percent_decode(path, EMP_ESCAPES_PATH, r->path, sizeof(r->path), &path_len);
    if (rc == BR_ESYNTAX || rc == BR_EINVAL) {
        emp_answer_problem(r, 400, "the path is not percent-encoded correctly");
        return;
    }
    br_str decoded = rc == BR_OK ? (br_str){r->path, path_len} : BR_STR("this long path");
    rc = emp_router_find(emp_routes, EMP_ROUTE_COUNT, r->method, decoded, &match);
    if (rc != BR_OK) {
        answer_no_route(r, rc, decoded);
        return;
    }
    r->route = match.route;
    r->route_index = (size_t) (match.route - emp_routes);
    r->segment = match.segment;
    if (emp_params_parse(query, match.route->params, &r->params, &err) != BR_OK) {
        emp_answer_problem(r, 400, "%s", err.msg);
    }
}

static bool is_request_id(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.' || c == ':';
        if (!ok) return false;
    }
    return s.n > 0 && s.n <= EMP_REQUEST_ID_MAX;
}

/* The client's name for the request if it is a harmless one, else one that this process has not given yet. */
static void name_request(emp_request *r)
{
    br_str given = r->head.request_id;
    if (is_request_id(given)) {
        memcpy(r->id, given.p, given.n);
        r->id[given.n] = '\0';
        return;
    }
    uint64_t n = atomic_fetch_add_explicit(&r->app->requests, 1, memory_order_relaxed);
    snprintf(r->id, sizeof(r->id), "%08" PRIx32 "-%" PRIu64, r->app->instance, n);
}

/* The nearest proxy's word if the configuration trusts it, else the connection's other end. */
static emp_client client_of(const emp_request *r)
{
    br_str forwarded = r->head.forwarded_for;
    if (r->app->trust_forwarded && forwarded.p) {
        for (size_t i = forwarded.n; i > 0; i--) {
            if (forwarded.p[i - 1] != ',') continue;
            forwarded = br_str_sub(forwarded, i, forwarded.n);
            break;
        }
        return emp_client_of_text(br_str_trim(forwarded));
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info && info->client_addr ? emp_client_of_address(info->client_addr) : (emp_client){0, 0};
}

/* Counts the request against its client's rate. A refusal is answered into the request. */
static void limit_rate(emp_request *r, const char *key_name)
{
    emp_app *app = r->app;
    int64_t tight = emp_fault_get(app->faults, EMP_FAULT_RATE_LIMIT);
    emp_rate_limit *limit = tight ? app->tight_limit : app->rate_limit;
    if (!limit || (r->route && (r->route->traits & EMP_ROUTE_UNLIMITED))) return;
    if (tight) emp_rate_limit_set(limit, tight);
    emp_client client = key_name ? emp_client_of_name(br_str_of(key_name)) : client_of(r);
    r->allowance = emp_rate_limit_take(limit, client, r->started);
    if (r->allowance.allowed) return;
    atomic_fetch_add_explicit(&app->metrics.limited, 1, memory_order_relaxed);
    emp_answer_problem(r, 429, "more than %" PRId64 " requests a minute: try again in %d s",
        r->allowance.limit, r->allowance.retry_after_s);
    r->retry_after_s = r->allowance.retry_after_s;
}

/* Who asks, and may they? */
static void check_client(emp_request *r)
{
    const char *key_name = r->app->keys ? emp_keys_find(r->app->keys, r->head.api_key) : NULL;
    r->holder = key_name;
    limit_rate(r, key_name);
    if (r->status != 0 || !r->app->keys || key_name || !r->route || !(r->route->traits & EMP_ROUTE_WRITES))
        return;
    emp_answer_problem(r, 401,
        r->head.api_key.p ? "this API key is not known here"
                          : "this needs an API key: send it as 'Authorization: Bearer KEY' or X-API-Key");
}

static void answer_too_large(emp_request *r)
{
    emp_answer_problem(r, 413, "the body is longer than %zu bytes", EMP_BODY_MAX);
    r->close = true;
}

/*
 * The head is there, the body not yet. The library takes an answer before the body only for POST and PUT (and
 * ends the connection after it); other requests get theirs behind the body.
 */
static enum MHD_Result on_head(
    emp_request *r, struct MHD_Connection *connection, const char *method, const char *version)
{
    r->connection = connection;
    r->place = seat_of(connection)->place;
    emp_connection_enter(r->place, EMP_PHASE_BODY);
    r->method = emp_method_parse(method);
    r->stage = EMP_STAGE_BODY;
    emp_head_read(connection, version, &r->head);
    name_request(r);
    const char *fault = emp_head_fault(&r->head);
    if (fault) {
        emp_answer_problem(r, 400, "%s", fault);
        r->close = true;
    } else {
        route(r);
        check_client(r);
        if (r->status == 0 && emp_head_announces_more(&r->head, EMP_BODY_MAX)) answer_too_large(r);
    }
    return r->status != 0 && r->method == EMP_POST ? answer(r) : MHD_YES;
}

static enum MHD_Result on_body(emp_request *r, const char *data, size_t n)
{
    r->body_bytes += n;
    if (r->status != 0 || !(r->route->traits & EMP_ROUTE_BODY))
        return r->body_bytes <= DROPPED_BODY_MAX ? MHD_YES : MHD_NO;
    if (!emp_request_hold(r, n)) {
        answer_too_much(r);
    } else if (br_buf_append(&r->body, data, n) != BR_OK) {
        answer_too_large(r); /* sent when the body is over */
    }
    return MHD_YES;
}

static enum MHD_Result on_complete(emp_request *r)
{
    if (r->status != 0) return answer(r);
    emp_connection_enter(r->place, EMP_PHASE_SERVED);
    emp_step step = r->route->begin(r);
    if (step == EMP_STEP_ANSWERED) return answer(r);
    r->tries_only = r->query.is_optional = step == EMP_STEP_TRY_QUERY;
    return start_query(r);
}

/* Called by the library ------------------------------------------------------------------------ */

/* Takes a request back. */
static void end_request(emp_server *s, emp_request *r)
{
    if (r->place) emp_connection_enter(r->place, EMP_PHASE_HEAD);
    emp_request_give(s->requests, r);
    atomic_fetch_sub(&s->app->metrics.in_flight, 1);
}

/*
 * The library forgets a request whose parameters are more than its memory for a connection takes: it answers
 * itself, and the request that it got from us never comes back. Then its seat still has it.
 */
static void end_forgotten(emp_server *s, seat *at)
{
    emp_request *r = at->request;
    at->request = NULL;
    if (!r) return;
    atomic_fetch_add_explicit(&s->app->metrics.aborted, 1, memory_order_relaxed);
    end_request(s, r);
}

/* The request line is there; what we return is `*context` of all later calls. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
    emp_server *s = ctx;
    end_forgotten(s, seat_of(connection));
    emp_request *r = emp_request_take(s->requests);
    seat_of(connection)->request = r;
    r->app = s->app;
    r->started = br_clock_now();
    r->route_index = EMP_ROUTE_NONE;
    if (br_buf_puts(&r->target, target) != BR_OK)
        br_buf_puts(&r->target, "*"); /* refused like any such target */
    atomic_fetch_add(&s->app->metrics.in_flight, 1);
    return r;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *data_bytes, void **context)
{
    (void) ctx;
    (void) url;
    emp_request *r = *context;
    switch (r->stage) {
        case EMP_STAGE_HEADERS: return on_head(r, connection, method, version);
        case EMP_STAGE_BODY: {
            size_t n = *data_bytes;
            *data_bytes = 0;
            return n ? on_body(r, data, n) : on_complete(r);
        }
        case EMP_STAGE_WAITING:
            finish_query(r);
            return r->status == 0 ? start_query(r) : answer(r); /* 0: finish() has another query */
        case EMP_STAGE_ANSWERED: *data_bytes = 0; return MHD_YES;
    }
    return MHD_NO;
}

static void log_access(const emp_request *r, br_ns latency)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "other"};
    char status[16], bytes[32], ms[32];
    snprintf(status, sizeof(status), "%d", r->status);
    snprintf(bytes, sizeof(bytes), "%zu", emp_request_answer(r).n);
    snprintf(ms, sizeof(ms), "%.3f", (double) latency / (double) BR_MS);
    const br_log_field fields[] = {
        {"bytes", br_str_of(bytes)},
        {"method", br_str_of(methods[r->method])},
        {"ms", br_str_of(ms)},
        {"status", br_str_of(status)},
        {"request", br_str_of(r->id)},
        {"target", br_buf_view(&r->target)},
    };
    br_log_line(BR_LOG_INFO, BR_STR("request"), fields, BR_COUNT_OF(fields));
}

/* The answer is sent, or the client is gone. */
static void on_end(
    void *ctx, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode how)
{
    emp_server *s = ctx;
    emp_request *r = *context;
    if (!r) return;
    *context = NULL;
    emp_metrics *m = &s->app->metrics;
    br_ns latency = br_clock_now() - r->started;
    if (how != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        atomic_fetch_add_explicit(&m->aborted, 1, memory_order_relaxed);
    } else if (r->status != 0) {
        emp_metrics_count(m, r->route_index, r->status, latency);
        atomic_fetch_add_explicit(
            &m->bytes_sent, r->method == EMP_HEAD ? 0 : emp_request_answer(r).n, memory_order_relaxed);
        if (s->app->access_log) log_access(r, latency);
    }
    seat_of(connection)->request = NULL;
    end_request(s, r);
}

/* A connection was opened, or will be closed. */
static void on_connection(
    void *ctx, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode what)
{
    emp_server *s = ctx;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(
            connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        seat *at = BR_NEW(seat);
        at->place = emp_connections_add(s->connections, info->connect_fd);
        *context = at;
    } else {
        seat *at = *context;
        end_forgotten(s, at);
        emp_connections_remove(s->connections, at->place);
        br_free(at);
        *context = NULL;
    }
}

/* Targets are decoded by us, from the bytes that came. */
static size_t keep_escapes(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void) ctx;
    (void) connection;
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void log_library(void *ctx, const char *fmt, va_list args)
{
    (void) ctx;
    char line[512];
    if (!br_log_enabled(BR_LOG_DEBUG)) return;
    vsnprintf(line, sizeof(line), fmt, args);
    line[strcspn(line, "\r\n")] = '\0';
    br_debug("http: %s", line);
}

/* Life ----------------------------------------------------------------------------------------- */

static struct MHD_Daemon *start_daemon(emp_server *s, const emp_server_config *config)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     MHD_USE_TURBO;
    const struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t) config->threads, NULL}, {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem no_pool[] = {{MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, /* the logger must come first */
        MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL, MHD_OPTION_LISTEN_SOCKET,
        (MHD_socket) config->listen_fd, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
        config->max_connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->max_per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) ((config->idle_timeout + BR_SEC - 1) / BR_SEC),
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, s, MHD_OPTION_NOTIFY_COMPLETED, on_end, s,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_ARRAY,
        config->threads > 1 ? pool : no_pool, MHD_OPTION_END);
}

br_code emp_server_start(const emp_server_config *config, emp_app *app, emp_server **ret_server, br_err *err)
{
    emp_server *s = BR_NEW(emp_server);
    s->app = app;
    s->listen_fd = config->listen_fd;
    s->is_inherited = config->is_inherited;
    const emp_connection_limits limits = {
        config->idle_timeout, config->request_timeout, config->max_connections};
    br_code rc = emp_connections_new(&limits, &s->connections, err);
    if (rc != BR_OK) {
        br_free(s);
        return rc;
    }
    if (!app->connections)
        app->connections = s->connections; /* an instance's own server is not the one to watch */
    s->requests = emp_request_store_new();
    s->daemon = start_daemon(s, config);
    if (!s->daemon) {
        emp_request_store_free(s->requests);
        emp_connections_free(s->connections);
        br_free(s);
        return br_fail(err, BR_ELIMIT, "the HTTP server does not start with %u threads and %u connections",
            config->threads, config->max_connections);
    }
    *ret_server = s;
    return BR_OK;
}

/*
 * The library's threads may still be using the socket, so it is closed at the end only; shutting it down
 * refuses new connections at once, and those that the kernel had accepted already.
 */
void emp_server_quiesce(emp_server *s)
{
    MHD_socket fd = MHD_quiesce_daemon(s->daemon);
    if (fd != MHD_INVALID_SOCKET && !s->is_inherited) shutdown(fd, SHUT_RD);
}

size_t emp_server_connections(const emp_server *s)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}

void emp_server_stop(emp_server *s)
{
    if (!s) return;
    MHD_stop_daemon(s->daemon);
    close(s->listen_fd);
    emp_connections_free(s->connections);
    emp_request_store_free(s->requests);
    br_free(s);
}
