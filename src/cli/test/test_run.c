#include "cli/test/test_run.h"

#include <stdio.h>
#include <unistd.h>
#include "base/log.h"
#include "base/num.h"
#include "cli/terminal/interrupt.h"
#include "cli/load/job.h"
#include "cli/history/record.h"
#include "cli/config/redact_result.h"
#include "cli/test/preparation.h"
#include "cli/test/reports.h"
#include "cli/terminal/screen.h"
#include "cli/target/target.h"
#include "cli/test/test_all.h"
#include "cli/test/test_decide.h"
#include "cli/test/test_progress.h"
#include "cli/target/target_version.h"
#include "cli/test/test_watch.h"
#include "report/result_json.h"

/* One test on its way. */
typedef struct test {
    br_test_session *session;
    br_test_plan plan;
    br_test_watch watch;
    br_test_progress progress;
    br_search_report search;
    br_test_decider decider;
    br_job job;
    br_run_result *result; /* of the job, or `empty` */
    br_run_result *empty;  /* of a test that was interrupted before it began */
    br_exit_code exit_code;
    br_str version; /* of the target, for the history; empty: unknown */
    br_preparation preparation;
} test;

/* Running ------------------------------------------------------------------------------------------- */

static void put_banner(const br_test_plan *p, br_buf *banner)
{
    (void) br_buf_printf(banner, BR_FMT " against " BR_FMT " (" BR_FMT ")", BR_ARG(p->judge.test),
        BR_ARG(p->environment->name), BR_ARG(p->judge.target));
    if (p->load.factor < 1) (void) br_buf_printf(banner, ", shortened to %.4g of its length", p->load.factor);
}

static br_code run_job(test *t, br_job_config *config, br_err *err)
{
    br_code code = br_job_prepare(config, &t->job, &t->exit_code, err);
    if (code != BR_OK) return code;
    if (t->plan.probe_rate && !t->job.probed)
        br_warn(
            "the script exports no function probe(): the recovery is judged by the load's own requests, which "
            "wait for slow answers and so hide a part of it");
    code = br_job_run(&t->job, config, &t->exit_code, err);
    if (code != BR_OK) {
        br_job_deinit(&t->job);
        return code;
    }
    t->result = t->job.result;
    br_redact_result(t->plan.environment, t->result);
    t->exit_code = t->job.exit_code;
    if (t->exit_code == BR_EXIT_INTERRUPTED) br_interrupt_note();
    return BR_OK;
}

/* A test that cannot end early says why: whoever asked for it would wait in vain. */
static bool may_end_early(test *t)
{
    if (!t->session->stop_early && !t->plan.test->stop_early) return false;
    if (t->session->count > 1 && !br_test_plan_criterion(&t->plan, BR_CRITERION_MEMORY))
        return false; /* meant for others */
    const char *obstacle = br_test_decide_obstacle(&t->plan, &t->watch);
    t->decider = (br_test_decider){&t->plan, &t->watch};
    if (obstacle) br_warn("test " BR_FMT " cannot end early: %s", BR_ARG(t->plan.test->name), obstacle);
    return !obstacle;
}

static br_code run_load(test *t, br_err *err)
{
    const br_test_session *s = t->session;
    json_t *options = br_test_plan_options(&t->plan), *probe = br_test_plan_probe(&t->plan);
    br_buf banner;
    br_buf_init(&banner, BR_BUF_NO_LIMIT);
    put_banner(&t->plan, &banner);
    br_job_config config = {.script = t->plan.script.p,
        .system_env = true,
        .env = t->plan.env,
        .env_count = t->plan.env_count,
        .overrides = options,
        .probe = probe,
        .interrupted = br_interrupted,
        .quiet = s->quiet,
        .colour = s->colour,
        .workers = s->workers,
        .keep_sources = s->record,
        .module_args = &s->args,
        .loop = s->loop,
        .head = br_test_progress_line,
        .head_ctx = &t->progress,
        .banner = banner.data};
    config.maps = br_config_modules(s->config, &config.map_count);
    if (may_end_early(t)) {
        config.decide = br_test_decide;
        config.decide_ctx = &t->decider;
        config.decide_interval_ns = br_test_decide_interval(t->plan.load.duration);
    }
    br_code code = run_job(t, &config, err);
    json_decref(options);
    json_decref(probe);
    br_buf_deinit(&banner);
    return code;
}

static void mark_interrupted(test *t, br_str reason)
{
    t->result->end = BR_RUN_INTERRUPTED;
    t->result->end_reason = reason;
    t->exit_code = BR_EXIT_INTERRUPTED;
}

/* A test that was interrupted before its load began has a result all the same: nothing. */
static void make_empty(test *t)
{
    br_run_result *r = br_run_result_new();
    r->script = br_arena_str(&r->arena, t->plan.script);
    r->started_wall = br_clock_wall();
    r->started_clock = br_clock_now();
    t->result = t->empty = r;
    mark_interrupted(t, BR_STR("interrupted by a signal before the load began"));
}

/* Cooling down -------------------------------------------------------------------------------------- */

/* The target without load, to see what it gives back. */
static void cool_down(test *t)
{
    const br_test_session *s = t->session;
    bool shown = !s->quiet && isatty(STDOUT_FILENO);
    br_screen screen;
    if (s->cool_down <= 0 || !t->watch.watch || br_interrupted()) return;
    br_ns end = br_clock_now() + s->cool_down;
    br_screen_init(&screen, shown, s->colour);
    for (br_ns left = s->cool_down; left > 0; left = end - br_clock_now()) {
        if (shown) {
            br_screen_begin(&screen);
            (void) br_buf_puts(&screen.block, "cooling down: the target is watched without load, ");
            (void) br_buf_put_duration(&screen.block, (left + BR_SEC - 1) / BR_SEC * BR_SEC);
            (void) br_buf_puts(&screen.block, " left\n");
            br_screen_end(&screen);
        }
        if (!br_interrupt_sleep(left < BR_SEC / 2 ? left : BR_SEC / 2)) break;
    }
    if (shown) br_screen_clear(&screen);
    br_screen_deinit(&screen);
    if (br_interrupted()) mark_interrupted(t, BR_STR("interrupted by a signal while the target cooled down"));
}

/* Searching ----------------------------------------------------------------------------------------- */

/* The highest rate that the target holds, where a ramp has pressed it before. A trial that cannot be run
 * takes nothing from what the ramp has shown. */
static void search(test *t)
{
    const br_test_session *s = t->session;
    br_err err = {0};
    bool wanted = s->search.on || t->plan.test->search;
    if (!wanted || !br_test_search_fits(&t->plan) || t->result->end != BR_RUN_COMPLETE) return;
    br_test_search_input in = {.limits = &s->search,
        .args = &s->args,
        .config = s->config,
        .plan = &t->plan,
        .ramp = t->result,
        .scale = s->scale,
        .workers = s->workers,
        .loop = s->loop,
        .quiet = s->quiet};
    if (br_test_search(&in, &t->plan.arena, &t->search, &err) == BR_OK)
        t->plan.judge.search = &t->search;
    else
        br_error("the search for the highest rate failed: %s", err.msg);
    if (br_interrupted())
        mark_interrupted(t, BR_STR("interrupted by a signal in the search for the highest rate"));
}

/* Judging and reporting ----------------------------------------------------------------------------- */

static br_code add_document(
    test *t, const br_judgement *judgement, const br_comparison *comparison, br_err *err)
{
    br_buf *out = &t->session->documents;
    char host[256] = "";
    (void) gethostname(host, sizeof(host) - 1); /* left empty if it fails */
    br_result_info info = {.tool_version = br_str_of(BRUNT_VERSION),
        .host = br_str_of(host),
        .plan = &t->plan.judge,
        .judgement = judgement,
        .comparison = comparison,
        .preparation = &t->preparation};
    if (out->len) (void) br_buf_puts(out, ",\n");
    return br_report_result_json(t->result, &info, NULL, out, err);
}

static bool is_silent(const br_test_session *s)
{
    return s->json && br_str_is(br_str_of(s->json), "-");
}

/* False, after telling it, if a report could not be written. */
static bool report(test *t, const br_judgement *judgement, const br_comparing *comparing)
{
    const br_test_session *s = t->session;
    br_err err = {0};
    br_reports_config config = {.dir = s->report_dir,
        .colour = s->colour,
        .forms = s->report_forms,
        .comparing = comparing,
        .preparation = &t->preparation,
        .silent = is_silent(s)};
    br_code code = br_reports_write(t->result, &t->plan.judge, judgement, &config, &err);
    if (code == BR_OK && s->json)
        code = add_document(t, judgement, comparing ? br_comparing_shown(comparing) : NULL, &err);
    if (code != BR_OK) br_error("%s", err.msg);
    return code == BR_OK;
}

/* The run's number in the history; 0: it is not stored, which does not change the verdict. */
static int64_t record(const test *t, const br_judgement *judgement, int status)
{
    const br_test_session *s = t->session;
    br_record r = {.job = &t->job,
        .args = &s->args,
        .script = t->plan.script.p,
        .test = t->plan.test->name,
        .environment = t->plan.environment->name,
        .variables = t->plan.own,
        .variable_count = t->plan.own_count,
        .workers = s->workers,
        .plan = &t->plan.judge,
        .judgement = judgement,
        .preparation = &t->preparation,
        .version = t->version,
        .exit_status = status,
        .silent = is_silent(s)};
    return br_record_and_tell(&r);
}

/* False, after telling it, if the run could not be compared. */
static bool compare(test *t, int64_t id, br_comparing *ret)
{
    br_err err = {0};
    br_code code = id > 0 ? br_repeat_compare(&t->session->repeat, &t->session->args, id, ret, &err)
                          : br_fail(&err, BR_ENOTFOUND, "it is not stored");
    if (code != BR_OK) br_error("the run could not be compared: %s", err.msg);
    return code == BR_OK;
}

/* Who could not be told is warned of; the verdict stays what it is. */
static void notify(const test *t, const br_judgement *judgement, const br_comparison *comparison)
{
    br_notification what = {.test = t->plan.judge.test,
        .environment = t->plan.environment->name,
        .target = t->plan.environment->base_url,
        .judgement = judgement,
        .comparison = comparison};
    if (t->exit_code != BR_EXIT_INTERRUPTED) (void) br_notify_send(&t->session->notify, &what);
}

/* Stored, then compared, then reported: report and notification show the comparison. */
static void keep_and_report(test *t, const br_judgement *judgement, br_test_outcome *ret)
{
    const br_test_session *s = t->session;
    br_comparing comparing = {0};
    bool stored = s->record && t->result != t->empty;
    int64_t id = stored ? record(t, judgement, ret->status) : 0;
    bool wanted = s->repeat.compare && stored, compared = wanted && compare(t, id, &comparing);
    bool reported = report(t, judgement, compared ? &comparing : NULL);
    notify(t, judgement, compared ? br_comparing_shown(&comparing) : NULL);
    if (compared) br_comparing_deinit(&comparing);
    if (ret->status == 0 && (!reported || compared != wanted)) ret->status = BR_EXIT_OTHER;
}

static void take_figures(const br_run_result *r, br_test_outcome *ret)
{
    const br_result_metric *duration = br_run_result_find(r, BR_STR("http_req_duration"));
    const br_result_metric *failed = br_run_result_find(r, BR_STR("http_req_failed"));
    if (duration) {
        ret->p95_ms = br_sink_percentile(&duration->sink, 95);
        ret->requests = duration->sink.count;
    }
    if (failed && failed->sink.count)
        ret->error_share = (double) failed->sink.nonzero / (double) failed->sink.count;
}

static void judge_and_report(test *t, br_test_outcome *ret)
{
    br_judgement *judgement = br_judge(&t->plan.judge, t->result);
    ret->judged = true;
    ret->level = judgement->level;
    ret->outcome = judgement->outcome;
    ret->status = br_outcome_exit_status(judgement->outcome);
    take_figures(t->result, ret);
    /* A script that broke is told as such; an interrupted run is judged: it is no evidence. */
    if (t->exit_code == BR_EXIT_EXCEPTION || t->exit_code == BR_EXIT_SETUP_TIMEOUT)
        ret->status = (int) t->exit_code;
    keep_and_report(t, judgement, ret);
    br_judgement_free(judgement);
}

/* The steps ----------------------------------------------------------------------------------------- */

/* Before the load: that is what is tested, and the target has time to answer. */
static void ask_version(test *t)
{
    br_err err = {0};
    if (!t->session->record) return;
    t->version = br_target_version(t->plan.environment, &t->plan.arena, &err);
    if (err.msg[0]) br_warn("the target's version is unknown: %s", err.msg);
}

static br_code watch_and_run(test *t, br_err *err)
{
    br_ns length = t->plan.load.duration + t->session->cool_down;
    br_code code = br_test_watch_start(&t->session->args, t->plan.environment, length, &t->watch, err);
    if (code != BR_OK && br_interrupted()) code = BR_OK; /* it was the signal that kept it from answering */
    if (code == BR_OK && !br_interrupted()) {
        ask_version(t);
        code = run_load(t, err);
        if (code == BR_OK) cool_down(t);
        if (code == BR_OK) search(t);
    } else if (code == BR_OK) {
        make_empty(t);
    }
    if (code == BR_OK) br_test_watch_put(&t->watch, t->result);
    return code;
}

static void run_once(br_test_session *s, const br_named_test *named, br_test_outcome *ret)
{
    br_err err = {0};
    test t = {.session = s, .exit_code = BR_EXIT_CONFIG};
    *ret = (br_test_outcome){.status = BR_EXIT_CONFIG};
    if (br_test_plan_make(s->environment, named, s->scale, &s->extras, &t.plan, &err) != BR_OK) {
        br_error("%s", err.msg);
        return;
    }
    t.preparation = br_preparation_of(s->environment, named->name, t.plan.judge.target, s->report_dir,
        &s->gate, br_clock_wall(), &t.plan.arena);
    t.progress = (br_test_progress){&t.plan.load, named->name, s->number, s->count};
    if (watch_and_run(&t, &err) == BR_OK) {
        judge_and_report(&t, ret);
    } else {
        br_error("%s", err.msg);
        ret->status = (int) t.exit_code;
    }
    br_test_watch_stop(&t.watch);
    br_run_result_free(t.empty);
    if (t.result && t.result != t.empty) br_job_deinit(&t.job);
    br_test_plan_deinit(&t.plan);
}

/* Again -------------------------------------------------------------------------------------------- */

/* Another run makes sense after one that passed, failed or was no evidence, and while there is a target. */
static bool may_run_again(const br_test_session *s, br_test_outcome *outcome)
{
    br_err err = {0};
    bool well = outcome->judged && outcome->outcome != BR_OUTCOME_UNAVAILABLE &&
                outcome->status == br_outcome_exit_status(outcome->outcome);
    if (!well || br_interrupted()) return false;
    if (br_target_check(s->environment->base_url.p, s->environment->health.p, BR_TEST_HEALTH_TIMEOUT, &err) ==
            BR_OK ||
        br_interrupted())
        return !br_interrupted();
    br_error("the test is not run again: %s", err.msg);
    outcome->status = BR_TEST_EXIT_UNAVAILABLE;
    return false;
}

void br_test_run(br_test_session *s, const br_named_test *named, br_test_outcome *ret)
{
    size_t documents = s->documents.len;
    br_repeat_begin(&s->repeat);
    for (bool again = true; again;) {
        br_buf why;
        br_buf_init(&why, BR_BUF_NO_LIMIT);
        s->documents.len = documents; /* of several runs the last is the result */
        run_once(s, named, ret);
        bool wanted = br_repeat_again(&s->repeat, &why);
        again = wanted && may_run_again(s, ret);
        if (why.len > 0 && again == wanted && !is_silent(s)) printf("\n  " BR_FMT, BR_ARG(br_buf_view(&why)));
        fflush(stdout);
        br_buf_deinit(&why);
    }
    if (s->repeat.count > 0 && ret->status == 0) ret->status = (int) s->repeat.answer;
}
