/* brunt quick: load without a script. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/quick/quick_request.h"
#include "cli/quick/quick_view.h"
#include "report/quick_json.h"
#include "report/quick_text.h"

#define BODY_MAX         ((size_t) 256 << 20)
#define PEM_MAX          ((size_t) 1 << 20)
#define EXIT_USAGE       255
#define EXIT_INTERRUPTED 105
#define EXIT_UNAVAILABLE 5

static const br_arg quick_args[] = {
    {"connections", 'c', BR_ARG_VALUE, "N", "connections (default 50)", NULL},
    {"duration", 'z', BR_ARG_VALUE, "TIME", "how long, e.g. 10s, 2m (default 10s)", NULL},
    {"requests", 'n', BR_ARG_VALUE, "N", "how many requests in all, instead of a duration", NULL},
    {"rate", 'R', BR_ARG_VALUE, "N", "open model: start N requests a second in all, whatever the answers do",
        NULL},
    {"qps", 'q', BR_ARG_VALUE, "N", "the same as --rate", NULL},
    {"drain", 0, BR_ARG_VALUE, "TIME",
        "open model: make starts that are behind until then, after the end (default 5s)", NULL},
    {"latency-correction", 0, BR_ARG_VALUE, "HOW",
        "intended: response times count from when a request was meant to start (default); none: service times only",
        NULL},
    {"method", 'm', BR_ARG_VALUE, "NAME", "method (default GET, with a body POST)", NULL},
    {"header", 'H', BR_ARG_LIST, "NAME: VALUE", "a header (may be given again)", NULL},
    {"body", 'd', BR_ARG_VALUE, "TEXT", "body of each request", NULL},
    {"body-file", 'D', BR_ARG_VALUE, "FILE", "body from a file", NULL},
    {"content-type", 'T', BR_ARG_VALUE, "TYPE", "Content-Type header", NULL},
    {"accept", 'A', BR_ARG_VALUE, "TYPE", "Accept header", NULL},
    {"auth", 'a', BR_ARG_VALUE, "USER:PASSWORD", "Basic authentication", NULL},
    {"host", 0, BR_ARG_VALUE, "NAME", "Host header", NULL},
    {"timeout", 't', BR_ARG_VALUE, "TIME", "of each request; a bare number is seconds (default 20s, 0: none)",
        NULL},
    {"user-agent", 'U', BR_ARG_VALUE, "TEXT", "User-Agent header", NULL},
    {"redirects", 'r', BR_ARG_VALUE, "N", "redirects that are followed (default 10; 0: none)", NULL},
    {"targets", 0, BR_ARG_VALUE, "FILE",
        "targets in turn: lines of URL or METHOD URL, headers and @body below them", NULL},
    {"disable-keepalive", 0, BR_ARG_SWITCH, NULL, "a new connection for each request", NULL},
    {"http2", 0, BR_ARG_SWITCH, NULL, "offer HTTP/2 to https targets", NULL},
    {"h2c", 0, BR_ARG_SWITCH, NULL, "speak HTTP/2 to http targets without asking", NULL},
    {"streams", 'p', BR_ARG_VALUE, "N", "with HTTP/2: requests in flight on each connection (default 1)",
        NULL},
    {"insecure", 'k', BR_ARG_SWITCH, NULL, "accept any certificate", NULL},
    {"cacert", 0, BR_ARG_VALUE, "FILE", "trust these authorities (PEM) instead of the system's", NULL},
    {"cert", 0, BR_ARG_VALUE, "FILE", "client certificate (PEM)", NULL},
    {"key", 0, BR_ARG_VALUE, "FILE", "its key (PEM; default: in the file of --cert)", NULL},
    {"tls-resume", 0, BR_ARG_SWITCH, NULL, "new connections resume TLS sessions instead of full handshakes",
        NULL},
    {"json", 0, BR_ARG_VALUE, "FILE", "write the result as JSON; - is standard output, instead of the text",
        NULL},
    {"percentiles", 0, BR_ARG_VALUE, "LIST", "percentiles to show (default 50,75,90,95,99,99.9)", NULL},
    {"workers", 0, BR_ARG_VALUE, "N", "worker threads (default: one for each usable core)", NULL},
    BR_LOOP_ARG,
    {"no-tui", 0, BR_ARG_SWITCH, NULL, "one line a second instead of the live view", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

/* As br_global_args, but -q is the rate here, as in hey and oha. */
static const br_arg general_args[] = {
    {"help", 'h', BR_ARG_SWITCH, NULL, "show this help", NULL},
    {"log-format", 0, BR_ARG_VALUE, "FORMAT", "log format: text, json or raw (default text)", NULL},
    {"log-output", 0, BR_ARG_VALUE, "WHERE",
        "log to stderr, stdout, none or file=PATH[,level=LEVEL] (default stderr)", NULL},
    {"no-color", 0, BR_ARG_SWITCH, NULL, "no colours", NULL},
    {"quiet", 0, BR_ARG_SWITCH, NULL, "only the result", NULL},
    {"verbose", 'v', BR_ARG_SWITCH, NULL, "log debug messages", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_quick_sections[] = {{NULL, quick_args}, {NULL, general_args}, {NULL, NULL}};

static void print_help(void)
{
    puts(
        "Load a URL without a script, and see both times of its requests.\n\nUsage:\n"
        "  brunt quick [flags] URL\n\nExamples:\n"
        "  brunt quick http://localhost:3000/products               50 connections for 10 seconds\n"
        "  brunt quick -c 200 -n 100000 http://localhost:3000/      100,000 requests over 200 connections\n"
        "  brunt quick -R 2000 -z 1m http://localhost:3000/         2,000 starts a second for a minute\n\n"
        "Without -R each connection sends its next request when it has the answer (closed model). With -R requests\n"
        "start by the clock (open model), and the response time counts from when a request was meant to start.\n\n"
        "Flags:");
    br_args_print_help(stdout, br_quick_sections);
    puts("\nExit codes: 0 done (whatever the statuses), 5 not one request was answered, 105 interrupted,\n"
         "255 bad usage or another error. docs/quick.md explains the figures.");
}

typedef struct quick_command {
    br_args args;
    br_quick_flags flags;
    br_request_set requests;
    br_http_client_config http;
    br_tls_options tls;
    br_tls_client_cert cert;
    br_proxies proxies;
    br_quick_config config;
    br_percentiles percentiles;
    br_buf body, cert_file, key_file;
} quick_command;

/* Values ------------------------------------------------------------------------------------------ */

static br_code whole(
    const br_args *a, const char *flag, int64_t least, int64_t most, int64_t *ret, br_err *err)
{
    const char *text = br_args_get(a, flag);
    int64_t n;
    if (!text) return BR_OK;
    if (br_parse_i64(br_str_of(text), &n) != BR_OK || n < least || n > most)
        return br_fail(err, BR_EINVAL, "--%s '%s': use a whole number from %lld to %lld", flag, text,
            (long long) least, (long long) most);
    *ret = n;
    return BR_OK;
}

/* A bare number is seconds, as with hey. */
static br_code length(const br_args *a, const char *flag, bool zero, br_ns *ret, br_err *err)
{
    const char *text = br_args_get(a, flag);
    int64_t n;
    br_ns t;
    if (!text) return BR_OK;
    bool bare = br_parse_i64(br_str_of(text), &n) == BR_OK && n >= 0 && n <= 1000000;
    if (bare) t = n * BR_SEC;
    if ((!bare && br_parse_duration(br_str_of(text), BR_DURATION_K6, &t) != BR_OK) || t < 0 ||
        (t == 0 && !zero) || t > 365 * 86400 * BR_SEC)
        return br_fail(err, BR_EINVAL, "--%s '%s': use a time such as 500ms, 10s or 2m", flag, text);
    *ret = t;
    return BR_OK;
}

static br_code correction(const br_args *a, bool *ret_none, br_err *err)
{
    const char *text = br_args_get(a, "latency-correction");
    if (!text) return BR_OK;
    *ret_none = strcmp(text, "none") == 0;
    if (!*ret_none && strcmp(text, "intended") != 0)
        return br_fail(err, BR_EINVAL, "--latency-correction '%s': use intended or none", text);
    return BR_OK;
}

static br_code rate(const br_args *a, double *ret, br_err *err)
{
    const char *flag = br_args_get(a, "rate") ? "rate" : "qps", *text = br_args_get(a, flag);
    double n;
    if (!text) return BR_OK;
    if (br_parse_f64(br_str_of(text), &n) != BR_OK || !(n > 0) || n > 1e7)
        return br_fail(
            err, BR_EINVAL, "--%s '%s': use a number of requests a second, up to 10 million", flag, text);
    *ret = n;
    return BR_OK;
}

static br_code percentiles(const br_args *a, br_percentiles *p, br_err *err)
{
    const char *text = br_args_get(a, "percentiles");
    br_str rest = br_str_of(text ? text : "50,75,90,95,99,99.9"), item;
    while (br_str_cut(&rest, ',', &item)) {
        double v;
        item = br_str_trim(item);
        if (br_parse_f64(item, &v) != BR_OK || v < 0 || v > 100 || p->count == BR_COUNT_OF(p->list))
            return br_fail(err, BR_EINVAL,
                "--percentiles '%s': use up to 64 numbers from 0 to 100, e.g. 50,99,99.9", text);
        p->list[p->count++] = v;
    }
    return BR_OK;
}

static br_code file_flag(const br_args *a, const char *flag, br_buf *out, br_err *err)
{
    const char *path = br_args_get(a, flag);
    if (!path) return BR_OK;
    br_code code = br_file_read(path, out, err);
    return code == BR_OK ? BR_OK : br_wrap(err, code, "--%s", flag);
}

/* Reading the flags -------------------------------------------------------------------------------- */

static br_str text_flag(const br_args *a, const char *flag)
{
    const char *text = br_args_get(a, flag);
    return text ? br_str_of(text) : BR_STR_NONE;
}

static br_code read_load(quick_command *q, br_err *err)
{
    const br_args *a = &q->args;
    int64_t connections = 50, streams = 1, workers = 0, requests = 0;
    q->config.duration = 10 * BR_SEC;
    q->config.drain = 5 * BR_SEC;
    q->config.max_redirects = 10;
    br_code code = whole(a, "connections", 1, BR_QUICK_CONNECTIONS_MAX, &connections, err);
    if (code == BR_OK) code = whole(a, "streams", 1, BR_QUICK_STREAMS_MAX, &streams, err);
    if (code == BR_OK) code = whole(a, "workers", 1, BR_QUICK_WORKERS_MAX, &workers, err);
    if (code == BR_OK) code = whole(a, "requests", 1, INT64_MAX / 2, &requests, err);
    if (code == BR_OK) code = length(a, "duration", false, &q->config.duration, err);
    if (code == BR_OK) code = length(a, "drain", true, &q->config.drain, err);
    if (code == BR_OK) code = whole(a, "redirects", 0, 1000, &q->config.max_redirects, err);
    if (code == BR_OK) code = rate(a, &q->config.rate, err);
    if (code == BR_OK) code = br_cli_loop(a, &q->config.loop, err);
    if (code == BR_OK) code = correction(a, &q->config.uncorrected, err);
    if (code != BR_OK) return code;
    if (requests && br_args_get(a, "duration"))
        return br_fail(
            err, BR_EINVAL, "--requests and --duration do not go together: which of them is the end?");
    if (streams > 1 && !br_args_has(a, "http2") && !br_args_has(a, "h2c"))
        return br_fail(err, BR_EINVAL, "--streams needs HTTP/2: add --http2 or --h2c");
    q->config.connections = (uint32_t) connections;
    q->config.streams = (uint32_t) streams;
    q->config.workers = (uint32_t) workers;
    q->config.requests = (uint64_t) requests;
    return BR_OK;
}

static br_code read_headers(quick_command *q, br_err *err)
{
    br_str *list = br_arena_zalloc(&q->requests.arena, (BR_QUICK_HEADERS_MAX + 1) * sizeof(*list));
    for (size_t i = 0; i < q->args.values.len; i++) {
        const br_arg_value *v = &q->args.values.data[i];
        if (strcmp(v->arg->name, "header") != 0) continue;
        if (q->flags.header_count == BR_QUICK_HEADERS_MAX)
            return br_fail(err, BR_EINVAL, "more than %d headers", BR_QUICK_HEADERS_MAX);
        list[q->flags.header_count++] = br_str_of(v->value);
    }
    q->flags.headers = list;
    return BR_OK;
}

static br_code read_request_flags(quick_command *q, br_err *err)
{
    const br_args *a = &q->args;
    br_quick_flags *f = &q->flags;
    f->timeout = 20 * BR_SEC;
    br_code code = length(a, "timeout", true, &f->timeout, err);
    if (code == BR_OK) code = file_flag(a, "body-file", &q->body, err);
    if (code == BR_OK) code = read_headers(q, err);
    if (code != BR_OK) return code;
    if (br_args_get(a, "body") && br_args_get(a, "body-file"))
        return br_fail(err, BR_EINVAL, "--body and --body-file do not go together");
    f->body = br_args_get(a, "body-file") ? br_buf_view(&q->body) : text_flag(a, "body");
    f->method = text_flag(a, "method");
    f->user_agent = text_flag(a, "user-agent");
    f->content_type = text_flag(a, "content-type");
    f->accept = text_flag(a, "accept");
    f->host = text_flag(a, "host");
    f->user = text_flag(a, "auth");
    f->close = br_args_has(a, "disable-keepalive");
    return BR_OK;
}

static br_code read_targets(quick_command *q, br_err *err)
{
    const br_args *a = &q->args;
    const char *path = br_args_get(a, "targets");
    if (a->words.len != (path ? 0 : 1))
        return br_fail(err, BR_EINVAL, "%s; see brunt quick --help",
            path           ? "with --targets no URL is given"
            : a->words.len ? "one URL only: several go into a file for --targets"
                           : "a URL is missing");
    if (!path) return br_request_set_add(&q->requests, &q->flags, br_str_of(a->words.data[0]), err);
    br_buf text;
    br_buf_init(&text, BR_TARGETS_FILE_MAX);
    br_code code = br_file_read(path, &text, err);
    if (code == BR_OK) code = br_request_set_add_file(&q->requests, &q->flags, br_buf_view(&text), path, err);
    br_buf_deinit(&text);
    return code;
}

static br_code read_tls(quick_command *q, br_err *err)
{
    const br_args *a = &q->args;
    q->tls = (br_tls_options){.insecure = br_args_has(a, "insecure"),
        .ca_file = br_args_get(a, "cacert"),
        .http2 = br_args_has(a, "http2"),
        .key_log = getenv("SSLKEYLOGFILE"),
        .resume = br_args_has(a, "tls-resume")};
    q->http.http2 = q->tls.http2;
    q->http.h2c = br_args_has(a, "h2c");
    br_code code = file_flag(a, "cert", &q->cert_file, err);
    if (code == BR_OK) code = file_flag(a, "key", &q->key_file, err);
    if (code == BR_OK && br_args_get(a, "cert")) {
        q->cert.cert = br_buf_view(&q->cert_file);
        q->cert.key = br_args_get(a, "key") ? br_buf_view(&q->key_file) : q->cert.cert;
        q->tls.certs = &q->cert;
        q->tls.cert_count = 1;
    }
    return code == BR_OK ? br_tls_options_check(&q->tls, err) : code;
}

static br_code read_all(quick_command *q, br_err *err)
{
    br_http_client_config_defaults(&q->http);
    br_code code = read_load(q, err);
    if (code == BR_OK) code = read_request_flags(q, err);
    if (code == BR_OK) code = read_targets(q, err);
    if (code == BR_OK) code = read_tls(q, err);
    if (code == BR_OK) code = br_proxies_from_env(&q->requests.arena, &q->proxies, err);
    if (code == BR_OK) code = percentiles(&q->args, &q->percentiles, err);
    q->http.proxies = &q->proxies;
    q->http.no_reuse = q->flags.close;
    q->config.targets = q->requests.list.data;
    q->config.target_count = q->requests.list.len;
    q->config.http = &q->http;
    q->config.tls = &q->tls;
    return code;
}

/* Result ------------------------------------------------------------------------------------------- */

static br_code write_result(const quick_command *q, const br_quick_result *r, br_err *err)
{
    const char *json = br_args_get(&q->args, "json");
    bool to_stdout = json && strcmp(json, "-") == 0;
    br_code code = BR_OK;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    if (!to_stdout) {
        br_quick_text_write(r, &q->percentiles, br_cli_colour(&q->args, STDOUT_FILENO), &out);
        fwrite(out.data, 1, out.len, stdout);
        br_buf_reset(&out);
    }
    if (json) {
        br_quick_json_write(r, &q->percentiles, &out);
        if (to_stdout)
            fwrite(out.data, 1, out.len, stdout);
        else
            code = br_file_write(json, br_buf_view(&out), err);
    }
    br_buf_deinit(&out);
    return code;
}

static int run(quick_command *q, br_err *err)
{
    br_quick_view view;
    br_quick_result r;
    const char *json = br_args_get(&q->args, "json");
    bool quiet = br_args_has(&q->args, "quiet"), terminal = isatty(STDOUT_FILENO) == 1 &&
                                                            !br_args_has(&q->args, "no-tui") &&
                                                            !(json && strcmp(json, "-") == 0);
    br_quick_view_init(&view, &q->config, terminal && !quiet, br_cli_colour(&q->args, STDOUT_FILENO));
    if (!quiet) {
        q->config.on_status = br_quick_view_status;
        q->config.status_ctx = &view;
        q->config.status_interval = br_quick_view_interval(&view);
    }
    br_code code = br_quick_run(&q->config, &r, err);
    br_quick_view_deinit(&view);
    if (code != BR_OK) return EXIT_USAGE;
    code = write_result(q, &r, err);
    int status = code != BR_OK                        ? EXIT_USAGE
                 : r.interrupted                      ? EXIT_INTERRUPTED
                 : r.tally.requests == r.tally.failed ? EXIT_UNAVAILABLE
                                                      : 0;
    br_quick_result_deinit(&r);
    return status;
}

int br_cmd_quick(int argc, char **argv)
{
    quick_command q = {0};
    br_err err = {0};
    br_request_set_init(&q.requests);
    br_buf_init(&q.body, BODY_MAX);
    br_buf_init(&q.cert_file, PEM_MAX);
    br_buf_init(&q.key_file, PEM_MAX);
    br_code code = br_cli_begin(argc, argv, br_quick_sections, print_help, &q.args, &err);
    int status = EXIT_USAGE;
    if (code == BR_EOF) {
        status = 0;
    } else {
        if (code == BR_OK) code = read_all(&q, &err);
        if (code == BR_OK) status = run(&q, &err);
        if (err.msg[0]) br_error("%s", err.msg);
    }
    br_buf_deinit(&q.body);
    br_buf_deinit(&q.cert_file);
    br_buf_deinit(&q.key_file);
    br_request_set_deinit(&q.requests);
    br_args_deinit(&q.args);
    return status;
}
