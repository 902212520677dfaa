#include "empire/loopback/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/mem.h"

#define THREAD_STACK ((size_t) 256 * 1024)

struct emp_loopback {
    struct MHD_Daemon *daemon;
    emp_loopback_config config;
};

/* A request being read. */
typedef struct exchange {
    br_buf body;
} exchange;

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
    const char *version, const char *data, size_t *data_bytes, void **context)
{
    (void) version;
    const emp_loopback_config *config = &((emp_loopback *) ctx)->config;
    exchange *x = *context;
    if (!x) {
        x = BR_NEW(exchange);
        br_buf_init(&x->body, config->body_max);
        *context = x;
        return MHD_YES;
    }
    if (*data_bytes) {
        br_code rc = br_buf_append(&x->body, data, *data_bytes);
        *data_bytes = 0;
        return rc == BR_OK ? MHD_YES : MHD_NO;
    }
    return config->serve(config->ctx, c, url, method, &x->body);
}

static void on_end(void *ctx, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode how)
{
    (void) ctx;
    (void) c;
    (void) how;
    exchange *x = *context;
    if (!x) return;
    br_buf_deinit(&x->body);
    br_free(x);
    *context = NULL;
}

emp_loopback *emp_loopback_start(const emp_loopback_config *config)
{
    static const unsigned flags[] = {[EMP_LOOPBACK_THREAD] = MHD_USE_INTERNAL_POLLING_THREAD,
        [EMP_LOOPBACK_THREADS] = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
        [EMP_LOOPBACK_POLLED] = MHD_NO_FLAG};
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(config->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct MHD_OptionItem stack[] = {
        {MHD_OPTION_THREAD_STACK_SIZE, (intptr_t) THREAD_STACK, NULL}, {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    emp_loopback *s = BR_NEW(emp_loopback);
    s->config = *config;
    s->daemon = MHD_start_daemon(flags[config->mode], config->port, NULL, NULL, on_request, s,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT, config->connections,
        MHD_OPTION_CONNECTION_TIMEOUT, config->idle_s, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
        MHD_OPTION_ARRAY, config->mode == EMP_LOOPBACK_THREADS ? stack : none, MHD_OPTION_END);
    if (s->daemon) return s;
    br_free(s);
    return NULL;
}

uint16_t emp_loopback_port(const emp_loopback *s)
{
    return MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void emp_loopback_poll(emp_loopback *s)
{
    MHD_run(s->daemon);
}

void emp_loopback_stop(emp_loopback *s)
{
    if (!s) return;
    MHD_stop_daemon(s->daemon);
    br_free(s);
}
