/* net/tcp.h: dialling, writing more than the kernel takes, and all ways to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <errno.h>
#include <arpa/inet.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>
#include "net/tcp.h"
#include "support/mini_server.h"
#include "support/real_loop.h"

/* Fails as the kernel does when all local ports are taken; the linker puts it before connect(). */
static bool no_ports;
int __real_connect(int fd, const struct sockaddr *a, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *a, socklen_t size);

int __wrap_connect(int fd, const struct sockaddr *a, socklen_t size)
{
    if (no_ports) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    return __real_connect(fd, a, size);
}

typedef struct peer {
    br_tcp tcp;
    br_loop *loop;
    int opened, sent, closed;
    br_code code;
    size_t received;
    bool stop_on_open, stop_on_sent, close_on_data;
} peer;

static void on_open(void *owner)
{
    peer *p = owner;
    p->opened++;
    if (p->stop_on_open) br_loop_stop(p->loop);
}

static void on_data(void *owner, br_str bytes)
{
    peer *p = owner;
    p->received += bytes.n;
    if (p->close_on_data) {
        br_stream_close(&p->tcp.stream);
        br_loop_stop(p->loop);
    }
}

static void on_sent(void *owner)
{
    peer *p = owner;
    p->sent++;
    if (p->stop_on_sent) br_loop_stop(p->loop);
}

static void on_closed(void *owner, br_code code)
{
    peer *p = owner;
    p->closed++;
    p->code = code;
    br_loop_stop(p->loop);
}

static const br_stream_events events = {
    .on_open = on_open, .on_data = on_data, .on_sent = on_sent, .on_closed = on_closed};

static void peer_init(peer *p)
{
    *p = (peer){0};
    p->loop = real_loop_new();
    br_tcp_init(&p->tcp, p->loop, &events, p);
}

static void peer_deinit(peer *p)
{
    br_stream_close(&p->tcp.stream);
    br_stream_close(&p->tcp.stream); /* twice is fine */
    br_loop_free(p->loop);
}

static br_address loopback(uint16_t port)
{
    return (br_address){
        .v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
}

static void reads_until_the_end(void **state)
{
    (void) state;
    static const mini_script script = {{{.op = MINI_SEND, .fill = 200000}}};
    mini_server *s = mini_server_start(&script, 1);
    peer p;
    peer_init(&p);
    br_address a = loopback(mini_server_port(s));
    br_tcp_connect(&p.tcp, &a, 1, BR_SEC);
    assert_int_equal(p.opened, 0); /* never inside the call */
    br_loop_run(p.loop);
    assert_int_equal(p.opened, 1);
    assert_int_equal(p.received, 200000);
    assert_int_equal(p.tcp.stream.received_bytes, 200000);
    assert_int_equal(p.code, BR_EOF);
    peer_deinit(&p);
    mini_server_stop(s);
}

static void writes_more_than_the_kernel_takes(void **state)
{
    (void) state;
    static const mini_script script = {
        {{.op = MINI_PAUSE, .ms = 20}, {.op = MINI_REQUEST}, {.op = MINI_WAIT}}};
    static const size_t size = 12 << 20;
    static const char head[] = "POST / HTTP/1.1\r\nContent-Length: 12582912\r\n\r\n";
    mini_server *s = mini_server_start(&script, 1);
    char *body = calloc(1, size);
    char *headline = strdup(head);
    peer p;
    peer_init(&p);
    p.stop_on_open = p.stop_on_sent = true;
    br_address a = loopback(mini_server_port(s));
    br_tcp_connect(&p.tcp, &a, 1, BR_SEC);
    br_loop_run(p.loop);
    struct iovec iov[2] = {{headline, strlen(head)}, {body, size}};
    assert_int_equal(br_stream_write(&p.tcp.stream, iov, 2), BR_AGAIN);
    assert_int_equal(p.sent, 0);
    br_loop_run(p.loop);
    assert_int_equal(p.sent, 1);
    assert_int_equal(p.tcp.stream.sent_bytes, size + strlen(head));
    for (int i = 0; i < 200 && mini_server_requests(s) == 0; i++)
        usleep(5000);
    assert_int_equal(mini_server_requests(s), 1); /* all of it arrived */
    struct iovec small = {headline, 4};
    assert_int_equal(br_stream_write(&p.tcp.stream, &small, 1), BR_OK);
    peer_deinit(&p);
    mini_server_stop(s);
    free(body);
    free(headline);
}

static void tries_the_addresses_in_turn(void **state)
{
    (void) state;
    static const mini_script script = {{{.op = MINI_SEND, .text = "hello"}}};
    mini_server *s = mini_server_start(&script, 1);
    int fd;
    uint16_t closed = mini_closed_port(&fd);
    peer p;
    peer_init(&p);
    br_address all[3] = {loopback(closed), loopback(closed), loopback(mini_server_port(s))};
    br_tcp_connect(&p.tcp, all, 3, BR_SEC);
    br_loop_run(p.loop);
    assert_int_equal(p.opened, 1);
    assert_int_equal(p.received, 5);
    char ip[46];
    assert_int_equal(br_address_text(br_tcp_peer(&p.tcp), ip), mini_server_port(s));
    peer_deinit(&p);
    mini_closed_port_free(fd);
    mini_server_stop(s);
}

static void reports_the_first_failure(void **state)
{
    (void) state;
    int fd, fd2;
    uint16_t closed = mini_closed_port(&fd), other = mini_closed_port(&fd2);
    peer p;
    peer_init(&p);
    br_address all[2] = {loopback(closed), loopback(other)};
    br_tcp_connect(&p.tcp, all, 2, BR_SEC);
    br_loop_run(p.loop);
    assert_int_equal(p.opened, 0);
    assert_int_equal(p.closed, 1);
    assert_int_equal(p.code, BR_EREFUSED);
    assert_int_equal(p.tcp.stream.failed_op, BR_STREAM_DIAL);
    assert_int_equal(p.tcp.stream.sys_errno, ECONNREFUSED);
    char ip[46];
    assert_int_equal(br_address_text(br_tcp_peer(&p.tcp), ip), closed);
    peer_deinit(&p);
    mini_closed_port_free(fd);
    mini_closed_port_free(fd2);
}

/* A listener with its queue full drops connection requests: the dial neither fails nor ends. */
static void gives_up_dialling_after_a_while(void **state)
{
    (void) state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    int listener = socket(AF_INET, SOCK_STREAM, 0), fill[4];
    assert_int_equal(bind(listener, (struct sockaddr *) &a, size), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *) &a, &size), 0);
    assert_int_equal(listen(listener, 0), 0);
    for (int i = 0; i < 4; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void) connect(fill[i], (struct sockaddr *) &a, size);
    }
    usleep(10000);
    peer p;
    peer_init(&p);
    br_address address = loopback(ntohs(a.sin_port));
    br_ns before = br_clock_now();
    br_tcp_connect(&p.tcp, &address, 1, 60 * BR_MS);
    br_loop_run(p.loop);
    assert_int_equal(p.code, BR_EDIALTIMEOUT);
    assert_true(br_clock_now() - before >= 60 * BR_MS);
    peer_deinit(&p);
    for (int i = 0; i < 4; i++)
        close(fill[i]);
    close(listener);
}

static void tells_a_reset(void **state)
{
    (void) state;
    static const mini_script script = {
        {{.op = MINI_SEND, .text = "hello"}, {.op = MINI_PAUSE, .ms = 10}, {.op = MINI_RESET}}};
    mini_server *s = mini_server_start(&script, 1);
    peer p;
    peer_init(&p);
    br_address a = loopback(mini_server_port(s)), local;
    br_tcp_connect(&p.tcp, &a, 1, BR_SEC);
    br_loop_run(p.loop);
    assert_int_equal(p.received, 5);
    assert_int_equal(p.code, BR_ERESET);
    assert_int_equal(p.tcp.stream.failed_op, BR_STREAM_READ);
    assert_int_equal(br_tcp_local(&p.tcp, &local), BR_OK);
    peer_deinit(&p);
    mini_server_stop(s);
}

/* What the peer said before it went away is read, although writing to it fails. */
static void reads_on_after_a_failed_write(void **state)
{
    (void) state;
    static const mini_script script = {
        {{.op = MINI_PAUSE, .ms = 10}, {.op = MINI_SEND, .text = "go away"}, {.op = MINI_RESET}}};
    mini_server *s = mini_server_start(&script, 1);
    peer p;
    peer_init(&p);
    p.stop_on_open = true;
    br_address a = loopback(mini_server_port(s));
    br_tcp_connect(&p.tcp, &a, 1, BR_SEC);
    br_loop_run(p.loop);
    usleep(50000);
    char byte = 'x';
    struct iovec iov = {&byte, 1};
    assert_int_equal(br_stream_write(&p.tcp.stream, &iov, 1), BR_AGAIN);
    assert_int_equal(p.closed, 0);
    br_loop_run(p.loop);
    assert_int_equal(p.closed, 1);
    assert_true(p.code == BR_ERESET || p.code == BR_EPIPE);
    assert_int_equal(p.tcp.stream.failed_op, BR_STREAM_WRITE);
    assert_int_equal(p.sent, 0);
    peer_deinit(&p);
    mini_server_stop(s);
}

static void may_be_closed_inside_an_event(void **state)
{
    (void) state;
    static const mini_script script = {{{.op = MINI_SEND, .text = "hello"}, {.op = MINI_WAIT}}};
    mini_server *s = mini_server_start(&script, 1);
    peer p;
    peer_init(&p);
    p.close_on_data = true;
    br_address a = loopback(mini_server_port(s));
    br_tcp_connect(&p.tcp, &a, 1, BR_SEC);
    br_loop_run(p.loop);
    assert_int_equal(p.closed, 0);
    peer_deinit(&p);
    mini_server_stop(s);
}

static void out_of_descriptors(void **state)
{
    (void) state;
    peer p;
    peer_init(&p);
    struct rlimit old, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    int next = dup(0);
    none = old;
    none.rlim_cur = (rlim_t) next;
    close(next);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    br_address a = loopback(9);
    br_tcp_connect(&p.tcp, &a, 1, BR_SEC);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(p.closed, 0); /* not inside the call */
    br_loop_run(p.loop);
    assert_int_equal(p.code, BR_ENOFDS);
    peer_deinit(&p);
}

static void out_of_ports(void **state)
{
    (void) state;
    peer p;
    peer_init(&p);
    br_address a = loopback(9);
    no_ports = true;
    br_tcp_connect(&p.tcp, &a, 1, BR_SEC);
    no_ports = false;
    br_loop_run(p.loop);
    assert_int_equal(p.code, BR_ENOPORTS);
    peer_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_until_the_end),
        cmocka_unit_test(writes_more_than_the_kernel_takes),
        cmocka_unit_test(tries_the_addresses_in_turn),
        cmocka_unit_test(reports_the_first_failure),
        cmocka_unit_test(gives_up_dialling_after_a_while),
        cmocka_unit_test(tells_a_reset),
        cmocka_unit_test(reads_on_after_a_failed_write),
        cmocka_unit_test(may_be_closed_inside_an_event),
        cmocka_unit_test(out_of_descriptors),
        cmocka_unit_test(out_of_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
