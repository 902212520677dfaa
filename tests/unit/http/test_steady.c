/*
 * What a request costs in steady state: no allocation, no epoll_ctl, one read, one write. The calls are
 * counted on the loop's thread by wrappers of the linker.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include "h2_env.h"

static _Thread_local bool counting;
static _Thread_local unsigned allocations, controls, reads, writes;

void *__real_malloc(size_t n);
void *__real_calloc(size_t a, size_t b);
void *__real_realloc(void *p, size_t n);
int __real_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev);
ssize_t __real_recv(int fd, void *p, size_t n, int flags);
ssize_t __real_send(int fd, const void *p, size_t n, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *m, int flags);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t a, size_t b);
void *__wrap_realloc(void *p, size_t n);
int __wrap_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev);
ssize_t __wrap_recv(int fd, void *p, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);

void *__wrap_malloc(size_t n)
{
    allocations += counting;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t a, size_t b)
{
    allocations += counting;
    return __real_calloc(a, b);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocations += counting;
    return __real_realloc(p, n);
}

int __wrap_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
    controls += counting;
    return __real_epoll_ctl(ep, op, fd, ev);
}

ssize_t __wrap_recv(int fd, void *p, size_t n, int flags)
{
    reads += counting;
    return __real_recv(fd, p, n, flags);
}

ssize_t __wrap_send(int fd, const void *p, size_t n, int flags)
{
    writes += counting;
    return __real_send(fd, p, n, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
    writes += counting;
    return __real_sendmsg(fd, m, flags);
}

#define ROUNDS 100

static void run_rounds(call *c)
{
    for (int i = 0; i < 5; i++) { /* buffers reach their size */
        call_run(c);
        assert_ok(c, 200);
    }
    allocations = controls = reads = writes = 0;
    counting = true;
    for (int i = 0; i < ROUNDS; i++)
        call_run(c);
    counting = false;
    assert_ok(c, 200);
    assert_true(c->response.reused);
}

static void a_plain_request(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST,
        SEND("HTTP/1.1 200 OK\r\nServer: mini\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"),
        AGAIN}};
    static const br_http_header headers[] = {
        {BR_STR_INIT("User-Agent"), BR_STR_INIT("ua")}, {BR_STR_INIT("Accept"), BR_STR_INIT("*/*")}};
    env e;
    call c;
    env_init(&e, &script, 1);
    call_init(&c, &e, "GET", "/path?query=1");
    c.request.headers = headers;
    c.request.header_count = 2;
    run_rounds(&c);
    assert_int_equal(allocations, 0);
    assert_int_equal(controls, 0);
    assert_int_equal(reads, ROUNDS);
    assert_int_equal(writes, ROUNDS);
    call_deinit(&c);
    env_deinit(&e);
}

static void a_request_with_bodies(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST,
        SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
        AGAIN}};
    static const br_http_header headers[] = {{BR_STR_INIT("Content-Length"), BR_STR_INIT("4000")}};
    static char body[4000];
    env e;
    call c;
    env_init(&e, &script, 1);
    call_init(&c, &e, "POST", "/");
    c.request.headers = headers;
    c.request.header_count = 1;
    for (size_t n = 100; n <= 4000; n += 3900) {
        br_http_header length = {BR_STR("Content-Length"), n == 100 ? BR_STR("100") : BR_STR("4000")};
        c.request.headers = &length;
        c.request.body = (br_str){body, n};
        run_rounds(&c);
        assert_body(&c, "hello");
        assert_int_equal(allocations, 0);
        assert_int_equal(controls, 0);
        assert_int_equal(reads, ROUNDS);
        assert_int_equal(writes, ROUNDS);
    }
    call_deinit(&c);
    env_deinit(&e);
}

/* Of HTTP/2: nghttp2 allocates by itself; its blocks are kept and used again. */
static void an_http2_request(void **state)
{
    (void) state;
    static const br_http_header headers[] = {
        {BR_STR_INIT("User-Agent"), BR_STR_INIT("ua")}, {BR_STR_INIT("Content-Length"), BR_STR_INIT("4")}};
    h2_env h;
    call c;
    h2_env_init(&h, play_hello);
    call_init(&c, &h.e, "POST", "/path?query=1");
    c.request.headers = headers;
    c.request.header_count = 2;
    c.request.body = BR_STR("body");
    run_rounds(&c);
    assert_int_equal(allocations, 0);
    assert_int_equal(controls, 0);
    assert_in_range(reads, ROUNDS, 2 * ROUNDS); /* the server sends head and body one after the other */
    assert_int_equal(writes, ROUNDS);
    call_deinit(&c);
    h2_env_deinit(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request),
        cmocka_unit_test(a_request_with_bodies),
        cmocka_unit_test(an_http2_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
