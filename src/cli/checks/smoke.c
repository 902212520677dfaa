#include "cli/checks/smoke.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "judge/format.h"

/* Judging ------------------------------------------------------------------------------------------ */

static bool endpoint_ok(const br_endpoint *e)
{
    return e->requests > 0 && e->failed == 0;
}

static bool was_answered(const br_endpoint *e)
{
    for (size_t i = 0; i < e->outcomes.len; i++) {
        if (e->outcomes.data[i].status != 0) return true;
    }
    return false;
}

static void count_endpoints(br_smoke *s)
{
    bool any = false;
    for (size_t i = 0; i < s->result->endpoint_count; i++) {
        const br_endpoint *e = &s->result->endpoints[i];
        if (!endpoint_ok(e)) s->endpoints_failed++;
        any = any || was_answered(e);
    }
    s->unavailable = s->result->endpoint_count > 0 && !any;
}

static size_t failed_checks(const br_group *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->checks.len; i++)
        n += g->checks.data[i]->fails > 0;
    for (size_t i = 0; i < g->groups.len; i++)
        n += failed_checks(g->groups.data[i]);
    return n;
}

BR_PRINTF(2, 3)
static void fault(br_smoke *s, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    *br_vec_push(&s->faults) = br_arena_str(&s->arena, br_str_of(text));
}

static void check_asked(br_smoke *s)
{
    for (size_t i = 0; i < s->test->criterion_count; i++) {
        br_str name = s->test->criteria[i].criterion.endpoint;
        bool asked = name.n == 0;
        for (size_t k = 0; k < i && !asked; k++)
            asked = br_str_eq(s->test->criteria[k].criterion.endpoint, name); /* told already */
        for (size_t k = 0; k < s->result->endpoint_count && !asked; k++)
            asked = br_str_eq(br_endpoint_label(&s->result->endpoints[k], &s->arena), name);
        if (!asked) fault(s, "the endpoint " BR_FMT ", which has criteria, was not asked", BR_ARG(name));
    }
}

void br_smoke_judge(br_smoke *s, const br_environment *e, const br_named_test *t, const br_run_result *result,
    uint64_t iterations)
{
    *s = (br_smoke){.environment = e, .test = t, .result = result};
    br_arena_init(&s->arena, 4096);
    count_endpoints(s);
    s->checks_failed = result->root_group ? failed_checks(result->root_group) : 0;
    if (result->endpoint_count == 0) fault(s, "the script sent no request");
    if (result->iterations_threw) {
        fault(s, "%llu of %llu iterations ended by an exception",
            (unsigned long long) result->iterations_threw, (unsigned long long) iterations);
    }
    if (result->iterations_complete < iterations) {
        fault(s, "%llu of %llu iterations came to their end in time",
            (unsigned long long) result->iterations_complete, (unsigned long long) iterations);
    }
    if (result->end != BR_RUN_COMPLETE) fault(s, "the run was ended: " BR_FMT, BR_ARG(result->end_reason));
    check_asked(s);
}

void br_smoke_deinit(br_smoke *s)
{
    br_vec_deinit(&s->faults);
    br_arena_deinit(&s->arena);
}

static bool passed(const br_smoke *s)
{
    return s->endpoints_failed == 0 && s->checks_failed == 0 && s->faults.len == 0;
}

int br_smoke_exit_status(const br_smoke *s)
{
    if (s->unavailable) return BR_SMOKE_EXIT_UNAVAILABLE;
    return passed(s) ? 0 : BR_SMOKE_EXIT_FAILED;
}

/* Text --------------------------------------------------------------------------------------------- */

/* The first outcome that is none of success; NULL: all are. */
static const br_endpoint_outcome *bad_outcome(const br_endpoint *e)
{
    for (size_t i = 0; i < e->outcomes.len; i++) {
        const br_endpoint_outcome *o = &e->outcomes.data[i];
        if (o->error_code != 0 || o->status == 0 || o->status >= 400) return o;
    }
    return NULL;
}

static void print_endpoint(br_smoke *s, const br_endpoint *e, bool colour)
{
    bool ok = endpoint_ok(e);
    br_buf time;
    br_buf_init(&time, 64);
    br_format_duration(&time, br_sink_value(&e->duration, (br_agg_spec){BR_AGG_MAX, 0}, 0));
    printf("  %s%-6s%s  " BR_FMT ": ", colour ? (ok ? "\x1b[32m" : "\x1b[31m") : "", ok ? "ok" : "FAILED",
        colour ? "\x1b[0m" : "", BR_ARG(br_endpoint_label(e, &s->arena)));
    printf("%llu requests", (unsigned long long) e->requests);
    if (ok) {
        printf(", at most %s\n", time.data);
    } else {
        const br_endpoint_outcome *o = bad_outcome(e);
        printf(", %llu failed", (unsigned long long) e->failed);
        if (o && o->status > 0) printf(", status %d", o->status);
        if (o && o->status == 0) printf(", no answer: %s", o->error_text);
        putchar('\n');
    }
    br_buf_deinit(&time);
}

static void print_checks(const br_group *g, bool colour)
{
    for (size_t i = 0; i < g->checks.len; i++) {
        const br_check *c = g->checks.data[i];
        if (c->fails == 0) continue;
        uint64_t all = c->passes + c->fails;
        printf("  %sFAILED%s  check \"" BR_FMT "\": %llu of %llu times\n", colour ? "\x1b[31m" : "",
            colour ? "\x1b[0m" : "", BR_ARG(c->name), (unsigned long long) c->fails,
            (unsigned long long) all);
    }
    for (size_t i = 0; i < g->groups.len; i++)
        print_checks(g->groups.data[i], colour);
}

void br_smoke_print(br_smoke *s, bool colour)
{
    const br_run_result *r = s->result;
    br_str url = br_config_redact(s->environment, s->environment->base_url, &s->arena);
    printf("Smoke test of " BR_FMT " (" BR_FMT ") with " BR_FMT "\n\n", BR_ARG(s->environment->name),
        BR_ARG(url), BR_ARG(s->test->name));
    for (size_t i = 0; i < r->endpoint_count; i++)
        print_endpoint(s, &r->endpoints[i], colour);
    if (r->root_group) print_checks(r->root_group, colour);
    for (size_t i = 0; i < s->faults.len; i++)
        printf("  %sFAILED%s  " BR_FMT "\n", colour ? "\x1b[31m" : "", colour ? "\x1b[0m" : "",
            BR_ARG(s->faults.data[i]));
    if (passed(s)) {
        printf(
            "\nPassed: %zu endpoint%s, all checks.\n", r->endpoint_count, r->endpoint_count == 1 ? "" : "s");
    } else if (s->unavailable) {
        puts("\nFailed: the target gave no answer.");
    } else {
        printf("\nFailed: %zu of %zu endpoint%s, %zu check%s, %zu other fault%s.\n", s->endpoints_failed,
            r->endpoint_count, r->endpoint_count == 1 ? "" : "s", s->checks_failed,
            s->checks_failed == 1 ? "" : "s", s->faults.len, s->faults.len == 1 ? "" : "s");
    }
}

/* JSON --------------------------------------------------------------------------------------------- */

/* Names come from scripts and may hold anything: what is no UTF-8 is left out. */
static json_t *text_json(br_str text)
{
    json_t *value = json_stringn(text.n ? text.p : "", text.n);
    return value ? value : json_string("?");
}

static json_t *endpoint_json(br_smoke *s, const br_endpoint *e)
{
    json_t *outcomes = json_array();
    for (size_t i = 0; i < e->outcomes.len; i++) {
        const br_endpoint_outcome *o = &e->outcomes.data[i];
        json_t *one = json_pack("{s:i,s:I}", "status", o->status, "count", (json_int_t) o->count);
        if (o->error_code) json_object_set_new(one, "error_code", json_integer(o->error_code));
        if (o->error_text[0]) json_object_set_new(one, "error", text_json(br_str_of(o->error_text)));
        json_array_append_new(outcomes, one);
    }
    return json_pack("{s:o,s:b,s:I,s:I,s:f,s:o}", "endpoint", text_json(br_endpoint_label(e, &s->arena)),
        "ok", endpoint_ok(e), "requests", (json_int_t) e->requests, "failed", (json_int_t) e->failed,
        "max_ms", br_sink_value(&e->duration, (br_agg_spec){BR_AGG_MAX, 0}, 0), "outcomes", outcomes);
}

static void checks_json(const br_group *g, json_t *list)
{
    for (size_t i = 0; i < g->checks.len; i++) {
        const br_check *c = g->checks.data[i];
        json_array_append_new(
            list, json_pack("{s:o,s:o,s:I,s:I}", "group", text_json(g->path), "name", text_json(c->name),
                      "passes", (json_int_t) c->passes, "fails", (json_int_t) c->fails));
    }
    for (size_t i = 0; i < g->groups.len; i++)
        checks_json(g->groups.data[i], list);
}

void br_smoke_json(br_smoke *s, br_buf *out)
{
    const br_run_result *r = s->result;
    json_t *endpoints = json_array(), *checks = json_array(), *faults = json_array();
    for (size_t i = 0; i < r->endpoint_count; i++)
        json_array_append_new(endpoints, endpoint_json(s, &r->endpoints[i]));
    if (r->root_group) checks_json(r->root_group, checks);
    for (size_t i = 0; i < s->faults.len; i++)
        json_array_append_new(faults, text_json(s->faults.data[i]));
    json_t *root = json_pack("{s:s,s:{s:s,s:s},s:o,s:o,s:o,s:b,s:b,s:I,s:f,s:o,s:o,s:o}", "schema",
        "brunt.smoke/1", "tool", "name", "brunt", "version", BRUNT_VERSION, "environment",
        text_json(s->environment->name), "base_url",
        text_json(br_config_redact(s->environment, s->environment->base_url, &s->arena)), "test",
        text_json(s->test->name), "passed", passed(s), "unavailable", s->unavailable, "iterations",
        (json_int_t) r->iterations_complete, "duration_ms", (double) r->duration / (double) BR_MS,
        "endpoints", endpoints, "checks", checks, "faults", faults);
    char *text = json_dumps(root, JSON_INDENT(2));
    BR_ASSERT(text); /* all texts are valid UTF-8 */
    (void) br_buf_puts(out, text);
    (void) br_buf_putc(out, '\n');
    free(text); // from jansson
    json_decref(root);
}
