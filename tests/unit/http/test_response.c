/* http/response.h: slices, phases, and what a reset keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "http/response.h"

static void finds_fields_by_name(void **state)
{
    (void) state;
    br_http_response r;
    br_http_response_init(&r);
    assert_int_equal(br_buf_append(&r.head, "OK\r\nA: 1 \t\r\nb: 2\r\nA: 3", 23), BR_OK);
    r.reason_len = 2;
    *br_vec_push(&r.fields) = (br_h1_field){4, 1, 7, 3};
    *br_vec_push(&r.fields) = (br_h1_field){12, 1, 15, 1};
    *br_vec_push(&r.fields) = (br_h1_field){18, 1, 21, 1};
    assert_true(br_str_is(br_http_response_reason(&r), "OK"));
    assert_true(br_str_is(br_http_response_header(&r, BR_STR("a")), "1"));
    assert_true(br_str_is(br_http_response_header(&r, BR_STR("B")), "2"));
    assert_true(br_str_is(br_http_field_value(&r, 2), "3"));
    assert_null(br_http_response_header(&r, BR_STR("c")).p);
    br_http_response_deinit(&r);
}

static void phases_add_up(void **state)
{
    (void) state;
    br_http_response r;
    br_http_response_init(&r);
    r.times = (br_http_times){.start = 100,
        .connect_start = 110,
        .connect_end = 150,
        .ready = 160,
        .sent = 170,
        .first_byte = 200,
        .end = 260};
    br_http_phases p = br_http_response_phases(&r);
    assert_int_equal(p.blocked, 60);
    assert_int_equal(p.connecting, 40);
    assert_int_equal(p.tls_handshaking, 0);
    assert_int_equal(p.sending, 10);
    assert_int_equal(p.waiting, 30);
    assert_int_equal(p.receiving, 60);
    assert_int_equal(p.duration, 100);
    br_http_response_deinit(&r);
}

static void phases_of_what_never_happened_are_zero(void **state)
{
    (void) state;
    br_http_response r;
    br_http_response_init(&r);
    r.times = (br_http_times){.start = 100, .connect_start = 110, .end = 200}; /* refused */
    br_http_phases p = br_http_response_phases(&r);
    assert_int_equal(p.blocked + p.connecting + p.sending + p.waiting + p.receiving + p.duration, 0);
    r.times = (br_http_times){
        .start = 100, .ready = 110, .sent = 120, .end = 200}; /* no answer: waited for it */
    p = br_http_response_phases(&r);
    assert_int_equal(p.waiting, 80);
    assert_int_equal(p.duration, 90);
    r.times = (br_http_times){
        .start = 100, .ready = 110, .first_byte = 130, .sent = 150, .end = 200}; /* answered early */
    p = br_http_response_phases(&r);
    assert_int_equal(p.waiting, 0);
    assert_int_equal(p.receiving, 70);
    br_http_response_deinit(&r);
}

static void reset_keeps_small_buffers_only(void **state)
{
    (void) state;
    br_http_response r;
    br_http_response_init(&r);
    assert_int_equal(br_buf_reserve(&r.body, 1000), BR_OK);
    assert_int_equal(br_buf_reserve(&r.head, 1000), BR_OK);
    r.status = 200;
    br_http_error_set(&r.error, BR_EOF, BR_STEP_READ, NULL);
    char *body = r.body.data;
    br_http_response_reset(&r);
    assert_ptr_equal(r.body.data, body);
    assert_int_equal(r.status, 0);
    assert_int_equal(r.error.code, BR_OK);
    assert_string_equal(r.error.text, "");
    assert_int_equal(br_buf_reserve(&r.body, 10 << 20), BR_OK);
    br_http_response_reset(&r);
    assert_true(r.body.cap <= 1 << 20);
    br_http_response_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_fields_by_name),
        cmocka_unit_test(phases_add_up),
        cmocka_unit_test(phases_of_what_never_happened_are_zero),
        cmocka_unit_test(reset_keeps_small_buffers_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
