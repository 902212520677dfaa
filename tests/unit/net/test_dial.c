/* net/dial_int.h by way of net/tcp.h: two families side by side, time shares, source addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>
#include "net/tcp.h"
#include "support/real_loop.h"

/* A port of the loopback interface: open (the kernel takes connections), silent or closed. */
typedef struct port {
    int fd, fill[4];
    br_address address;
} port;

typedef enum how { OPEN, SILENT, CLOSED } how;

static socklen_t size_of(const br_address *a)
{
    return a->any.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

static br_address loopback(int family)
{
    br_address a = {0};
    if (family == AF_INET6) {
        a.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    } else {
        a.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    }
    return a;
}

/* A listener with its queue full drops connection requests: a dial neither fails nor ends. */
static void fill_queue(port *p)
{
    for (int i = 0; i < 4; i++) {
        p->fill[i] = socket(p->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void) connect(p->fill[i], &p->address.any, size_of(&p->address));
    }
    usleep(10000);
}

static port port_make(int family, how how)
{
    port p = {.address = loopback(family), .fill = {-1, -1, -1, -1}};
    socklen_t size = size_of(&p.address);
    p.fd = socket(family, SOCK_STREAM, 0);
    assert_int_equal(bind(p.fd, &p.address.any, size), 0);
    assert_int_equal(getsockname(p.fd, &p.address.any, &size), 0);
    if (how != CLOSED) assert_int_equal(listen(p.fd, how == SILENT ? 0 : 16), 0);
    if (how == SILENT) fill_queue(&p);
    return p;
}

static void port_free(port *p)
{
    for (int i = 0; i < 4; i++) {
        if (p->fill[i] >= 0) close(p->fill[i]);
    }
    close(p->fd);
}

static bool no_ipv6(void)
{
    br_address a = loopback(AF_INET6);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool none = fd < 0 || bind(fd, &a.any, sizeof(a.v6)) != 0;
    if (fd >= 0) close(fd);
    return none;
}

/* A dial and what came of it. */
typedef struct dialler {
    br_tcp tcp;
    br_loop *loop;
    int opened, closed;
    br_code code;
    br_ns took;
} dialler;

static void on_open(void *owner)
{
    dialler *d = owner;
    d->opened++;
    br_loop_stop(d->loop);
}

static void on_data(void *owner, br_str bytes)
{
    (void) owner, (void) bytes;
}

static void on_sent(void *owner)
{
    (void) owner;
}

static void on_closed(void *owner, br_code code)
{
    dialler *d = owner;
    d->closed++;
    d->code = code;
    br_loop_stop(d->loop);
}

static const br_stream_events events = {
    .on_open = on_open, .on_data = on_data, .on_sent = on_sent, .on_closed = on_closed};

static void dialler_init(dialler *d)
{
    *d = (dialler){0};
    d->loop = real_loop_new();
    br_tcp_init(&d->tcp, d->loop, &events, d);
}

static void dialler_deinit(dialler *d)
{
    br_stream_close(&d->tcp.stream);
    br_loop_free(d->loop);
}

static void dial(dialler *d, const port *ports, size_t count, br_ns timeout)
{
    br_address all[4];
    for (size_t i = 0; i < count; i++)
        all[i] = ports[i].address;
    br_ns before = br_clock_now();
    br_tcp_connect(&d->tcp, all, count, timeout);
    assert_int_equal(d->opened + d->closed, 0); /* never inside the call */
    br_loop_run(d->loop);
    d->took = br_clock_now() - before;
    assert_int_equal(d->opened + d->closed, 1);
}

static void assert_peer(const dialler *d, const port *p)
{
    const br_address *peer = br_tcp_peer(&d->tcp);
    assert_int_equal(peer->any.sa_family, p->address.any.sa_family);
    assert_memory_equal(peer, &p->address, size_of(peer));
}

/* Which of two ports answers, the first of which is in family `first`, and between which times. */
static void check_race(int first, how first_how, how second_how, int winner, br_ns least, br_ns most)
{
    port ports[2] = {
        port_make(first, first_how), port_make(first == AF_INET ? AF_INET6 : AF_INET, second_how)};
    dialler d;
    dialler_init(&d);
    dial(&d, ports, 2, 10 * BR_SEC);
    assert_int_equal(d.opened, 1);
    assert_peer(&d, &ports[winner]);
    assert_true(d.took >= least && d.took < most);
    dialler_deinit(&d);
    port_free(&ports[0]);
    port_free(&ports[1]);
}

static void the_other_family_helps_out(void **state)
{
    (void) state;
    if (no_ipv6()) skip();
    check_race(AF_INET6, SILENT, OPEN, 1, 295 * BR_MS, 900 * BR_MS);
    check_race(AF_INET, SILENT, OPEN, 1, 295 * BR_MS, 900 * BR_MS);
}

static void a_failed_family_gives_way_at_once(void **state)
{
    (void) state;
    if (no_ipv6()) skip();
    check_race(AF_INET6, CLOSED, OPEN, 1, 0, 250 * BR_MS);
    check_race(AF_INET, CLOSED, OPEN, 1, 0, 250 * BR_MS);
}

static void the_first_family_is_preferred(void **state)
{
    (void) state;
    if (no_ipv6()) skip();
    check_race(AF_INET6, OPEN, OPEN, 0, 0, 250 * BR_MS);
    check_race(AF_INET, OPEN, CLOSED, 0, 0, 250 * BR_MS);
}

static void *accept_late(void *arg)
{
    int fd;
    usleep(450000); /* then there is room: the kernel asks again after a second */
    while ((fd = accept(((port *) arg)->fd, NULL, NULL)) >= 0)
        close(fd);
    return NULL;
}

/* The other family has failed when the first one's answer comes at last. */
static void a_late_answer_still_counts(void **state)
{
    (void) state;
    if (no_ipv6()) skip();
    port ports[2] = {port_make(AF_INET6, SILENT), port_make(AF_INET, CLOSED)};
    dialler d;
    pthread_t thread;
    dialler_init(&d);
    assert_int_equal(pthread_create(&thread, NULL, accept_late, &ports[0]), 0);
    dial(&d, ports, 2, 10 * BR_SEC);
    shutdown(ports[0].fd, SHUT_RDWR); /* ends the thread */
    pthread_join(thread, NULL);
    assert_int_equal(d.opened, 1);
    assert_peer(&d, &ports[0]);
    assert_true(d.took > 450 * BR_MS);
    dialler_deinit(&d);
    port_free(&ports[0]);
    port_free(&ports[1]);
}

static void the_first_familys_failure_is_told(void **state)
{
    (void) state;
    if (no_ipv6()) skip();
    port ports[3] = {port_make(AF_INET6, CLOSED), port_make(AF_INET, CLOSED), port_make(AF_INET6, CLOSED)};
    dialler d;
    dialler_init(&d);
    dial(&d, ports, 3, 10 * BR_SEC);
    assert_int_equal(d.code, BR_EREFUSED);
    assert_int_equal(d.tcp.stream.sys_errno, ECONNREFUSED);
    assert_string_equal(br_tcp_failed_call(&d.tcp), "connect");
    assert_peer(&d, &ports[0]);
    dialler_deinit(&d);
    for (int i = 0; i < 3; i++)
        port_free(&ports[i]);
}

static void both_families_share_the_time(void **state)
{
    (void) state;
    if (no_ipv6()) skip();
    port ports[2] = {port_make(AF_INET6, SILENT), port_make(AF_INET, SILENT)};
    dialler d;
    dialler_init(&d);
    dial(&d, ports, 2, 400 * BR_MS);
    assert_int_equal(d.code, BR_EDIALTIMEOUT);
    assert_true(d.took >= 400 * BR_MS && d.took < 900 * BR_MS);
    assert_peer(&d, &ports[0]);
    dialler_deinit(&d);
    /* Over before the other family's turn. */
    dialler_init(&d);
    dial(&d, ports, 2, 60 * BR_MS);
    assert_int_equal(d.code, BR_EDIALTIMEOUT);
    assert_true(d.took >= 60 * BR_MS && d.took < 250 * BR_MS);
    dialler_deinit(&d);
    port_free(&ports[0]);
    port_free(&ports[1]);
}

static void on_close_timer(br_timer *timer, void *ctx)
{
    (void) timer;
    dialler *d = ctx;
    br_stream_close(&d->tcp.stream);
    br_loop_stop(d->loop);
}

static void may_be_closed_while_both_race(void **state)
{
    (void) state;
    if (no_ipv6()) skip();
    port ports[2] = {port_make(AF_INET6, SILENT), port_make(AF_INET, SILENT)};
    br_address all[2] = {ports[0].address, ports[1].address};
    dialler d;
    br_timer timer = {0};
    dialler_init(&d);
    br_tcp_connect(&d.tcp, all, 2, 10 * BR_SEC);
    br_timer_start(d.loop, &timer, br_loop_now(d.loop) + 350 * BR_MS, on_close_timer, &d);
    br_loop_run(d.loop);
    assert_int_equal(d.opened + d.closed, 0);
    dialler_deinit(&d);
    port_free(&ports[0]);
    port_free(&ports[1]);
}

static void binds_the_source_address(void **state)
{
    (void) state;
    port p = port_make(AF_INET, OPEN);
    dialler d;
    br_address local = loopback(AF_INET), own;
    local.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 4);
    dialler_init(&d);
    br_tcp_bind(&d.tcp, &local);
    dial(&d, &p, 1, BR_SEC);
    assert_int_equal(d.opened, 1);
    assert_int_equal(br_tcp_local(&d.tcp, &own), BR_OK);
    assert_int_equal(own.v4.sin_addr.s_addr, local.v4.sin_addr.s_addr);
    assert_int_not_equal(own.v4.sin_port, 0);
    dialler_deinit(&d);
    port_free(&p);
}

static void a_foreign_source_address_is_told(void **state)
{
    (void) state;
    port p = port_make(AF_INET, OPEN);
    dialler d;
    br_address local = loopback(AF_INET);
    local.v4.sin_addr.s_addr = htonl(0xC0000201); /* 192.0.2.1: nobody's */
    dialler_init(&d);
    br_tcp_bind(&d.tcp, &local);
    dial(&d, &p, 1, BR_SEC);
    assert_int_equal(d.code, BR_EDIAL); /* not BR_ENOPORTS: ports are left */
    assert_int_equal(d.tcp.stream.sys_errno, EADDRNOTAVAIL);
    assert_string_equal(br_tcp_failed_call(&d.tcp), "bind");
    dialler_deinit(&d);
    port_free(&p);
}

static void the_source_address_rules_a_family_out(void **state)
{
    (void) state;
    if (no_ipv6()) skip();
    port ports[2] = {port_make(AF_INET6, OPEN), port_make(AF_INET, OPEN)};
    dialler d;
    br_address local = loopback(AF_INET);
    dialler_init(&d);
    br_tcp_bind(&d.tcp, &local);
    dial(&d, ports, 2, BR_SEC);
    assert_int_equal(d.opened, 1);
    assert_peer(&d, &ports[1]);
    dialler_deinit(&d);
    dialler_init(&d);
    br_tcp_bind(&d.tcp, &local);
    dial(&d, ports, 1, BR_SEC);
    assert_int_equal(d.code, BR_EDIAL);
    assert_int_equal(d.tcp.stream.sys_errno, 0);
    assert_string_equal(br_tcp_failed_call(&d.tcp), "");
    dialler_deinit(&d);
    port_free(&ports[0]);
    port_free(&ports[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_other_family_helps_out),
        cmocka_unit_test(a_failed_family_gives_way_at_once),
        cmocka_unit_test(the_first_family_is_preferred),
        cmocka_unit_test(a_late_answer_still_counts),
        cmocka_unit_test(the_first_familys_failure_is_told),
        cmocka_unit_test(both_families_share_the_time),
        cmocka_unit_test(may_be_closed_while_both_race),
        cmocka_unit_test(binds_the_source_address),
        cmocka_unit_test(a_foreign_source_address_is_told),
        cmocka_unit_test(the_source_address_rules_a_family_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
