#include "support/h2_server.h"
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define FRAME_MAX       (1u << 24)

struct h2_peer {
    h2_server *server;
    pthread_t thread;
    unsigned number;
    int fd;
    uint8_t *payload; /* of the last frame */
    nghttp2_hd_inflater *inflater;
};

struct h2_server {
    h2_play_fn *play;
    int listen_fd;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    h2_peer *peers[CONNECTIONS_MAX];
    size_t count;
    _Atomic unsigned accepted, requests;
};

/* Bytes ------------------------------------------------------------------------------------------- */

static bool read_all(int fd, uint8_t *to, size_t n)
{
    while (n > 0) {
        ssize_t got = recv(fd, to, n, 0);
        if (got <= 0) return false;
        to += got;
        n -= (size_t) got;
    }
    return true;
}

bool h2_send_raw(h2_peer *p, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t sent = send(p->fd, at, len, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += sent;
        len -= (size_t) sent;
    }
    return true;
}

static void put_u32(uint8_t *to, uint32_t v)
{
    v = htonl(v);
    memcpy(to, &v, 4);
}

/* Frames ------------------------------------------------------------------------------------------ */

bool h2_read_preface(h2_peer *p)
{
    uint8_t preface[24];
    return read_all(p->fd, preface, sizeof(preface)) &&
           memcmp(preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) == 0;
}

bool h2_read(h2_peer *p, h2_frame *ret)
{
    uint8_t head[9];
    if (!read_all(p->fd, head, sizeof(head))) return false;
    uint32_t stream;
    memcpy(&stream, head + 5, 4);
    ret->len = (size_t) head[0] << 16 | (size_t) head[1] << 8 | head[2];
    ret->type = head[3];
    ret->flags = head[4];
    ret->stream = ntohl(stream) & 0x7fffffff;
    free(p->payload);
    ret->payload = p->payload = malloc(ret->len + 1);
    if (!read_all(p->fd, p->payload, ret->len)) return false;
    if (ret->type == H2_HEADERS) atomic_fetch_add(&p->server->requests, 1);
    return true;
}

void h2_decode(h2_peer *p, const h2_frame *f, char *out, size_t cap)
{
    size_t len = f->len, at = 0;
    const uint8_t *in = f->payload;
    int flags = 0;
    if (p->inflater == NULL && nghttp2_hd_inflate_new(&p->inflater) != 0) abort();
    out[0] = 0;
    while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
        nghttp2_nv nv;
        ssize_t used = nghttp2_hd_inflate_hd2(p->inflater, &nv, &flags, in, len, 1);
        if (used < 0) abort();
        in += used;
        len -= (size_t) used;
        if (!(flags & NGHTTP2_HD_INFLATE_EMIT)) continue;
        int n = snprintf(
            out + at, cap - at, "%.*s: %.*s\n", (int) nv.namelen, nv.name, (int) nv.valuelen, nv.value);
        at = (size_t) n < cap - at ? at + (size_t) n : cap - 1;
    }
    nghttp2_hd_inflate_end_headers(p->inflater);
}

bool h2_read_until(h2_peer *p, uint8_t type, h2_frame *ret)
{
    while (h2_read(p, ret)) {
        if (ret->type == type) return true;
    }
    return false;
}

uint32_t h2_read_request(h2_peer *p)
{
    h2_frame f;
    return h2_read_until(p, H2_HEADERS, &f) ? f.stream : 0;
}

bool h2_send(h2_peer *p, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t len)
{
    uint8_t *frame = malloc(9 + len);
    frame[0] = (uint8_t) (len >> 16);
    frame[1] = (uint8_t) (len >> 8);
    frame[2] = (uint8_t) len;
    frame[3] = type;
    frame[4] = flags;
    put_u32(frame + 5, stream);
    if (len > 0) memcpy(frame + 9, payload, len);
    bool ok = h2_send_raw(p, frame, 9 + len);
    free(frame);
    return ok;
}

bool h2_send_text(h2_peer *p, uint8_t type, uint8_t flags, uint32_t stream, const char *payload)
{
    return h2_send(p, type, flags, stream, payload, strlen(payload));
}

bool h2_send_u32(h2_peer *p, uint8_t type, uint32_t stream, uint32_t value)
{
    uint8_t payload[4];
    put_u32(payload, value);
    return h2_send(p, type, 0, stream, payload, 4);
}

bool h2_send_setting(h2_peer *p, uint16_t id, uint32_t value)
{
    uint8_t payload[6] = {(uint8_t) (id >> 8), (uint8_t) id};
    put_u32(payload + 2, value);
    return h2_send(p, H2_SETTINGS, 0, 0, payload, 6);
}

bool h2_send_goaway(h2_peer *p, uint32_t last_stream, uint32_t code, const char *debug)
{
    uint8_t payload[128];
    size_t n = strlen(debug);
    assert(n <= sizeof(payload) - 8);
    put_u32(payload, last_stream);
    put_u32(payload + 4, code);
    memcpy(payload + 8, debug, n); // NOLINT(bugprone-not-null-terminated-result): the frame has its length
    return h2_send(p, H2_GOAWAY, 0, 0, payload, 8 + n);
}

/* A string of HPACK: its length with a prefix of 7 bits, its bytes. */
static size_t encode_string(const char *s, uint8_t *out, size_t cap)
{
    size_t n = strlen(s), at = 0, rest = n;
    assert(cap > n + 6);
    if (n < 127) {
        out[at++] = (uint8_t) n;
    } else {
        out[at++] = 127;
        for (rest -= 127; rest >= 128; rest >>= 7)
            out[at++] = (uint8_t) (rest | 128);
        out[at++] = (uint8_t) rest;
    }
    memcpy(out + at, s, n); // NOLINT(bugprone-not-null-terminated-result): its length was written before
    return at + n;
}

size_t h2_encode(const char *fields, uint8_t *out, size_t cap)
{
    size_t at = 0;
    while (*fields != 0) {
        assert(cap > at);
        out[at++] = 0; /* literal, not indexed, with a name */
        at += encode_string(fields, out + at, cap - at);
        fields += strlen(fields) + 1;
        at += encode_string(fields, out + at, cap - at);
        fields += strlen(fields) + 1;
    }
    return at;
}

bool h2_send_headers(h2_peer *p, uint8_t flags, uint32_t stream, const char *fields)
{
    uint8_t block[16384];
    size_t n = h2_encode(fields, block, sizeof(block));
    return h2_send(p, H2_HEADERS, (uint8_t) (flags | H2_END_HEADERS), stream, block, n);
}

bool h2_begin(h2_peer *p)
{
    h2_frame f;
    return h2_read_preface(p) && h2_read(p, &f) && f.type == H2_SETTINGS &&
           h2_send(p, H2_SETTINGS, 0, 0, NULL, 0) && h2_send(p, H2_SETTINGS, H2_ACK, 0, NULL, 0);
}

bool h2_answer(h2_peer *p, uint32_t stream, const char *text)
{
    return h2_send_headers(p, 0, stream,
               ":status\0"
               "200\0") &&
           h2_send_text(p, H2_DATA, H2_END_STREAM, stream, text);
}

void h2_pause(int ms)
{
    struct timespec t = {ms / 1000, (long) (ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

void h2_drain(h2_peer *p)
{
    char drop[4096];
    while (recv(p->fd, drop, sizeof(drop), 0) > 0) {
    }
}

/* Life cycle --------------------------------------------------------------------------------------- */

static void *serve(void *arg)
{
    h2_peer *p = arg;
    int on = 1;
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    p->server->play(p, p->number);
    shutdown(p->fd, SHUT_WR); /* what was sent arrives, also if the client's last bytes were not read */
    h2_drain(p);
    pthread_mutex_lock(&p->server->lock);
    close(p->fd);
    p->fd = -1;
    pthread_mutex_unlock(&p->server->lock);
    free(p->payload);
    if (p->inflater != NULL) nghttp2_hd_inflate_del(p->inflater);
    return NULL;
}

static void *accept_all(void *arg)
{
    h2_server *s = arg;
    for (;;) {
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) return NULL;
        h2_peer *p = calloc(1, sizeof(*p));
        pthread_mutex_lock(&s->lock);
        assert(s->count < CONNECTIONS_MAX);
        *p = (h2_peer){.server = s, .fd = fd, .number = (unsigned) s->count};
        s->peers[s->count++] = p;
        atomic_fetch_add(&s->accepted, 1);
        pthread_create(&p->thread, NULL, serve, p);
        pthread_mutex_unlock(&s->lock);
    }
}

h2_server *h2_server_start(h2_play_fn *play)
{
    h2_server *s = calloc(1, sizeof(*s));
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    s->play = play;
    pthread_mutex_init(&s->lock, NULL);
    s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listen_fd < 0 || bind(s->listen_fd, (struct sockaddr *) &a, size) != 0 ||
        getsockname(s->listen_fd, (struct sockaddr *) &a, &size) != 0 || listen(s->listen_fd, 512) != 0)
        abort();
    s->port = ntohs(a.sin_port);
    pthread_create(&s->thread, NULL, accept_all, s);
    return s;
}

void h2_server_stop(h2_server *s)
{
    shutdown(s->listen_fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listen_fd);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        if (s->peers[i]->fd >= 0) shutdown(s->peers[i]->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        pthread_join(s->peers[i]->thread, NULL);
        free(s->peers[i]);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

uint16_t h2_server_port(const h2_server *s)
{
    return s->port;
}

unsigned h2_server_connections(const h2_server *s)
{
    return atomic_load(&s->accepted);
}

unsigned h2_server_requests(const h2_server *s)
{
    return atomic_load(&s->requests);
}
