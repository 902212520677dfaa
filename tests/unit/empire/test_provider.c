/* empire/provider/: the circuit breaker, calls against the stub, ffmpeg as a child with limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/mem.h"
#include "empire/provider/provider.h"
#include "empire/provider/video.h"
#include "empire/stub/stub.h"

#define PAUSE (60 * BR_SEC)

/* Breaker ----------------------------------------------------------------------------------------- */

static bool allowed(emp_breaker *b, br_ns now, br_ns *wait)
{
    *wait = 0;
    return emp_breaker_allow(b, now, wait);
}

static void a_breaker_opens_after_failures_in_a_row(void **state)
{
    (void) state;
    emp_breaker b;
    br_ns wait;
    long opened;
    emp_breaker_init(&b, EMP_BREAKER_FAILURES, PAUSE);
    for (int i = 0; i < 4; i++) {
        assert_true(allowed(&b, 0, &wait));
        emp_breaker_note(&b, false, 0);
    }
    emp_breaker_note(&b, true, 0); /* the row is broken */
    for (int i = 0; i < 4; i++) {
        emp_breaker_note(&b, false, 10);
    }
    assert_int_equal(emp_breaker_look(&b, &opened), EMP_BREAKER_CLOSED);
    emp_breaker_note(&b, false, 10);
    assert_int_equal(emp_breaker_look(&b, &opened), EMP_BREAKER_OPEN);
    assert_int_equal(opened, 1);
    assert_false(allowed(&b, 10 + 20 * BR_SEC, &wait));
    assert_true(wait == 40 * BR_SEC);
    emp_breaker_note(&b, true, 11); /* a call from before changes nothing */
    assert_int_equal(emp_breaker_look(&b, &opened), EMP_BREAKER_OPEN);
    emp_breaker_deinit(&b);
}

static void one_call_tries_an_open_breaker(void **state)
{
    (void) state;
    emp_breaker b;
    br_ns wait;
    long opened;
    emp_breaker_init(&b, 1, PAUSE);
    emp_breaker_note(&b, false, 0);
    assert_true(allowed(&b, PAUSE, &wait));
    assert_int_equal(emp_breaker_look(&b, &opened), EMP_BREAKER_HALF_OPEN);
    assert_false(allowed(&b, PAUSE + 1, &wait)); /* one, not two */
    assert_true(wait > 0);
    emp_breaker_note(&b, false, PAUSE + 2);
    assert_int_equal(emp_breaker_look(&b, &opened), EMP_BREAKER_OPEN);
    assert_int_equal(opened, 2);
    assert_false(allowed(&b, 2 * PAUSE, &wait));
    assert_true(allowed(&b, 2 * PAUSE + 2, &wait));
    emp_breaker_note(&b, true, 2 * PAUSE + 3);
    assert_int_equal(emp_breaker_look(&b, &opened), EMP_BREAKER_CLOSED);
    assert_true(allowed(&b, 2 * PAUSE + 4, &wait) && allowed(&b, 2 * PAUSE + 4, &wait));
    emp_breaker_deinit(&b);
}

static void a_trial_that_never_comes_back_is_forgotten(void **state)
{
    (void) state;
    emp_breaker b;
    br_ns wait;
    emp_breaker_init(&b, 1, PAUSE);
    emp_breaker_note(&b, false, 0);
    assert_true(allowed(&b, PAUSE, &wait));
    assert_false(allowed(&b, 2 * PAUSE - 1, &wait));
    assert_true(allowed(&b, 2 * PAUSE, &wait));
    emp_breaker_deinit(&b);
}

/* Calls ------------------------------------------------------------------------------------------- */

typedef struct outside {
    emp_stub *stub;
    emp_provider provider;
    emp_http *http;
    char ai[64], feed[64], tiktok[64], nowhere[64];
    emp_call_result result;
} outside;

static void open_outside(outside *o, const emp_stub_config *config)
{
    uint16_t port = 0;
    memset(o, 0, sizeof(*o));
    assert_int_equal(emp_stub_start(config, &o->stub, &port, NULL), BR_OK);
    snprintf(o->ai, sizeof(o->ai), "http://127.0.0.1:%u/v1/", port);
    snprintf(o->feed, sizeof(o->feed), "http://127.0.0.1:%u/products", port);
    snprintf(o->tiktok, sizeof(o->tiktok), "http://127.0.0.1:%u/publish/tiktok", port);
    snprintf(o->nowhere, sizeof(o->nowhere), "http://127.0.0.1:%u/nothing", port);
    const emp_provider_config p = {.urls = {[EMP_SERVICE_AI] = o->ai,
                                       [EMP_SERVICE_FEED] = o->feed,
                                       [EMP_SERVICE_TIKTOK] = o->tiktok,
                                       [EMP_SERVICE_FACEBOOK] = o->nowhere},
        .ai_key = "key",
        .ai_model = "m",
        .timeout = 300 * BR_MS,
        .breaker_failures = 2,
        .breaker_pause = PAUSE};
    emp_provider_init(&o->provider, &p);
    o->http = emp_http_new();
    emp_call_result_init(&o->result);
}

static void close_outside(outside *o)
{
    emp_call_result_deinit(&o->result);
    emp_http_free(o->http);
    emp_provider_deinit(&o->provider);
    emp_stub_stop(o->stub);
}

static emp_call_outcome call(outside *o, emp_service service, const char *body, const char *key)
{
    br_buf_reset(&o->result.body);
    o->result.retry_after = 0;
    emp_provider_call(&o->provider, o->http, service, body, key, &o->result);
    return o->result.outcome;
}

static void services_answer(void **state)
{
    (void) state;
    outside o;
    open_outside(&o, &(emp_stub_config){.products = 3});
    assert_int_equal(call(&o, EMP_SERVICE_FEED, NULL, NULL), EMP_CALL_OK);
    assert_non_null(strstr(o.result.body.data, "STUB000003"));
    assert_int_equal(call(&o, EMP_SERVICE_TIKTOK, "{}", "run:a"), EMP_CALL_OK);
    char *first = br_strdup(o.result.body.data);
    assert_int_equal(call(&o, EMP_SERVICE_TIKTOK, "{}", "run:a"), EMP_CALL_OK);
    assert_string_equal(o.result.body.data, first); /* the same key: the same publication */
    assert_int_equal(call(&o, EMP_SERVICE_TIKTOK, "{}", "run:b"), EMP_CALL_OK);
    assert_string_not_equal(o.result.body.data, first);
    br_free(first);
    br_buf_reset(&o.result.body);
    emp_provider_chat(&o.provider, o.http, "system", "user \"quoted\"", &o.result);
    assert_int_equal(o.result.outcome, EMP_CALL_OK);
    assert_non_null(strstr(o.result.body.data, "Look at this"));
    assert_null(strstr(o.result.body.data, "choices")); /* the text only */
    close_outside(&o);
}

static void a_wrong_request_is_refused_and_leaves_the_breaker_closed(void **state)
{
    (void) state;
    outside o;
    long opened;
    open_outside(&o, &(emp_stub_config){.products = 1});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call(&o, EMP_SERVICE_FACEBOOK, "{}", NULL), EMP_CALL_REFUSED);
        assert_string_equal(o.result.message, "facebook: status 404");
    }
    assert_int_equal(
        emp_breaker_look(&o.provider.services[EMP_SERVICE_FACEBOOK].breaker, &opened), EMP_BREAKER_CLOSED);
    close_outside(&o);
}

static void failures_open_the_breaker(void **state)
{
    (void) state;
    outside o;
    open_outside(&o, &(emp_stub_config){.products = 1, .fail_every = 1});
    for (int i = 0; i < 2; i++) {
        assert_int_equal(call(&o, EMP_SERVICE_FEED, NULL, NULL), EMP_CALL_RETRY);
        assert_string_equal(o.result.message, "feed: status 500");
    }
    assert_int_equal(call(&o, EMP_SERVICE_FEED, NULL, NULL), EMP_CALL_RETRY);
    assert_non_null(strstr(o.result.message, "breaker is open"));
    assert_true(o.result.retry_after > 50 * BR_SEC && o.result.retry_after <= PAUSE);
    assert_int_equal(atomic_load(&o.provider.services[EMP_SERVICE_FEED].short_circuited), 1);
    assert_int_equal(call(&o, EMP_SERVICE_TIKTOK, "{}", NULL), EMP_CALL_RETRY); /* each has its own */
    assert_string_equal(o.result.message, "tiktok: status 500");
    close_outside(&o);
}

static void a_rate_limit_says_when_to_come_again(void **state)
{
    (void) state;
    outside o;
    emp_call_outcome outcome = EMP_CALL_OK;
    open_outside(&o, &(emp_stub_config){.products = 1, .rate_limit = 1});
    for (int i = 0; i < 5 && outcome == EMP_CALL_OK; i++) {
        outcome = call(&o, EMP_SERVICE_FEED, NULL, NULL);
    }
    assert_int_equal(outcome, EMP_CALL_RETRY);
    assert_non_null(strstr(o.result.message, "429"));
    assert_true(o.result.retry_after == BR_SEC);
    close_outside(&o);
}

static void a_slow_service_runs_into_the_time_limit(void **state)
{
    (void) state;
    outside o;
    open_outside(&o, &(emp_stub_config){.products = 1, .latency_ms = 1000});
    br_ns start = br_clock_now();
    assert_int_equal(call(&o, EMP_SERVICE_FEED, NULL, NULL), EMP_CALL_RETRY);
    assert_true(br_clock_now() - start < 900 * BR_MS);
    close_outside(&o);
}

static void an_answer_that_is_too_long_is_refused(void **state)
{
    (void) state;
    outside o;
    open_outside(&o, &(emp_stub_config){.products = 10000});
    assert_int_equal(call(&o, EMP_SERVICE_FEED, NULL, NULL), EMP_CALL_REFUSED);
    assert_non_null(strstr(o.result.message, "longer than"));
    close_outside(&o);
}

static void addresses_are_checked(void **state)
{
    (void) state;
    static const char *const good[] = {"http://a/b", "https://api.example.com:8443/v1?x=1"};
    static const char *const bad[] = {"", "a", "ftp://a/b", "file:///etc/passwd", "http://", "//a/b"};
    for (size_t i = 0; i < BR_COUNT_OF(good); i++) {
        assert_true(emp_http_url_is_valid(good[i]));
    }
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        assert_false(emp_http_url_is_valid(bad[i]));
    }
}

/* Videos ------------------------------------------------------------------------------------------ */

static char folder[64];

static int make_folder(void **state)
{
    (void) state;
    snprintf(folder, sizeof(folder), "/tmp/empire-video-XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
    (void) state;
    char path[128];
    static const char *const names[] = {"ffmpeg", "a.mp4"};
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder); /* fails when anything else was left behind */
}

/* A program that stands in for ffmpeg; its last argument is the file to write. */
static void make_program(char *path, size_t size, const char *script)
{
    snprintf(path, size, "%s/ffmpeg", folder);
    unlink(path);
    assert_int_equal(br_file_write(path, br_str_of(script), NULL), BR_OK);
    assert_int_equal(chmod(path, 0700), 0);
}

static void a_video_appears_whole(void **state)
{
    (void) state;
    char program[128];
    br_buf content;
    make_program(program, sizeof(program),
        "#!/bin/sh\nfor last; do :; done\n"
        "text=$(echo \"$*\" | sed \"s/.*textfile='\\([^']*\\)'.*/\\1/\")\ncat \"$text\" >\"$last\"\n");
    const emp_video_config config = {program, folder, 5 * BR_SEC, 1};
    assert_int_equal(emp_video_render(&config, "a", BR_STR("It's 100% \"new\": %{x}"), NULL), BR_OK);
    char path[128];
    snprintf(path, sizeof(path), "%s/a.mp4", folder);
    br_buf_init(&content, 1024);
    assert_int_equal(br_file_read(path, &content, NULL), BR_OK);
    assert_string_equal(content.data, "It's 100% \"new\": %{x}");
    br_buf_deinit(&content);
    make_program(program, sizeof(program), "#!/bin/sh\nexit 1\n");
    assert_int_equal(emp_video_render(&config, "a", BR_STR("again"), NULL), BR_OK); /* it is there already */
}

static void a_program_that_fails_leaves_nothing(void **state)
{
    (void) state;
    char program[128];
    br_err err;
    make_program(program, sizeof(program),
        "#!/bin/sh\nfor last; do :; done\necho x >\"$last\"\necho bad luck >&2\nexit 3\n");
    const emp_video_config config = {program, folder, 5 * BR_SEC, 1};
    assert_int_equal(emp_video_render(&config, "a", BR_STR("x"), &err), BR_EIO);
    assert_string_equal(err.msg, "ffmpeg failed (3): bad luck");
}

static void a_program_that_hangs_is_killed(void **state)
{
    (void) state;
    char program[128];
    br_err err;
    make_program(program, sizeof(program), "#!/bin/sh\nexec sleep 30\n");
    const emp_video_config config = {program, folder, 200 * BR_MS, 1};
    br_ns start = br_clock_now();
    assert_int_equal(emp_video_render(&config, "a", BR_STR("x"), &err), BR_ETIMEOUT);
    assert_true(br_clock_now() - start < 5 * BR_SEC);
}

static void a_file_that_grows_too_much_is_cut_off(void **state)
{
    (void) state;
    char program[128];
    br_err err;
    make_program(program, sizeof(program),
        "#!/bin/sh\nfor last; do :; done\nexec dd if=/dev/zero of=\"$last\" bs=1M count=70 status=none\n");
    const emp_video_config config = {program, folder, 20 * BR_SEC, 1};
    assert_int_equal(emp_video_render(&config, "a", BR_STR("x"), &err), BR_EIO);
}

static void a_missing_program_is_told_apart(void **state)
{
    (void) state;
    br_err err;
    const emp_video_config config = {"/nowhere/ffmpeg", folder, 5 * BR_SEC, 1};
    assert_int_equal(emp_video_render(&config, "a", BR_STR("x"), &err), BR_ENOTFOUND);
    assert_int_equal(emp_video_render(&config, "../a", BR_STR("x"), &err), BR_EINVAL);
}

static void the_real_program_makes_an_mp4(void **state)
{
    (void) state;
    char path[128];
    br_err err;
    br_buf content;
    if (access("/usr/bin/ffmpeg", X_OK) != 0) skip(); /* it is optional */
    const emp_video_config config = {"/usr/bin/ffmpeg", folder, 60 * BR_SEC, 1};
    br_code rc = emp_video_render(&config, "a", BR_STR("It's 100% \"new\": %{x}, \xc3\xa4\\:'"), &err);
    if (rc != BR_OK) fail_msg("%s", err.msg);
    snprintf(path, sizeof(path), "%s/a.mp4", folder);
    br_buf_init(&content, 1024 * 1024);
    assert_int_equal(br_file_read(path, &content, NULL), BR_OK);
    assert_true(content.len > 1000);
    assert_memory_equal(content.data + 4, "ftyp", 4);
    br_buf_deinit(&content);
}

#define VIDEO(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    if (emp_http_setup(NULL) != BR_OK) return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_breaker_opens_after_failures_in_a_row),
        cmocka_unit_test(one_call_tries_an_open_breaker),
        cmocka_unit_test(a_trial_that_never_comes_back_is_forgotten),
        cmocka_unit_test(services_answer),
        cmocka_unit_test(a_wrong_request_is_refused_and_leaves_the_breaker_closed),
        cmocka_unit_test(failures_open_the_breaker),
        cmocka_unit_test(a_rate_limit_says_when_to_come_again),
        cmocka_unit_test(a_slow_service_runs_into_the_time_limit),
        cmocka_unit_test(an_answer_that_is_too_long_is_refused),
        cmocka_unit_test(addresses_are_checked),
        VIDEO(a_video_appears_whole),
        VIDEO(a_program_that_fails_leaves_nothing),
        VIDEO(a_program_that_hangs_is_killed),
        VIDEO(a_file_that_grows_too_much_is_cut_off),
        VIDEO(a_missing_program_is_told_apart),
        VIDEO(the_real_program_makes_an_mp4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
