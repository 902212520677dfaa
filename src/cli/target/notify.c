#include "cli/target/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/assert.h"
#include "base/log.h"
#include "base/num.h"
#include "cli/target/single_request.h"
#include "codec/credentials.h"

#define SLACK_PREFIX    "slack+"
#define NOBODY          "none"
#define HIDDEN_MIN      6 /* shorter paths are no secrets, and hiding them would mangle the log */
#define RETRY_AFTER_MAX 30

/* Addresses --------------------------------------------------------------------------------------- */

static void hide(br_str secret)
{
    if (secret.n >= HIDDEN_MIN) br_log_hide(secret);
}

static br_code add_address(br_notify *n, br_str text, br_err *err)
{
    br_str prefix = BR_STR(SLACK_PREFIX);
    bool slack = br_str_starts(text, prefix);
    br_str copy = br_arena_str(&n->arena, slack ? br_str_sub(text, prefix.n, text.n) : text);
    br_notify_address a = {.slack = slack};
    if (br_url_parse(copy, &a.url, NULL) != BR_OK)
        return br_fail(err, BR_EINVAL,
            "an address for notifications is no URL of http or https (it is not shown here: it may hold a "
            "token)");
    hide(a.url.target);
    if (a.url.userinfo.n > 0) {
        hide(a.url.userinfo);
        a.authorization = br_credentials_basic_of(&n->arena, a.url.userinfo);
    }
    a.slack = slack || br_str_eq_nocase(a.url.host, BR_STR("hooks.slack.com"));
    a.shown = br_str_of(
        br_arena_printf(&n->arena, "%s://" BR_FMT, a.url.tls ? "https" : "http", BR_ARG(a.url.authority)));
    *br_vec_push(&n->addresses) = a;
    return BR_OK;
}

static br_code add_addresses(const br_args *a, br_notify *n, br_err *err)
{
    for (size_t i = 0; i < a->values.len; i++) {
        if (strcmp(a->values.data[i].arg->name, "notify") != 0) continue;
        n->has_addresses = true;
        if (strcmp(a->values.data[i].value, NOBODY) == 0) continue;
        br_code code = add_address(n, br_str_of(a->values.data[i].value), err);
        if (code != BR_OK) return code;
    }
    br_str rest = br_str_of(n->has_addresses ? NULL : getenv("BRUNT_NOTIFY_URL")), one;
    while (br_str_cut(&rest, ' ', &one)) {
        if (one.n == 0) continue;
        n->has_addresses = true;
        br_code code = br_str_is(one, NOBODY) ? BR_OK : add_address(n, one, err);
        if (code != BR_OK) return code;
    }
    return BR_OK;
}

/* Index of the word in br_notify_when_words. */
static bool parse_when(const char *text, br_notify_when *ret)
{
    for (size_t i = 0; br_notify_when_words[i]; i++) {
        if (strcmp(text, br_notify_when_words[i]) != 0) continue;
        *ret = (br_notify_when) i;
        return true;
    }
    return false;
}

static const char *setting(const br_args *a, const char *name, const char *variable)
{
    const char *value = br_args_get(a, name);
    if (!value) value = getenv(variable);
    return value && *value ? value : NULL;
}

br_code br_notify_read(const br_args *a, br_notify *ret, br_err *err)
{
    br_arena_init(&ret->arena, 1024);
    br_code code = add_addresses(a, ret, err);
    if (code != BR_OK) return code;
    const char *when = setting(a, "notify-on", "BRUNT_NOTIFY_ON");
    ret->has_when = when;
    if (when && !parse_when(when, &ret->when))
        return br_fail(err, BR_EINVAL,
            "invalid value \"%s\" for --notify-on: use problem, failure, regression or always", when);
    const char *report = setting(a, "report-url", "BRUNT_REPORT_URL");
    br_url url;
    if (report && br_url_parse(br_str_of(report), &url, NULL) != BR_OK)
        return br_fail(
            err, BR_EINVAL, "invalid value \"%s\" for --report-url: use a URL of http or https", report);
    ret->report_url = br_str_of(report);
    return BR_OK;
}

br_code br_notify_complete(br_notify *n, const br_config *cfg, const br_environment *e, br_err *err)
{
    const br_config_notify *file = NULL;
    br_err why = {0};
    br_code code = br_config_notify_of(cfg, e, &file, &why);
    if (code != BR_OK && !n->has_addresses) return br_fail(err, code, "%s", why.msg);
    if (!file) return BR_OK;
    for (size_t i = 0; i < file->url_count && !n->has_addresses; i++) {
        code = add_address(n, file->urls[i], err);
        if (code != BR_OK) return code;
    }
    if (!n->has_when) n->when = file->when;
    if (n->report_url.n == 0) n->report_url = br_arena_str(&n->arena, file->report_url);
    return BR_OK;
}

void br_notify_deinit(br_notify *n)
{
    br_vec_deinit(&n->addresses);
    br_arena_deinit(&n->arena);
    *n = (br_notify){0};
}

/* Sending ----------------------------------------------------------------------------------------- */

typedef struct sender {
    br_single *single;
    br_ns deadline;
    const br_notify_address *address;
    br_http_response response;
    char why[256]; /* of the last try */
} sender;

/* Did it arrive? Else `why` says what happened, and *ret_again whether another try could help. */
static bool arrived(sender *s, bool *ret_again)
{
    const br_http_response *r = &s->response;
    if (r->error.code != BR_OK) {
        snprintf(s->why, sizeof s->why, "%s", r->error.text);
        br_code code = r->error.code; /* a wrong certificate stays wrong */
        *ret_again = code != BR_EUNKNOWNCA && code != BR_EWRONGHOST && code != BR_ENOTTLS;
        return false;
    }
    if (r->status >= 200 && r->status < 300) return true;
    snprintf(s->why, sizeof s->why, "status %d%s", r->status,
        r->status >= 300 && r->status < 400 ? " (redirects are not followed)" : "");
    *ret_again = r->status == 408 || r->status == 429 || r->status >= 500;
    return false;
}

/* How long to wait before the next try. A date in Retry-After is not read: the usual pause does. */
static br_ns pause_after(const sender *s, int tries)
{
    int64_t seconds;
    br_str asked = br_http_response_header(&s->response, BR_STR("Retry-After"));
    if (asked.p && br_parse_i64(br_str_trim(asked), &seconds) == BR_OK && seconds >= 0)
        return (seconds < RETRY_AFTER_MAX ? seconds : RETRY_AFTER_MAX) * BR_SEC;
    return BR_SEC << (tries - 1);
}

static bool deliver(sender *s, const br_http_request *request)
{
    for (int tries = 1;; tries++) {
        br_http_request one = *request;
        br_ns left = s->deadline - br_clock_now();
        one.timeout_ns = left < BR_NOTIFY_TRY ? left : BR_NOTIFY_TRY;
        br_single_send(s->single, &one, &s->response);
        bool again = false;
        if (arrived(s, &again)) return true;
        br_ns pause = pause_after(s, tries);
        bool time_left = br_clock_now() + pause + BR_SEC < s->deadline;
        if (!again || tries == BR_NOTIFY_TRIES || !time_left) {
            br_warn("the notification to " BR_FMT " was not delivered: %s (%d %s)", BR_ARG(s->address->shown),
                s->why, tries, tries == 1 ? "try" : "tries");
            return false;
        }
        br_single_sleep(s->single, pause);
    }
}

static bool tell(sender *s, const br_notification *what)
{
    br_buf body, length;
    br_buf_init(&body, BR_BUF_NO_LIMIT);
    br_buf_init(&length, 32);
    br_code code = s->address->slack ? br_report_notification_slack(what, &body, NULL)
                                     : br_report_notification_json(what, &body, NULL);
    BR_ASSERT(code == BR_OK); /* the buffer has no limit */
    (void) br_buf_put_u64(&length, body.len);
    br_http_header headers[] = {{BR_STR("User-Agent"), BR_STR("brunt/" BRUNT_VERSION)},
        {BR_STR("Content-Length"), br_buf_view(&length)},
        {BR_STR("Content-Type"), BR_STR("application/json")},
        {BR_STR("Authorization"), s->address->authorization}};
    br_http_request request = {.method = BR_STR("POST"),
        .url = s->address->url,
        .headers = headers,
        .header_count = BR_COUNT_OF(headers) - (s->address->authorization.n == 0),
        .body = br_buf_view(&body),
        .drop_body = true};
    br_http_response_init(&s->response);
    bool ok = deliver(s, &request);
    br_http_response_deinit(&s->response);
    br_buf_deinit(&length);
    br_buf_deinit(&body);
    return ok;
}

static bool is_to_be_told(const br_notify *n, const br_notification *what)
{
    switch (n->when) {
        case BR_NOTIFY_PROBLEM: return br_notification_is_problem(what);
        case BR_NOTIFY_FAILURE: return br_notification_is_failure(what);
        case BR_NOTIFY_REGRESSION: return br_notification_is_regression(what);
        case BR_NOTIFY_ALWAYS: break;
    }
    return true;
}

size_t br_notify_send(const br_notify *n, const br_notification *what)
{
    br_notification message = *what;
    message.tool_version = BR_STR(BRUNT_VERSION);
    message.report_url = n->report_url;
    if (n->addresses.len == 0 || !is_to_be_told(n, &message)) return 0;
    br_err err = {0};
    sender s = {.deadline = br_clock_now() + BR_NOTIFY_ALL};
    if (br_single_new(true, &s.single, &err) != BR_OK) {
        br_warn("no notification was sent: %s", err.msg);
        return n->addresses.len;
    }
    size_t failed = 0;
    for (size_t i = 0; i < n->addresses.len; i++) {
        s.address = &n->addresses.data[i];
        if (br_clock_now() + BR_SEC >= s.deadline)
            br_warn("the notification to " BR_FMT " was not sent: those before it took too long",
                BR_ARG(s.address->shown));
        else if (tell(&s, &message))
            continue;
        failed++;
    }
    br_single_free(s.single);
    return failed;
}
