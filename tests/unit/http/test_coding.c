/* http/coding.h: the four codings both ways, over one another, damaged, cut, and as bombs. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "http/coding.h"

#define TEXT "to be coded, to be coded, to be coded, and to be read again"

static const br_coding all[] = {BR_CODING_GZIP, BR_CODING_DEFLATE, BR_CODING_ZSTD, BR_CODING_BR};

typedef struct answer {
    br_http_response r;
    br_coder *coder;
} answer;

static void answer_init(answer *a, const char *content_encoding)
{
    br_http_response_init(&a->r);
    a->coder = br_coder_new();
    a->r.status = 200;
    a->r.body.max_bytes = (size_t) 64 << 20;
    uint32_t n = (uint32_t) strlen(content_encoding);
    assert_int_equal(br_buf_puts(&a->r.head, "content-encoding"), BR_OK);
    assert_int_equal(br_buf_puts(&a->r.head, content_encoding), BR_OK);
    *br_vec_push(&a->r.fields) = (br_h1_field){0, 16, 16, n};
}

static void answer_deinit(answer *a)
{
    br_http_response_deinit(&a->r);
    br_coder_free(a->coder);
}

/* The body becomes `bytes` in that coding. */
static void code_body(answer *a, br_coding coding, br_str bytes)
{
    br_buf coded;
    br_buf_init(&coded, BR_BUF_NO_LIMIT);
    assert_int_equal(br_coding_encode(a->coder, coding, bytes, &coded), BR_OK);
    size_t max = a->r.body.max_bytes;
    br_buf_deinit(&a->r.body);
    a->r.body = coded;
    a->r.body.max_bytes = max;
}

static void assert_plain(answer *a, const char *want)
{
    br_http_decode(a->coder, &a->r);
    if (a->r.error.code != BR_OK) fail_msg("%s", a->r.error.text);
    assert_string_equal(a->r.body.len > 0 ? a->r.body.data : "", want);
    assert_int_equal(a->r.body.len, strlen(want));
}

static void assert_refused(answer *a, const char *why)
{
    char text[160];
    snprintf(text, sizeof(text), "error decompressing response body (%s)", why);
    br_http_decode(a->coder, &a->r);
    assert_string_equal(a->r.error.text, text);
    assert_string_equal(a->r.error.raw, text);
    assert_int_equal(a->r.error.k6_code, 1701);
}

static void names(void **state)
{
    (void) state;
    for (size_t i = 0; i < BR_COUNT_OF(all); i++) {
        assert_int_equal(br_coding_of(br_str_of(br_coding_name(all[i]))), all[i]);
    }
    assert_int_equal(br_coding_of(BR_STR("GZIP")), BR_CODING_NONE);
    assert_int_equal(br_coding_of(BR_STR("identity")), BR_CODING_NONE);
    assert_int_equal(br_coding_of(BR_STR("")), BR_CODING_NONE);
    assert_string_equal(br_coding_name(BR_CODING_NONE), "");
}

/* One coder takes them in any order, again and again. */
static void there_and_back(void **state)
{
    (void) state;
    static const size_t sizes[] = {0, 1, 100, 4096, 65536, 65537, 3000000};
    br_coder *c = br_coder_new();
    char *text = br_malloc(3000000);
    uint32_t x = 1;
    for (size_t i = 0; i < 3000000; i++) {
        x = x * 1664525 + 1013904223;
        text[i] = (char) ('a' + (x >> 24) % 20);
    }
    for (size_t k = 0; k < 2 * BR_COUNT_OF(all) * BR_COUNT_OF(sizes); k++) {
        br_coding coding = all[k % BR_COUNT_OF(all)];
        br_str plain = {text, sizes[k / BR_COUNT_OF(all) % BR_COUNT_OF(sizes)]};
        const char *why = "";
        br_buf coded, again;
        br_buf_init(&coded, BR_BUF_NO_LIMIT);
        br_buf_init(&again, plain.n); /* exactly as large as it has to be */
        assert_int_equal(br_coding_encode(c, coding, plain, &coded), BR_OK);
        br_code code = br_coding_decode(c, coding, br_buf_view(&coded), coded.len, &again, &why);
        if (code != BR_OK) fail_msg("%s of %zu bytes: %s", br_coding_name(coding), plain.n, why);
        assert_true(br_str_eq(br_buf_view(&again), plain));
        br_buf_deinit(&coded);
        br_buf_deinit(&again);
    }
    br_free(text);
    br_coder_free(c);
}

static void answers_are_decoded(void **state)
{
    (void) state;
    static const char *const fields[] = {"gzip", "deflate", "zstd", "br"};
    for (size_t i = 0; i < BR_COUNT_OF(all); i++) {
        answer a;
        answer_init(&a, fields[i]);
        code_body(&a, all[i], BR_STR(TEXT));
        assert_plain(&a, TEXT);
        code_body(&a, all[i], BR_STR(""));
        assert_plain(&a, "");
        answer_deinit(&a);
    }
}

/* The last one is undone first; names that mean nothing to us are passed over, wherever they stand. */
static void one_over_the_other(void **state)
{
    (void) state;
    answer a;
    answer_init(&a, "identity ,gzip, snappy,\tbr,, zstd ,");
    code_body(&a, BR_CODING_GZIP, BR_STR(TEXT));
    br_buf inner = a.r.body;
    br_buf_init(&a.r.body, (size_t) 64 << 20);
    code_body(&a, BR_CODING_BR, br_buf_view(&inner));
    br_buf_deinit(&inner);
    inner = a.r.body;
    br_buf_init(&a.r.body, (size_t) 64 << 20);
    code_body(&a, BR_CODING_ZSTD, br_buf_view(&inner));
    br_buf_deinit(&inner);
    assert_plain(&a, TEXT);
    answer_deinit(&a);
}

static void what_is_not_coded_stays(void **state)
{
    (void) state;
    static const char *const fields[] = {"", "identity", "GZIP", "x-gzip", "snappy, lz4", ","};
    for (size_t i = 0; i < BR_COUNT_OF(fields); i++) {
        answer a;
        answer_init(&a, fields[i]);
        assert_int_equal(br_buf_puts(&a.r.body, "plain"), BR_OK);
        assert_plain(&a, "plain");
        a.r.fields.len = 0;
        assert_plain(&a, "plain");
        answer_deinit(&a);
    }
}

/* HEAD, or a server that announces a coding and sends nothing: k6 reads the header of gzip and deflate. */
static void nothing_there(void **state)
{
    (void) state;
    answer a;
    answer_init(&a, "gzip");
    assert_refused(&a, "EOF");
    answer_deinit(&a);
    answer_init(&a, "deflate");
    assert_refused(&a, "unexpected EOF");
    answer_deinit(&a);
    answer_init(&a, "br");
    assert_plain(&a, "");
    answer_deinit(&a);
    answer_init(&a, "zstd");
    assert_plain(&a, "");
    answer_deinit(&a);
    answer_init(&a, "gzip, br");
    assert_refused(&a, "EOF");
    answer_deinit(&a);
}

static void not_that_coding(void **state)
{
    (void) state;
    static const struct {
        const char *field, *body, *why;
    } cases[] = {
        {"gzip", "this is no gzip at all", "gzip: invalid header"},
        {"gzip", "short", "unexpected EOF"},
        {"gzip", "\x1f\x8b\x07\x01\x01\x01\x01\x01\x01\x01\x01", "gzip: invalid header"}, /* its method */
        {"deflate", "this is no deflate", "zlib: invalid header"},
        {"deflate", "x", "unexpected EOF"},
        {"deflate", "\x4b\x4c\x4a\x06\x01", "zlib: invalid header"}, /* raw deflate: k6 does not take it */
        {"deflate", "\x78\xbb\x01\x02\x03\x04\x05", "zlib: invalid dictionary"},
        {"deflate", "\x78\x9c\xff\xff\xff\xff", "flate: corrupt input"},
        {"zstd", "this is no zstd", "invalid input: magic number mismatch"},
        {"zstd", "xyz", "unexpected EOF"},
        {"br", "\xff\xff\xff this is no brotli", "brotli: PADDING_2"},
        {"br", "\x0b", "unexpected EOF"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        answer a;
        answer_init(&a, cases[i].field);
        assert_int_equal(br_buf_puts(&a.r.body, cases[i].body), BR_OK);
        assert_refused(&a, cases[i].why);
        assert_int_equal(a.r.body.len, 0);
        answer_deinit(&a);
    }
}

/* What came before the damage is kept, as k6 keeps it. */
static void damaged_and_cut(void **state)
{
    (void) state;
    static const struct {
        br_coding coding;
        size_t from_end; /* this byte is changed; 0: the last ones are missing */
        const char *why;
    } cases[] = {
        {BR_CODING_GZIP, 8, "gzip: invalid checksum"},
        {BR_CODING_GZIP, 4, "gzip: invalid checksum"}, /* its length */
        {BR_CODING_GZIP, 0, "unexpected EOF"},
        {BR_CODING_DEFLATE, 4, "zlib: invalid checksum"},
        {BR_CODING_DEFLATE, 0, "unexpected EOF"},
        {BR_CODING_BR, 0, "unexpected EOF"},
        {BR_CODING_ZSTD, 0, "unexpected EOF"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        answer a;
        answer_init(&a, br_coding_name(cases[i].coding));
        code_body(&a, cases[i].coding, BR_STR(TEXT));
        if (cases[i].from_end > 0) {
            a.r.body.data[a.r.body.len - cases[i].from_end] ^= 0x55;
        } else {
            a.r.body.len -= 2;
        }
        assert_refused(&a, cases[i].why);
        if (cases[i].coding == BR_CODING_GZIP) assert_string_equal(a.r.body.data, TEXT);
        answer_deinit(&a);
    }
}

static void more_behind_the_end(void **state)
{
    (void) state;
    static const char *const why[] = {"gzip: invalid header", NULL, "magic", "brotli: excessive input"};
    for (size_t i = 0; i < BR_COUNT_OF(all); i++) {
        answer a;
        answer_init(&a, br_coding_name(all[i]));
        code_body(&a, all[i], BR_STR(TEXT));
        assert_int_equal(br_buf_puts(&a.r.body, "something else"), BR_OK);
        if (why[i] == NULL) {
            assert_plain(&a, TEXT); /* Go's zlib reader stops at the end */
        } else {
            br_http_decode(a.coder, &a.r);
            assert_non_null(i == 2 ? a.r.error.text : strstr(a.r.error.text, why[i]));
            assert_int_equal(a.r.error.k6_code, 1701);
        }
        answer_deinit(&a);
    }
}

static void several_members(void **state)
{
    (void) state;
    static const br_coding both[] = {BR_CODING_GZIP, BR_CODING_ZSTD};
    for (size_t i = 0; i < 2; i++) {
        answer a;
        br_buf twice;
        br_buf_init(&twice, BR_BUF_NO_LIMIT);
        answer_init(&a, br_coding_name(both[i]));
        for (int k = 0; k < 3; k++)
            assert_int_equal(br_coding_encode(a.coder, both[i], BR_STR("one "), &twice), BR_OK);
        assert_int_equal(br_buf_put(&a.r.body, br_buf_view(&twice)), BR_OK);
        assert_plain(&a, "one one one ");
        assert_int_equal(br_buf_put(&a.r.body, br_str_sub(br_buf_view(&twice), 0, 5)), BR_OK);
        br_buf_deinit(&twice);
        answer_deinit(&a);
    }
}

/* The transport failed: that stays the reason, and what can be read of the body is there. */
static void a_cut_answer(void **state)
{
    (void) state;
    answer a;
    answer_init(&a, "gzip");
    code_body(&a, BR_CODING_GZIP, BR_STR(TEXT));
    a.r.body.len -= 8;
    br_http_error_set(&a.r.error, BR_EOF, BR_STEP_READ, "unexpected EOF");
    br_http_decode(a.coder, &a.r);
    assert_int_equal(a.r.error.k6_code, 1000);
    assert_string_equal(a.r.error.text, "unexpected EOF");
    assert_string_equal(a.r.body.data, TEXT);
    answer_deinit(&a);
}

/* 48 MiB of zeros: even deflate, which reaches 1029:1, is over the ratio then. */
static void bombs(void **state)
{
    (void) state;
    size_t n = (size_t) 48 << 20;
    char *zeros = br_calloc(1, n);
    for (size_t i = 0; i < BR_COUNT_OF(all); i++) {
        answer a;
        answer_init(&a, br_coding_name(all[i]));
        code_body(&a, all[i], (br_str){zeros, n});
        assert_refused(&a, "it unpacks to more than 1000 times its size");
        assert_int_equal(a.r.body.cap, 0);
        answer_deinit(&a);
    }
    br_free(zeros);
}

static void over_the_size(void **state)
{
    (void) state;
    size_t n = 100000;
    char *text = br_malloc(n);
    for (size_t i = 0; i < n; i++)
        text[i] = (char) ('a' + i * i % 23);
    for (size_t i = 0; i < BR_COUNT_OF(all); i++) {
        answer a;
        answer_init(&a, br_coding_name(all[i]));
        code_body(&a, all[i], (br_str){text, n});
        a.r.body.max_bytes = n - 1;
        assert_refused(&a, "it unpacks to more than the limit of the body; --max-body raises it");
        assert_int_equal(a.r.body.len, 0);
        answer_deinit(&a);
    }
    br_free(text);
}

/* A bomb inside a bomb: the ratio counts from what was received. */
static void a_bomb_in_a_bomb(void **state)
{
    (void) state;
    size_t n = (size_t) 32 << 20;
    char *zeros = br_calloc(1, n);
    answer a;
    answer_init(&a, "gzip, gzip");
    code_body(&a, BR_CODING_GZIP, (br_str){zeros, n});
    br_buf once = a.r.body;
    br_buf_init(&a.r.body, (size_t) 64 << 20);
    code_body(&a, BR_CODING_GZIP, br_buf_view(&once));
    assert_true(a.r.body.len < 1000);
    assert_refused(&a, "it unpacks to more than 1000 times its size");
    br_buf_deinit(&once);
    answer_deinit(&a);
    br_free(zeros);
}

static void too_many_codings(void **state)
{
    (void) state;
    answer a;
    answer_init(&a, "br, br, br, br, br, br, br, br, br, br, br");
    assert_refused(&a, "more than 10 codings");
    answer_deinit(&a);
}

static void without_a_coder(void **state)
{
    (void) state;
    answer a;
    answer_init(&a, "zstd");
    code_body(&a, BR_CODING_ZSTD, BR_STR(TEXT));
    br_http_decode(NULL, &a.r);
    assert_string_equal(a.r.body.data, TEXT);
    br_buf out;
    br_buf_init(&out, 10);
    assert_int_equal(br_coding_encode(NULL, BR_CODING_GZIP, BR_STR(TEXT), &out), BR_ELIMIT);
    assert_int_equal(out.len, 0);
    br_buf_deinit(&out);
    answer_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(answers_are_decoded),
        cmocka_unit_test(one_over_the_other),
        cmocka_unit_test(what_is_not_coded_stays),
        cmocka_unit_test(nothing_there),
        cmocka_unit_test(not_that_coding),
        cmocka_unit_test(damaged_and_cut),
        cmocka_unit_test(more_behind_the_end),
        cmocka_unit_test(several_members),
        cmocka_unit_test(a_cut_answer),
        cmocka_unit_test(bombs),
        cmocka_unit_test(over_the_size),
        cmocka_unit_test(a_bomb_in_a_bomb),
        cmocka_unit_test(too_many_codings),
        cmocka_unit_test(without_a_coder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
