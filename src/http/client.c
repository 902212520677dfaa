#include "http/conn_int.h"
#include "http/h2_int.h"
#include <stdio.h>
#include "base/assert.h"
#include "base/mem.h"

void br_http_client_config_defaults(br_http_client_config *c)
{
    *c = (br_http_client_config){
        .max_idle = 20,
        .max_idle_per_host = 6,
        .max_head_bytes = (size_t) 1 << 20,
        .max_body_bytes = (size_t) 256 << 20,
        .connect_timeout_ns = 30 * BR_SEC,
        .http2 = true,
    };
}

/* The end of an exchange ------------------------------------------------------------------------- */

static void unlink_running(br_http_exchange *x)
{
    *(x->_prev != NULL ? &x->_prev->_next : &x->_client->running) = x->_next;
    if (x->_next != NULL) {
        x->_next->_prev = x->_prev;
    }
    x->_prev = x->_next = NULL;
}

void br_http_exchange_finish(br_http_exchange *x)
{
    br_http_client *client = x->_client;
    BR_ASSERT(x->_running && x->_conn == NULL);
    if (x->response->times.end == 0) {
        x->response->times.end = br_loop_clock(client->loop);
    }
    client->totals.requests++;
    unlink_running(x);
    x->_running = false;
    x->_on_done(x, x->_ctx);
}

/*
 * What on_done does is the user's: it may start, cancel, close idle connections, or free the client. An
 * exchange that was cancelled meanwhile is not in the queue any more.
 */
void br_http_tell_finished(br_http_client *client)
{
    br_http_exchange *x;
    client->telling = true;
    while ((x = br_http_queue_take(&client->finished)) != NULL) {
        if (x->_h2.again) {
            br_http_exchange_retry(x);
        } else {
            br_http_exchange_finish(x);
        }
    }
    client->telling = false;
    if (client->freed) {
        br_free(client);
    }
}

/* Takes x away from whatever it waits for. */
static void abandon(br_http_exchange *x, br_code code)
{
    br_http_client *client = x->_client;
    br_http_conn *conn = x->_conn;
    br_loop_undefer(client->loop, &x->_fail_later);
    br_dns_cancel(client->dns, &x->_query);
    br_http_pool_dialled(x, NULL, false);
    br_http_queue_remove(x);
    if (conn == NULL) {
        br_http_error_set(&x->response->error, code, BR_STEP_NONE, NULL);
    } else if (conn->h2 != NULL) {
        br_h2_abandon(conn, x, code);
    } else {
        br_http_step step = br_h1_has_head(conn->parser) ? BR_STEP_PARSE : BR_STEP_READ;
        br_http_conn_explain(conn, x->response, code, step, NULL);
        conn->x = NULL;
        x->_conn = NULL;
        br_http_conn_free(conn);
    }
}

void br_http_cancel(br_http_exchange *x)
{
    if (x->_running) {
        abandon(x, BR_ECANCEL);
        br_http_exchange_finish(x);
    }
}

static void on_fail_later(void *ctx)
{
    br_http_exchange_finish(ctx);
}

/* Fails an exchange inside br_http_start(): on_done comes with the next turn. */
static void fail_later(br_http_exchange *x, br_code code, br_http_step step, const char *detail)
{
    br_http_error_set(&x->response->error, code, step, detail);
    br_loop_defer(x->_client->loop, &x->_fail_later, on_fail_later, x);
}

/* Time-outs -------------------------------------------------------------------------------------- */

static void on_timer(br_timer *timer, void *ctx);

static void arm_timer(br_http_client *client, br_ns at)
{
    if (!br_timer_running(&client->timer) || at < client->timer_at) {
        client->timer_at = at;
        br_timer_start(client->loop, &client->timer, at, on_timer, client);
    }
}

/* Ends one exchange that is late; the timer, set before, comes back for the others. */
static void on_timer(br_timer *timer, void *ctx)
{
    (void) timer;
    br_http_client *client = ctx;
    br_ns now = br_loop_now(client->loop), next = BR_NS_MAX;
    br_http_exchange *late = NULL;
    for (br_http_exchange *x = client->running; x != NULL; x = x->_next) {
        if (late == NULL && x->_deadline <= now) {
            late = x;
        } else if (x->_deadline < next) {
            next = x->_deadline;
        }
    }
    if (next < BR_NS_MAX) {
        arm_timer(client, next);
    }
    if (late != NULL) {
        abandon(late, BR_ETIMEOUT);
        br_http_exchange_finish(late);
    }
}

/* The start of an exchange ------------------------------------------------------------------------ */

/* Go's sentence about a lookup that failed, or that a rule forbade. */
static void explain_lookup(
    const br_http_exchange *x, br_code code, const char *detail, char *text, size_t size)
{
    br_str host = br_str_sub(x->request->url.host, 0, 100);
    const char *why = code == BR_ENOHOST ? "no such host" : code == BR_ETIMEOUT ? "i/o timeout" : detail;
    if (code == BR_EBLOCKED) {
        snprintf(text, size, "hostname (" BR_FMT ") is in a blocked pattern (%s)", BR_ARG(host), detail);
    } else if (code == BR_EFORBIDDEN) {
        snprintf(text, size, "%s", detail);
    } else {
        snprintf(text, size, "lookup " BR_FMT ": %s", BR_ARG(host), why != NULL ? why : br_code_text(code));
    }
}

static void on_resolved(
    br_dns_query *query, br_code code, const br_address *addresses, size_t count, const char *detail)
{
    br_http_exchange *x = query->ctx;
    if (code == BR_OK) {
        br_http_conn_dial(x->_client, x, addresses, count);
        return;
    }
    br_http_error *e = &x->response->error;
    char text[256];
    explain_lookup(x, code, detail, text, sizeof(text));
    br_http_error_set(e, code, BR_STEP_LOOKUP, text);
    snprintf(e->raw, sizeof(e->raw), "%s", text);
    br_http_pool_dialled(x, NULL, true);
    br_http_exchange_finish(x);
}

void br_http_exchange_dial(br_http_exchange *x)
{
    const br_url *url = &x->request->url;
    const br_proxy *proxy = br_proxies_for(x->_client->config.proxies, url->host, url->port, url->tls);
    br_dns_start(x->_client->dns, &x->_query, proxy != NULL ? proxy->host : url->host,
        proxy != NULL ? proxy->port : url->port, on_resolved, x);
}

void br_http_exchange_connect(br_http_exchange *x)
{
    br_http_client *client = x->_client;
    if (BR_UNLIKELY(x->request->upgrade)) {
        br_http_exchange_dial(x);
        return;
    }
    br_http_conn *conn = br_http_pool_find(client, &x->request->url);
    if (conn == NULL) {
        if (!br_http_pool_wait(client, x)) {
            br_http_exchange_dial(x);
        }
        return;
    }
    x->response->times.ready = x->_retried ? br_loop_clock(client->loop) : x->response->times.start;
    if (conn->h2 != NULL) {
        br_h2_send(conn, x);
    } else {
        br_http_conn_send(conn, x);
    }
}

void br_http_exchange_retry(br_http_exchange *x)
{
    x->_retried = true;
    x->response->reused = false;
    x->response->times.ready = x->response->times.sent = x->response->times.end = 0;
    br_http_exchange_connect(x);
}

static void begin(br_http_client *client, br_http_exchange *x)
{
    BR_ASSERT(!x->_running);
    br_http_response *r = x->response;
    br_http_response_reset(r);
    r->head.max_bytes = client->config.max_head_bytes;
    r->body.max_bytes = client->config.max_body_bytes;
    r->times.start = br_loop_clock(client->loop);
    x->_client = client;
    x->_conn = NULL;
    x->_running = true;
    x->_retried = false;
    x->_queue = NULL;
    x->_dials_for = NULL;
    x->_prev = NULL;
    x->_next = client->running;
    if (client->running != NULL) {
        client->running->_prev = x;
    }
    client->running = x;
    x->_deadline = BR_NS_MAX;
    if (x->request->timeout_ns > 0) {
        x->_deadline = r->times.start + x->request->timeout_ns;
        arm_timer(client, x->_deadline);
    }
}

void br_http_start(br_http_client *client, br_http_exchange *x, const br_http_request *request,
    br_http_response *response, br_http_done_fn *on_done, void *ctx)
{
    char text[200];
    x->request = request;
    x->response = response;
    x->_on_done = on_done;
    x->_ctx = ctx;
    begin(client, x);
    br_code code = request->_wire.p != NULL ? BR_OK : br_http_request_check(request, text);
    if (code != BR_OK) {
        fail_later(x, code, BR_STEP_URL, text);
    } else if (request->url.tls && client->config.tls == NULL) {
        fail_later(x, BR_EUNSUPPORTED, BR_STEP_TLS, "https is not available here");
    } else {
        br_http_exchange_connect(x);
    }
}

/* Life cycle --------------------------------------------------------------------------------------- */

br_http_client *br_http_client_new(br_loop *loop, br_dns *dns, const br_http_client_config *config)
{
    BR_ASSERT(config->max_head_bytes <= (size_t) 1 << 30); /* fields are 32-bit offsets */
    br_http_client *client = BR_NEW(br_http_client);
    client->loop = loop;
    client->dns = dns;
    client->config = *config;
    br_buf_init(&client->head, BR_BUF_NO_LIMIT);
    return client;
}

void br_http_client_free(br_http_client *client)
{
    if (client == NULL) {
        return;
    }
    BR_ASSERT(client->running == NULL);
    br_http_client_close_idle(client);
    br_http_pool_deinit(client);
    br_timer_stop(client->loop, &client->timer);
    br_buf_deinit(&client->head);
    client->freed = client->telling; /* by on_done: its memory is still needed there */
    if (!client->freed) {
        br_free(client);
    }
}

const br_http_totals *br_http_client_totals(const br_http_client *client)
{
    return &client->totals;
}

struct br_coder *br_http_client_coder(const br_http_client *client)
{
    return client->config.coder;
}
