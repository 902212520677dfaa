/*
 * tests/e2e/web/make_page.c - writes a report page from a run made by hand.
 *
 *     make_page KIND FILE.html [FILE.txt]    KIND: good, bad, hostile, empty
 *
 * What: a browser test (and a person) needs pages of known content without running a load test.
 */
#include <math.h>
#include <stdio.h>
#include "base/file.h"
#include "report/html.h"
#include "report/summary_text.h"
#include "report/verdict_text.h"
#include "unit/report/fixture.h"

typedef struct page {
    br_run_result *result;
    br_criterion criteria[4];
    br_judge_plan plan;
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

static page hostile(void)
{
    static const char text[] =
        "</script><img src=x onerror=\"document.title='owned'\"><b>&lt;\xe2\x80\xa8${1}";
    page p = new_page(text, 0, 1);
    p.plan.target = BR_STR("javascript:alert(1)//<i>");
    br_run_result *r = p.result = fixture_baseline(4, 30, 20, 0.5);
    fixture_requests(fixture_endpoint(r, text, text), 3, 1, 0, 1000, text);
    fixture_check(r, fixture_group(r, NULL, text), text, 1, 1);
    r->end_reason = BR_STR("<svg onload=alert(1)>");
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

static br_code write_page(page *p, const char *html_path, const char *text_path, br_err *err)
{
    br_judgement *j = br_judge(&p->plan, p->result);
    br_result_info info = {BR_STR("0.1.0"), BR_STR("loadgen-1"), &p->plan, j};
    br_buf html, text;
    br_buf_init(&html, BR_BUF_NO_LIMIT);
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_code rc = br_report_html(p->result, &info, &html, err);
    if (rc == BR_OK) rc = br_file_write(html_path, br_buf_view(&html), err);
    br_summary_style style = {0};
    if (rc == BR_OK) rc = br_report_summary_text(p->result, &style, &text, err);
    if (rc == BR_OK) rc = br_buf_puts(&text, "\n\n");
    if (rc == BR_OK) rc = br_report_verdict_text(j, &p->plan, false, &text, err);
    if (rc == BR_OK && text_path) rc = br_file_write(text_path, br_buf_view(&text), err);
    br_buf_deinit(&text);
    br_buf_deinit(&html);
    br_judgement_free(j);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        page (*make)(void);
    } kinds[] = {{"good", good}, {"bad", bad}, {"hostile", hostile}, {"empty", empty}};
    for (size_t i = 0; argc >= 3 && i < BR_COUNT_OF(kinds); i++) {
        if (strcmp(argv[1], kinds[i].name) != 0) continue;
        page p = kinds[i].make();
        p.plan.criteria = p.criteria;
        br_err err = {0};
        br_code rc = write_page(&p, argv[2], argc > 3 ? argv[3] : NULL, &err);
        br_run_result_free(p.result);
        if (rc == BR_OK) return 0;
        (void) fprintf(stderr, "make_page: %s\n", err.msg);
        return 1;
    }
    (void) fprintf(stderr, "usage: make_page good|bad|hostile|empty FILE.html [FILE.txt]\n");
    return 2;
}
