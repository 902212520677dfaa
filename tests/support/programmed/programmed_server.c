/*
 * programmed_server: an HTTP server whose capacity, errors, slowness and memory are programmed, so that what
 * a load test finds can be held against what is true.
 *
 *     programmed_server [name=value ...]
 *
 * Prints "PORT\n" when it listens on 127.0.0.1; ends when its standard input does. Each path is answered
 * through the queue (programmed/queue.h) but these, at once:
 *
 *     /health                  {"status":"ok"}, or 503 while it is "down"
 *     /metrics                 a Prometheus page: process_resident_memory_bytes and others
 *     /admin/set?name=value&.. changes settings
 *     /admin/restart           the clock of the settings begins anew with the next request
 *     /admin/state             settings and counts as JSON
 *
 * Seconds in settings count from the first request that goes through the queue.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/num.h"
#include "support/announced_listener.h"
#include "support/programmed/memory.h"
#include "support/programmed/queue.h"

#define INPUT_BYTES     16384
#define MEMORY_INTERVAL (50 * BR_MS)

typedef struct server {
    settings settings;
    br_loop *loop;
    queue queue;
    memory memory;
    br_watch listener, input;
    int listener_fd;
    br_timer memory_timer;
    br_ns started;
    br_buf out, head; /* of the answer in hand: body; all of it */
} server;

typedef struct connection {
    job job; /* first: a job is its connection */
    server *server;
    br_watch watch;
    int fd;
    bool busy, gone; /* its request is in the queue; its client went meanwhile */
    size_t len, body_left;
    char in[INPUT_BYTES];
} connection;

static void die(const char *what)
{
    fprintf(stderr, "programmed_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Answers ---------------------------------------------------------------------------------------- */

static const char *reason(int status)
{
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        default: return "Service Unavailable";
    }
}

/* An answer fits into the socket's buffer, or its client does not read, and then nobody misses the rest. */
static void send_answer(connection *c, int status, const char *type, br_str body)
{
    br_buf *head = &c->server->head;
    br_buf_reset(head);
    (void) br_buf_printf(head, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n", status,
        reason(status), type, body.n, status == 429 ? "Retry-After: 1\r\n" : "");
    (void) br_buf_put(head, body);
    (void) send(c->fd, head->data, head->len, MSG_NOSIGNAL);
}

static void send_state(connection *c)
{
    server *s = c->server;
    br_buf *out = &s->out;
    br_buf_reset(out);
    (void) br_buf_printf(out,
        "{\"seconds\":%.3f,\"overload_end_s\":%.3f,\"requests\":%llu,\"waiting\":%u,"
        "\"served\":%u,\"resident_bytes\":%zu,"
        "\"answers\":{\"200\":%llu,\"429\":%llu,\"500\":%llu,\"503\":%llu},\"settings\":",
        queue_seconds(&s->queue), queue_overload_end(&s->queue), (unsigned long long) s->queue.requests,
        s->queue.waiting, s->queue.served, memory_resident_bytes(),
        (unsigned long long) s->queue.answers[200], (unsigned long long) s->queue.answers[429],
        (unsigned long long) s->queue.answers[500], (unsigned long long) s->queue.answers[503]);
    settings_json(&s->settings, out);
    (void) br_buf_puts(out, "}\n");
    send_answer(c, 200, "application/json", br_buf_view(out));
}

static double cpu_seconds(void)
{
    struct rusage u = {0};
    (void) getrusage(RUSAGE_SELF, &u);
    return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void send_metrics(connection *c)
{
    server *s = c->server;
    br_buf *out = &s->out;
    br_buf_reset(out);
    (void) br_buf_printf(out,
        "# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
        "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %zu\n"
        "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.3f\n"
        "# TYPE requests_waiting gauge\nrequests_waiting %u\n"
        "# TYPE requests_served gauge\nrequests_served %u\n"
        "# TYPE http_requests_total counter\n",
        memory_resident_bytes(), cpu_seconds(), s->queue.waiting, s->queue.served);
    static const int statuses[] = {200, 429, 500, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        (void) br_buf_printf(out, "http_requests_total{code=\"%d\"} %llu\n", statuses[i],
            (unsigned long long) s->queue.answers[statuses[i]]);
    }
    send_answer(c, 200, "text/plain; version=0.0.4", br_buf_view(out));
}

static void send_health(connection *c)
{
    const settings *s = &c->server->settings;
    double at = queue_seconds(&c->server->queue);
    bool down = at >= s->down_from_s && at < s->down_to_s;
    send_answer(c, down ? 503 : 200, "application/json",
        down ? BR_STR("{\"status\":\"down\"}\n") : BR_STR("{\"status\":\"ok\"}\n"));
}

static void set(connection *c, br_str query)
{
    settings changed = c->server->settings;
    br_str assignment;
    br_err err;
    while (br_str_cut(&query, '&', &assignment)) {
        if (settings_set(&changed, assignment, &err) != BR_OK) {
            send_answer(c, 400, "text/plain", br_str_of(err.msg));
            return;
        }
    }
    c->server->settings = changed;
    send_state(c);
}

/* Requests --------------------------------------------------------------------------------------- */

static void next_requests(connection *c);

static void on_answer(job *j, int status)
{
    connection *c = (connection *) j;
    c->busy = false;
    if (c->gone) {
        br_free(c);
        return;
    }
    br_buf *body = &c->server->out;
    br_buf_reset(body);
    size_t n = (size_t) c->server->settings.body_bytes;
    if (br_buf_reserve(body, n) == BR_OK) {
        memset(body->data, 'x', n);
        body->len = n;
    }
    send_answer(c, status, "text/plain", br_buf_view(body));
    next_requests(c); /* what came meanwhile */
}

static void handle(connection *c, br_str target)
{
    br_str query = target, path;
    (void) br_str_cut(&query, '?', &path);
    if (br_str_is(path, "/health")) {
        send_health(c);
    } else if (br_str_is(path, "/metrics")) {
        send_metrics(c);
    } else if (br_str_is(path, "/admin/set")) {
        set(c, query);
    } else if (br_str_is(path, "/admin/state")) {
        send_state(c);
    } else if (br_str_is(path, "/admin/restart")) {
        queue_restart(&c->server->queue);
        send_state(c);
    } else {
        c->busy = true;
        queue_take(&c->server->queue, &c->job, on_answer);
    }
}

static size_t content_length(br_str head)
{
    br_str line, name;
    while (br_str_cut(&head, '\n', &line)) {
        uint64_t n;
        (void) br_str_cut(&line, ':', &name);
        if (br_str_eq_nocase(name, BR_STR("content-length")) && line.p &&
            br_parse_u64(br_str_trim(line), &n) == BR_OK)
            return (size_t) n;
    }
    return 0;
}

static void drop(connection *c, size_t n)
{
    memmove(c->in, c->in + n, c->len - n);
    c->len -= n;
}

/* The target of the next request if its head is there; bodies are skipped. */
static bool cut_request(connection *c, char *target, size_t target_bytes)
{
    size_t skipped = c->body_left < c->len ? c->body_left : c->len;
    drop(c, skipped);
    c->body_left -= skipped;
    ptrdiff_t end = br_str_find((br_str){c->in, c->len}, BR_STR("\r\n\r\n"));
    if (c->body_left > 0 || end < 0) return false;
    br_str head = {c->in, (size_t) end}, method, word;
    c->body_left = content_length(head);
    (void) br_str_cut(&head, ' ', &method);
    (void) br_str_cut(&head, ' ', &word);
    (void) snprintf(target, target_bytes, BR_FMT, BR_ARG(word));
    drop(c, (size_t) end + 4);
    return true;
}

static void next_requests(connection *c)
{
    char target[2048];
    while (!c->busy && cut_request(c, target, sizeof target)) {
        handle(c, br_str_of(target));
    }
}

/* Connections ------------------------------------------------------------------------------------ */

static void close_connection(connection *c)
{
    br_watch_stop(c->server->loop, &c->watch);
    (void) close(c->fd);
    c->gone = true;
    if (!c->busy) br_free(c);
}

static void on_readable(br_watch *w, unsigned events, void *ctx)
{
    (void) w;
    (void) events;
    connection *c = ctx;
    ssize_t n = c->len < sizeof c->in ? recv(c->fd, c->in + c->len, sizeof c->in - c->len, 0) : 0;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) { /* also a client that sends ever more without waiting */
        close_connection(c);
        return;
    }
    c->len += (size_t) n;
    next_requests(c);
}

static void on_connections(br_watch *w, unsigned events, void *ctx)
{
    static const int on = 1;
    (void) w;
    (void) events;
    server *s = ctx;
    for (int fd; (fd = accept4(s->listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        connection *c = BR_NEW(connection);
        c->server = s;
        c->fd = fd;
        c->watch = BR_WATCH_INIT;
        if (br_watch_start(s->loop, &c->watch, fd, BR_READABLE, on_readable, c) != BR_OK) {
            (void) close(fd);
            br_free(c);
        }
    }
}

/* The process ------------------------------------------------------------------------------------ */

static void on_input(br_watch *w, unsigned events, void *ctx)
{
    (void) w;
    (void) events;
    char bytes[256];
    server *s = ctx;
    if (read(STDIN_FILENO, bytes, sizeof bytes) <= 0) br_loop_stop(s->loop);
}

static void on_memory_timer(br_timer *t, void *ctx)
{
    server *s = ctx;
    br_ns now = br_loop_now(s->loop);
    double elapsed_s = (double) (now - s->started) / (double) BR_SEC;
    memory_update(&s->memory, &s->settings, elapsed_s, s->queue.requests);
    br_timer_start(s->loop, t, now + MEMORY_INTERVAL, on_memory_timer, s);
}

static int usage(const char *problem)
{
    br_buf help;
    br_buf_init(&help, BR_BUF_NO_LIMIT);
    settings_help(&help);
    fprintf(
        stderr, "programmed_server: %s\nusage: programmed_server [name=value ...]\n%s", problem, help.data);
    br_buf_deinit(&help);
    return 2;
}

static void run(server *s)
{
    br_err err;
    if (br_loop_new(&s->loop, &err) != BR_OK) die(err.msg);
    br_buf_init(&s->out, BR_BUF_NO_LIMIT);
    br_buf_init(&s->head, BR_BUF_NO_LIMIT);
    queue_init(&s->queue, s->loop, &s->settings);
    memory_init(&s->memory);
    s->started = br_loop_now(s->loop);
    s->listener = s->input = BR_WATCH_INIT;
    on_memory_timer(&s->memory_timer, s);
    int fd = s->listener_fd = announced_listener((uint16_t) s->settings.port);
    if (fd < 0) die("cannot listen");
    if (br_watch_start(s->loop, &s->listener, fd, BR_READABLE, on_connections, s) != BR_OK ||
        br_watch_start(s->loop, &s->input, STDIN_FILENO, BR_READABLE, on_input, s) != BR_OK) {
        die("cannot watch standard input (use a pipe) and the listener");
    }
    br_loop_run(s->loop);
}

int main(int argc, char **argv)
{
    static server s;
    s.settings = settings_default();
    for (int i = 1; i < argc; i++) {
        br_err err;
        if (settings_set(&s.settings, br_str_of(argv[i]), &err) != BR_OK) return usage(err.msg);
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &files);
    }
    run(&s);
    _exit(0); /* connections that are open go with the process; nothing of it is a leak */
}
