#include "cli/config/redact_result.h"
#include <stdio.h>

typedef struct redacting {
    const br_environment *e;
    br_arena *arena;
} redacting;

static void hide(const redacting *d, br_str *text)
{
    *text = br_config_redact(d->e, *text, d->arena);
}

/* A text that was cut may end within a secret: length without that rest. */
static size_t without_cut(const br_environment *e, br_str text)
{
    for (size_t i = 0; i < e->secret_count; i++) {
        for (size_t n = e->secrets[i].n - 1; n >= BR_CONFIG_SECRET_MIN; n--) {
            if (br_str_ends(text, br_str_sub(e->secrets[i], 0, n))) return text.n - n;
        }
    }
    return text.n;
}

static void hide_error(const redacting *d, br_endpoint_outcome *o)
{
    br_str text = {o->error_text, strlen(o->error_text)}, clean = br_config_redact(d->e, text, d->arena);
    if (text.n + 1 == sizeof(o->error_text)) clean.n = without_cut(d->e, clean);
    if (clean.p == text.p && clean.n == text.n) return;
    char copy[sizeof(o->error_text)];
    snprintf(copy, sizeof(copy), BR_FMT, BR_ARG(clean));
    memcpy(o->error_text, copy, sizeof(copy));
}

static void hide_group(const redacting *d, br_group *g)
{
    hide(d, &g->name);
    hide(d, &g->path);
    for (size_t i = 0; i < g->checks.len; i++)
        hide(d, &g->checks.data[i]->name);
    for (size_t i = 0; i < g->groups.len; i++)
        hide_group(d, g->groups.data[i]);
}

static void hide_metric(const redacting *d, br_result_metric *m)
{
    hide(d, &m->name);
    hide(d, &m->suffix);
    hide(d, &m->parent);
    for (size_t i = 0; i < m->threshold_count; i++)
        hide(d, &m->thresholds[i].source);
}

void br_redact_result(const br_environment *e, br_run_result *r)
{
    if (e->secret_count == 0) return;
    redacting d = {e, &r->arena};
    hide(&d, &r->script);
    hide(&d, &r->end_reason);
    if (r->setup_data_json.p) hide(&d, &r->setup_data_json);
    for (size_t i = 0; i < r->endpoint_count; i++) {
        hide(&d, &r->endpoints[i].name);
        for (size_t k = 0; k < r->endpoints[i].outcomes.len; k++)
            hide_error(&d, &r->endpoints[i].outcomes.data[k]);
    }
    for (size_t i = 0; i < r->metric_count; i++)
        hide_metric(&d, &r->metrics[i]);
    for (size_t i = 0; i < r->target_count; i++) {
        hide(&d, &r->target[i].name);
        hide(&d, &r->target[i].source);
    }
    for (size_t i = 0; i < r->scenario_count; i++)
        hide(&d, &r->scenarios[i].name);
    if (r->root_group) hide_group(&d, r->root_group);
}
