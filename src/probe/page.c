#include "probe/page.h"

#include "base/mem.h"
#include "probe/prometheus.h"

struct br_page {
    br_arena arena;
    br_loop *loop;
    br_page_config config;
    br_tls_context *tls;
    br_http_client *client;
    br_http_exchange exchange;
    br_http_request request;
    br_http_response response;
    br_page_fn *fn;
    void *ctx;
    bool fetching;
};

/* Names --------------------------------------------------------------------------------------------- */

/* What is called by the name that the other sources have. */
static const struct known {
    const char *metric, *name, *unit, *limit; /* limit: the gauge that tells it */
} known[] = {
    {"process_resident_memory_bytes", "memory", "bytes", NULL},
    {"process_cpu_seconds_total", "cpu", "cores", NULL},
    {"process_open_fds", "descriptors", "count", "process_max_fds"},
};

/* Gauges that tell of what may run out. */
static const char *const telling[] = {"pool", "queue", "connections", "workflow", "in_flight", "backlog",
    "slots", "waiting", "lag", "breaker", "heap_size_used", "heap_inuse"};

static const struct known *known_metric(br_str metric)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (br_str_is(metric, known[i].metric)) return &known[i];
    }
    return NULL;
}

static bool is_wanted(const br_page_config *c, const br_prom_sample *s, const struct known *k)
{
    for (size_t i = 0; i < c->name_count; i++) {
        if (k && br_str_is(c->names[i], k->name)) return true;
        if (br_prom_matches(c->names[i], s)) return true;
    }
    if (c->name_count || k) return c->name_count == 0;
    for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]) && s->type == BR_PROM_GAUGE; i++) {
        if (br_str_find(s->name, br_str_of(telling[i])) >= 0) return true;
    }
    return false;
}

static const char *unit_of(br_str metric, bool counter)
{
    if (br_str_ends(metric, BR_STR("_bytes"))) return counter ? "bytes/s" : "bytes";
    if (br_str_ends(metric, BR_STR("_bytes_total"))) return "bytes/s";
    if (br_str_ends(metric, BR_STR("_seconds_total"))) return "s/s";
    if (br_str_ends(metric, BR_STR("_seconds"))) return counter ? "s/s" : "s";
    return counter ? "1/s" : "count";
}

/* Figures ------------------------------------------------------------------------------------------- */

static double gauge_called(br_str body, const char *name)
{
    br_prom_page page;
    br_prom_sample s;
    br_prom_open(&page, body);
    while (name && br_prom_next(&page, &s, NULL) == BR_OK) {
        if (br_str_is(s.name, name)) return s.value > 0 ? s.value : 0;
    }
    return 0;
}

static void put(br_measures *into, const br_prom_sample *s, const struct known *k, br_str body, br_ns at)
{
    bool counter = s->type == BR_PROM_COUNTER || br_str_ends(s->name, BR_STR("_total"));
    const char *unit = k ? k->unit : unit_of(s->name, counter);
    br_buf name;
    br_buf_init(&name, 4096); /* a longer name is cut */
    (void) br_buf_put(&name, k ? br_str_of(k->name) : s->name);
    if (!k && s->labels.n) (void) br_buf_printf(&name, "{" BR_FMT "}", BR_ARG(s->labels));
    if (counter)
        br_measures_counter(into, br_buf_view(&name), unit, 0, at, s->value);
    else
        br_measures_gauge(
            into, br_buf_view(&name), unit, gauge_called(body, k ? k->limit : NULL), at, s->value);
    br_buf_deinit(&name);
}

static br_code check_answer(const br_page *page, br_err *err)
{
    const br_http_error *e = &page->response.error;
    if (e->code != BR_OK)
        return br_fail(
            err, e->code, "GET " BR_FMT ": %s", BR_ARG(page->config.url), e->raw[0] ? e->raw : e->text);
    if (page->response.status != 200)
        return br_fail(err, BR_EPROTO, "GET " BR_FMT " answered with status %d", BR_ARG(page->config.url),
            page->response.status);
    return BR_OK;
}

br_code br_page_take(br_page *page, br_measures *into, br_ns at, br_err *err)
{
    br_code code = check_answer(page, err);
    if (code != BR_OK) return code;
    br_str body = br_buf_view(&page->response.body);
    if (!br_prom_is_page(body))
        return br_fail(err, BR_ESYNTAX, BR_FMT " is no page of Prometheus metrics in text form",
            BR_ARG(page->config.url));
    br_prom_page reader;
    br_prom_sample s;
    br_prom_open(&reader, body);
    while (br_prom_next(&reader, &s, NULL) == BR_OK) {
        const struct known *k = known_metric(s.name);
        if (is_wanted(&page->config, &s, k)) put(into, &s, k, body, at);
    }
    return BR_OK;
}

/* Fetching ------------------------------------------------------------------------------------------ */

static void on_done(br_http_exchange *x, void *ctx)
{
    (void) x;
    br_page *page = ctx;
    page->fetching = false;
    if (page->fn) page->fn(page, page->ctx);
}

void br_page_fetch(br_page *page, br_ns timeout, br_page_fn *fn, void *ctx)
{
    BR_ASSERT(!page->fetching);
    page->fetching = true;
    page->fn = fn;
    page->ctx = ctx;
    page->request.timeout_ns = timeout;
    br_http_start(page->client, &page->exchange, &page->request, &page->response, on_done, page);
}

bool br_page_fetching(const br_page *page)
{
    return page->fetching;
}

static br_code check_names(const br_page_config *c, br_err *err)
{
    for (size_t i = 0; i < c->name_count; i++) {
        br_code code = br_prom_check_selector(c->names[i], err);
        if (code != BR_OK) return code;
    }
    return BR_OK;
}

static br_http_client *new_client(br_page *page, br_loop *loop, br_dns *dns)
{
    static const br_tls_options tls = {.insecure = true}; /* the test itself verifies */
    br_http_client_config config;
    br_http_client_config_defaults(&config);
    config.max_body_bytes = BR_PAGE_BYTES_MAX;
    config.proxies = page->config.proxies;
    config.tls = page->tls = br_tls_context_new(&tls);
    return br_http_client_new(loop, dns, &config);
}

static void make_request(br_page *page)
{
    const br_page_config *c = &page->config;
    br_http_header *headers = br_arena_zalloc(&page->arena, (c->header_count + 2) * sizeof(*headers));
    size_t n = 0;
    headers[n++] = (br_http_header){BR_STR("User-Agent"), BR_STR("brunt")};
    headers[n++] = (br_http_header){BR_STR("Accept"), BR_STR("text/plain;version=0.0.4")};
    for (size_t i = 0; i < c->header_count; i++)
        headers[n++] = c->headers[i];
    page->request.method = BR_STR("GET");
    page->request.headers = headers;
    page->request.header_count = n;
}

br_code br_page_new(br_loop *loop, br_dns *dns, const br_page_config *config, br_page **ret, br_err *err)
{
    br_page *page = BR_NEW(br_page);
    br_arena_init(&page->arena, 1024);
    page->loop = loop;
    page->config = *config;
    page->config.url = br_arena_str(&page->arena, config->url);
    br_http_response_init(&page->response);
    br_code code = br_url_parse(page->config.url, &page->request.url, err);
    if (code != BR_OK) code = br_wrap(err, code, "metrics page " BR_FMT, BR_ARG(config->url));
    if (code == BR_OK) code = check_names(config, err);
    if (code == BR_OK) {
        make_request(page);
        page->client = new_client(page, loop, dns);
        *ret = page;
    } else {
        br_page_free(page);
    }
    return code;
}

void br_page_free(br_page *page)
{
    if (!page) return;
    page->fn = NULL;
    if (page->fetching) br_http_cancel(&page->exchange);
    if (page->client) br_http_client_free(page->client);
    br_tls_context_free(page->tls);
    br_http_response_deinit(&page->response);
    br_arena_deinit(&page->arena);
    br_free(page);
}
