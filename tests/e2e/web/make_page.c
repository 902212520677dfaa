/*
 * tests/e2e/web/make_page.c - writes the reports of a run made by hand.
 *
 *     make_page KIND FOLDER    KIND: see `kinds` below; writes KIND.html, KIND.json and so on
 *
 * What: a browser test (and a person) needs reports of known content without running a load test.
 */
#include <math.h>
#include <stdio.h>
#include "base/file.h"
#include "report/comparison_table.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "report/summary_text.h"
#include "report/verdict_text.h"
#include "unit/report/estimates_fixture.h"
#include "unit/report/fixture.h"

typedef struct page {
    br_run_result *result;
    br_criterion criteria[4];
    br_judge_plan plan;
    const br_capacity_report *capacity;
    const br_recovery_report *recovery;
    const br_leak_report *leak;
    br_comparison *comparison;
    br_preparation preparation;
} page;

static void add_criterion(page *p, const char *text)
{
    BR_ASSERT(br_criterion_parse(br_str_of(text), &p->criteria[p->plan.criterion_count++], NULL) == BR_OK);
}

static page new_page(const char *test, br_ns demanded, double scale)
{
    page p = {.plan = {.test = br_str_of(test),
                  .target = BR_STR("http://127.0.0.1:3000"),
                  .length = demanded,
                  .scale = scale}};
    return p;
}

static void add_checks(br_run_result *r, uint64_t fails)
{
    br_result_metric *checks = fixture_metric(r, "checks", BR_RATE, BR_CONTAINS_DEFAULT);
    fixture_add_n(checks, 1, 900 - fails);
    fixture_add_n(checks, 0, fails);
    fixture_check(r, NULL, "status is 200", 300, 0);
    br_group *products = fixture_group(r, NULL, "products");
    fixture_check(r, products, "has data", 300 - fails, fails);
    fixture_check(r, fixture_group(r, products, "top"), "at most 10", 300, 0);
}

static page good(void)
{
    page p = new_page("baseline", 300 * BR_SEC, 1);
    add_criterion(&p, "p95 < 500ms");
    add_criterion(&p, "error_rate < 1%");
    add_criterion(&p, "stable");
    p.result = fixture_baseline(300, 120, 90, 0);
    add_checks(p.result, 0);
    return p;
}

static double noise(size_t i)
{
    return (double) (i * 7919 % 1000) / 1000;
}

/* One second of the bad run: a ramp whose later part is slow and full of errors. */
static void bad_second(br_run_result *r, br_endpoint **e, size_t t)
{
    br_slice *s = &r->slices[t];
    double load = fmin(1, (double) t / 150);
    size_t n = (size_t) (40 + 260 * fmin(load, 0.6) - (load > 0.8 ? 60 : 0));
    for (size_t i = 0; i < n; i++) {
        double ms = (20 + 200 * load * load) * (0.5 + noise(t * 131 + i)) +
                    (noise(i + t) > 0.97 ? 600 * load : 0);
        size_t which = i % 5;
        if (which == 3) ms *= 4;
        bool failed = load > 0.7 && noise(t * 17 + i * 3) > 0.93;
        int status = !failed ? 200 : which == 3 ? 503 : which == 4 ? 0 : 429;
        fixture_requests(e[which], 1, ms, status,
            status == 0 ? 1050
            : failed    ? 1000 + status
                        : 0,
            status == 503 ? "timeout acquiring connection from pool"
            : status == 0 ? "request timeout"
                          : NULL);
        fixture_slice_fill(s, 1, failed, ms, ceil(200 * load));
        for (size_t m = 0; m < 3; m++) {
            fixture_add(&r->metrics[m], m == 0 ? 1 : m == 1 ? ms : failed);
        }
    }
    s->received_bytes = 1200 * n;
}

static page bad(void)
{
    static const char *const paths[] = {"http://127.0.0.1:3000/health",
        "http://127.0.0.1:3000/products?page=1&limit=50", "http://127.0.0.1:3000/products/top?limit=10",
        "http://127.0.0.1:3000/analytics/overview?platform=all&period=30d",
        "http://127.0.0.1:3000/orchestrator/start"};
    page p = new_page("stress", 1800 * BR_SEC, 0.1);
    add_criterion(&p, "p95 < 1000ms");
    add_criterion(&p, "error_rate < 1%");
    add_criterion(&p, "degrades gracefully");
    add_criterion(&p, "memory_growth < 50MB/h");
    br_run_result *r = p.result = fixture_new(180 * BR_SEC);
    fixture_metric(r, "http_reqs", BR_COUNTER, BR_CONTAINS_DEFAULT);
    fixture_metric(r, "http_req_duration", BR_TREND, BR_CONTAINS_TIME);
    fixture_metric(r, "http_req_failed", BR_RATE, BR_CONTAINS_DEFAULT);
    fixture_slices(r, 180);
    br_endpoint *e[5];
    for (size_t i = 0; i < 5; i++) {
        e[i] = fixture_endpoint(r, i == 4 ? "POST" : "GET", paths[i]);
    }
    for (size_t t = 0; t < 180; t++) {
        bad_second(r, e, t);
    }
    r->vus_max = 200;
    r->workers[0].timer_late_ns_max = 60 * BR_MS;
    add_checks(r, 12);
    fixture_threshold(r, &r->metrics[1], "p(95)<400", false);
    fixture_threshold(r, &r->metrics[2], "rate<0.05", true);
    return p;
}

#define HOSTILE "</script><img src=x onerror=\"document.title='owned'\"><b>&lt;\xe2\x80\xa8${1}"

static page hostile(void)
{
    static const char text[] = HOSTILE;
    page p = new_page(text, 0, 1);
    p.plan.target = BR_STR("javascript:alert(1)//<i>");
    br_run_result *r = p.result = fixture_baseline(4, 30, 20, 0.5);
    fixture_requests(fixture_endpoint(r, text, text), 3, 1, 0, 1000, text);
    fixture_check(r, fixture_group(r, NULL, text), text, 1, 1);
    r->end_reason = BR_STR("<svg onload=alert(1)>");
    p.comparison = fixture_comparison(1);
    p.comparison->headline = p.comparison->rows[0].endpoint = p.comparison->rows[0].sentence = BR_STR(
        HOSTILE);
    p.leak = fixture_leak(r, 5);
    r->target[1].name = r->target[1].source = r->target[1].unit = BR_STR(HOSTILE);
    return p;
}

static page empty(void)
{
    page p = new_page("baseline", 300 * BR_SEC, 1);
    add_criterion(&p, "p95 < 500ms");
    p.result = fixture_new(0);
    p.result->end = BR_RUN_ABORTED;
    p.result->end_reason = BR_STR("setup() threw an exception");
    return p;
}

/* What a run at its limits found out: the whole of it on one page. */
static page ramp(void)
{
    page p = bad();
    p.capacity = fixture_capacity(&p.result->arena);
    p.plan.search = fixture_search(&p.result->arena);
    return p;
}

static void spike_second(br_run_result *r, br_endpoint *e, size_t t)
{
    bool spike = t >= 60 && t < 120;
    double after = t < 120 ? 0 : fmax(0, 1 - ((double) t - 120) / 42);
    double ms = spike ? 1500 : 60 + 1500 * after * after;
    for (size_t i = 0; i < 60; i++) {
        double one = ms * (0.7 + 0.6 * noise(t * 61 + i));
        bool failed = (spike || after > 0.6) && noise(t * 13 + i * 5) > 0.9;
        fixture_requests(e, 1, one, failed ? 503 : 200, failed ? 1503 : 0, NULL);
        fixture_slice_fill(&r->slices[t], 1, failed, one, spike ? 100 : 10);
        fixture_add(&r->metrics[0], 1);
        fixture_add(&r->metrics[1], one);
        fixture_add(&r->metrics[2], failed);
    }
}

static page spike(void)
{
    page p = new_page("spike", 300 * BR_SEC, 1);
    add_criterion(&p, "p95 < 1000ms");
    add_criterion(&p, "recovery < 2min");
    br_run_result *r = p.result = fixture_new(300 * BR_SEC);
    fixture_metric(r, "http_reqs", BR_COUNTER, BR_CONTAINS_DEFAULT);
    fixture_metric(r, "http_req_duration", BR_TREND, BR_CONTAINS_TIME);
    fixture_metric(r, "http_req_failed", BR_RATE, BR_CONTAINS_DEFAULT);
    fixture_slices(r, 300);
    br_endpoint *e = fixture_endpoint(r, "GET", "http://127.0.0.1:3000/products");
    for (size_t t = 0; t < 300; t++)
        spike_second(r, e, t);
    r->vus_max = 100;
    r->probe = BR_STR("probe");
    r->probe_slices = br_arena_zalloc(&r->arena, 300 * sizeof *r->probe_slices);
    r->probe_slice_count = 300;
    for (size_t t = 0; t < 300; t++) {
        br_slice *s = &r->probe_slices[t];
        *s = (br_slice){.start = r->slices[t].start, .length = r->slices[t].length};
        br_hist_init(&s->latency_us);
        fixture_slice_fill(s, 20, 0, t >= 60 && t < 120 ? 2500 : t >= 120 && t < 162 ? 900 : 70, 0);
    }
    p.plan.spike_start = 60 * BR_SEC;
    p.plan.spike_end = 120 * BR_SEC;
    p.recovery = fixture_recovery(&r->arena);
    return p;
}

static page soak(void)
{
    page p = new_page("soak", 7200 * BR_SEC, 1);
    add_criterion(&p, "p95 < 500ms");
    add_criterion(&p, "memory_growth < 50MB/h");
    br_run_result *r = p.result = fixture_baseline(600, 20, 90, 0);
    r->duration *= 12; /* as many slices as a run has at most */
    for (size_t i = 0; i < r->slice_count; i++) {
        r->slices[i].start *= 12;
        r->slices[i].length *= 12;
    }
    p.leak = fixture_leak(p.result, 7200);
    return p;
}

static page compared(void)
{
    page p = good();
    p.comparison = fixture_comparison(7);
    static br_prepared_item items[] = {
        {BR_STR_INIT("target"), BR_STR_INIT("ok"), BR_STR_INIT("all 11 probes of /health in 5s answered"),
            false},
        {BR_STR_INIT("machine"), BR_STR_INIT("accepted"),
            BR_STR_INIT("1 core is little (accepted: <b>small</b> load)"), false},
        {BR_STR_INIT("rollback"), BR_STR_INIT("failed"), BR_STR_INIT("no answer"), true},
        {BR_STR_INIT("team"), BR_STR_INIT("ok"), BR_STR_INIT("in #operations"), true},
    };
    p.preparation = (br_preparation){.approver = BR_STR("Ada"),
        .reason = BR_STR("release 2.1"),
        .told_at = 1790000000 * BR_SEC,
        .checked_at = 1790086400 * BR_SEC,
        .items = items,
        .item_count = BR_COUNT_OF(items)};
    return p;
}

/* As many of everything as there may be: the page must stay small. */
static page many(void)
{
    page p = soak();
    for (size_t i = p.result->endpoint_count; i < FIXTURE_ENDPOINTS_MAX; i++) {
        char name[BR_ENDPOINT_NAME_MAX];
        snprintf(name, sizeof name, "http://127.0.0.1:3000/a/long/path/%zu?page=1&filter=%0950d", i, 7);
        br_endpoint *e = fixture_endpoint(p.result, "GET", name);
        for (size_t n = 0; n < 20; n++)
            fixture_requests(e, 1, 5 + noise(i * 31 + n) * 400, n == 3 ? 503 : 200, n == 3 ? 1503 : 0, NULL);
    }
    br_target_series *series = br_arena_zalloc(&p.result->arena, 14 * sizeof *series);
    for (size_t i = 0; i < 14; i++)
        series[i] = p.result->target[i % 2];
    p.result->target = series;
    p.result->target_count = 14;
    p.capacity = fixture_capacity(&p.result->arena);
    p.recovery = fixture_recovery(&p.result->arena);
    p.comparison = fixture_comparison(200);
    return p;
}

/* Writing ---------------------------------------------------------------------------------------- */

typedef struct writing {
    const page *page;
    const br_judgement *judgement;
    br_result_info info;
} writing;

static br_code put_html(const writing *w, br_buf *out, br_err *err)
{
    return br_report_html(w->page->result, &w->info, out, err);
}
static br_code put_json(const writing *w, br_buf *out, br_err *err)
{
    return br_report_result_json(w->page->result, &w->info, NULL, out, err);
}
static br_code put_markdown(const writing *w, br_buf *out, br_err *err)
{
    return br_report_markdown(w->page->result, &w->info, out, err);
}
static br_code put_junit(const writing *w, br_buf *out, br_err *err)
{
    return br_report_junit(w->page->result, &w->info, out, err);
}
static br_code put_text(const writing *w, br_buf *out, br_err *err)
{
    br_summary_style style = {0};
    br_code rc = br_report_summary_text(w->page->result, &style, out, err);
    if (rc == BR_OK) rc = br_buf_puts(out, "\n\n");
    if (rc == BR_OK) rc = br_report_verdict_text(w->judgement, &w->page->plan, false, out, err);
    static const br_comparison_table_style table = {.against = "the last runs"};
    if (rc == BR_OK && w->page->comparison) br_report_comparison_table(w->page->comparison, &table, out);
    return rc;
}

static const struct {
    const char *ending;
    br_code (*put)(const writing *w, br_buf *out, br_err *err);
} forms[] = {
    {"html", put_html}, {"json", put_json}, {"txt", put_text}, {"md", put_markdown}, {"xml", put_junit}};

static br_code write_pages(const page *p, const char *kind, const char *folder, br_err *err)
{
    br_judgement *j = br_judge(&p->plan, p->result);
    if (p->capacity) j->capacity = p->capacity;
    if (p->recovery) j->recovery = p->recovery;
    if (p->leak) j->leak = p->leak;
    writing w = {p, j, {BR_STR("0.1.0"), BR_STR("loadgen-1"), &p->plan, j, p->comparison, &p->preparation}};
    br_code rc = BR_OK;
    for (size_t i = 0; i < BR_COUNT_OF(forms) && rc == BR_OK; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s.%s", folder, kind, forms[i].ending);
        br_buf out;
        br_buf_init(&out, BR_BUF_NO_LIMIT);
        rc = forms[i].put(&w, &out, err);
        if (rc == BR_OK) rc = br_file_write(path, br_buf_view(&out), err);
        br_buf_deinit(&out);
    }
    br_judgement_free(j);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        page (*make)(void);
    } kinds[] = {{"good", good}, {"bad", bad}, {"hostile", hostile}, {"empty", empty}, {"ramp", ramp},
        {"spike", spike}, {"soak", soak}, {"compared", compared}, {"many", many}};
    for (size_t i = 0; argc == 3 && i < BR_COUNT_OF(kinds); i++) {
        if (strcmp(argv[1], kinds[i].name) != 0) continue;
        page p = kinds[i].make();
        p.plan.criteria = p.criteria;
        br_err err = {0};
        br_code rc = write_pages(&p, argv[1], argv[2], &err);
        if (p.comparison) fixture_comparison_free(p.comparison);
        br_run_result_free(p.result);
        if (rc == BR_OK) return 0;
        (void) fprintf(stderr, "make_page: %s\n", err.msg);
        return 1;
    }
    (void) fprintf(stderr, "usage: make_page KIND FOLDER\n");
    return 2;
}
