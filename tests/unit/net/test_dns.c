/* net/dns.h: what needs no server; coalescing, caching and cancelling; a small DNS server of our own for the
 * rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include "net/dns.h"
#include "support/real_loop.h"

/*
 * A DNS server: "two..." has two IPv4 addresses and an IPv6 one, "nx..." does not exist, "fail..." is an
 * error of the server, all others have 127.0.0.7. Counts the questions for IPv4 addresses.
 */
typedef struct dns_server {
    int fd;
    pthread_t thread;
    char address[32];
    _Atomic int questions;
} dns_server;

static size_t put_record(uint8_t *out, int type, int last)
{
    static const uint8_t v4[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0};
    static const uint8_t v6[] = {
        0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const uint8_t *record = type == 1 ? v4 : v6;
    size_t n = type == 1 ? sizeof(v4) : sizeof(v6);
    memcpy(out, record, n);
    out[n] = (uint8_t) last;
    return n + 1;
}

static size_t make_answer(dns_server *s, uint8_t *packet, size_t n)
{
    const char *name = (const char *) packet + 13; /* the first label */
    size_t end = 12; /* of the name: type and class follow, and perhaps EDNS, which is cut off */
    while (end + 5 < n && packet[end] != 0)
        end += packet[end] + 1u;
    int type = packet[end + 2];
    n = end + 5;
    atomic_fetch_add(&s->questions, type == 1);
    packet[2] = 0x84;
    packet[3] = strncmp(name, "nx", 2) == 0 ? 3 : strncmp(name, "fail", 4) == 0 ? 2 : 0;
    memset(packet + 6, 0, 6);
    if (packet[3] != 0) return n;
    bool two = strncmp(name, "two", 3) == 0;
    if (type == 1) {
        packet[7] = two ? 2 : 1;
        n += put_record(packet + n, type, 7);
        if (two) n += put_record(packet + n, type, 8);
    } else if (type == 28 && two) {
        packet[7] = 1;
        n += put_record(packet + n, type, 9);
    }
    return n;
}

static void *serve(void *arg)
{
    dns_server *s = arg;
    uint8_t packet[1500];
    struct sockaddr_in from;
    for (;;) {
        socklen_t size = sizeof(from);
        ssize_t n = recvfrom(s->fd, packet, 512, 0, (struct sockaddr *) &from, &size);
        if (n < 17) return NULL; /* shut down */
        size_t answer = make_answer(s, packet, (size_t) n);
        (void) sendto(s->fd, packet, answer, 0, (struct sockaddr *) &from, size);
    }
}

static void server_start(dns_server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    s->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *) &a, size), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *) &a, &size), 0);
    snprintf(s->address, sizeof(s->address), "127.0.0.1:%u", ntohs(a.sin_port));
    atomic_store(&s->questions, 0);
    pthread_create(&s->thread, NULL, serve, s);
}

static void server_stop(dns_server *s)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0); /* a short packet ends it */
    struct sockaddr_in a;
    socklen_t size = sizeof(a);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *) &a, &size), 0);
    assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *) &a, size), 1);
    pthread_join(s->thread, NULL);
    close(fd);
    close(s->fd);
}

typedef struct lookup {
    br_dns_query query;
    br_loop *loop;
    int *open; /* lookups still running; the last one stops the loop */
    int calls;
    br_code code;
    size_t count;
    char first[46];
    uint16_t port;
} lookup;

static void on_answer(
    br_dns_query *q, br_code code, const br_address *addresses, size_t count, const char *detail)
{
    (void) detail;
    lookup *l = q->ctx;
    l->calls++;
    l->code = code;
    l->count = count;
    if (count > 0) l->port = br_address_text(&addresses[0], l->first);
    if (--*l->open == 0) br_loop_stop(l->loop);
}

typedef struct env {
    br_loop *loop;
    br_dns *dns;
    int open;
} env;

static void env_init(env *e, br_ns ttl)
{
    *e = (env){0};
    e->loop = real_loop_new();
    assert_int_equal(br_dns_new(e->loop, ttl, &e->dns, NULL), BR_OK);
}

static void env_deinit(env *e)
{
    br_dns_free(e->dns);
    br_loop_free(e->loop);
}

static void start(env *e, lookup *l, const char *host)
{
    *l = (lookup){.loop = e->loop, .open = &e->open};
    e->open++;
    br_dns_start(e->dns, &l->query, br_str_of(host), 8080, on_answer, l);
    assert_int_equal(l->calls, 0); /* never inside the call */
}

static void answers_literals_and_localhost(void **state)
{
    (void) state;
    env e;
    lookup v4, v6, local;
    env_init(&e, BR_SEC);
    start(&e, &v4, "127.0.0.9");
    start(&e, &v6, "::1");
    start(&e, &local, "LocalHost");
    br_loop_run(e.loop);
    assert_int_equal(v4.code, BR_OK);
    assert_int_equal(v4.count, 1);
    assert_string_equal(v4.first, "127.0.0.9");
    assert_int_equal(v4.port, 8080);
    assert_string_equal(v6.first, "::1");
    assert_int_equal(local.count, 2);
    assert_string_equal(local.first, "127.0.0.1"); /* IPv4 first */
    assert_int_equal(v4.calls + v6.calls + local.calls, 3);
    env_deinit(&e);
}

static void names_that_cannot_be(void **state)
{
    (void) state;
    env e;
    lookup invalid, empty, longest;
    char name[300];
    memset(name, 'a', sizeof(name));
    name[299] = 0;
    env_init(&e, BR_SEC);
    start(&e, &invalid, "nobody.Invalid");
    start(&e, &empty, "");
    start(&e, &longest, name);
    br_loop_run(e.loop);
    assert_int_equal(invalid.code, BR_ENOHOST);
    assert_int_equal(empty.code, BR_ENOHOST);
    assert_int_equal(longest.code, BR_ENOHOST);
    assert_int_equal(invalid.count, 0);
    env_deinit(&e);
}

static void cancelled_queries_stay_silent(void **state)
{
    (void) state;
    env e;
    lookup literal, named, kept, unknown;
    env_init(&e, BR_SEC);
    assert_int_equal(br_dns_set_servers(e.dns, "127.0.0.1:9", NULL), BR_OK);
    start(&e, &literal, "127.0.0.1");
    start(&e, &named, "localhost");
    start(&e, &unknown, "somewhere.test"); /* a real lookup; nobody waits for it */
    start(&e, &kept, "127.0.0.1");
    e.open -= 3;
    br_dns_cancel(e.dns, &literal.query);
    br_dns_cancel(e.dns, &named.query);
    br_dns_cancel(e.dns, &unknown.query);
    br_dns_cancel(e.dns, &unknown.query); /* twice is fine */
    br_loop_run(e.loop);
    assert_int_equal(kept.calls, 1);
    assert_int_equal(literal.calls + named.calls + unknown.calls, 0);
    env_deinit(&e); /* with the lookup still running */
}

static void reuses_names_and_queries(void **state)
{
    (void) state;
    env e;
    env_init(&e, BR_SEC);
    lookup l;
    for (int i = 0; i < 3; i++) {
        start(&e, &l, "localhost");
        br_loop_run(e.loop);
        assert_int_equal(l.code, BR_OK);
    }
    env_deinit(&e);
}

static void asks_once_for_many(void **state)
{
    (void) state;
    env e;
    dns_server s;
    lookup many[20], later;
    server_start(&s);
    env_init(&e, BR_SEC);
    assert_int_equal(br_dns_set_servers(e.dns, s.address, NULL), BR_OK);
    for (int i = 0; i < 20; i++)
        start(&e, &many[i], "two.test");
    br_dns_cancel(e.dns, &many[3].query);
    e.open--;
    br_loop_run(e.loop);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(many[i].calls, i == 3 ? 0 : 1);
        if (i == 3) continue;
        assert_int_equal(many[i].code, BR_OK);
        assert_int_equal(many[i].count, 3);
        assert_true(strncmp(many[i].first, "127.0.0.", 8) == 0); /* IPv4 first */
    }
    start(&e, &later, "two.test"); /* from the cache */
    br_loop_run(e.loop);
    assert_int_equal(later.count, 3);
    assert_int_equal(atomic_load(&s.questions), 1);
    env_deinit(&e);
    server_stop(&s);
}

static void asks_again_when_the_time_is_over(void **state)
{
    (void) state;
    env e;
    dns_server s;
    lookup l;
    server_start(&s);
    env_init(&e, 0); /* keeps nothing */
    assert_int_equal(br_dns_set_servers(e.dns, s.address, NULL), BR_OK);
    for (int i = 1; i <= 3; i++) {
        start(&e, &l, "one.test");
        br_loop_run(e.loop);
        assert_int_equal(l.code, BR_OK);
        assert_string_equal(l.first, "127.0.0.7");
        assert_int_equal(atomic_load(&s.questions), i);
    }
    env_deinit(&e);
    env_init(&e, 20 * BR_MS);
    assert_int_equal(br_dns_set_servers(e.dns, s.address, NULL), BR_OK);
    for (int i = 4; i <= 5; i++) {
        start(&e, &l, "one.test");
        br_loop_run(e.loop);
        assert_int_equal(atomic_load(&s.questions), i);
        usleep(30000);
    }
    env_deinit(&e);
    server_stop(&s);
}

static void failures_are_told_and_not_kept(void **state)
{
    (void) state;
    env e;
    dns_server s;
    lookup l;
    server_start(&s);
    env_init(&e, BR_SEC);
    assert_int_equal(br_dns_set_servers(e.dns, s.address, NULL), BR_OK);
    for (int i = 0; i < 2; i++) {
        start(&e, &l, "nx.test");
        br_loop_run(e.loop);
        assert_int_equal(l.code, BR_ENOHOST);
        assert_int_equal(l.count, 0);
    }
    assert_true(atomic_load(&s.questions) >= 2);
    start(&e, &l, "fail.test");
    br_loop_run(e.loop);
    assert_int_equal(l.code, BR_EDNS);
    assert_int_not_equal(br_dns_set_servers(e.dns, "no address", NULL), BR_OK);
    env_deinit(&e);
    server_stop(&s);
}

static void the_cache_has_a_limit(void **state)
{
    (void) state;
    env e;
    dns_server s;
    lookup l;
    char name[32];
    server_start(&s);
    env_init(&e, 60 * BR_SEC);
    assert_int_equal(br_dns_set_servers(e.dns, s.address, NULL), BR_OK);
    for (int i = 0; i < BR_DNS_CACHE_MAX + 2; i++) {
        snprintf(name, sizeof(name), "host-%d.test", i);
        start(&e, &l, name);
        br_loop_run(e.loop);
        assert_int_equal(l.code, BR_OK);
    }
    int before = atomic_load(&s.questions);
    start(&e, &l, name); /* the newest is there */
    br_loop_run(e.loop);
    assert_int_equal(atomic_load(&s.questions), before);
    start(&e, &l, "host-0.test"); /* the oldest had to go */
    br_loop_run(e.loop);
    assert_int_equal(atomic_load(&s.questions), before + 1);
    env_deinit(&e);
    server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_literals_and_localhost),
        cmocka_unit_test(names_that_cannot_be),
        cmocka_unit_test(cancelled_queries_stay_silent),
        cmocka_unit_test(reuses_names_and_queries),
        cmocka_unit_test(asks_once_for_many),
        cmocka_unit_test(asks_again_when_the_time_is_over),
        cmocka_unit_test(failures_are_told_and_not_kept),
        cmocka_unit_test(the_cache_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
