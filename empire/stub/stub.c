#include "empire/stub/stub.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "empire/loopback/loopback.h"

#define BODY_MAX    ((size_t) 256 * 1024)
#define LATENCY_MAX 60000
#define IDLE_S      30U

struct emp_stub {
    emp_loopback *server;
    emp_effects *effects;
    atomic_int_fast64_t latency_ms, fail_every, rate_limit;
    int64_t products;
    atomic_uint_fast64_t requests, failures, limited;
    atomic_int_fast64_t window; /* the second that `in_window` counts */
    atomic_int_fast64_t in_window;
};

/* Answers ------------------------------------------------------------------------------------------ */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, br_buf *take_body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        take_body->len, take_body->data, MHD_RESPMEM_MUST_COPY);
    br_buf_deinit(take_body);
    if (!response) return MHD_NO;
    (void) MHD_add_response_header(response, "Content-Type", "application/json");
    if (status == 429) (void) MHD_add_response_header(response, "Retry-After", "1");
    enum MHD_Result ok = MHD_queue_response(c, status, response);
    MHD_destroy_response(response);
    return ok;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *text)
{
    br_buf body;
    br_buf_init(&body, BR_BUF_NO_LIMIT);
    br_buf_puts(&body, text);
    return answer(c, status, &body);
}

/* Services ----------------------------------------------------------------------------------------- */

static enum MHD_Result chat(struct MHD_Connection *c, const br_buf *request)
{
    json_t *root = json_loadb(request->data, request->len, 0, NULL);
    const json_t *messages = json_object_get(root, "messages");
    bool valid = json_string_length(json_object_get(root, "model")) > 0 && json_array_size(messages) > 0;
    json_decref(root);
    if (!valid) return answer_text(c, 400, "{\"error\":{\"message\":\"model and messages are required\"}}");
    return answer_text(c, 200,
        "{\"id\":\"stub\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":"
        "{\"role\":\"assistant\",\"content\":\"Look at this. You will want one. Here is why: it works.\"}}]}");
}

static enum MHD_Result products(const emp_stub *s, struct MHD_Connection *c)
{
    br_buf body;
    br_buf_init(&body, BR_BUF_NO_LIMIT);
    br_buf_puts(&body, "{\"products\":[");
    for (int64_t i = 1; i <= s->products; i++) {
        br_buf_printf(&body,
            "%s{\"externalId\":\"STUB%06" PRId64 "\",\"name\":\"Stub product %" PRId64
            "\",\"category\":\"home\",\"price\":\"%" PRId64
            ".50\",\"commissionRate\":\"0.0800\",\"rating\":\"4.5\","
            "\"salesCount\":%" PRId64 "}",
            i > 1 ? "," : "", i, i, 10 + i % 90, i % 1000);
    }
    br_buf_puts(&body, "]}");
    return answer(c, 200, &body);
}

static enum MHD_Result analytics(struct MHD_Connection *c)
{
    return answer_text(c, 200,
        "{\"data\":[{\"productId\":1,\"platform\":\"tiktok\",\"views\":1000,\"clicks\":50,\"conversions\":2,\"revenue\":\"4.20\"},"
        "{\"productId\":1,\"platform\":\"youtube\",\"views\":500,\"clicks\":20,\"conversions\":1,\"revenue\":\"2.10\"}]}");
}

static enum MHD_Result publish(emp_stub *s, struct MHD_Connection *c, const char *platform)
{
    uint64_t number = 0;
    br_buf body;
    const char *key = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Idempotency-Key");
    bool is_new = emp_effects_note(s->effects, br_str_of(key), &number);
    br_buf_init(&body, BR_BUF_NO_LIMIT);
    br_buf_printf(&body, "{\"id\":\"%" PRIu64 "\",\"url\":\"https://%s.example/%" PRIu64 "\"}", number,
        platform, number);
    return answer(c, is_new ? 201 : 200, &body);
}

/* Control ------------------------------------------------------------------------------------------ */

static enum MHD_Result effects(emp_stub *s, struct MHD_Connection *c)
{
    br_buf body;
    emp_effect_counts n;
    emp_effects_look(s->effects, &n);
    br_buf_init(&body, BR_BUF_NO_LIMIT);
    br_buf_printf(&body,
        "{\"unique\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"unkeyed\":%" PRIu64 ",\"requests\":%" PRIu64
        ",\"failures\":%" PRIu64 ",\"limited\":%" PRIu64 "}",
        n.unique, n.repeated, n.unkeyed, (uint64_t) atomic_load(&s->requests),
        (uint64_t) atomic_load(&s->failures), (uint64_t) atomic_load(&s->limited));
    return answer(c, 200, &body);
}

static bool set(const json_t *root, const char *key, int64_t most, atomic_int_fast64_t *to)
{
    const json_t *v = json_object_get(root, key);
    if (!v) return true;
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > most) return false;
    atomic_store(to, json_integer_value(v));
    return true;
}

static enum MHD_Result control(emp_stub *s, struct MHD_Connection *c, const br_buf *request)
{
    json_t *root = json_loadb(request->data, request->len, 0, NULL);
    bool ok = json_is_object(root) && set(root, "latencyMs", LATENCY_MAX, &s->latency_ms) &&
              set(root, "failEvery", INT32_MAX, &s->fail_every) &&
              set(root, "rateLimit", INT32_MAX, &s->rate_limit);
    json_decref(root);
    if (!ok)
        return answer_text(
            c, 400, "{\"error\":\"latencyMs, failEvery and rateLimit are whole numbers from 0\"}");
    return answer_text(c, 200, "{}");
}

/* Programmed trouble ------------------------------------------------------------------------------- */

static void sleep_ms(int64_t ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * BR_MS};
    nanosleep(&t, NULL);
}

static bool is_over_limit(emp_stub *s)
{
    int64_t limit = atomic_load(&s->rate_limit);
    int64_t now = br_clock_now() / BR_SEC, then = atomic_load(&s->window);
    if (limit == 0) return false;
    if (now != then && atomic_compare_exchange_strong(&s->window, &then, now)) atomic_store(&s->in_window, 0);
    return atomic_fetch_add(&s->in_window, 1) >= limit;
}

/* 0, or the status of the trouble. */
static unsigned trouble(emp_stub *s)
{
    uint64_t number = atomic_fetch_add(&s->requests, 1) + 1;
    uint64_t every = (uint64_t) atomic_load(&s->fail_every);
    sleep_ms(atomic_load(&s->latency_ms));
    if (is_over_limit(s)) {
        atomic_fetch_add(&s->limited, 1);
        return 429;
    }
    if (every == 0 || number % every != 0) return 0;
    atomic_fetch_add(&s->failures, 1);
    return 500;
}

/* Requests ----------------------------------------------------------------------------------------- */

static enum MHD_Result serve(
    void *ctx, struct MHD_Connection *c, const char *path, const char *method, const br_buf *body)
{
    emp_stub *s = ctx;
    bool is_post = br_str_is(br_str_of(method), "POST");
    br_str p = br_str_of(path), publishing = BR_STR("/publish/");
    if (!is_post && br_str_is(p, "/effects")) return effects(s, c);
    if (is_post && br_str_is(p, "/control")) return control(s, c, body);
    unsigned status = trouble(s);
    if (status) return answer_text(c, status, "{\"error\":{\"message\":\"as programmed\"}}");
    if (is_post && br_str_is(p, "/v1/chat/completions")) return chat(c, body);
    if (!is_post && br_str_is(p, "/products")) return products(s, c);
    if (!is_post && br_str_is(p, "/analytics")) return analytics(c);
    br_str platform = br_str_sub(p, publishing.n, p.n);
    bool plain = platform.n > 0 && platform.n < 32;
    for (size_t i = 0; i < platform.n; i++) {
        plain = plain && platform.p[i] >= 'a' && platform.p[i] <= 'z';
    }
    if (is_post && plain && br_str_starts(p, publishing)) return publish(s, c, platform.p);
    return answer_text(c, 404, "{\"error\":{\"message\":\"the stub has nothing there\"}}");
}

/* Life --------------------------------------------------------------------------------------------- */

br_code emp_stub_start(const emp_stub_config *config, emp_stub **ret_stub, uint16_t *ret_port, br_err *err)
{
    emp_stub *s = BR_NEW(emp_stub);
    s->effects = emp_effects_new();
    s->products = config->products;
    atomic_init(&s->latency_ms, config->latency_ms);
    atomic_init(&s->fail_every, config->fail_every);
    atomic_init(&s->rate_limit, config->rate_limit);
    const emp_loopback_config server = {
        .mode = EMP_LOOPBACK_THREADS, /* an answer waits as long as it is told to */
        .port = config->port,
        .body_max = BODY_MAX,
        .connections = EMP_STUB_CONNECTIONS,
        .idle_s = IDLE_S,
        .serve = serve,
        .ctx = s,
    };
    s->server = emp_loopback_start(&server);
    if (!s->server) {
        emp_effects_free(s->effects);
        br_free(s);
        return br_fail(
            err, BR_EEXISTS, "the stub cannot listen on port %u: choose another with --port", config->port);
    }
    *ret_port = emp_loopback_port(s->server);
    *ret_stub = s;
    return BR_OK;
}

void emp_stub_stop(emp_stub *s)
{
    if (!s) return;
    emp_loopback_stop(s->server);
    emp_effects_free(s->effects);
    br_free(s);
}
