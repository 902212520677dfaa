#include "env.h"
#include <stdio.h>
#include <unistd.h>
#include "base/log.h"

void run_init(run *r, const mini_script *scripts, size_t count)
{
    *r = (run){.dir = "/tmp/brunt-engine-XXXXXX", .workers = 2};
    assert_non_null(mkdtemp(r->dir));
    if (count > 0) {
        r->server = mini_server_start(scripts, count);
        snprintf(r->base, sizeof(r->base), "http://127.0.0.1:%u", mini_server_port(r->server));
    }
    r->log_file = open_memstream(&r->log, &r->log_bytes);
    br_log_setup(&(br_log_config){.level = BR_LOG_INFO, .out = r->log_file});
}

static void drop_run(run *r)
{
    br_run_result_free(r->result);
    br_options_free(r->options);
    br_program_free(r->program);
    br_metrics_free(r->metrics);
    r->result = NULL;
    r->options = NULL;
    r->program = NULL;
    r->metrics = NULL;
}

void run_deinit(run *r)
{
    char command[128];
    drop_run(r);
    if (r->server != NULL) mini_server_stop(r->server);
    br_log_setup(&(br_log_config){.level = BR_LOG_INFO, .out = stderr});
    fclose(r->log_file);
    free(r->log); // from open_memstream
    snprintf(command, sizeof(command), "rm -rf '%s'", r->dir);
    assert_int_equal(system(command), 0);
}

static void write_script(const run *r, const char *options, const char *body)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/main.js", r->dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fprintf(f,
        "import http from 'k6/http'; import { check, group, sleep, fail } from 'k6'; import { Counter, Gauge, Rate, Trend } from 'k6/metrics';\n"
        "const base = __ENV.BASE;\nexport const options = %s;\n%s\n",
        options, body);
    fclose(f);
}

static void load(run *r)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/main.js", r->dir);
    br_env_var env = {BR_STR("BASE"), br_str_of(r->base)};
    br_program_config pc = {.path = path, .env = &env, .env_count = 1, .metrics = r->metrics};
    if (br_program_load(&pc, &r->program, &r->err) != BR_OK) fail_msg("%s", r->err.msg);
    br_str text = br_program_options_json(r->program);
    json_t *json = json_loadb(text.p, text.n, 0, NULL);
    assert_non_null(json);
    br_options_source source = {.what = "script", .json = json};
    br_code code = br_options_build(&source, 1, &r->options, &r->err);
    json_decref(json);
    if (code != BR_OK) fail_msg("%s", r->err.msg);
}

void run_script(run *r, const char *options, const char *body)
{
    drop_run(r);
    r->metrics = br_metrics_new();
    write_script(r, options, body);
    load(r);
    if (br_run_register_thresholds(r->options, r->metrics, true, &r->err) != BR_OK)
        fail_msg("%s", r->err.msg);
    r->config = (br_run_config){.program = r->program,
        .options = r->options,
        .metrics = r->metrics,
        .workers = r->workers,
        .on_status = r->on_status,
        .status_ctx = r->status_ctx,
        .status_interval_ns = 20 * BR_MS,
        .interrupted = r->interrupted,
        .probe = r->probe,
        .decide = r->decide,
        .decide_ctx = r->decide_ctx,
        .decide_interval_ns = BR_SEC};
    if (r->probe.n && br_run_register_probe(r->metrics, r->probe, &r->err) != BR_OK)
        fail_msg("%s", r->err.msg);
    br_ns start = br_clock_now();
    r->code = br_run(&r->config, &r->result, &r->exit_code, &r->err);
    r->took = br_clock_now() - start;
    fflush(r->log_file);
}

void run_exits(run *r, const char *options, const char *body, br_exit_code exit_code)
{
    run_script(r, options, body);
    if (r->code != BR_OK) fail_msg("%s", r->err.msg);
    if (r->exit_code != exit_code)
        fail_msg("exit code %d, want %d\n%s", (int) r->exit_code, (int) exit_code, r->log);
}

const br_result_metric *run_metric(const run *r, const char *name)
{
    for (size_t i = 0; i < r->result->metric_count; i++) {
        if (br_str_is(r->result->metrics[i].name, name)) return &r->result->metrics[i];
    }
    return NULL;
}

double run_sum(const run *r, const char *counter)
{
    const br_result_metric *m = run_metric(r, counter);
    return m ? m->sink.sum : 0;
}

bool run_logged(run *r, const char *part)
{
    fflush(r->log_file);
    return strstr(r->log, part) != NULL;
}
