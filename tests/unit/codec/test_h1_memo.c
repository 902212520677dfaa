/* codec/h1.h: heads that are known are not parsed again, and nobody can tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "codec/h1.h"

#define HEAD "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\n"

typedef struct answer {
    br_buf head, body;
    br_h1_fields fields;
    br_h1_head final;
    br_code at_head;
} answer;

static br_code on_head(void *ctx, const br_h1_head *head)
{
    answer *a = ctx;
    a->final = *head;
    return a->at_head;
}

static br_code on_body(void *ctx, br_str bytes)
{
    answer *a = ctx;
    return br_buf_put(&a->body, bytes);
}

static const br_h1_events events = {.on_head = on_head, .on_body = on_body};

static void answer_init(answer *a, size_t max_head)
{
    *a = (answer){0};
    br_buf_init(&a->head, max_head);
    br_buf_init(&a->body, 1 << 20);
}

static void answer_deinit(answer *a)
{
    br_buf_deinit(&a->head);
    br_buf_deinit(&a->body);
    br_vec_deinit(&a->fields);
}

/* Reads one answer; how many of the memo's heads it took is checked. */
static br_code read_one(br_h1_memo *memo, answer *a, const char *text, bool to_head, uint64_t recalled)
{
    uint64_t before = br_h1_memo_recalled(memo);
    size_t used = 0;
    br_h1 *p = br_h1_new(&events, memo, a);
    br_h1_start(p, &a->head, &a->fields, to_head);
    br_code code = br_h1_feed(p, br_str_of(text), &used);
    br_h1_free(p);
    assert_int_equal(br_h1_memo_recalled(memo) - before, recalled);
    return code;
}

static void assert_reads(br_h1_memo *memo, const char *text, const char *body, uint64_t recalled)
{
    answer a;
    answer_init(&a, 4096);
    assert_int_equal(read_one(memo, &a, text, false, recalled), BR_OK);
    assert_true(br_str_is(br_buf_view(&a.body), body));
    answer_deinit(&a);
}

static void a_head_is_parsed_once(void **state)
{
    (void) state;
    br_h1_memo *memo = br_h1_memo_new();
    assert_reads(memo, HEAD "hello", "hello", 0);
    assert_reads(memo, HEAD "world", "world", 1);
    assert_reads(memo, "HTTP/1.1 200 OK\r\nA: c\r\nContent-Length: 5\r\n\r\nthere", "there", 0);
    assert_reads(memo, HEAD "again", "again", 1);
    br_h1_memo_free(memo);
}

static void chunks_behind_a_known_head_are_parsed(void **state)
{
    (void) state;
    br_h1_memo *memo = br_h1_memo_new();
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert_reads(memo, CHUNKED "2\r\nab\r\n0\r\n\r\n", "ab", 0);
    assert_reads(memo, CHUNKED "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", "abcd", 1);
    answer a;
    answer_init(&a, 4096);
    assert_int_equal(read_one(memo, &a, CHUNKED "zz\r\n", false, 1), BR_EPROTO);
    answer_deinit(&a);
    br_h1_memo_free(memo);
}

static void answers_without_body_end_with_the_known_head(void **state)
{
    (void) state;
    br_h1_memo *memo = br_h1_memo_new();
    for (uint64_t i = 0; i < 3; i++) {
        answer a;
        answer_init(&a, 4096);
        assert_int_equal(read_one(memo, &a, "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", false, i > 0), BR_OK);
        assert_int_equal(a.final.status, 204);
        assert_int_equal(a.fields.len, 1);
        answer_deinit(&a);
    }
    br_h1_memo_free(memo);
}

/* The answer to HEAD has the same head and no body: it is not to be taken for the other one. */
static void an_answer_to_head_is_parsed(void **state)
{
    (void) state;
    br_h1_memo *memo = br_h1_memo_new();
    assert_reads(memo, HEAD "hello", "hello", 0);
    answer a;
    answer_init(&a, 4096);
    assert_int_equal(read_one(memo, &a, HEAD, true, 0), BR_OK);
    answer_deinit(&a);
    assert_reads(memo, HEAD "hello", "hello", 1);
    br_h1_memo_free(memo);
}

static void the_callback_and_the_limit_count_for_known_heads(void **state)
{
    (void) state;
    br_h1_memo *memo = br_h1_memo_new();
    assert_reads(memo, HEAD "hello", "hello", 0);
    answer a;
    answer_init(&a, 4096);
    a.at_head = BR_ELIMIT;
    assert_int_equal(read_one(memo, &a, HEAD "hello", false, 1), BR_ELIMIT);
    assert_int_equal(a.body.len, 0);
    answer_deinit(&a);
    answer_init(&a, 10);
    assert_int_equal(read_one(memo, &a, HEAD "hello", false, 0), BR_ELIMIT);
    answer_deinit(&a);
    br_h1_memo_free(memo);
}

static void number(char *out, size_t size, int i)
{
    snprintf(out, size, "HTTP/1.1 200 OK\r\nId: %d\r\nContent-Length: 1\r\n\r\nx", i);
}

/* Heads that are always new push one another out; the memory of them stays what it was. */
static void heads_that_differ_each_time_are_given_up(void **state)
{
    (void) state;
    char text[100];
    br_h1_memo *memo = br_h1_memo_new();
    for (int i = 0; i < 1000; i++) {
        number(text, sizeof(text), i);
        assert_reads(memo, text, "x", 0);
    }
    uint64_t before = br_h1_memo_recalled(memo);
    for (int i = 0; i < 40; i++) { /* and it comes back to them */
        answer a;
        answer_init(&a, 4096);
        size_t used = 0;
        br_h1 *p = br_h1_new(&events, memo, &a);
        br_h1_start(p, &a.head, &a.fields, false);
        assert_int_equal(br_h1_feed(p, BR_STR(HEAD "hello"), &used), BR_OK);
        br_h1_free(p);
        answer_deinit(&a);
    }
    assert_true(br_h1_memo_recalled(memo) > before);
    assert_reads(memo, HEAD "hello", "hello", 1);
    br_h1_memo_free(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_parsed_once),
        cmocka_unit_test(chunks_behind_a_known_head_are_parsed),
        cmocka_unit_test(answers_without_body_end_with_the_known_head),
        cmocka_unit_test(an_answer_to_head_is_parsed),
        cmocka_unit_test(the_callback_and_the_limit_count_for_known_heads),
        cmocka_unit_test(heads_that_differ_each_time_are_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
