/*
 * tests/support/mini_server.h - a server that plays scripted bytes, for tests of clients.
 *
 * What: listens on 127.0.0.1 on a free port; the i-th connection plays the i-th script (the last one again
 * and again), each on a thread of its own. Why here: real sockets and real timing, but every byte and every
 * pause is the test's. Threads: start and stop on the test's thread; the counters may be read from it at any
 * time. Memory: scripts are borrowed until mini_server_stop().
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef enum mini_op {
    MINI_END,     /* close (also what an exhausted script does) */
    MINI_REQUEST, /* read one whole request: head and Content-Length body */
    MINI_SEND,    /* send `text`, or `fill` bytes of 'x' */
    MINI_DRIP,    /* send `text` byte by byte, a packet each */
    MINI_PAUSE,   /* `ms` milliseconds */
    MINI_RESET,   /* close with RST */
    MINI_WAIT,    /* until the client closes */
    MINI_AGAIN,   /* from the first step */
} mini_op;

typedef struct mini_step {
    mini_op op;
    const char *text; /* NUL-terminated */
    size_t fill;
    int ms;
} mini_step;

#define MINI_STEPS_MAX 16
typedef struct mini_script {
    mini_step steps[MINI_STEPS_MAX]; /* zeroed rest: MINI_END */
} mini_script;

typedef struct mini_server mini_server;

mini_server *mini_server_start(const mini_script *scripts, size_t count);
void mini_server_stop(mini_server *s); /* ends all connections and joins all threads */

uint16_t mini_server_port(const mini_server *s);
unsigned mini_server_connections(const mini_server *s); /* accepted so far */
unsigned mini_server_requests(const mini_server *s);    /* read whole so far */
/* Copies the last request that was read whole (cut at `bytes`), NUL-terminated. */
void mini_server_last_request(mini_server *s, char *out, size_t bytes);

/* A port on 127.0.0.1 where nothing listens; it is taken by a bound socket until mini_closed_port_free(). */
uint16_t mini_closed_port(int *ret_fd);
void mini_closed_port_free(int fd);
