/* codec/h1.h: answers whole, cut at every byte, malformed in every way that scripts meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "codec/h1.h"

/* What the callbacks saw, as text: "200 OK|Name=value;...|body". */
typedef struct seen {
    br_buf head, body;
    br_h1_fields fields;
    br_h1_field trailers[8];
    size_t trailer_count;
    br_h1_head final;
    int informational;
    br_code stop_at_head;
} seen;

static br_code on_head(void *ctx, const br_h1_head *head)
{
    seen *s = ctx;
    if (head->status < 200) {
        s->informational++;
        return BR_OK;
    }
    s->final = *head;
    return s->stop_at_head;
}

static br_code on_body(void *ctx, br_str bytes)
{
    seen *s = ctx;
    return br_buf_put(&s->body, bytes);
}

static br_code on_trailer(void *ctx, const br_h1_field *field)
{
    seen *s = ctx;
    if (s->trailer_count == BR_COUNT_OF(s->trailers)) {
        return BR_ELIMIT;
    }
    s->trailers[s->trailer_count++] = *field;
    return BR_OK;
}

static const br_h1_events events = {.on_head = on_head, .on_body = on_body};
static const br_h1_events with_trailers = {.on_head = on_head, .on_body = on_body, .on_trailer = on_trailer};

static void describe(const seen *s, char *out, size_t out_bytes)
{
    br_str head = br_buf_view(&s->head);
    br_str reason = br_str_sub(head, s->final.reason_at, s->final.reason_at + s->final.reason_len);
    int n = snprintf(out, out_bytes, "%d " BR_FMT "|", s->final.status, BR_ARG(reason));
    for (size_t i = 0; i < s->fields.len; i++) {
        br_h1_field f = s->fields.data[i];
        br_str name = br_str_sub(head, f.name_at, f.name_at + f.name_len);
        br_str value = br_str_trim(br_str_sub(head, f.value_at, f.value_at + f.value_len));
        n += snprintf(out + n, out_bytes - (size_t) n, BR_FMT "=" BR_FMT ";", BR_ARG(name), BR_ARG(value));
    }
    snprintf(out + n, out_bytes - (size_t) n, "|" BR_FMT, BR_ARG(br_buf_view(&s->body)));
}

static void seen_init(seen *s, size_t max_head)
{
    memset(s, 0, sizeof(*s));
    br_buf_init(&s->head, max_head);
    br_buf_init(&s->body, 1 << 20);
}

static void seen_deinit(seen *s)
{
    br_buf_deinit(&s->head);
    br_buf_deinit(&s->body);
    br_vec_deinit(&s->fields);
}

/* Feeds `text` in pieces of `piece` bytes after a first one of `first`. Every piece is a copy of its own. */
static br_code feed(br_h1 *p, br_str text, size_t first, size_t piece, size_t *ret_used)
{
    size_t at = 0;
    while (at < text.n) {
        size_t n = at == 0 && first > 0 ? first : piece;
        n = n < text.n - at ? n : text.n - at;
        char copy[4096];
        memcpy(copy, text.p + at, n);
        size_t used = 0;
        br_code code = br_h1_feed(p, (br_str){copy, n}, &used);
        at += used;
        if (code != BR_AGAIN) {
            *ret_used = at;
            return code;
        }
        assert_int_equal(used, n);
    }
    *ret_used = at;
    return BR_AGAIN;
}

static void assert_parses_with(
    br_h1_memo *memo, const char *answer, bool to_head, const char *want, bool keep_alive, size_t surplus)
{
    br_str text = br_str_of(answer);
    for (size_t cut = 0; cut <= text.n; cut++) {
        seen s;
        seen_init(&s, 4096);
        br_h1 *p = br_h1_new(&events, memo, &s);
        br_h1_start(p, &s.head, &s.fields, to_head);
        size_t used = 0;
        br_code code = feed(p, text, cut, cut == 0 ? 1 : text.n, &used);
        if (code == BR_AGAIN) {
            code = br_h1_finish(p);
        }
        char got[1024];
        describe(&s, got, sizeof(got));
        if (code != BR_OK || strcmp(got, want) != 0 || br_h1_keep_alive(p) != keep_alive) {
            fail_msg("cut at %zu: %s, keep-alive %d, \"%s\", want \"%s\"; %s", cut, br_code_name(code),
                br_h1_keep_alive(p), got, want, br_h1_error(p));
        }
        assert_int_equal(used, text.n - surplus);
        assert_true(br_h1_has_head(p));
        br_h1_free(p);
        seen_deinit(&s);
    }
}

/* The same outcome whole, in two pieces cut anywhere, and byte by byte; also when the head may be known. */
static void assert_parses(const char *answer, bool to_head, const char *want, bool keep_alive, size_t surplus)
{
    br_h1_memo *memo = br_h1_memo_new();
    assert_parses_with(NULL, answer, to_head, want, keep_alive, surplus);
    assert_parses_with(memo, answer, to_head, want, keep_alive, surplus);
    br_h1_memo_free(memo);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

static void parses_a_body_with_length(void **state)
{
    (void) state;
    assert_parses(OK_HEAD "A: b\r\nEmpty:\r\nContent-Length: 5  \r\n\r\nhello", false,
        "200 OK|A=b;Empty=;Content-Length=5;|hello", true, 0);
    assert_parses(OK_HEAD "Content-Length: 0\r\n\r\n", false, "200 OK|Content-Length=0;|", true, 0);
    assert_parses("HTTP/1.1 200 OK\nA: b\nContent-Length: 5\n\nhello", false,
        "200 OK|A=b;Content-Length=5;|hello", true, 0);
    assert_parses("HTTP/1.1 204 \r\n\r\n", false, "204 ||", true, 0);
    assert_parses("HTTP/1.1 299\r\nContent-Length: 1\r\n\r\nx", false, "299 |Content-Length=1;|x", true, 0);
}

static void parses_chunks_and_drops_trailers(void **state)
{
    (void) state;
    assert_parses(OK_HEAD
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\nT: u\r\n\r\n",
        false, "200 OK|Transfer-Encoding=chunked;|hello world", true, 0);
    assert_parses(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false,
        "200 OK|Transfer-Encoding=chunked;|", true, 0);
    assert_parses(OK_HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nhi\r\n0\r\n\r\n",
        false, "200 OK|Content-Length=3;Transfer-Encoding=chunked;|hi", true, 0);
}

static void assert_trailers(
    br_h1_memo *memo, const char *text, size_t cut, const char *const *want, size_t count)
{
    seen s;
    seen_init(&s, 4096);
    br_h1 *p = br_h1_new(&with_trailers, memo, &s);
    br_h1_start(p, &s.head, &s.fields, false);
    size_t used = 0;
    assert_int_equal(feed(p, br_str_of(text), cut, cut == 0 ? 1 : strlen(text), &used), BR_OK);
    assert_int_equal(s.trailer_count, count);
    br_str head = br_buf_view(&s.head);
    for (size_t i = 0; i < count; i++) {
        br_h1_field f = s.trailers[i];
        char got[100];
        snprintf(got, sizeof(got), BR_FMT "=" BR_FMT,
            BR_ARG(br_str_sub(head, f.name_at, f.name_at + f.name_len)),
            BR_ARG(br_str_trim(br_str_sub(head, f.value_at, f.value_at + f.value_len))));
        assert_string_equal(got, want[i]);
    }
    char rest[200];
    describe(&s, rest, sizeof(rest));
    assert_string_equal(rest, "200 OK|Transfer-Encoding=chunked;|hello");
    br_h1_free(p);
    seen_deinit(&s);
}

/* Behind the fields of the head, wherever the pieces are cut. */
static void trailers_are_told(void **state)
{
    (void) state;
    static const char some[] = OK_HEAD
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: u\r\nServer-Timing: db;dur=3 \r\nEmpty:\r\n\r\n";
    static const char none[] = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    static const char *const want[] = {"T=u", "Server-Timing=db;dur=3", "Empty="};
    br_h1_memo *memo = br_h1_memo_new(); /* a known head has trailers, too */
    for (size_t cut = 0; cut < sizeof(some); cut++) {
        assert_trailers(memo, some, cut, want, 3);
    }
    for (size_t cut = 0; cut < sizeof(none); cut++) {
        assert_trailers(memo, none, cut, NULL, 0);
    }
    assert_true(br_h1_memo_recalled(memo) > 0);
    br_h1_memo_free(memo);
}

static void trailers_have_limits(void **state)
{
    (void) state;
    static const char *const fields[] = {"T: 0123456789012345678901234567890123456789\r\n", "T: u\r\n"};
    for (size_t i = 0; i < 2; i++) { /* the head's, and the callback's */
        seen s;
        seen_init(&s, 100);
        br_h1 *p = br_h1_new(&with_trailers, NULL, &s);
        br_h1_start(p, &s.head, &s.fields, false);
        size_t used;
        br_str head = BR_STR(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n");
        br_code code = br_h1_feed(p, head, &used);
        for (int n = 0; n < 20 && code == BR_AGAIN; n++) {
            code = br_h1_feed(p, br_str_of(fields[i]), &used);
        }
        assert_int_equal(code, BR_ELIMIT);
        assert_true(s.head.len <= 100);
        assert_int_equal(s.trailer_count, i == 0 ? 1 : 8);
        br_h1_free(p);
        seen_deinit(&s);
    }
}

static void body_may_end_with_the_connection(void **state)
{
    (void) state;
    assert_parses(OK_HEAD "X: y\r\n\r\nhello\r\n", false, "200 OK|X=y;|hello\r\n", false, 0);
    assert_parses("HTTP/1.0 200 OK\r\n\r\nold", false, "200 OK||old", false, 0);
}

static void knows_when_to_keep_the_connection(void **state)
{
    (void) state;
    assert_parses(OK_HEAD "Connection: close\r\nContent-Length: 1\r\n\r\nx", false,
        "200 OK|Connection=close;Content-Length=1;|x", false, 0);
    assert_parses(
        "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false, "200 OK|Content-Length=1;|x", false, 0);
    assert_parses("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", false,
        "200 OK|Connection=keep-alive;Content-Length=1;|x", true, 0);
}

static void some_answers_have_no_body(void **state)
{
    (void) state;
    assert_parses(OK_HEAD "Content-Length: 5\r\n\r\n", true, "200 OK|Content-Length=5;|", true, 0);
    assert_parses(
        OK_HEAD "Transfer-Encoding: chunked\r\n\r\n", true, "200 OK|Transfer-Encoding=chunked;|", true, 0);
    assert_parses("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false,
        "304 Not Modified|Content-Length=5;|", true, 0);
    assert_parses("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false,
        "204 No Content|Content-Length=5;|", true, 0);
}

static void skips_informational_answers(void **state)
{
    (void) state;
    assert_parses("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK_HEAD
                  "A: b\r\nContent-Length: 2\r\n\r\nok",
        false, "200 OK|A=b;Content-Length=2;|ok", true, 0);
}

static void tells_surplus_bytes(void **state)
{
    (void) state;
    seen s;
    seen_init(&s, 4096);
    br_h1 *p = br_h1_new(&events, NULL, &s);
    br_h1_start(p, &s.head, &s.fields, false);
    br_str text = BR_STR(OK_HEAD "Content-Length: 2\r\n\r\nokHTTP/1.1 200 again");
    size_t used = 0;
    assert_int_equal(br_h1_feed(p, text, &used), BR_OK);
    assert_int_equal(used, text.n - strlen("HTTP/1.1 200 again"));
    /* and the parser is as good as new afterwards */
    br_buf_reset(&s.head);
    br_vec_reset(&s.fields);
    br_h1_start(p, &s.head, &s.fields, false);
    text = BR_STR("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(br_h1_feed(p, text, &used), BR_OK);
    assert_int_equal(s.final.status, 404);
    br_h1_free(p);
    seen_deinit(&s);
}

static void unfolds_continued_lines(void **state)
{
    (void) state;
    seen s;
    seen_init(&s, 4096);
    br_h1 *p = br_h1_new(&events, NULL, &s);
    br_h1_start(p, &s.head, &s.fields, false);
    size_t used = 0;
    br_code code = br_h1_feed(p, BR_STR(OK_HEAD "A: b\r\n c\r\nContent-Length: 0\r\n\r\n"), &used);
    if (code == BR_OK) { /* or refused, but never a value with a line end in it */
        char got[200];
        describe(&s, got, sizeof(got));
        assert_null(strpbrk(got, "\r\n"));
    } else {
        assert_int_equal(code, BR_EPROTO);
    }
    br_h1_free(p);
    seen_deinit(&s);
}

static void names_what_is_malformed(void **state)
{
    (void) state;
    static const char *const cases[][2] = {
        {"this is no http answer\r\n\r\n", "malformed HTTP status code \"is\""},
        {"garbage\r\n", "malformed HTTP response \"garbage\""},
        {"HTTP/7.7 200 OK\r\n\r\n", "malformed HTTP version \"HTTP/7.7\""},
        {"HTTP/2.0 200 OK\r\n\r\n", "malformed HTTP version \"HTTP/2.0\""},
        {"HTTP/1.1 2x0 OK\r\n\r\n", "malformed HTTP status code \"2x0\""},
        {OK_HEAD "no colon here\r\n\r\n", "malformed MIME header line: no colon here"},
        {OK_HEAD "A b: c\r\n\r\n", "malformed MIME header line: A b: c"},
        {OK_HEAD "Content-Length: 5x\r\n\r\n", "bad Content-Length \"5x\""},
        {OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "invalid byte in chunk length"},
        {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "malformed chunked encoding"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        seen s;
        seen_init(&s, 4096);
        br_h1 *p = br_h1_new(&events, NULL, &s);
        br_h1_start(p, &s.head, &s.fields, false);
        size_t used = 0;
        assert_int_equal(br_h1_feed(p, br_str_of(cases[i][0]), &used), BR_EPROTO);
        assert_string_equal(br_h1_error(p), cases[i][1]);
        br_h1_free(p);
        seen_deinit(&s);
    }
}

static void limits_the_head(void **state)
{
    (void) state;
    for (size_t piece = 1; piece <= 64; piece += 21) {
        seen s;
        seen_init(&s, 100);
        br_h1 *p = br_h1_new(&events, NULL, &s);
        br_h1_start(p, &s.head, &s.fields, false);
        char answer[400] = OK_HEAD "A: ";
        memset(answer + strlen(answer), 'x', 300);
        size_t used = 0;
        assert_int_equal(feed(p, br_str_of(answer), 0, piece, &used), BR_ELIMIT);
        assert_true(s.head.len <= 100);
        br_h1_free(p);
        seen_deinit(&s);
    }
    seen s; /* many small informational heads are as bad as a large one */
    seen_init(&s, 100);
    br_h1 *p = br_h1_new(&events, NULL, &s);
    br_h1_start(p, &s.head, &s.fields, false);
    br_code code = BR_AGAIN;
    size_t used = 0;
    for (int i = 0; i < 100 && code == BR_AGAIN; i++) {
        code = br_h1_feed(p, BR_STR("HTTP/1.1 100 Continue\r\n\r\n"), &used);
    }
    assert_int_equal(code, BR_ELIMIT);
    br_h1_free(p);
    seen_deinit(&s);
}

static void tells_a_cut_answer(void **state)
{
    (void) state;
    static const char *const cases[] = {"", "HTTP/1.1 2", OK_HEAD "A: b\r\n",
        OK_HEAD "Content-Length: 5\r\n\r\nhell", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        seen s;
        seen_init(&s, 4096);
        br_h1 *p = br_h1_new(&events, NULL, &s);
        br_h1_start(p, &s.head, &s.fields, false);
        size_t used = 0;
        if (cases[i][0] != 0) {
            assert_int_equal(br_h1_feed(p, br_str_of(cases[i]), &used), BR_AGAIN);
        }
        assert_int_equal(br_h1_finish(p), BR_EOF);
        br_h1_free(p);
        seen_deinit(&s);
    }
}

static void callbacks_can_stop_it(void **state)
{
    (void) state;
    seen s;
    seen_init(&s, 4096);
    s.stop_at_head = BR_ELIMIT;
    br_h1 *p = br_h1_new(&events, NULL, &s);
    br_h1_start(p, &s.head, &s.fields, false);
    size_t used = 0;
    assert_int_equal(br_h1_feed(p, BR_STR(OK_HEAD "Content-Length: 5\r\n\r\nhello"), &used), BR_ELIMIT);
    assert_int_equal(s.body.len, 0);
    br_h1_free(p);
    seen_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_a_body_with_length),
        cmocka_unit_test(parses_chunks_and_drops_trailers),
        cmocka_unit_test(trailers_are_told),
        cmocka_unit_test(trailers_have_limits),
        cmocka_unit_test(body_may_end_with_the_connection),
        cmocka_unit_test(knows_when_to_keep_the_connection),
        cmocka_unit_test(some_answers_have_no_body),
        cmocka_unit_test(skips_informational_answers),
        cmocka_unit_test(tells_surplus_bytes),
        cmocka_unit_test(unfolds_continued_lines),
        cmocka_unit_test(names_what_is_malformed),
        cmocka_unit_test(limits_the_head),
        cmocka_unit_test(tells_a_cut_answer),
        cmocka_unit_test(callbacks_can_stop_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
