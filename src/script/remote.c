#include "script/remote.h"

#include <stdatomic.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "http/fetch.h"
#include "script/module_lock.h"

#define TIMEOUT       (60 * BR_SEC)
#define REDIRECTS_MAX 10
#define LOOK_EVERY    (50 * BR_MS)

struct br_remote {
    br_remote_config config;
    br_module_lock *lock;
    /* The network: */
    br_loop *loop;
    br_dns *dns;
    br_tls_options tls_options;
    br_tls_context *tls;
    br_http_client *client;
    br_arena arena;
    br_proxies proxies;
    br_http_response response;
    bool insecure; /* a redirect led to http */
};

br_remote *br_remote_new(const br_remote_config *config)
{
    br_remote *r = BR_NEW(br_remote);
    if (config) r->config = *config;
    br_arena_init(&r->arena, 1024);
    br_http_response_init(&r->response);
    return r;
}

void br_remote_free(br_remote *r)
{
    if (!r) return;
    br_http_client_free(r->client);
    br_tls_context_free(r->tls);
    br_dns_free(r->dns);
    br_loop_free(r->loop);
    br_http_response_deinit(&r->response);
    br_arena_deinit(&r->arena);
    br_module_lock_free(r->lock);
    br_free(r);
}

/* The network ---------------------------------------------------------------------------------------- */

static br_code make_client(br_remote *r, size_t max_bytes, br_err *err)
{
    if (r->client) return BR_OK;
    br_code code = br_proxies_from_env(&r->arena, &r->proxies, err);
    if (code == BR_OK && !r->loop) code = br_loop_new(&r->loop, err);
    if (code == BR_OK && !r->dns) code = br_dns_new(r->loop, BR_NS_MAX, &r->dns, err);
    if (code != BR_OK) return code;
    r->tls_options = (br_tls_options){.http2 = true};
    r->tls = br_tls_context_new(&r->tls_options);
    br_http_client_config http;
    br_http_client_config_defaults(&http);
    http.max_body_bytes = max_bytes;
    http.proxies = &r->proxies;
    http.tls = r->tls;
    r->client = br_http_client_new(r->loop, r->dns, &http);
    return BR_OK;
}

/* Of redirects nothing is kept but whether they left https. */
static void on_hop(void *ctx, const br_http_request *request, bool challenge)
{
    (void) challenge;
    br_remote *r = ctx;
    r->insecure |= !request->url.tls;
}

static void on_fetched(void *ctx)
{
    br_remote *r = ctx;
    br_loop_stop(r->loop);
}

static void look_for_stop(br_timer *timer, void *ctx)
{
    br_remote *r = ctx;
    if (atomic_load_explicit(r->config.stop_flag, memory_order_relaxed))
        br_loop_stop(r->loop);
    else
        br_timer_start(r->loop, timer, br_loop_now(r->loop) + LOOK_EVERY, look_for_stop, r);
}

static br_code check_answer(br_remote *r, const br_http_fetch *f, br_err *err)
{
    const br_http_response *a = &r->response;
    if (a->error.code == BR_ELIMIT)
        return br_fail(err, BR_ELIMIT, "the answer is larger than a module may be");
    if (a->error.code != BR_OK)
        return br_fail(err, a->error.code, "%s", a->error.raw[0] ? a->error.raw : a->error.text);
    if (f->stopped) return br_fail(err, BR_EPROTO, "more than %d redirects", REDIRECTS_MAX);
    if (a->status != 200)
        return br_fail(err, BR_ENOTFOUND, "the server answered with the status %d", a->status);
    if (r->insecure || !f->current->url.tls)
        return br_fail(err, BR_EPROTO, "it was redirected to a URL that is not https");
    return BR_OK;
}

static br_code get(br_remote *r, br_str text, br_err *err)
{
    br_url url;
    br_code code = br_url_parse(text, &url, err);
    if (code != BR_OK) return code;
    br_http_header headers[2] = {
        {BR_STR("User-Agent"), br_str_of(r->config.user_agent)}, {BR_STR("Accept"), BR_STR("*/*")}};
    bool named = r->config.user_agent != NULL;
    br_http_request request = {.method = BR_STR("GET"),
        .url = url,
        .headers = named ? headers : headers + 1,
        .header_count = named ? 2 : 1,
        .timeout_ns = TIMEOUT};
    br_http_fetch fetch = {0};
    br_http_fetch_options options = {.max_redirects = REDIRECTS_MAX};
    r->insecure = false;
    br_http_fetch_start(r->client, &fetch, &request, &r->response, &options, on_hop, on_fetched, r);
    br_timer look = {0};
    if (r->config.stop_flag) look_for_stop(&look, r);
    br_loop_run(r->loop);
    br_timer_stop(r->loop, &look);
    if (r->config.stop_flag && atomic_load(r->config.stop_flag)) {
        br_http_fetch_cancel(&fetch);
        code = br_fail(err, BR_ECANCEL, "interrupted");
    } else {
        code = check_answer(r, &fetch, err);
    }
    br_http_fetch_deinit(&fetch);
    return code;
}

/* As k6: servers are told by _k6=1 who asks; those that mind are asked again without it. */
static br_code download(br_remote *r, br_str url, br_buf *ret, br_err *err)
{
    br_code code = make_client(r, ret->max_bytes - ret->len, err);
    if (code != BR_OK) return code;
    br_buf marked;
    br_buf_init(&marked, BR_URL_MAX_BYTES);
    br_str plain = url;
    ptrdiff_t fragment = br_str_find_char(url, '#');
    if (fragment >= 0) plain.n = (size_t) fragment;
    code = br_buf_put(&marked, plain);
    if (code == BR_OK) code = br_buf_puts(&marked, br_str_find_char(plain, '?') >= 0 ? "&_k6=1" : "?_k6=1");
    if (code == BR_OK) code = get(r, br_buf_view(&marked), err);
    br_buf_deinit(&marked);
    if (code != BR_OK) code = get(r, plain, err);
    if (code == BR_OK) code = br_buf_put(ret, br_buf_view(&r->response.body));
    return code;
}

/* The cache ------------------------------------------------------------------------------------------ */

static const char *cache_path(br_remote *r, br_str url)
{
    char hash[65];
    br_module_hash(url, hash);
    return br_arena_printf(&r->arena, "%s/%s.js", r->config.cache_dir, hash);
}

/* False: it is not there, or not what the lock file wants. */
static bool from_cache(br_remote *r, br_str url, br_buf *ret)
{
    if (!r->config.cache_dir) return false;
    size_t before = ret->len;
    bool found = br_file_read(cache_path(r, url), ret, NULL) == BR_OK;
    if (found && r->lock && !r->config.lock_write)
        found = br_module_lock_fits(r->lock, url, br_str_sub(br_buf_view(ret), before, ret->len));
    if (!found) ret->len = before;
    return found;
}

/* A cache that cannot be written does not stop a test. */
static void keep(br_remote *r, br_str url, br_str content)
{
    if (!r->config.cache_dir) return;
    br_err err = {0};
    br_code code = br_file_mkdirs(r->config.cache_dir, &err);
    if (code == BR_OK) code = br_file_write(cache_path(r, url), content, &err);
    if (code != BR_OK)
        br_warn("the module \"" BR_FMT "\" is not kept for later runs: %s", BR_ARG(url), err.msg);
}

static br_code from_network(br_remote *r, br_str url, br_buf *ret, br_err *err)
{
    bool locked = r->lock && !r->config.lock_write;
    if ((locked || r->config.offline) && from_cache(r, url, ret)) return BR_OK; /* it cannot be a newer one */
    if (r->config.offline)
        return br_fail(err, BR_ENOTFOUND, "it is not in the cache %s, and --offline forbids to ask for it",
            r->config.cache_dir ? r->config.cache_dir : "(there is none)");
    size_t before = ret->len;
    br_code code = download(r, url, ret, err);
    if (code == BR_OK) {
        keep(r, url, br_str_sub(br_buf_view(ret), before, ret->len));
        return BR_OK;
    }
    if (!from_cache(r, url, ret)) return code;
    br_warn("the module \"" BR_FMT "\" comes from the cache of an earlier run: %s", BR_ARG(url), err->msg);
    return BR_OK;
}

/* Folders -------------------------------------------------------------------------------------------- */

static const br_module_map *map_of(const br_remote *r, br_str url)
{
    const br_module_map *best = NULL;
    for (size_t i = 0; i < r->config.map_count; i++) {
        const br_module_map *m = &r->config.maps[i];
        if (br_str_starts(url, br_str_of(m->prefix)) && (!best || strlen(m->prefix) > strlen(best->prefix)))
            best = m;
    }
    return best;
}

static br_code from_folder(br_remote *r, const br_module_map *m, br_str url, br_buf *ret, br_err *err)
{
    br_str rest = br_str_sub(url, strlen(m->prefix), url.n), part, all;
    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i] == '?' || rest.p[i] == '#') rest.n = i;
    }
    all = rest;
    while (br_str_cut(&all, '/', &part)) {
        if (br_str_is(part, ".."))
            return br_fail(err, BR_EINVAL, "a path with .. does not stay in the folder %s", m->folder);
    }
    const char *slash = m->folder[0] && !br_str_ends(br_str_of(m->folder), BR_STR("/")) &&
                                !br_str_starts(rest, BR_STR("/"))
                            ? "/"
                            : "";
    const char *path = br_arena_printf(&r->arena, "%s%s" BR_FMT, m->folder, slash, BR_ARG(rest));
    br_code code = br_file_read(path, ret, err);
    return code == BR_OK ? code : br_wrap(err, code, "%s is mapped to the folder %s", m->prefix, m->folder);
}

/* ----------------------------------------------------------------------------------------------------- */

static br_code read_module(br_remote *r, br_str url, br_buf *ret, br_err *err)
{
    if (r->config.lock_file && !r->lock) {
        br_code code = br_module_lock_open(r->config.lock_file, r->config.lock_write, &r->lock, err);
        if (code != BR_OK) return code;
    }
    size_t before = ret->len;
    const br_module_map *m = map_of(r, url);
    br_code code = m ? from_folder(r, m, url, ret, err) : from_network(r, url, ret, err);
    if (code == BR_OK && r->lock)
        code = br_module_lock_check(r->lock, url, br_str_sub(br_buf_view(ret), before, ret->len), err);
    return code;
}

br_code br_remote_read(br_remote *r, br_str url, br_buf *ret, br_err *err)
{
    if (!br_str_starts(url, BR_STR("https://")))
        return br_fail(
            err, BR_EUNSUPPORTED, "modules come from https:// URLs only: \"" BR_FMT "\"", BR_ARG(url));
    br_err why = {0};
    br_code code = read_module(r, url, ret, &why);
    if (code == BR_OK) return BR_OK;
    return br_fail(err, code,
        "The moduleSpecifier \"" BR_FMT "\" couldn't be retrieved from the resolved url \"" BR_FMT
        "\". Error : \"%s\". Without a network, keep a copy: --map https://host/=./folder reads it from there",
        BR_ARG(url), BR_ARG(url), why.msg);
}

br_code br_remote_save(br_remote *r, br_err *err)
{
    return r->lock ? br_module_lock_save(r->lock, err) : BR_OK;
}
