/* http/client.h against servers that break the rules of HTTP/1: each ends in time, in bounded memory. */
#include <stdio.h>
#include "env.h"

#define BROKEN  "net/http: HTTP/1.x transport connection broken: "
#define OK      "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

typedef struct hostile {
    const char *what;
    mini_script script;
    int k6_code;      /* 0: an answer comes out of it */
    const char *part; /* of the error; NULL: none is compared */
    const char *body; /* of the answer, or what was read of it; NULL: not compared */
    bool reused;      /* the connection may serve another request */
} hostile;

static void run_all(const hostile *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const hostile *h = &cases[i];
        env e;
        call c;
        env_init(&e, &h->script, 1);
        e.config.max_head_bytes = 100000;
        e.config.max_body_bytes = 50000;
        call_init(&c, &e, "GET", "/");
        c.request.timeout_ns = 300 * BR_MS;
        call_run(&c);
        const br_http_error *error = &c.response.error;
        if (error->k6_code != h->k6_code || (h->part != NULL && strstr(error->text, h->part) == NULL))
            fail_msg("%s: %d \"%s\"", h->what, error->k6_code, error->text);
        if (h->body != NULL && !br_str_is(br_buf_view(&c.response.body), h->body))
            fail_msg("%s: body " BR_FMT, h->what, BR_ARG(br_buf_view(&c.response.body)));
        if (c.response.head.cap > 300000 || c.response.body.cap > 200000) fail_msg("%s: memory", h->what);
        if (c.response.times.end - c.response.times.start > 3 * BR_SEC) fail_msg("%s: time", h->what);
        call_start(&c);
        if (c.response.reused != h->reused) fail_msg("%s: reused %d", h->what, c.response.reused);
        br_http_cancel(&c.exchange);
        call_deinit(&c);
        env_deinit(&e);
    }
}

static void heads(void **state)
{
    (void) state;
    static const hostile cases[] = {
        {"no version", {{REQUEST, SEND("200 OK\r\n\r\n"), WAIT}}, 1000, BROKEN "malformed HTTP", "", false},
        {"HTTP/0.9", {{REQUEST, SEND("<html>old</html>\r\n"), WAIT}}, 1000, BROKEN "malformed HTTP", "",
            false},
        {"another version", {{REQUEST, SEND("HTTP/3.0 200 OK\r\n\r\n"), WAIT}}, 1000, BROKEN "malformed HTTP",
            "", false},
        {"a status of two digits", {{REQUEST, SEND("HTTP/1.1 20 OK\r\n\r\n"), WAIT}}, 1000,
            BROKEN "malformed HTTP status code", "", false},
        {"two lengths", {{REQUEST, SEND(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), WAIT}},
            1000, NULL, "", false},
        {"a negative length", {{REQUEST, SEND(OK "Content-Length: -5\r\n\r\nhello"), WAIT}}, 1000,
            "bad Content-Length", "", false},
        {"a length over 64 bits",
            {{REQUEST, SEND(OK "Content-Length: 99999999999999999999\r\n\r\nhello"), WAIT}}, 1000,
            "bad Content-Length", "", false},
        {"a blank before the colon", {{REQUEST, SEND(OK "Content-Length : 5\r\n\r\nhello"), WAIT}}, 1000,
            BROKEN, "", false},
        {"a control character in a value", {{REQUEST, SEND(OK "X: a\x01\r\n\r\n"), WAIT}}, 1000, BROKEN, "",
            false},
        {"a bare CR", {{REQUEST, SEND(OK "X: a\rY: b\r\n\r\n"), WAIT}}, 1000, BROKEN, "", false},
        {"no colon", {{REQUEST, SEND(OK "nonsense\r\n\r\n"), WAIT}}, 1000, BROKEN "malformed MIME header", "",
            false},
        {"a line without end", {{REQUEST, SEND(OK "X: "), FILL(3 << 20), WAIT}}, 1000,
            "exceeded 100000 bytes", "", false},
        {"an upgrade",
            {{REQUEST,
                SEND("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw"),
                WAIT}},
            1000, "unsupported response status: 101", "", false},
        {"a folded line", {{REQUEST, SEND(OK "X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello"), WAIT}}, 1000,
            BROKEN "malformed MIME header", "", false},
    };
    run_all(cases, BR_COUNT_OF(cases));
}

static void bodies(void **state)
{
    (void) state;
    static const hostile cases[] = {
        {"shorter than announced", {{REQUEST, SEND(OK "Content-Length: 10\r\n\r\nhello")}}, 1000,
            "unexpected EOF", "hello", false},
        {"longer than announced", {{REQUEST, SEND(OK "Content-Length: 5\r\n\r\nhello, and more"), WAIT}}, 0,
            "", "hello", false},
        {"a second answer", {{REQUEST, SEND(HELLO OK "Content-Length: 6\r\n\r\nforged"), WAIT}}, 0, "",
            "hello", false},
        {"a length beside chunks",
            {{REQUEST,
                SEND(OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
                WAIT}},
            0, "", "hello", true},
        {"a chunk without size", {{REQUEST, SEND(CHUNKED "\r\nhello\r\n"), WAIT}}, 1000, NULL, "", false},
        {"a negative chunk", {{REQUEST, SEND(CHUNKED "-5\r\nhello\r\n"), WAIT}}, 1000,
            "invalid byte in chunk length", "", false},
        {"a chunk over 64 bits", {{REQUEST, SEND(CHUNKED "fffffffffffffffff\r\nhello\r\n"), WAIT}}, 1000,
            NULL, "", false},
        {"a chunk as large as can be", {{REQUEST, SEND(CHUNKED "ffffffffffffffff\r\n"), FILL(200000), WAIT}},
            1000, "exceeds the limit", NULL, false},
        {"a chunk longer than its size", {{REQUEST, SEND(CHUNKED "5\r\nhello!!\r\n0\r\n\r\n"), WAIT}}, 1000,
            NULL, "hello", false},
        {"an end in a chunk", {{REQUEST, SEND(CHUNKED "5\r\nhel")}}, 1000, "unexpected EOF", "hel", false},
        {"an end before the last chunk", {{REQUEST, SEND(CHUNKED "5\r\nhello\r\n")}}, 1000, "unexpected EOF",
            "hello", false},
        {"an end in the trailers", {{REQUEST, SEND(CHUNKED "5\r\nhello\r\n0\r\nX: y\r\n")}}, 1000,
            "unexpected EOF", "hello", false},
        {"a reset in a chunk", {{REQUEST, SEND(CHUNKED "5\r\nhel"), PAUSE(20), RESET}}, 1220, NULL, "hel",
            false},
        {"a reset in the trailers",
            {{REQUEST, SEND(CHUNKED "5\r\nhello\r\n0\r\nX: y\r\n"), PAUSE(20), RESET}}, 1220, NULL, "hello",
            false},
        {"a reset in the head", {{REQUEST, SEND(OK "X: y\r\n"), PAUSE(20), RESET}}, 1220, NULL, "", false},
        {"a body without end", {{REQUEST, SEND(OK "\r\n"), FILL(4 << 20), WAIT}}, 1000, "exceeds the limit",
            NULL, false},
    };
    run_all(cases, BR_COUNT_OF(cases));
}

/* Slow ones meet the request's own time. */
static void slow_ones(void **state)
{
    (void) state;
    static const hostile cases[] = {
        {"a head byte by byte", {{REQUEST, SEND("H"), PAUSE(200), SEND("T"), PAUSE(200), SEND("T"), WAIT}},
            1050, "request timeout", "", false},
        {"a body byte by byte",
            {{REQUEST, SEND(OK "Content-Length: 9\r\n\r\nh"), PAUSE(200), SEND("e"), PAUSE(200), SEND("l"),
                WAIT}},
            1050, "request timeout", "he", false},
        {"nothing but informational answers",
            {{REQUEST, SEND("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
                SEND("HTTP/1.1 100 Continue\r\n\r\n"), WAIT}},
            1050, "request timeout", "", false},
    };
    run_all(cases, BR_COUNT_OF(cases));
}

/* Repeats `piece` behind `start` until it is `bytes` long. */
static char *flood(const char *start, const char *piece, size_t bytes)
{
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    assert_int_equal(br_buf_puts(&b, start), BR_OK);
    while (b.len < bytes)
        assert_int_equal(br_buf_puts(&b, piece), BR_OK);
    return br_buf_detach(&b);
}

static void floods(void **state)
{
    (void) state;
    char *informational = flood("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 2 << 20);
    char *fields = flood(OK, "A: b\r\n", 90000);
    char *extensions = flood(CHUNKED "5;", "a=b;", 4 << 20);
    char *trailers = flood(CHUNKED "5\r\nhello\r\n0\r\n", "X-Trailer: something\r\n", 4 << 20);
    char *trailer = flood(CHUNKED "5\r\nhello\r\n0\r\nX: ", "something", 200000);
    hostile cases[] = {
        {"informational answers", {{REQUEST, SEND(informational), WAIT}}, 1000, "exceeded 100000 bytes", "",
            false},
        {"fields", {{REQUEST, SEND(fields), WAIT}}, 1000, "more than 1000 header fields", "", false},
        {"chunk extensions", {{REQUEST, SEND(extensions), WAIT}}, 1050, NULL, "", false},
        {"trailers", {{REQUEST, SEND(trailers), WAIT}}, 1000, "more than 1000 header fields", "hello", false},
        {"a long trailer", {{REQUEST, SEND(trailer), WAIT}}, 1000, "exceeded 100000 bytes", "hello", false},
    };
    run_all(cases, BR_COUNT_OF(cases));
    free(informational);
    free(fields);
    free(extensions);
    free(trailers);
    free(trailer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(bodies),
        cmocka_unit_test(slow_ones),
        cmocka_unit_test(floods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
