/*
 * freeze_server: an HTTP server that stands still for a programmed time, to try out whether a load
 * generator tells the truth about it.
 *
 *     freeze_server FREEZE_MS EVERY_MS [PORT]
 *
 * Prints "PORT\n" when it listens on 127.0.0.1, then answers every request at once with 100 bytes, but
 * does nothing at all during the last FREEZE_MS of every EVERY_MS; the first cycle begins with the first
 * request. Ends when its standard input does.
 *
 * What users who come at a constant rate see of it has a closed form. With freeze F and cycle P, a request
 * waits longer than x with probability (F - x) / P, so the q-quantile of the response time is F - (1 - q) P,
 * or nothing where that is negative: with 2 s of every 10 s, p90 is 1.0 s, p95 1.5 s, p99 1.9 s.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "announced_listener.h"

#define EVENTS 256

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n"
                             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "freeze_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(int epoll, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
        die("epoll_ctl");
    }
}

static void take_connections(int epoll, int listener)
{
    static const int on = 1;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        watch(epoll, fd);
    }
}

/* One answer for each end of a head; a head that is cut in two between its last two line ends is beyond
 * what this server is for. */
static void answer_all(int fd)
{
    char in[16384];
    ssize_t n = recv(fd, in, sizeof(in), 0);
    if (n <= 0) {
        close(fd);
        return;
    }
    const char *at = in, *end = in + n;
    while ((at = memmem(at, (size_t) (end - at), "\r\n\r\n", 4)) != NULL) {
        at += 4;
        (void) send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL); /* a client that is gone is seen above */
    }
}

/* Stands still when the time has come. */
static void freeze(int64_t begin, int64_t freeze_ns, int64_t every_ns)
{
    int64_t in_cycle = (now_ns() - begin) % every_ns;
    if (in_cycle < every_ns - freeze_ns) {
        return;
    }
    int64_t left = every_ns - in_cycle;
    struct timespec t = {left / 1000000000, left % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR) {
    }
}

static void serve(int epoll, int listener, int64_t freeze_ns, int64_t every_ns)
{
    struct epoll_event events[EVENTS];
    int64_t begin = 0;
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == STDIN_FILENO) {
                return;
            }
            if (fd == listener) {
                take_connections(epoll, listener);
                continue;
            }
            if (begin == 0) {
                begin = now_ns();
            }
            freeze(begin, freeze_ns, every_ns);
            answer_all(fd);
        }
    }
}

/* A number from 0 to `most`, or -1. */
static int64_t number(const char *text, int64_t most)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == 0 && n >= 0 && n <= most ? n : -1;
}

int main(int argc, char **argv)
{
    int64_t freeze_ms = argc > 2 ? number(argv[1], 3600000) : -1;
    int64_t every_ms = argc > 2 ? number(argv[2], 3600000) : -1;
    int64_t port = argc > 3 ? number(argv[3], 65535) : 0;
    if (argc > 4 || freeze_ms < 0 || every_ms <= freeze_ms || port < 0) {
        fprintf(stderr, "usage: freeze_server FREEZE_MS EVERY_MS [PORT]\n");
        return 2;
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &files);
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) {
        die("epoll_create1");
    }
    int listener = announced_listener((uint16_t) port);
    if (listener < 0) die("cannot listen");
    watch(epoll, listener);
    watch(epoll, STDIN_FILENO);
    serve(epoll, listener, freeze_ms * 1000000, every_ms * 1000000);
    return 0;
}
