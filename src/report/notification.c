#include "report/notification.h"
#include <math.h>
#include "report/json_int.h"
#include "report/redact_int.h"
#include "report/result_parts_int.h"

/* Slack cuts or refuses longer ones: 150 characters of a header, 3,000 of a section. Bytes are never fewer.
 */
#define HEADER_MAX_BYTES  150
#define SECTION_MAX_BYTES 2900
#define ITEM_MAX_BYTES    500
#define ITEMS_MAX         5

bool br_notification_is_failure(const br_notification *n)
{
    return !n->judgement || n->judgement->outcome != BR_OUTCOME_PASSED;
}

bool br_notification_is_regression(const br_notification *n)
{
    return n->comparison && n->comparison->answer == BR_COMPARISON_REGRESSED;
}

bool br_notification_is_problem(const br_notification *n)
{
    if (br_notification_is_failure(n)) return true;
    if (!n->comparison) return false;
    return n->comparison->answer != BR_COMPARISON_OK && n->comparison->answer != BR_COMPARISON_NO_BASELINE;
}

/* Words, the same for all forms ------------------------------------------------------------------- */

typedef struct words {
    br_buf title, headline, target, compared, criteria, action;
} words;

static br_str cut(br_str s, size_t max)
{
    if (s.n <= max) return s;
    while (max > 0 && ((unsigned char) s.p[max] & 0xc0) == 0x80)
        max--;
    return br_str_sub(s, 0, max);
}

static void put_item(br_buf *out, br_str text)
{
    if (out->len > 0) (void) br_buf_putc(out, '\n');
    (void) br_buf_puts(out, "• ");
    br_redact_urls(out, cut(text, ITEM_MAX_BYTES));
}

static void put_runs(br_buf *out, const br_comparison *c)
{
    (void) br_buf_printf(out, "Compared with %s", c->old_count == 1 ? "run" : "runs");
    for (size_t i = 0; i < c->old_count && i < 20; i++)
        (void) br_buf_printf(out, "%s %lld", i ? "," : "", (long long) c->old_ids[i]);
    if (c->old_count > 20) (void) br_buf_printf(out, " and %zu more", c->old_count - 20);
    (void) br_buf_putc(out, '.');
}

static bool is_told(const br_comparison_row *r)
{
    return r->gates && (r->change == BR_CHANGE_REGRESSED || r->change == BR_CHANGE_INCONCLUSIVE);
}

static void put_row(br_buf *out, const br_comparison_row *r)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_now_by_before n = br_comparison_now_by_before(r);
    (void) br_buf_printf(&text, "%s: " BR_FMT " of " BR_FMT ": %.2f times", br_change_name(r->change),
        BR_ARG(r->measure), BR_ARG(r->endpoint.n > 0 ? r->endpoint : BR_STR("all requests")), n.ratio);
    if (n.low > 0 && isfinite(n.high))
        (void) br_buf_printf(&text, " (%.2f to %.2f)", n.low, n.high);
    else
        (void) br_buf_puts(&text, " (interval unknown)");
    if (r->detectable > 0)
        (void) br_buf_printf(&text, "; these runs detect changes from %.2f times", n.detectable);
    put_item(out, br_buf_view(&text));
    br_buf_deinit(&text);
}

static void put_compared(br_buf *out, const br_comparison *c)
{
    if (!c) return;
    br_redact_urls(out, cut(c->headline, ITEM_MAX_BYTES));
    size_t told = 0, all = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        if (!is_told(&c->rows[i])) continue;
        if (++all <= ITEMS_MAX) {
            put_row(out, &c->rows[i]);
            told++;
        }
    }
    if (all > told) (void) br_buf_printf(out, "\n• and %zu more", all - told);
    if (c->old_count > 0) {
        (void) br_buf_putc(out, '\n');
        put_runs(out, c);
    }
}

static void put_judged(words *w, const br_judgement *j)
{
    size_t told = 0;
    for (size_t i = 0; i < j->criterion_count; i++) {
        if (j->criteria[i].state == BR_CRITERION_FAILED && told++ < ITEMS_MAX)
            put_item(&w->criteria, j->criteria[i].sentence);
    }
    for (size_t i = 0; i < j->self_checks.len; i++) {
        const br_self_check *c = &j->self_checks.data[i];
        if (!c->ok && c->fatal && told++ < ITEMS_MAX) put_item(&w->criteria, c->text);
    }
    if (j->actions.len == 0) return;
    const br_action *first = &j->actions.data[0];
    br_redact_urls(&w->action, cut(first->title, ITEM_MAX_BYTES));
    (void) br_buf_puts(&w->action, ". ");
    br_redact_urls(&w->action, cut(first->advice, ITEM_MAX_BYTES));
    (void) br_buf_puts(&w->action, "\nEvidence: ");
    br_redact_urls(&w->action, cut(first->evidence, ITEM_MAX_BYTES));
}

static void words_make(words *w, const br_notification *n)
{
    br_buf *all[] = {&w->title, &w->headline, &w->target, &w->compared, &w->criteria, &w->action};
    for (size_t i = 0; i < BR_COUNT_OF(all); i++)
        br_buf_init(all[i], BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&w->title, BR_FMT, BR_ARG(n->test));
    if (n->environment.n > 0) (void) br_buf_printf(&w->title, " on " BR_FMT, BR_ARG(n->environment));
    (void) br_buf_printf(&w->title, ": %s", n->judgement ? br_level_name(n->judgement->level) : "not run");
    if (n->comparison && n->comparison->answer != BR_COMPARISON_OK)
        (void) br_buf_printf(&w->title, ", %s", br_comparison_answer_name(n->comparison->answer));
    br_redact_urls(&w->headline, cut(n->judgement ? n->judgement->headline : n->trouble, ITEM_MAX_BYTES));
    br_redact_urls(&w->target, n->target);
    put_compared(&w->compared, n->comparison);
    if (n->judgement) put_judged(w, n->judgement);
}

static void words_free(words *w)
{
    br_buf *all[] = {&w->title, &w->headline, &w->target, &w->compared, &w->criteria, &w->action};
    for (size_t i = 0; i < BR_COUNT_OF(all); i++)
        br_buf_deinit(all[i]);
}

/* All of it as one text. */
static void put_text(const words *w, br_str report_url, br_buf *out)
{
    const br_buf *parts[] = {&w->headline, &w->compared, &w->criteria, &w->action};
    (void) br_buf_put(out, br_buf_view(&w->title));
    if (w->target.len > 0) (void) br_buf_printf(out, " (%s)", w->target.data);
    for (size_t i = 0; i < BR_COUNT_OF(parts); i++) {
        if (parts[i]->len > 0) (void) br_buf_printf(out, "\n%s", parts[i]->data);
    }
    if (report_url.n > 0) (void) br_buf_printf(out, "\nReport: " BR_FMT, BR_ARG(report_url));
}

/* JSON of our own ---------------------------------------------------------------------------------- */

static void put_redacted(br_json *j, const char *key, br_str value)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_redact_urls(&text, value);
    br_json_put_str(j, key, br_buf_view(&text));
    br_buf_deinit(&text);
}

static void put_verdict(br_json *j, const br_judgement *v)
{
    br_json_put_str(j, "level", br_str_of(br_level_name(v->level)));
    br_json_put_str(j, "outcome", br_str_of(br_outcome_name(v->outcome)));
    br_json_key(j, BR_STR("failed_criteria"));
    br_json_open(j, '[');
    for (size_t i = 0; i < v->criterion_count; i++) {
        if (v->criteria[i].state != BR_CRITERION_FAILED) continue;
        br_json_open(j, '{');
        put_redacted(j, "text", v->criteria[i].criterion->text);
        put_redacted(j, "sentence", v->criteria[i].sentence);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
    if (v->actions.len == 0) return;
    br_json_key(j, BR_STR("action"));
    br_json_open(j, '{');
    put_redacted(j, "title", v->actions.data[0].title);
    put_redacted(j, "evidence", v->actions.data[0].evidence);
    put_redacted(j, "advice", v->actions.data[0].advice);
    br_json_close(j, '}');
}

/* The same object as in result files; endpoints are named by URLs. */
static void put_comparison(br_json *j, const br_comparison *c)
{
    enum { ROWS_MAX = 20 };
    if (!c) return;
    br_buf plain, redacted;
    br_buf_init(&plain, BR_BUF_NO_LIMIT);
    br_buf_init(&redacted, BR_BUF_NO_LIMIT);
    br_json whole;
    br_json_init(&whole, &plain, 0);
    br_json_comparison(&whole, c, ROWS_MAX);
    br_redact_urls(&redacted, br_buf_view(&plain));
    br_json_key(j, BR_STR("comparison"));
    br_json_raw(j, br_buf_view(&redacted));
    br_buf_deinit(&redacted);
    br_buf_deinit(&plain);
}

br_code br_report_notification_json(const br_notification *n, br_buf *out, br_err *err)
{
    words w;
    words_make(&w, n);
    br_buf made, text;
    br_buf_init(&made, BR_BUF_NO_LIMIT);
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    put_text(&w, n->report_url, &text);
    br_json j;
    br_json_init(&j, &made, 0);
    br_json_open(&j, '{');
    br_json_put_str(&j, "schema", BR_STR("brunt.notification/1"));
    br_json_put_str(&j, "version", n->tool_version);
    br_json_put_str(&j, "text", br_buf_view(&text));
    br_json_put_bool(&j, "problem", br_notification_is_problem(n));
    br_json_put_str(&j, "test", n->test);
    br_json_put_str(&j, "environment", n->environment);
    br_json_put_str(&j, "target", br_buf_view(&w.target));
    br_json_put_str(&j, "headline", br_buf_view(&w.headline));
    if (n->judgement) put_verdict(&j, n->judgement);
    put_comparison(&j, n->comparison);
    if (n->report_url.n > 0) br_json_put_str(&j, "report_url", n->report_url);
    br_json_close(&j, '}');
    br_code rc = br_buf_append(out, made.data, made.len);
    if (rc != BR_OK) rc = br_fail(err, rc, "the notification does not fit into %zu bytes", out->max_bytes);
    br_buf_deinit(&text);
    br_buf_deinit(&made);
    words_free(&w);
    return rc;
}

/* Slack -------------------------------------------------------------------------------------------- */

/* At most `max` bytes of the text with its three special characters escaped. */
static void put_escaped(br_buf *out, br_str s, size_t max)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t rune;
        size_t n = br_utf8_decode(s.p + i, s.n - i, &rune);
        br_str one = n == 0 ? BR_STR("\ufffd") : br_str_sub(s, i, i + n);
        if (n == 1 && *one.p == '&') one = BR_STR("&amp;");
        if (n == 1 && *one.p == '<') one = BR_STR("&lt;");
        if (n == 1 && *one.p == '>') one = BR_STR("&gt;");
        if (out->len + one.n + 3 > max) {
            (void) br_buf_puts(out, "…");
            return;
        }
        (void) br_buf_put(out, one);
        i += n > 0 ? n : 1;
    }
}

static void put_section(br_json *j, const char *title, br_str text)
{
    if (text.n == 0) return;
    br_buf body;
    br_buf_init(&body, BR_BUF_NO_LIMIT);
    if (title) (void) br_buf_printf(&body, "*%s*\n", title);
    put_escaped(&body, text, SECTION_MAX_BYTES);
    br_json_open(j, '{');
    br_json_put_str(j, "type", BR_STR("section"));
    br_json_key(j, BR_STR("text"));
    br_json_open(j, '{');
    br_json_put_str(j, "type", BR_STR("mrkdwn"));
    br_json_put_str(j, "text", br_buf_view(&body));
    br_json_close(j, '}');
    br_json_close(j, '}');
    br_buf_deinit(&body);
}

static void put_header(br_json *j, br_str title)
{
    br_json_open(j, '{');
    br_json_put_str(j, "type", BR_STR("header"));
    br_json_key(j, BR_STR("text"));
    br_json_open(j, '{');
    br_json_put_str(j, "type", BR_STR("plain_text"));
    br_json_put_str(j, "text", cut(title, HEADER_MAX_BYTES));
    br_json_close(j, '}');
    br_json_close(j, '}');
}

br_code br_report_notification_slack(const br_notification *n, br_buf *out, br_err *err)
{
    words w;
    words_make(&w, n);
    br_buf made, text, escaped;
    br_buf_init(&made, BR_BUF_NO_LIMIT);
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_buf_init(&escaped, BR_BUF_NO_LIMIT);
    put_text(&w, n->report_url, &text);
    put_escaped(&escaped, br_buf_view(&text), SECTION_MAX_BYTES);
    br_json j;
    br_json_init(&j, &made, 0);
    br_json_open(&j, '{');
    br_json_put_str(&j, "text", br_buf_view(&escaped)); /* for notifications, and for what knows no blocks */
    br_json_key(&j, BR_STR("blocks"));
    br_json_open(&j, '[');
    put_header(&j, br_buf_view(&w.title));
    put_section(&j, NULL, br_buf_view(&w.headline));
    put_section(&j, "Compared with earlier runs", br_buf_view(&w.compared));
    put_section(&j, "Not as it should be", br_buf_view(&w.criteria));
    put_section(&j, "To do first", br_buf_view(&w.action));
    put_section(&j, "Target", br_buf_view(&w.target));
    put_section(&j, "Report", n->report_url);
    br_json_close(&j, ']');
    br_json_close(&j, '}');
    br_code rc = br_buf_append(out, made.data, made.len);
    if (rc != BR_OK) rc = br_fail(err, rc, "the notification does not fit into %zu bytes", out->max_bytes);
    br_buf_deinit(&escaped);
    br_buf_deinit(&text);
    br_buf_deinit(&made);
    words_free(&w);
    return rc;
}
