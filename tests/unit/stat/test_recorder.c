#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <math.h>
#include <stdio.h>

#include "base/random.h"
#include "stat/recorder.h"

/* What the tap saw last. */
typedef struct tap_log {
    size_t calls, count;
    char tags[512], metadata[64], metrics[512];
    double values[16];
    br_ns wall;
} tap_log;

static void write_tags(char *text, size_t size, const br_tag *tags, size_t count)
{
    text[0] = '\0';
    for (size_t i = 0, len = 0; i < count && len < size; i++) {
        len += (size_t) snprintf(
            text + len, size - len, BR_FMT "=" BR_FMT ";", BR_ARG(tags[i].key), BR_ARG(tags[i].value));
    }
}

static void tap(void *ctx, const br_sample *samples, size_t count)
{
    tap_log *log = ctx;
    log->calls++;
    log->count = count;
    log->wall = samples[0].wall;
    write_tags(log->tags, sizeof(log->tags), samples[0].tags->tags, samples[0].tags->count);
    write_tags(log->metadata, sizeof(log->metadata), samples[0].metadata, samples[0].metadata_count);
    log->metrics[0] = '\0';
    for (size_t i = 0, len = 0; i < count; i++) {
        assert_ptr_equal(samples[i].tags, samples[0].tags);
        log->values[i] = samples[i].value;
        len += (size_t) snprintf(
            log->metrics + len, sizeof(log->metrics) - len, BR_FMT ";", BR_ARG(samples[i].metric->name));
    }
}

typedef struct fixture {
    br_metrics *metrics;
    br_recorder *recorder;
    br_origin origin;
    br_shard *shard;
    tap_log log;
} fixture;

/* A recorder with these sub-metrics (NULL at the end). */
static fixture *open_fixture(uint32_t system_tags, bool with_tap, const char *const *subs)
{
    fixture *f = BR_NEW(fixture);
    f->metrics = br_metrics_new();
    for (; subs && *subs; subs++) {
        br_metric *sub;
        assert_int_equal(br_metrics_get_sub(f->metrics, br_str_of(*subs), &sub, NULL), BR_OK);
    }
    f->recorder = br_recorder_new(&(br_recorder_config){
        .metrics = f->metrics, .system_tags = system_tags, .tap = with_tap ? tap : NULL, .tap_ctx = &f->log});
    br_tag tags[] = {{BR_STR("scenario"), BR_STR("default")}, {BR_STR("group"), BR_STR("")}};
    f->origin = (br_origin){br_tags_intern(br_recorder_tag_store(f->recorder), tags, 2), 3, 14, NULL};
    return f;
}

static void close_fixture(fixture *f)
{
    br_shard_free(f->shard);
    br_recorder_free(f->recorder);
    br_metrics_free(f->metrics);
    br_free(f);
}

/* The sink of a metric after all that was recorded so far; call once. */
static const br_sink *sink(fixture *f, const char *name)
{
    if (!f->shard) f->shard = br_recorder_swap(f->recorder, br_shard_new(f->metrics));
    return &f->shard->sinks[br_metrics_find(f->metrics, br_str_of(name))->id];
}

static br_http_sample get_ok(const char *url)
{
    return (br_http_sample){.method = BR_STR("GET"),
        .url = br_str_of(url),
        .name = br_str_of(url),
        .proto = BR_STR("HTTP/1.1"),
        .status = 200,
        .has_expectation = true,
        .expected = true,
        .blocked = 1 * BR_MS,
        .connecting = 2 * BR_MS,
        .tls_handshaking = 3 * BR_MS,
        .sending = 4 * BR_MS,
        .waiting = 5 * BR_MS,
        .receiving = 6 * BR_MS,
        .duration = 15 * BR_MS,
        .response = 40 * BR_MS,
        .received_bytes = 100,
        .wall = 77};
}

static void test_ten_samples(void **state)
{
    (void) state;
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, true, NULL);
    br_http_sample s = get_ok("http://h/");
    br_recorder_http(f->recorder, &f->origin, &s);
    assert_int_equal(f->log.count, 10);
    assert_string_equal(f->log.metrics,
        "http_reqs;http_req_duration;http_req_blocked;http_req_connecting;http_req_tls_handshaking;"
        "http_req_sending;http_req_waiting;http_req_receiving;http_res_time;http_req_failed;");
    static const double want[] = {1, 15, 1, 2, 3, 4, 5, 6, 40, 0};
    for (size_t i = 0; i < BR_COUNT_OF(want); i++) {
        assert_true(f->log.values[i] == want[i]);
    }
    assert_int_equal(f->log.wall, 77);
    s.has_expectation = false;
    br_recorder_http(f->recorder, &f->origin, &s);
    assert_int_equal(f->log.count, 9);
    s.has_expectation = true;
    s.expected = false;
    br_recorder_http(f->recorder, &f->origin, &s);
    assert_true(f->log.values[9] == 1);
    assert_true(sink(f, "http_reqs")->sum == 3);
    assert_int_equal(sink(f, "http_req_failed")->count, 2);
    assert_int_equal(sink(f, "http_req_failed")->nonzero, 1);
    assert_true(sink(f, "http_req_waiting")->max == 5);
    assert_int_equal(sink(f, "http_req_tls_handshaking")->count, 3);
    s.failure = BR_ENOFDS;
    br_recorder_http(f->recorder, &f->origin, &s);
    s.failure = BR_ENOPORTS;
    br_recorder_http(f->recorder, &f->origin, &s);
    br_recorder_http(f->recorder, &f->origin, &s);
    br_shortages shortages = br_recorder_shortages(f->recorder);
    assert_int_equal(shortages.descriptors, 1);
    assert_int_equal(shortages.ports, 2);
    close_fixture(f);
}

static void test_tags_of_requests(void **state)
{
    (void) state;
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, true, NULL);
    br_http_sample s = get_ok("http://h/");
    br_recorder_http(f->recorder, &f->origin, &s);
    assert_string_equal(f->log.tags, "expected_response=true;group=;method=GET;name=http://h/;proto=HTTP/1.1;"
                                     "scenario=default;status=200;url=http://h/;");
    assert_string_equal(f->log.metadata, "");
    br_tag extra[] = {{BR_STR("kind"), BR_STR("x")}, {BR_STR("method"), BR_STR("LIE")},
        {BR_STR("scenario"), BR_STR("mine")}};
    s.extra = extra;
    s.extra_count = 3;
    s.status = 0;
    s.error = BR_STR("dial: i/o timeout");
    s.error_code = 1211;
    s.proto = BR_STR("");
    s.tls_version = BR_STR("tls1.3");
    s.ip = BR_STR("127.0.0.1"); /* not among the default system tags */
    s.expected = false;
    br_recorder_http(f->recorder, &f->origin, &s);
    assert_string_equal(f->log.tags,
        "error=dial: i/o timeout;error_code=1211;expected_response=false;group=;kind=x;method=GET;"
        "name=http://h/;scenario=mine;status=0;tls_version=tls1.3;url=http://h/;");
    close_fixture(f);
}

static void test_system_tags_off_and_metadata(void **state)
{
    (void) state;
    fixture *f = open_fixture(
        BR_SYSTEM_TAG(STATUS) | BR_SYSTEM_TAG(VU) | BR_SYSTEM_TAG(ITER) | BR_SYSTEM_TAG(IP), true, NULL);
    br_http_sample s = get_ok("http://h/");
    s.ip = BR_STR("127.0.0.1");
    br_recorder_http(f->recorder, &f->origin, &s);
    assert_string_equal(f->log.tags, "group=;ip=127.0.0.1;scenario=default;status=200;");
    assert_string_equal(f->log.metadata, "iter=14;vu=3;");
    f->origin.iter = -1;
    br_recorder_add(f->recorder, br_metrics_at(f->metrics, BR_M_ITERATIONS), 1, &f->origin, NULL, 0, 5);
    assert_string_equal(f->log.metadata, "vu=3;");
    assert_int_equal(f->log.count, 1);
    br_recorder_check(f->recorder, NULL, BR_STR("ok"), true, &f->origin, NULL, 0, 5);
    assert_string_equal(f->log.tags, "group=;scenario=default;"); /* `check` is off */
    close_fixture(f);
}

static void test_sub_metrics_of_requests(void **state)
{
    (void) state;
    static const char *const subs[] = {"http_req_duration{expected_response:true}", "http_reqs{status:404}",
        "http_reqs{name:n1,status:404}", "http_reqs{kind:x}", "http_req_failed{group:::g}",
        "http_reqs{url:http://h/1}", "http_reqs{method:LIE}", "http_reqs{error_code:1404}",
        "http_reqs{tls_version:tls1.3}", NULL};
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, false, subs);
    br_tag in_group = {BR_STR("group"), BR_STR("::g")}, kind_x = {BR_STR("kind"), BR_STR("x")};
    br_tag lie = {BR_STR("method"), BR_STR("LIE")};
    br_origin grouped = f->origin;
    grouped.tags = br_tags_with(br_recorder_tag_store(f->recorder), f->origin.tags, &in_group, 1);
    for (int round = 0; round < 3; round++) { /* first found, then from the cache */
        br_http_sample s = get_ok("http://h/1");
        s.name = BR_STR("n1");
        br_recorder_http(f->recorder, &f->origin, &s);
        s.url = BR_STR("http://h/2");
        br_recorder_http(f->recorder, &grouped, &s);
        s.extra = &kind_x;
        s.extra_count = 1;
        br_recorder_http(f->recorder, &f->origin, &s);
        s.extra = &lie;
        s.status = 404;
        s.error_code = 1404;
        s.expected = false;
        s.tls_version = BR_STR("tls1.3");
        br_recorder_http(f->recorder, &f->origin, &s);
        s.name = BR_STR("n2");
        s.tls_version = BR_STR("tls1.2");
        br_recorder_http(f->recorder, &f->origin, &s);
    }
    assert_int_equal(sink(f, "http_reqs")->count, 15);
    assert_int_equal(sink(f, "http_req_duration{expected_response:true}")->count, 9);
    assert_int_equal(sink(f, "http_reqs{status:404}")->count, 6);
    assert_int_equal(sink(f, "http_reqs{name:n1,status:404}")->count, 3);
    assert_int_equal(sink(f, "http_reqs{kind:x}")->count, 3);
    assert_int_equal(sink(f, "http_req_failed{group:::g}")->count, 3);
    assert_int_equal(sink(f, "http_reqs{url:http://h/1}")->count, 3);
    assert_int_equal(sink(f, "http_reqs{method:LIE}")->count, 0); /* system values win */
    assert_int_equal(sink(f, "http_reqs{error_code:1404}")->count, 6);
    assert_int_equal(sink(f, "http_reqs{tls_version:tls1.3}")->count, 3);
    close_fixture(f);
}

/* A selector asks for a tag that some requests set themselves and others leave to the origin. */
static void test_selected_tag_that_requests_may_lack(void **state)
{
    (void) state;
    static const char *const subs[] = {
        "http_reqs{expected_response:mine}", "http_reqs{proto:HTTP/2.0}", NULL};
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, false, subs);
    br_tag own[] = {{BR_STR("expected_response"), BR_STR("mine")}, {BR_STR("proto"), BR_STR("HTTP/2.0")}};
    br_http_sample s = get_ok("http://h/");
    for (int round = 0; round < 2; round++) {
        s.extra_count = 0;
        s.has_expectation = false;
        br_recorder_http(f->recorder, &f->origin, &s);
        s.extra = own;
        s.extra_count = 2;
        br_recorder_http(f->recorder, &f->origin, &s);
        s.has_expectation = true;
        br_recorder_http(f->recorder, &f->origin, &s);
        s.proto = BR_STR("");
        br_recorder_http(f->recorder, &f->origin, &s);
        s.proto = BR_STR("HTTP/1.1");
    }
    assert_int_equal(sink(f, "http_reqs{expected_response:mine}")->count, 2);
    assert_int_equal(sink(f, "http_reqs{proto:HTTP/2.0}")->count, 2);
    close_fixture(f);
}

/* Counts by hand, from the full tags that the tap sees, how many samples belong to each sub-metric. */
typedef struct hand_count {
    br_metrics *metrics;
    uint64_t counts[BR_METRICS_MAX];
} hand_count;

static void count_by_hand(void *ctx, const br_sample *samples, size_t count)
{
    hand_count *h = ctx;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < samples[i].metric->subs.len; j++) {
            const br_metric *sub = samples[i].metric->subs.data[j];
            bool all = true;
            for (size_t k = 0; k < sub->selector.count; k++) {
                const br_tag *t = &sub->selector.tags[k];
                all = all && br_str_eq(br_tags_get(samples[i].tags, t->key), t->value);
            }
            h->counts[sub->id] += all;
        }
    }
}

static br_http_sample random_request(br_random *r, const br_tag *extra)
{
    static const br_str names[] = {BR_STR_INIT("/a"), BR_STR_INIT("/b"), BR_STR_INIT("")};
    static const br_str words[] = {BR_STR_INIT(""), BR_STR_INIT("v"), BR_STR_INIT("w")};
    return (br_http_sample){.method = br_random_below(r, 2) ? BR_STR("GET") : BR_STR("PUT"),
        .url = names[br_random_below(r, 3)],
        .name = names[br_random_below(r, 3)],
        .proto = words[br_random_below(r, 3)],
        .error = words[br_random_below(r, 3)],
        .tls_version = words[br_random_below(r, 3)],
        .ip = words[br_random_below(r, 3)],
        .status = br_random_below(r, 2) ? 200 : 404,
        .error_code = br_random_below(r, 2) ? 0 : 1404,
        .has_expectation = br_random_below(r, 2),
        .expected = br_random_below(r, 2),
        .extra = extra,
        .extra_count = br_random_below(r, 4)};
}

/* The cache must never mix up requests that some selector tells apart, whatever is selected. */
static void test_cache_agrees_with_full_tags(void **state)
{
    (void) state;
    static const char *const keys[] = {"method", "url", "name", "proto", "error", "tls_version", "ip",
        "status", "error_code", "expected_response", "kind", "group"};
    static const char *const values[] = {
        "GET", "/a", "/b", "v", "w", "v", "v", "200", "1404", "true", "v", "::g"};
    static const br_tag extra[] = {{BR_STR_INIT("kind"), BR_STR_INIT("v")},
        {BR_STR_INIT("ip"), BR_STR_INIT("v")}, {BR_STR_INIT("error_code"), BR_STR_INIT("1404")}};
    br_random r;
    br_random_seed(&r, 41);
    for (int round = 0; round < 60; round++) {
        static hand_count by_hand;
        by_hand = (hand_count){.metrics = br_metrics_new()};
        for (uint64_t i = br_random_below(&r, 4) + 1; i > 0; i--) {
            size_t a = br_random_below(&r, BR_COUNT_OF(keys)), b = br_random_below(&r, BR_COUNT_OF(keys));
            char name[128];
            snprintf(name, sizeof(name), "http_reqs{%s:%s,%s:%s}", keys[a], values[a], keys[b], values[b]);
            br_metric *sub;
            assert_int_equal(br_metrics_get_sub(by_hand.metrics, br_str_of(name), &sub, NULL), BR_OK);
        }
        br_recorder *rec = br_recorder_new(&(br_recorder_config){.metrics = by_hand.metrics,
            .system_tags = round % 3 ? (uint32_t) br_random_u64(&r) : BR_SYSTEM_TAGS_DEFAULT,
            .tap = count_by_hand,
            .tap_ctx = &by_hand});
        br_tag group = {BR_STR("group"), BR_STR("::g")};
        const br_tagset *origins[] = {br_tags_intern(br_recorder_tag_store(rec), NULL, 0),
            br_tags_intern(br_recorder_tag_store(rec), &group, 1)};
        for (int i = 0; i < 300; i++) {
            br_http_sample s = random_request(&r, extra);
            br_recorder_http(rec, &(br_origin){origins[br_random_below(&r, 2)], 1, 1, NULL}, &s);
        }
        br_shard *shard = br_recorder_swap(rec, br_shard_new(by_hand.metrics));
        for (uint32_t id = BR_BUILTIN_METRIC_COUNT; id < br_metrics_count(by_hand.metrics); id++) {
            assert_int_equal(shard->sinks[id].count, by_hand.counts[id]);
        }
        br_shard_free(shard);
        br_recorder_free(rec);
        br_metrics_free(by_hand.metrics);
    }
}

static void test_long_urls_work_without_cache(void **state)
{
    (void) state;
    static const char *const subs[] = {"http_reqs{status:200}", NULL};
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, true, subs);
    static char url[100000];
    memset(url, 'u', sizeof(url) - 1);
    br_http_sample s = get_ok(url);
    for (int i = 0; i < 10; i++) {
        br_recorder_http(f->recorder, &f->origin, &s);
    }
    const br_endpoint *const *rows;
    assert_int_equal(br_recorder_endpoints(f->recorder, &rows), 1);
    assert_int_equal(rows[0]->name.n, BR_ENDPOINT_NAME_MAX);
    assert_int_equal(rows[0]->requests, 10);
    assert_int_equal(sink(f, "http_reqs{status:200}")->count, 10);
    assert_int_equal(f->log.calls, 10);
    close_fixture(f);
}

static size_t heap_bytes(void)
{
    return mallinfo2().uordblks;
}

static void record_unique(fixture *f, int from, int to)
{
    char url[64];
    for (int i = from; i < to; i++) {
        snprintf(url, sizeof(url), "http://127.0.0.1:3000/products/%d", i);
        br_http_sample s = get_ok(url);
        br_recorder_http(f->recorder, &f->origin, &s);
    }
}

static void test_unique_urls_keep_memory_flat(void **state)
{
    (void) state;
    static const char *const subs[] = {"http_req_duration{expected_response:true}", NULL};
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, true, subs);
    record_unique(f, 0, 12000); /* over the size of the cache once */
    size_t before = heap_bytes();
    record_unique(f, 12000, 20000);
    size_t after = heap_bytes();
    if (after > before + (1 << 20)) fail_msg("heap grew from %zu to %zu bytes", before, after);
    assert_int_equal(br_recorder_tag_store(f->recorder)->sets.len, 1); /* requests are not interned */
    assert_int_equal(sink(f, "http_req_duration{expected_response:true}")->count, 20000);
    const br_endpoint *const *rows;
    assert_int_equal(br_recorder_endpoints(f->recorder, &rows), BR_ENDPOINTS_MAX + 1);
    assert_int_equal(rows[0]->requests, 1);
    assert_true(br_str_is(rows[BR_ENDPOINTS_MAX]->name, BR_ENDPOINT_REST));
    assert_int_equal(rows[BR_ENDPOINTS_MAX]->requests, 20000 - BR_ENDPOINTS_MAX);
    close_fixture(f);
}

static void test_endpoints(void **state)
{
    (void) state;
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, false, NULL);
    br_http_sample s = get_ok("http://h/");
    br_recorder_http(f->recorder, &f->origin, &s);
    s.method = BR_STR("POST");
    br_recorder_http(f->recorder, &f->origin, &s);
    s.status = 0;
    s.error_code = 1212;
    s.error = BR_STR("dial: connection refused");
    s.expected = false;
    br_recorder_http(f->recorder, &f->origin, &s);
    s.error = BR_STR("another text of the same code");
    br_recorder_http(f->recorder, &f->origin, &s);
    const br_endpoint *const *rows;
    assert_int_equal(br_recorder_endpoints(f->recorder, &rows), 2);
    const br_endpoint *post = rows[1];
    assert_true(br_str_is(post->method, "POST") && br_str_is(post->name, "http://h/"));
    assert_int_equal(post->requests, 3);
    assert_int_equal(post->failed, 2);
    assert_int_equal(post->received_bytes, 300);
    assert_int_equal(post->duration.count, 3);
    assert_true(post->waiting.max == 5);
    assert_int_equal(post->outcomes.len, 2);
    assert_int_equal(post->outcomes.data[1].count, 2);
    assert_int_equal(post->outcomes.data[1].error_code, 1212);
    assert_string_equal(post->outcomes.data[1].error_text, "dial: connection refused");
    for (int status = 100; status < 300; status++) {
        s.status = status;
        br_recorder_http(f->recorder, &f->origin, &s);
    }
    assert_int_equal(post->outcomes.len, BR_OUTCOMES_MAX + 1);
    assert_int_equal(post->outcomes.data[BR_OUTCOMES_MAX].status, -1);
    uint64_t sum = 0;
    for (size_t i = 0; i < post->outcomes.len; i++) {
        sum += post->outcomes.data[i].count;
    }
    assert_int_equal(sum, post->requests);
    close_fixture(f);
}

static void test_plain_samples(void **state)
{
    (void) state;
    static const char *const subs[] = {"iterations{kind:a}", "iterations{scenario:default}", NULL};
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, true, subs);
    const br_metric *m = br_metrics_at(f->metrics, BR_M_ITERATIONS);
    br_tag a[] = {{BR_STR("kind"), BR_STR("a")}}, hides[] = {{BR_STR("scenario"), BR_STR("other")}};
    br_recorder_add(f->recorder, m, 1, &f->origin, NULL, 0, 5);
    br_recorder_add(f->recorder, m, 2, &f->origin, a, 1, 6);
    assert_string_equal(f->log.tags, "group=;kind=a;scenario=default;");
    br_recorder_add(f->recorder, m, 4, &f->origin, hides, 1, 7);
    assert_string_equal(f->log.tags, "group=;scenario=other;");
    /* a metric that came after the shard */
    br_metric *late;
    assert_int_equal(
        br_metrics_get(f->metrics, BR_STR("late"), BR_GAUGE, BR_CONTAINS_DEFAULT, &late, NULL), BR_OK);
    br_recorder_add(f->recorder, late, 9, &(br_origin){NULL, -1, -1, NULL}, NULL, 0, 8);
    assert_string_equal(f->log.tags, "");
    assert_true(sink(f, "late")->last == 9);
    assert_true(sink(f, "iterations")->sum == 7);
    assert_true(sink(f, "iterations{kind:a}")->sum == 2);
    assert_true(sink(f, "iterations{scenario:default}")->sum == 3);
    close_fixture(f);
}

static void test_groups_and_checks(void **state)
{
    (void) state;
    static const char *const subs[] = {"checks{check:ok}", "checks{check:ok,kind:x}", NULL};
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, true, subs);
    br_group *root = br_recorder_group(f->recorder, NULL, BR_STR(""));
    assert_ptr_equal(root, br_recorder_root(f->recorder));
    assert_true(br_str_is(root->path, ""));
    br_group *a = br_recorder_group(f->recorder, root, BR_STR("a"));
    br_group *ab = br_recorder_group(f->recorder, a, BR_STR("b"));
    assert_ptr_equal(br_recorder_group(f->recorder, root, BR_STR("a")), a);
    assert_true(br_str_is(ab->path, "::a::b") && br_str_is(ab->name, "b") && ab->parent == a);
    br_tag extra[] = {{BR_STR("kind"), BR_STR("x")}, {BR_STR("check"), BR_STR("lie")}};
    br_recorder_check(f->recorder, root, BR_STR("ok"), true, &f->origin, NULL, 0, 1);
    assert_string_equal(f->log.tags, "check=ok;group=;scenario=default;");
    br_recorder_check(f->recorder, ab, BR_STR("ok"), false, &f->origin, extra, 2, 2);
    assert_string_equal(f->log.tags, "check=ok;group=;kind=x;scenario=default;");
    br_recorder_check(f->recorder, root, BR_STR("other"), true, &f->origin, NULL, 0, 3);
    br_recorder_check(f->recorder, root, BR_STR("ok"), false, &f->origin, NULL, 0, 4);
    assert_int_equal(root->checks.len, 2);
    assert_int_equal(root->checks.data[0]->passes, 1);
    assert_int_equal(root->checks.data[0]->fails, 1);
    assert_int_equal(root->checks.data[0]->order, 0);
    assert_int_equal(ab->checks.data[0]->order, 1);
    assert_int_equal(root->checks.data[1]->order, 2);
    assert_int_equal(sink(f, "checks")->count, 4);
    assert_int_equal(sink(f, "checks")->nonzero, 2);
    assert_int_equal(sink(f, "checks{check:ok}")->count, 3);
    assert_int_equal(sink(f, "checks{check:ok,kind:x}")->count, 1);
    close_fixture(f);
}

static void test_groups_and_checks_are_bounded(void **state)
{
    (void) state;
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, false, NULL);
    br_group *root = br_recorder_root(f->recorder);
    char name[32];
    for (int i = 0; i < BR_CHECKS_MAX + 10; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        br_recorder_check(f->recorder, root, br_str_of(name), true, &f->origin, NULL, 0, 1);
    }
    assert_int_equal(root->checks.len, BR_CHECKS_MAX);
    for (int i = 0; i < BR_GROUPS_MAX - 1; i++) {
        snprintf(name, sizeof(name), "g%d", i);
        assert_non_null(br_recorder_group(f->recorder, root, br_str_of(name)));
    }
    assert_null(br_recorder_group(f->recorder, root, BR_STR("more")));
    assert_non_null(br_recorder_group(f->recorder, root, BR_STR("g17")));
    br_recorder_check(f->recorder, NULL, BR_STR("x"), true, &f->origin, NULL, 0, 1);
    assert_int_equal(sink(f, "checks")->count, BR_CHECKS_MAX + 11);
    close_fixture(f);
}

static void test_shards(void **state)
{
    (void) state;
    fixture *f = open_fixture(BR_SYSTEM_TAGS_DEFAULT, false, NULL);
    br_shard *total = br_shard_new(f->metrics), *fresh = br_shard_new(f->metrics);
    br_metric *late;
    assert_int_equal(
        br_metrics_get(f->metrics, BR_STR("late"), BR_TREND, BR_CONTAINS_DEFAULT, &late, NULL), BR_OK);
    for (int i = 1; i <= 3000; i++) {
        br_recorder_add(f->recorder, late, i, &f->origin, NULL, 0, 1);
        if (i % 700) continue;
        br_shard *full = br_recorder_swap(f->recorder, fresh);
        br_shard_merge(total, full, f->metrics);
        br_shard_reset(full);
        fresh = full;
    }
    br_shard *rest = br_recorder_swap(f->recorder, fresh);
    br_shard_merge(total, rest, f->metrics);
    assert_int_equal(total->sink_count, br_metrics_count(f->metrics));
    assert_int_equal(total->sinks[late->id].count, 3000);
    assert_true(fabs(br_sink_percentile(&total->sinks[late->id], 50) - 1500.5) < 1.5);
    br_shard_free(rest);
    br_shard_free(total);
    close_fixture(f);
}

static void test_system_tag_names(void **state)
{
    (void) state;
    for (unsigned i = 0; i < BR_SYSTEM_TAG_COUNT; i++) {
        assert_int_equal(br_system_tag_of(br_system_tag_name(i)), 1u << i);
    }
    assert_int_equal(br_system_tag_of(BR_STR("error_code")), BR_SYSTEM_TAG(ERROR_CODE));
    assert_int_equal(br_system_tag_of(BR_STR("nope")), 0);
    assert_int_equal(BR_SYSTEM_TAGS_DEFAULT & BR_SYSTEM_TAG(VU), 0);
    assert_int_not_equal(BR_SYSTEM_TAGS_DEFAULT & BR_SYSTEM_TAG(PROTO), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_samples),
        cmocka_unit_test(test_tags_of_requests),
        cmocka_unit_test(test_system_tags_off_and_metadata),
        cmocka_unit_test(test_sub_metrics_of_requests),
        cmocka_unit_test(test_selected_tag_that_requests_may_lack),
        cmocka_unit_test(test_cache_agrees_with_full_tags),
        cmocka_unit_test(test_long_urls_work_without_cache),
        cmocka_unit_test(test_unique_urls_keep_memory_flat),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_plain_samples),
        cmocka_unit_test(test_groups_and_checks),
        cmocka_unit_test(test_groups_and_checks_are_bounded),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_system_tag_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
