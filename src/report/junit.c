#include "report/junit.h"
#include "base/num.h"
#include "base/vec.h"

/* Cases ------------------------------------------------------------------------------------------ */

typedef enum outcome { PASSED, FAILED, BROKEN, SKIPPED } outcome;

typedef struct test_case {
    br_str name, type, text; /* text: why; of a case that passed, its output */
    outcome outcome;
} test_case;

typedef struct suite {
    const char *name;
    BR_VEC(test_case) cases;
} suite;

static void add(suite *s, br_str name, outcome o, const char *type, br_str text)
{
    *br_vec_push(&s->cases) = (test_case){.name = name, .type = br_str_of(type), .text = text, .outcome = o};
}

static size_t count(const suite *s, outcome o)
{
    size_t n = 0;
    for (size_t i = 0; i < s->cases.len; i++)
        n += s->cases.data[i].outcome == o;
    return n;
}

static void collect_verdict(suite *s, const br_judgement *j)
{
    static const outcome outcomes[] = {PASSED, FAILED, BROKEN, BROKEN};
    add(s, BR_STR("verdict"), outcomes[j->outcome], br_outcome_name(j->outcome), j->headline);
}

static void collect_criteria(suite *s, const br_judgement *j)
{
    bool evidence = j->outcome != BR_OUTCOME_INVALID;
    for (size_t i = 0; i < j->criterion_count; i++) {
        const br_criterion_result *c = &j->criteria[i];
        outcome o = !evidence || c->state == BR_CRITERION_NOT_MEASURED ? SKIPPED
                    : c->state == BR_CRITERION_PASSED                  ? PASSED
                                                                       : FAILED;
        add(s, c->criterion->text, o, evidence ? "criterion" : "no evidence", c->sentence);
    }
}

static void collect_thresholds(suite *s, const br_run_result *r, const br_judgement *j, br_arena *arena)
{
    bool evidence = j->outcome != BR_OUTCOME_INVALID;
    for (size_t i = 0; i < r->metric_count; i++) {
        const br_result_metric *m = &r->metrics[i];
        for (size_t k = 0; k < m->threshold_count; k++) {
            const br_result_threshold *t = &m->thresholds[k];
            br_str name = br_str_of(
                br_arena_printf(arena, BR_FMT ": " BR_FMT, BR_ARG(m->name), BR_ARG(t->source)));
            br_str text = br_str_of(br_arena_printf(arena, "the figure is %.6g", t->value));
            add(s, name,
                !evidence ? SKIPPED
                : t->ok   ? PASSED
                          : FAILED,
                evidence ? "threshold" : "no evidence", text);
        }
    }
}

static void collect_self_checks(suite *s, const br_judgement *j)
{
    for (size_t i = 0; i < j->self_checks.len; i++) {
        const br_self_check *c = &j->self_checks.data[i];
        add(s, br_str_of(c->name), !c->ok && c->fatal ? BROKEN : PASSED, "self-check", c->text);
    }
}

static void collect_comparison(suite *s, const br_comparison *c, br_arena *arena)
{
    if (!c) return;
    static const outcome answers[] = {PASSED, FAILED, SKIPPED, SKIPPED, BROKEN};
    add(s, BR_STR("all"), answers[c->answer], "comparison", c->headline);
    static const outcome changes[] = {PASSED, FAILED, PASSED, SKIPPED};
    for (size_t i = 0; i < c->row_count; i++) {
        const br_comparison_row *r = &c->rows[i];
        br_str endpoint = r->endpoint.n > 0 ? r->endpoint : BR_STR("all requests");
        br_str name = br_str_of(
            br_arena_printf(arena, BR_FMT " of " BR_FMT, BR_ARG(r->measure), BR_ARG(endpoint)));
        /* What does not count for the answer cannot fail a build. */
        add(s, name, r->gates || changes[r->change] == PASSED ? changes[r->change] : SKIPPED, "comparison",
            r->sentence);
    }
}

/* XML -------------------------------------------------------------------------------------------- */

/* May a code point stand in XML 1.0? (section 2.2) */
static bool is_xml_char(uint32_t rune)
{
    return rune == '\t' || rune == '\n' || rune == '\r' || (rune >= 0x20 && rune != 0xfffe && rune != 0xffff);
}

static void put_rune(br_buf *out, const char *p, size_t n, uint32_t rune)
{
    switch (rune) {
        case '&': (void) br_buf_puts(out, "&amp;"); break;
        case '<': (void) br_buf_puts(out, "&lt;"); break;
        case '>': (void) br_buf_puts(out, "&gt;"); break;
        case '"': (void) br_buf_puts(out, "&quot;"); break;
        case '\t':
        case '\n':
        case '\r': (void) br_buf_printf(out, "&#%u;", rune); break; /* else blanks in attributes */
        default: (void) br_buf_append(out, p, n);
    }
}

static void put_xml(br_buf *out, br_str s)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t rune = 0;
        size_t n = br_utf8_decode(s.p + i, s.n - i, &rune);
        if (n == 0 || !is_xml_char(rune))
            (void) br_buf_puts(out, "\ufffd");
        else
            put_rune(out, s.p + i, n, rune);
        i += n > 0 ? n : 1;
    }
}

static void put_attribute(br_buf *out, const char *name, br_str value)
{
    (void) br_buf_printf(out, " %s=\"", name);
    put_xml(out, value);
    (void) br_buf_putc(out, '"');
}

static void put_case(br_buf *out, const test_case *c, br_str class_name)
{
    static const char *const elements[] = {"system-out", "failure", "error", "skipped"};
    (void) br_buf_puts(out, "    <testcase");
    put_attribute(out, "classname", class_name);
    put_attribute(out, "name", c->name);
    (void) br_buf_puts(out, " time=\"0\">\n");
    (void) br_buf_printf(out, "      <%s", elements[c->outcome]);
    if (c->outcome != PASSED) put_attribute(out, "message", c->text);
    if (c->outcome == FAILED || c->outcome == BROKEN) put_attribute(out, "type", c->type);
    (void) br_buf_putc(out, '>');
    if (c->outcome != SKIPPED) put_xml(out, c->text);
    (void) br_buf_printf(out, "</%s>\n    </testcase>\n", elements[c->outcome]);
}

typedef struct writer {
    const br_run_result *result;
    const br_result_info *info;
    br_buf out;
} writer;

static void put_counts(br_buf *out, size_t tests, size_t failures, size_t errors, size_t skipped, double time)
{
    (void) br_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
        tests, failures, errors, skipped, time);
}

static double seconds(const br_run_result *r)
{
    return (double) r->duration / (double) BR_SEC;
}

static void put_suite(writer *w, const suite *s, br_str test, br_arena *arena)
{
    br_buf *out = &w->out;
    br_str name = br_str_of(br_arena_printf(arena, "brunt." BR_FMT ".%s", BR_ARG(test), s->name));
    (void) br_buf_puts(out, "  <testsuite");
    put_attribute(out, "name", name);
    put_counts(out, s->cases.len, count(s, FAILED), count(s, BROKEN), count(s, SKIPPED), seconds(w->result));
    (void) br_buf_puts(out, " timestamp=\"");
    (void) br_buf_put_rfc3339(out, w->result->started_wall, false);
    (void) br_buf_putc(out, '"');
    put_attribute(out, "hostname", w->info->host);
    (void) br_buf_puts(out, ">\n");
    for (size_t i = 0; i < s->cases.len; i++)
        put_case(out, &s->cases.data[i], name);
    (void) br_buf_puts(out, "  </testsuite>\n");
}

static void put_document(writer *w, const suite *suites, size_t n, br_arena *arena)
{
    br_str test = w->info->plan && w->info->plan->test.n > 0 ? w->info->plan->test : BR_STR("script");
    size_t all = 0, failures = 0, errors = 0, skipped = 0;
    for (size_t i = 0; i < n; i++) {
        all += suites[i].cases.len;
        failures += count(&suites[i], FAILED);
        errors += count(&suites[i], BROKEN);
        skipped += count(&suites[i], SKIPPED);
    }
    (void) br_buf_puts(&w->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"brunt\"");
    put_counts(&w->out, all, failures, errors, skipped, seconds(w->result));
    (void) br_buf_puts(&w->out, ">\n");
    for (size_t i = 0; i < n; i++) {
        if (suites[i].cases.len > 0) put_suite(w, &suites[i], test, arena);
    }
    (void) br_buf_puts(&w->out, "</testsuites>\n");
}

br_code br_report_junit(const br_run_result *result, const br_result_info *info, br_buf *out, br_err *err)
{
    enum { VERDICT, CRITERIA, THRESHOLDS, SELF_CHECKS, COMPARISON, SUITES };
    suite suites[SUITES] = {{.name = "verdict"}, {.name = "criteria"}, {.name = "thresholds"},
        {.name = "self-checks"}, {.name = "comparison"}};
    br_arena arena;
    br_arena_init(&arena, 4096);
    collect_verdict(&suites[VERDICT], info->judgement);
    collect_criteria(&suites[CRITERIA], info->judgement);
    collect_thresholds(&suites[THRESHOLDS], result, info->judgement, &arena);
    collect_self_checks(&suites[SELF_CHECKS], info->judgement);
    collect_comparison(&suites[COMPARISON], info->comparison, &arena);
    writer w = {.result = result, .info = info};
    br_buf_init(&w.out, BR_BUF_NO_LIMIT);
    put_document(&w, suites, SUITES, &arena);
    br_code rc = br_buf_append(out, w.out.data, w.out.len);
    if (rc != BR_OK) rc = br_fail(err, rc, "the JUnit report does not fit into %zu bytes", out->max_bytes);
    br_buf_deinit(&w.out);
    for (size_t i = 0; i < SUITES; i++)
        br_vec_deinit(&suites[i].cases);
    br_arena_deinit(&arena);
    return rc;
}
