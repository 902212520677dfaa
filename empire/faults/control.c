#include "empire/faults/control.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "empire/loopback/loopback.h"

#define IDLE_S          10
#define CONNECTIONS_MAX 16

struct emp_control {
    emp_loopback *server;
    emp_control_config config;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type, const br_buf *body)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
    if (!r) return MHD_NO;
    MHD_add_response_header(r, "Content-Type", type);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    enum MHD_Result ok = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return ok;
}

static enum MHD_Result answer_problem(struct MHD_Connection *c, unsigned status, const char *detail)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_buf_printf(&out, "{\"type\":\"about:blank\",\"status\":%u,\"detail\":", status);
    br_buf_put_json_str(&out, br_str_of(detail));
    br_buf_putc(&out, '}');
    enum MHD_Result ok = answer(c, status, "application/problem+json", &out);
    br_buf_deinit(&out);
    return ok;
}

static enum MHD_Result answer_faults(const emp_control *s, struct MHD_Connection *c)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_buf_puts(&out, "{\"data\":");
    emp_faults_put_json(&out, s->config.faults);
    br_buf_puts(&out, "}\n");
    enum MHD_Result ok = answer(c, 200, "application/json", &out);
    br_buf_deinit(&out);
    return ok;
}

static enum MHD_Result set_faults(emp_control *s, struct MHD_Connection *c, const br_buf *body)
{
    br_err err;
    if (emp_faults_parse(br_buf_view(body), s->config.faults, &err) != BR_OK)
        return answer_problem(c, 400, err.msg);
    emp_faults_log(s->config.faults);
    return answer_faults(s, c);
}

static enum MHD_Result answer_page(const emp_control *s, struct MHD_Connection *c)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    s->config.page(s->config.ctx, &out);
    enum MHD_Result ok = answer(c, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
    br_buf_deinit(&out);
    return ok;
}

static enum MHD_Result serve(
    void *ctx, struct MHD_Connection *c, const char *path, const char *method, const br_buf *body)
{
    emp_control *s = ctx;
    bool is_get = strcmp(method, "GET") == 0;
    if (strcmp(path, "/faults") == 0) {
        if (is_get) return answer_faults(s, c);
        if (strcmp(method, "PUT") == 0) return set_faults(s, c, body);
        return answer_problem(c, 405, "/faults takes GET and PUT");
    }
    if (is_get && s->config.page && strcmp(path, "/metrics") == 0) return answer_page(s, c);
    return answer_problem(c, 404, s->config.page ? "there are /faults and /metrics" : "there is /faults");
}

br_code emp_control_start(const emp_control_config *config, emp_control **ret_control, br_err *err)
{
    emp_control *s = BR_NEW(emp_control);
    s->config = *config;
    const emp_loopback_config server = {
        .mode = config->is_polled ? EMP_LOOPBACK_POLLED : EMP_LOOPBACK_THREAD,
        .port = config->port,
        .body_max = EMP_FAULTS_TEXT_MAX,
        .connections = CONNECTIONS_MAX,
        .idle_s = IDLE_S,
        .serve = serve,
        .ctx = s,
    };
    s->server = emp_loopback_start(&server);
    if (!s->server) {
        br_free(s);
        return br_fail(err, BR_EEXISTS,
            "the control port %u on 127.0.0.1 is in use: choose another with --admin-port", config->port);
    }
    br_info("control port http://127.0.0.1:%u", emp_loopback_port(s->server));
    *ret_control = s;
    return BR_OK;
}

void emp_control_poll(emp_control *c)
{
    if (c) emp_loopback_poll(c->server);
}

void emp_control_stop(emp_control *c)
{
    if (!c) return;
    emp_loopback_stop(c->server);
    br_free(c);
}
