#include "cli/test/test_all.h"

#include <stdio.h>
#include <string.h>
#include "base/file.h"
#include "base/log.h"
#include "cli/terminal/interrupt.h"
#include "cli/target/target.h"
#include "cli/test/test_overview.h"
#include "cli/test/test_timetable.h"

#define COMEBACK_MAX (120 * BR_SEC) /* after a test, before the next one; of unshortened tests */

/* Which, and in which order ------------------------------------------------------------------------- */

static bool is_all(const br_test_session *s)
{
    return strcmp(s->args.words.data[0], "all") == 0;
}

static br_code add_test(const br_test_session *s, br_str name, br_test_list *list, br_err *err)
{
    const br_named_test *t;
    br_code code = br_config_test(s->config, name, &t, err);
    if (code == BR_OK) *br_vec_push(list) = t;
    return code;
}

static const char *const usual_order[] = {"baseline", "stress", "spike", "soak"};

static bool is_usual(br_str name)
{
    for (size_t i = 0; i < BR_COUNT_OF(usual_order); i++) {
        if (br_str_is(name, usual_order[i])) return true;
    }
    return false;
}

static bool has_test(const br_config *c, const char *name)
{
    for (size_t i = 0; i < br_config_test_count(c); i++) {
        if (br_str_is(br_config_test_name(c, i), name)) return true;
    }
    return false;
}

/* All: the four usual ones first, then the others as the file has them. What is wrong with one of them is
 * told before anything runs. */
br_code br_test_all_collect(const br_test_session *s, br_test_list *list, br_err *err)
{
    br_code code = BR_OK;
    if (!is_all(s)) return add_test(s, br_str_of(s->args.words.data[0]), list, err);
    for (size_t i = 0; i < BR_COUNT_OF(usual_order) && code == BR_OK; i++) {
        if (has_test(s->config, usual_order[i])) code = add_test(s, br_str_of(usual_order[i]), list, err);
    }
    for (size_t i = 0; i < br_config_test_count(s->config) && code == BR_OK; i++) {
        br_str other = br_config_test_name(s->config, i);
        if (!is_usual(other)) code = add_test(s, other, list, err);
    }
    return code;
}

/* Steps --------------------------------------------------------------------------------------------- */

int br_test_all_dry_run(const br_test_session *s, const br_test_list *list)
{
    br_buf out;
    br_err err = {0};
    br_code code = BR_OK;
    br_ns length = 0;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < list->len && code == BR_OK; i++) {
        br_test_plan plan;
        code = br_test_plan_make(s->environment, list->data[i], s->scale, &s->extras, &plan, &err);
        if (code != BR_OK) break;
        br_test_timetable_put(s, &plan, &out);
        length += plan.load.duration + s->cool_down;
        br_test_plan_deinit(&plan);
    }
    br_test_timetable_put_end(list->len, length, &out);
    if (code == BR_OK)
        fwrite(out.data, 1, out.len, stdout);
    else
        br_error("%s", err.msg);
    br_buf_deinit(&out);
    return code == BR_OK ? 0 : BR_EXIT_CONFIG;
}

/* One test must not pay for what the one before has done: the target gets time to come back. */
static br_code wait_for_target(const br_test_session *s, br_err *err)
{
    br_ns end = br_clock_now() + (br_ns) ((double) COMEBACK_MAX * s->scale);
    for (;;) {
        br_code code = br_target_check(
            s->environment->base_url.p, s->environment->health.p, BR_TEST_HEALTH_TIMEOUT, err);
        if (code == BR_OK || br_interrupted() || br_clock_now() >= end) return code;
        (void) br_interrupt_sleep(BR_SEC);
    }
}

static void run_tests(br_test_session *s, const br_test_list *list, br_test_row *rows)
{
    for (size_t i = 0; i < list->len; i++)
        rows[i].test = list->data[i]->name;
    for (size_t i = 0; i < list->len; i++) {
        br_err err = {0};
        if (i > 0 && !br_interrupted() && wait_for_target(s, &err) != BR_OK && !br_interrupted()) {
            br_error("%s", err.msg);
            rows[i].ran = true;
            rows[i].outcome.status = BR_TEST_EXIT_UNAVAILABLE;
        }
        if (rows[i].ran || (i > 0 && br_interrupted())) return;
        s->number = i + 1;
        rows[i].ran = true;
        br_test_run(s, list->data[i], &rows[i].outcome);
        if (rows[i].outcome.status == BR_TEST_EXIT_UNAVAILABLE) return; /* the others would fare no better */
    }
}

static br_code write_json(const br_test_session *s, int status, br_err *err)
{
    br_buf out;
    bool several = is_all(s);
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    if (several) (void) br_buf_puts(&out, "{\"schema\": \"brunt.results/1\", \"results\": [\n");
    (void) br_buf_put(&out, br_buf_view(&s->documents));
    if (several) (void) br_buf_printf(&out, "],\n\"exit_status\": %d}\n", status);
    br_code code = BR_OK;
    if (strcmp(s->json, "-") == 0)
        fwrite(out.data, 1, out.len, stdout);
    else
        code = br_file_write(s->json, br_buf_view(&out), err);
    br_buf_deinit(&out);
    return code;
}

int br_test_all_run(br_test_session *s, const br_test_list *list)
{
    br_err err = {0};
    br_test_row *rows = br_calloc(list->len + 1, sizeof(*rows));
    s->count = list->len;
    run_tests(s, list, rows);
    int status = br_test_overview_status(rows, list->len);
    bool silent = s->json && strcmp(s->json, "-") == 0;
    if (is_all(s) && !silent) {
        br_buf out;
        br_buf_init(&out, BR_BUF_NO_LIMIT);
        br_test_overview_put(rows, list->len, s->report_dir, &out);
        fwrite(out.data, 1, out.len, stdout);
        br_buf_deinit(&out);
    }
    if (s->json && write_json(s, status, &err) != BR_OK) {
        br_error("%s", err.msg);
        if (status == 0) status = BR_EXIT_OTHER;
    }
    br_free(rows);
    return status;
}
