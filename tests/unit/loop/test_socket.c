/* Sockets over loopback TCP: every byte in order, every end, and nothing after a close. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/mem.h"
#include "loop/socket.h"
#include "support/real_loop.h"

static int setup(void **state)
{
    *state = real_loop_new();
    return 0;
}

static int teardown(void **state)
{
    br_loop_free(*state);
    return 0;
}

typedef struct side side;
struct side {
    br_loop *loop;
    br_watch watch; /* while it is not open */
    br_socket socket;
    int peer;  /* -1: closed */
    int *open; /* how many have not ended */
    size_t received, wrong;
    int datas, sents, ends, sys_errno;
    bool writing;
    side *victim; /* closed and freed by the first event */
};

/* The n-th byte of a stream. */
static char pattern(size_t n)
{
    return (char) (n * 31 + n / 251);
}

static side *left; /* who closed the other */

static void kill_victim(side *s)
{
    if (s->victim == NULL) return;
    side *victim = s->victim;
    s->victim = NULL;
    left = s;
    br_socket_close(&victim->socket);
    close(victim->peer);
    br_free(victim);
    br_loop_stop(s->loop);
}

static void on_data(void *owner, br_str bytes)
{
    side *s = owner;
    assert_true(bytes.n > 0);
    for (size_t i = 0; i < bytes.n; i++)
        s->wrong += bytes.p[i] != pattern(s->received + i);
    s->received += bytes.n;
    s->datas++;
    kill_victim(s);
}

static void on_sent(void *owner)
{
    side *s = owner;
    s->sents++;
    br_loop_stop(s->loop);
}

static void on_end(void *owner, bool writing, int sys_errno)
{
    side *s = owner;
    s->ends++;
    s->writing = writing;
    s->sys_errno = sys_errno;
    if (s->open == NULL || --*s->open == 0) br_loop_stop(s->loop);
}

static const br_socket_events events = {.on_data = on_data, .on_sent = on_sent, .on_end = on_end};

static void on_watch(br_watch *w, unsigned got, void *ctx)
{
    (void) w, (void) got, (void) ctx;
    fail_msg("the watch was taken over");
}

static int listen_on_loopback(struct sockaddr_in *ret)
{
    socklen_t size = sizeof(*ret);
    *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *) ret, size), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *) ret, &size), 0);
    assert_int_equal(listen(listener, 8), 0);
    return listener;
}

/* A connection of its own; `peer` blocks. */
static void side_init(side *s, br_loop *loop)
{
    struct sockaddr_in a;
    *s = (side){.loop = loop, .watch = BR_WATCH_INIT, .socket = BR_SOCKET_INIT};
    int listener = listen_on_loopback(&a), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *) &a, sizeof(a)), 0);
    s->peer = accept(listener, NULL, NULL);
    assert_true(s->peer >= 0);
    close(listener);
    assert_int_equal(br_watch_start(loop, &s->watch, fd, BR_WRITABLE, on_watch, s), BR_OK);
    assert_int_equal(br_socket_open(&s->socket, loop, &s->watch, &events, s), BR_OK);
    assert_int_equal(s->watch._fd, -1);
}

static void side_deinit(side *s)
{
    br_socket_close(&s->socket);
    br_socket_close(&s->socket); /* twice is fine */
    if (s->peer >= 0) close(s->peer);
}

static void peer_sends(side *s, size_t n)
{
    char bytes[4096];
    assert_true(n <= sizeof(bytes));
    for (size_t i = 0; i < n; i++)
        bytes[i] = pattern(i);
    assert_int_equal(send(s->peer, bytes, n, MSG_NOSIGNAL), n);
}

static void peer_closes(side *s, bool reset)
{
    struct linger at_once = {.l_onoff = 1};
    if (reset) setsockopt(s->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(s->peer);
    s->peer = -1;
}

static void stop_loop(br_timer *timer, void *ctx)
{
    (void) timer;
    br_loop_stop(ctx);
}

/* Long enough for what is ready to be told. */
static void run_a_moment(br_loop *loop)
{
    br_timer timer = {0};
    br_timer_start(loop, &timer, br_loop_now(loop) + 5 * BR_MS, stop_loop, loop);
    br_loop_run(loop);
}

/* Reading ---------------------------------------------------------------------------------------- */

enum { CROWD = 600, SHARE = 3000 }; /* more than a loop has buffers, or takes from one wait */

static void all_of_a_crowd_get_theirs(void **state)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 2 * CROWD + 50) {
        limit.rlim_cur = limit.rlim_max < 4 * CROWD ? limit.rlim_max : 4 * CROWD;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    side *crowd = br_calloc(CROWD, sizeof(*crowd));
    int open = CROWD;
    for (int i = 0; i < CROWD; i++) {
        side_init(&crowd[i], *state);
        crowd[i].open = &open;
        peer_sends(&crowd[i], SHARE);
        peer_closes(&crowd[i], false);
    }
    br_loop_run(*state);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(crowd[i].received, SHARE);
        assert_int_equal(crowd[i].wrong, 0);
        assert_int_equal(crowd[i].socket.received_bytes, SHARE);
        assert_int_equal(crowd[i].ends, 1);
        assert_int_equal(crowd[i].sys_errno, 0);
        side_deinit(&crowd[i]);
    }
    br_free(crowd);
}

enum { STREAM = 8 << 20 };

static void *send_stream(void *ctx)
{
    side *s = ctx;
    char *bytes = br_malloc(STREAM);
    for (size_t i = 0; i < STREAM; i++)
        bytes[i] = pattern(i);
    for (size_t at = 0; at < STREAM;) {
        ssize_t n = send(s->peer, bytes + at, STREAM - at, MSG_NOSIGNAL);
        if (n <= 0) break;
        at += (size_t) n;
    }
    shutdown(s->peer, SHUT_WR);
    br_free(bytes);
    return NULL;
}

static void a_long_stream_arrives_in_order(void **state)
{
    side s;
    pthread_t thread;
    side_init(&s, *state);
    assert_int_equal(pthread_create(&thread, NULL, send_stream, &s), 0);
    br_loop_run(*state);
    pthread_join(thread, NULL);
    assert_int_equal(s.received, STREAM);
    assert_int_equal(s.wrong, 0);
    assert_int_equal(s.sys_errno, 0);
    side_deinit(&s);
}

/* The reset came with the data, before the loop looked: no later event tells it. */
static void a_reset_is_told_whenever_it_came(void **state)
{
    for (int late = 0; late < 2; late++) {
        side s;
        side_init(&s, *state);
        peer_sends(&s, 100);
        if (late) run_a_moment(*state);
        peer_closes(&s, true);
        br_loop_run(*state);
        assert_int_equal(s.ends, 1);
        assert_int_equal(s.sys_errno, ECONNRESET);
        assert_false(s.writing);
        side_deinit(&s);
    }
}

/* Closing ---------------------------------------------------------------------------------------- */

static void a_socket_closed_in_the_batch_tells_nothing(void **state)
{
    side *one = BR_NEW(side), *two = BR_NEW(side);
    side_init(one, *state);
    side_init(two, *state);
    one->victim = two;
    two->victim = one;
    peer_sends(one, 10);
    peer_sends(two, 10);
    br_loop_run(*state); /* the first of them frees the other: ASan sees any use of it */
    side_deinit(left);
    br_free(left);
}

static void what_was_received_before_a_close_is_dropped(void **state)
{
    side s;
    side_init(&s, *state);
    run_a_moment(*state); /* it reads */
    peer_sends(&s, 10);
    br_socket_close(&s.socket);
    assert_false(br_socket_is_open(&s.socket));
    run_a_moment(*state);
    assert_int_equal(s.datas + s.ends, 0);
    char byte;
    assert_true(recv(s.peer, &byte, 1, 0) <= 0); /* the peer is told */
    side_deinit(&s);
}

/* Writing ---------------------------------------------------------------------------------------- */

enum { MUCH = 16 << 20 };

static void *take_all(void *ctx)
{
    side *s = ctx;
    char *bytes = br_malloc(65536);
    size_t n = 0;
    for (ssize_t got; n < MUCH && (got = recv(s->peer, bytes, 65536, 0)) > 0;) {
        for (ssize_t i = 0; i < got; i++)
            s->wrong += bytes[i] != pattern(n + (size_t) i);
        n += (size_t) got;
    }
    br_free(bytes);
    return (void *) (uintptr_t) n;
}

static void a_remainder_is_sent_when_there_is_room(void **state)
{
    side s;
    pthread_t thread;
    void *taken;
    side_init(&s, *state);
    char *bytes = br_malloc(MUCH);
    for (size_t i = 0; i < MUCH; i++)
        bytes[i] = pattern(i);
    struct iovec iov[2] = {{bytes, 1000}, {bytes + 1000, MUCH - 1000}};
    assert_int_equal(br_socket_write(&s.socket, iov, 2), BR_AGAIN);
    assert_int_equal(s.sents, 0);
    assert_int_equal(pthread_create(&thread, NULL, take_all, &s), 0);
    br_loop_run(*state);
    pthread_join(thread, &taken);
    assert_int_equal(s.sents, 1);
    assert_int_equal(s.socket.sent_bytes, MUCH);
    assert_int_equal((uintptr_t) taken, MUCH);
    assert_int_equal(s.wrong, 0);
    struct iovec small = {bytes, 4};
    assert_int_equal(br_socket_write(&s.socket, &small, 1), BR_OK);
    side_deinit(&s);
    br_free(bytes);
}

static void a_close_forgets_the_remainder(void **state)
{
    side s;
    side_init(&s, *state);
    char *bytes = br_calloc(1, MUCH);
    struct iovec iov = {bytes, MUCH};
    assert_int_equal(br_socket_write(&s.socket, &iov, 1), BR_AGAIN);
    run_a_moment(*state);
    br_socket_close(&s.socket);
    br_free(bytes); /* the loop must not touch it */
    run_a_moment(*state);
    assert_int_equal(s.sents + s.ends, 0);
    side_deinit(&s);
}

static void a_remainder_that_fails_is_told(void **state)
{
    side s;
    side_init(&s, *state);
    char *bytes = br_calloc(1, MUCH);
    struct iovec iov = {bytes, MUCH};
    assert_int_equal(br_socket_write(&s.socket, &iov, 1), BR_AGAIN);
    peer_closes(&s, true);
    br_loop_run(*state);
    assert_int_equal(s.sents, 0);
    assert_int_equal(s.ends, 1);
    assert_true(s.sys_errno == ECONNRESET || s.sys_errno == EPIPE);
    side_deinit(&s);
    br_free(bytes);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_of_a_crowd_get_theirs),
        TEST(a_long_stream_arrives_in_order),
        TEST(a_reset_is_told_whenever_it_came),
        TEST(a_socket_closed_in_the_batch_tells_nothing),
        TEST(what_was_received_before_a_close_is_dropped),
        TEST(a_remainder_is_sent_when_there_is_room),
        TEST(a_close_forgets_the_remainder),
        TEST(a_remainder_that_fails_is_told),
    };
    return cmocka_run_group_tests_name("socket", tests, NULL, NULL);
}
