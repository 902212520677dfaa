#include "support/mini_server.h"
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define REQUEST_MAX     (16u << 20)

typedef struct connection {
    mini_server *server;
    pthread_t thread;
    const mini_script *script;
    int fd;
    char *in; /* [REQUEST_MAX] */
    size_t in_len;
} connection;

struct mini_server {
    const mini_script *scripts;
    size_t script_count;
    int listen_fd;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    connection *connections[CONNECTIONS_MAX];
    size_t count;
    _Atomic unsigned accepted, requests;
    char last[4096];
};

static void pause_ms(int ms)
{
    struct timespec t = {ms / 1000, (long) (ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/* The length of the whole request at the start of the buffer, 0 if it is not there yet. */
static size_t whole_request(const connection *c)
{
    const char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    size_t head = (size_t) (end - c->in) + 4, body = 0;
    const char *length = memmem(c->in, head, "Content-Length: ", 16);
    if (length != NULL) body = strtoul(length + 16, NULL, 10);
    return c->in_len >= head + body ? head + body : 0;
}

static int read_request(connection *c)
{
    size_t n;
    while ((n = whole_request(c)) == 0) {
        ssize_t got = recv(c->fd, c->in + c->in_len, REQUEST_MAX - c->in_len, 0);
        if (got <= 0) return 0;
        c->in_len += (size_t) got;
    }
    pthread_mutex_lock(&c->server->lock);
    snprintf(c->server->last, sizeof(c->server->last), "%.*s", (int) n, c->in);
    pthread_mutex_unlock(&c->server->lock);
    memmove(c->in, c->in + n, c->in_len - n);
    c->in_len -= n;
    atomic_fetch_add(&c->server->requests, 1);
    return 1;
}

static int send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        p += sent;
        n -= (size_t) sent;
    }
    return 1;
}

static int send_fill(int fd, size_t n)
{
    char block[4096];
    memset(block, 'x', sizeof(block));
    while (n > 0) {
        size_t part = n < sizeof(block) ? n : sizeof(block);
        if (!send_all(fd, block, part)) return 0;
        n -= part;
    }
    return 1;
}

static int drip(int fd, const char *text)
{
    for (; *text != 0; text++) {
        if (!send_all(fd, text, 1)) return 0;
        sched_yield();
    }
    return 1;
}

static void reset(connection *c)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* Plays one step; 0 ends the connection. */
static int play(connection *c, const mini_step *step)
{
    char drop[4096];
    switch (step->op) {
        case MINI_REQUEST: return read_request(c);
        case MINI_SEND:
            return step->text != NULL ? send_all(c->fd, step->text, strlen(step->text))
                                      : send_fill(c->fd, step->fill);
        case MINI_DRIP: return drip(c->fd, step->text);
        case MINI_PAUSE: pause_ms(step->ms); return 1;
        case MINI_RESET: reset(c); return 0;
        case MINI_WAIT:
            while (recv(c->fd, drop, sizeof(drop), 0) > 0) {
            }
            return 0;
        case MINI_AGAIN: return 1;
        case MINI_END: break;
    }
    return 0;
}

static void *serve(void *arg)
{
    connection *c = arg;
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    for (size_t i = 0; i < MINI_STEPS_MAX && play(c, &c->script->steps[i]);) {
        i = c->script->steps[i].op == MINI_AGAIN ? 0 : i + 1;
    }
    pthread_mutex_lock(&c->server->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->server->lock);
    free(c->in);
    return NULL;
}

static void *accept_all(void *arg)
{
    mini_server *s = arg;
    for (;;) {
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) return NULL;
        connection *c = calloc(1, sizeof(*c));
        pthread_mutex_lock(&s->lock);
        assert(s->count < CONNECTIONS_MAX);
        size_t at = s->count < s->script_count ? s->count : s->script_count - 1;
        *c = (connection){.server = s, .script = &s->scripts[at], .fd = fd, .in = malloc(REQUEST_MAX)};
        s->connections[s->count++] = c;
        atomic_fetch_add(&s->accepted, 1);
        pthread_create(&c->thread, NULL, serve, c);
        pthread_mutex_unlock(&s->lock);
    }
}

static int bound_socket(uint16_t *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    if (fd < 0 || bind(fd, (struct sockaddr *) &a, size) != 0 ||
        getsockname(fd, (struct sockaddr *) &a, &size) != 0)
        abort();
    *ret_port = ntohs(a.sin_port);
    return fd;
}

mini_server *mini_server_start(const mini_script *scripts, size_t count)
{
    mini_server *s = calloc(1, sizeof(*s));
    s->scripts = scripts;
    s->script_count = count;
    pthread_mutex_init(&s->lock, NULL);
    s->listen_fd = bound_socket(&s->port);
    if (listen(s->listen_fd, 64) != 0) abort();
    pthread_create(&s->thread, NULL, accept_all, s);
    return s;
}

void mini_server_stop(mini_server *s)
{
    shutdown(s->listen_fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listen_fd);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        if (s->connections[i]->fd >= 0) shutdown(s->connections[i]->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        pthread_join(s->connections[i]->thread, NULL);
        free(s->connections[i]);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

uint16_t mini_server_port(const mini_server *s)
{
    return s->port;
}
unsigned mini_server_connections(const mini_server *s)
{
    return atomic_load(&s->accepted);
}
unsigned mini_server_requests(const mini_server *s)
{
    return atomic_load(&s->requests);
}

void mini_server_last_request(mini_server *s, char *out, size_t bytes)
{
    pthread_mutex_lock(&s->lock);
    snprintf(out, bytes, "%s", s->last);
    pthread_mutex_unlock(&s->lock);
}

uint16_t mini_closed_port(int *ret_fd)
{
    uint16_t port;
    *ret_fd = bound_socket(&port);
    return port;
}

void mini_closed_port_free(int fd)
{
    close(fd);
}
