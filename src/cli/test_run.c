#include "cli/test_run.h"

#include "base/log.h"
#include "cli/job.h"
#include "cli/record.h"
#include "cli/reports.h"
#include "cli/test_plan.h"

/* Running ------------------------------------------------------------------------------------------- */

static void put_banner(const br_test_plan *p, br_buf *banner)
{
    (void) br_buf_printf(banner, BR_FMT " against " BR_FMT " (" BR_FMT ")", BR_ARG(p->judge.test),
        BR_ARG(p->environment->name), BR_ARG(p->environment->base_url));
    if (p->load.factor < 1) (void) br_buf_printf(banner, ", shortened to %.4g of its length", p->load.factor);
}

static br_code run_load(
    const br_test_session *s, const br_test_plan *p, br_job *job, br_exit_code *ret_exit, br_err *err)
{
    json_t *options = br_test_plan_options(p);
    br_buf banner;
    br_buf_init(&banner, BR_BUF_NO_LIMIT);
    put_banner(p, &banner);
    br_job_config config = {.script = p->test->script.p,
        .system_env = true,
        .env = p->env,
        .env_count = p->env_count,
        .overrides = options,
        .quiet = s->quiet,
        .colour = s->colour,
        .workers = s->workers,
        .keep_sources = s->record,
        .module_args = &s->args,
        .loop = s->loop,
        .banner = banner.data};
    config.maps = br_config_modules(s->config, &config.map_count);
    br_code code = br_job_prepare(&config, job, ret_exit, err);
    if (code == BR_OK) {
        code = br_job_run(job, &config, ret_exit, err);
        if (code != BR_OK) br_job_deinit(job);
    }
    json_decref(options);
    br_buf_deinit(&banner);
    return code;
}

/* Judging and reporting ----------------------------------------------------------------------------- */

static int report(const br_test_session *s, const br_test_plan *p, const br_run_result *result,
    const br_judgement *judgement)
{
    br_err err = {0};
    br_reports_config config = {.dir = s->report_dir, .colour = s->colour, .forms = s->report_forms};
    int status = br_outcome_exit_status(judgement->outcome);
    if (br_reports_write(result, &p->judge, judgement, &config, &err) != BR_OK) {
        br_error("%s", err.msg);
        if (status == 0) status = BR_EXIT_OTHER;
    }
    return status;
}

static void record(const br_test_session *s, const br_test_plan *p, const br_job *job,
    const br_judgement *judgement, int status)
{
    br_record r = {.job = job,
        .args = &s->args,
        .script = p->test->script.p,
        .test = p->test->name,
        .environment = p->environment->name,
        .variables = p->test->env,
        .variable_count = p->test->env_count,
        .workers = s->workers,
        .plan = &p->judge,
        .judgement = judgement,
        .exit_status = status};
    (void) br_record_and_tell(&r); /* a history that cannot be written does not change the verdict */
}

static int judge_and_report(br_test_session *s, const br_test_plan *p, const br_job *job)
{
    br_judgement *judgement = br_judge(&p->judge, job->result);
    int status = report(s, p, job->result, judgement);
    /* A script that broke is told as such; an interrupted run is judged: it is no evidence. */
    if (job->exit_code == BR_EXIT_EXCEPTION || job->exit_code == BR_EXIT_SETUP_TIMEOUT)
        status = (int) job->exit_code;
    s->interrupted = job->exit_code == BR_EXIT_INTERRUPTED;
    if (s->record) record(s, p, job, judgement, status);
    br_judgement_free(judgement);
    return status;
}

int br_test_run(br_test_session *s, const br_named_test *t)
{
    br_err err = {0};
    br_test_plan plan;
    if (br_test_plan_make(s->environment, t, s->scale, &plan, &err) != BR_OK) {
        br_error("%s", err.msg);
        return BR_EXIT_CONFIG;
    }
    br_job job = {0};
    br_exit_code exit_code = BR_EXIT_OTHER;
    int status;
    if (run_load(s, &plan, &job, &exit_code, &err) != BR_OK) {
        br_error("%s", err.msg);
        status = (int) exit_code;
    } else {
        status = judge_and_report(s, &plan, &job);
        br_job_deinit(&job);
    }
    br_test_plan_deinit(&plan);
    return status;
}
