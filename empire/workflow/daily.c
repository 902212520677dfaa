#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "empire/domain/analytics.h"
#include "empire/workflow/registry.h"

/* What became of the products so far. */
typedef struct tally {
    size_t videos, published, skipped, failed, waiting;
} tally;

typedef struct daily {
    emp_wf *wf;
    bool dry_run;
    tally tally;
} daily;

static emp_wf_state ask(daily *d, const char *name, const char *kind, const char *input, br_str *ret_payload)
{
    const emp_wf_activity_call call = {name, kind, input, emp_activity_options_of(kind)};
    return emp_wf_activity(d->wf, &call, ret_payload);
}

static bool was_skipped(br_str result)
{
    json_t *root = json_loadb(result.p, result.n, 0, NULL);
    const char *status = json_string_value(json_object_get(root, "status"));
    bool skipped = status && strcmp(status, "skipped") == 0;
    json_decref(root);
    return skipped;
}

/* The input of a product's step: the product, whether it is for real, the result of the step before. */
static const char *step_input(daily *d, const json_t *product, const char *platform, br_str before)
{
    char *text = json_dumps(product, JSON_COMPACT | JSON_SORT_KEYS);
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_buf_printf(&out, "{\"dryRun\":%s,\"product\":%s", d->dry_run ? "true" : "false", text);
    if (platform) br_buf_printf(&out, ",\"platform\":\"%s\"", platform);
    if (before.n) br_buf_printf(&out, ",\"before\":" BR_FMT, BR_ARG(before));
    br_buf_putc(&out, '}');
    const char *copy = br_arena_cstr(emp_wf_arena(d->wf), br_buf_view(&out));
    br_buf_deinit(&out);
    free(text);
    return copy;
}

/* To all platforms at once; each counts for itself. True when none is open any more. */
static bool publish(daily *d, const json_t *product, json_int_t id, br_str video)
{
    bool done = true;
    for (size_t i = 0; emp_platforms[i]; i++) {
        char name[EMP_NAME_MAX];
        br_str result;
        snprintf(name, sizeof(name), "publish/%lld/%s", (long long) id, emp_platforms[i]);
        switch (ask(d, name, EMP_ACT_PUBLISH, step_input(d, product, emp_platforms[i], video), &result)) {
            case EMP_WF_WAITING: done = false; break;
            case EMP_WF_FAILED: d->tally.failed++; break;
            case EMP_WF_DONE: was_skipped(result) ? d->tally.skipped++ : d->tally.published++; break;
        }
    }
    return done;
}

/* Takes one product as far as it goes. True when it has come to its end. */
static bool advance(daily *d, const json_t *product)
{
    json_int_t id = json_integer_value(json_object_get(product, "id"));
    char name[EMP_NAME_MAX];
    br_str script, video;
    snprintf(name, sizeof(name), "script/%lld", (long long) id);
    emp_wf_state state = ask(d, name, EMP_ACT_SCRIPT, step_input(d, product, NULL, BR_STR_NONE), &script);
    if (state == EMP_WF_DONE) {
        snprintf(name, sizeof(name), "video/%lld", (long long) id);
        state = ask(d, name, EMP_ACT_VIDEO, step_input(d, product, NULL, script), &video);
    }
    if (state == EMP_WF_WAITING) return false;
    if (state == EMP_WF_FAILED) {
        d->tally.failed++;
        return true;
    }
    was_skipped(video) ? d->tally.skipped++ : d->tally.videos++;
    return publish(d, product, id, video);
}

/* All products, a window of them at once. True when all have come to their end. */
static bool advance_all(daily *d, const json_t *products)
{
    size_t i;
    json_t *product;
    json_array_foreach(products, i, product)
    {
        if (!advance(d, product) && ++d->tally.waiting >= EMP_DAILY_WINDOW) return false;
    }
    return d->tally.waiting == 0;
}

static void finish(daily *d, size_t products)
{
    const char *input = d->dry_run ? "{\"dryRun\":true,\"kind\":\"daily\"}"
                                   : "{\"dryRun\":false,\"kind\":\"daily\"}";
    /* Without figures or advice the day's work is still done: neither failure is the run's. */
    if (ask(d, "analytics", EMP_ACT_COLLECT, input, NULL) == EMP_WF_WAITING) return;
    if (ask(d, "optimize", EMP_ACT_OPTIMIZE, input, NULL) == EMP_WF_WAITING) return;
    const tally *t = &d->tally;
    if (products > 0 && t->failed > 0 && t->videos + t->published + t->skipped == 0) {
        emp_wf_fail(d->wf, "every product failed");
        return;
    }
    emp_wf_complete(
        d->wf, br_arena_printf(emp_wf_arena(d->wf),
                   "{\"products\":%zu,\"videos\":%zu,\"published\":%zu,\"skipped\":%zu,\"failed\":%zu}",
                   products, t->videos, t->published, t->skipped, t->failed));
}

static void run_products(daily *d, br_str ranked)
{
    json_t *root = json_loadb(ranked.p, ranked.n, 0, NULL);
    const json_t *products = json_object_get(root, "products");
    if (!json_is_array(products)) {
        emp_wf_fail(d->wf, "the ranking has no list of products");
    } else if (advance_all(d, products)) {
        finish(d, json_array_size(products));
    }
    json_decref(root);
}

void emp_workflow_daily(emp_wf *wf)
{
    daily d = {.wf = wf};
    json_int_t count = 0;
    br_str input = emp_wf_input(wf), ranked;
    json_t *root = json_loadb(input.p, input.n, 0, NULL);
    count = json_integer_value(json_object_get(root, "videoCount"));
    d.dry_run = json_is_true(json_object_get(root, "dryRun"));
    json_decref(root);
    if (count < 1) {
        emp_wf_fail(wf, "videoCount must be 1 or more");
        return;
    }
    const char *dry = d.dry_run ? "true" : "false";
    const char *sync = br_arena_printf(emp_wf_arena(wf), "{\"dryRun\":%s}", dry);
    /* The catalogue of yesterday will do. */
    if (ask(&d, "sync", EMP_ACT_SYNC, sync, NULL) == EMP_WF_WAITING) return;
    const char *rank = br_arena_printf(emp_wf_arena(wf), "{\"count\":%lld}", (long long) count);
    switch (ask(&d, "rank", EMP_ACT_RANK, rank, &ranked)) {
        case EMP_WF_WAITING: return;
        case EMP_WF_FAILED: emp_wf_fail(wf, "the products could not be ranked"); return;
        case EMP_WF_DONE: run_products(&d, ranked); return;
    }
}
