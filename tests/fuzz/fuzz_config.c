/*
 * brunt.yaml. Besides not crashing: a failure has a place, a message of one line, and touches no output; what
 * is accepted is within its limits, scales to what was asked for, and keeps its spike inside.
 */
#include "cli/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plan(const br_load_plan *plan)
{
    BR_ASSERT(plan->duration >= BR_CONFIG_DURATION_MIN && plan->duration <= BR_CONFIG_DURATION_MAX);
    BR_ASSERT((plan->vus > 0) == (plan->stage_count == 0));
    br_ns sum = 0;
    for (size_t i = 0; i < plan->stage_count; i++) {
        BR_ASSERT(plan->stages[i].duration >= 0);
        BR_ASSERT(plan->stages[i].target >= 0 && plan->stages[i].target <= BR_CONFIG_VUS_MAX);
        sum += plan->stages[i].duration;
    }
    BR_ASSERT(plan->stage_count == 0 || sum == plan->duration);
    br_ns start, end;
    if (br_config_spike(plan, &start, &end)) BR_ASSERT(start >= 0 && start <= end && end < plan->duration);
}

static void check_scaled(const br_load_plan *plan, double factor)
{
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_load_plan scaled = {.vus = -1};
    if (br_config_scale(plan, factor, &arena, &scaled, NULL) == BR_OK) {
        check_plan(&scaled);
    } else {
        BR_ASSERT(scaled.vus == -1 && (double) plan->duration * factor > (double) BR_CONFIG_DURATION_MAX);
    }
    br_arena_deinit(&arena);
}

static void check_text(br_str s)
{
    BR_ASSERT(s.p && s.n > 0 && s.p[s.n] == '\0' && strlen(s.p) == s.n);
}

static void check_environment(const br_environment *e)
{
    check_text(e->base_url);
    check_text(e->health);
    for (size_t i = 0; i < e->metric_count; i++) {
        check_text(e->metrics[i].place);
        BR_ASSERT((e->metrics[i].kind == BR_WATCH_PID) == (e->metrics[i].pid > 0));
    }
    BR_ASSERT(e->metric_count <= BR_CONFIG_SOURCES_MAX && e->window_count <= BR_CONFIG_SOURCES_MAX);
    for (size_t i = 0; i < e->window_count; i++)
        BR_ASSERT(e->windows[i].days > 0 && e->windows[i].from < 1440 && e->windows[i].to <= 1440);
    BR_ASSERT(e->notice >= 0 && e->notice <= BR_CONFIG_DURATION_MAX);
    BR_ASSERT(!e->version.n || !e->version_url.n);
    for (size_t i = 0; i < e->secret_count; i++)
        BR_ASSERT(e->secrets[i].n >= BR_CONFIG_SECRET_MIN);
}

static void check_config(const br_config *cfg)
{
    br_err err = {0};
    for (size_t i = 0; i < br_config_environment_count(cfg); i++) {
        const br_environment *e = NULL;
        br_str name = br_config_environment_name(cfg, i);
        check_text(name);
        if (br_config_environment(cfg, name, &e, &err) == BR_OK) {
            check_environment(e);
        } else {
            BR_ASSERT(!e && err.msg[0]);
        }
    }
    for (size_t i = 0; i < br_config_test_count(cfg); i++) {
        const br_named_test *t = NULL;
        br_str name = br_config_test_name(cfg, i);
        check_text(name);
        if (br_config_test(cfg, name, &t, &err) != BR_OK) {
            BR_ASSERT(!t && err.msg[0]);
            continue;
        }
        check_text(t->script);
        BR_ASSERT(t->criterion_count > 0 && t->spike_probe >= 0 && t->spike_probe <= 1e6);
        check_plan(&t->plan);
        check_scaled(&t->plan, 0.1);
        check_scaled(&t->plan, 1e-12);
        check_scaled(&t->plan, 3);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_config *cfg = NULL;
    br_err err = {0};
    /* In /dev, so that the corpus can name a script which is there: null. */
    if (br_config_parse("/dev/f.yaml", (br_str){(const char *) data, size}, &cfg, &err) == BR_OK) {
        check_config(cfg);
        br_config_free(cfg);
        return 0;
    }
    BR_ASSERT(!cfg && !strchr(err.msg, '\n'));
    BR_ASSERT(strncmp(err.msg, "/dev/f.yaml:", 12) == 0 || size > BR_CONFIG_BYTES_MAX);
    return 0;
}
