/*
 * Threshold expressions, names with selectors, selectors. Besides not crashing: outputs are untouched on
 * failure, a selector matches the tags that it names, and what the registry makes is found again.
 */
#include "stat/metric.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_threshold(br_str s)
{
    br_threshold t = {.limit = 42};
    br_err err = {0};
    if (br_threshold_parse(s, &t, &err) != BR_OK) {
        BR_ASSERT(t.limit == 42 && err.msg[0]);
        return;
    }
    BR_ASSERT(t.agg.agg != BR_AGG_P || (t.agg.p >= 0 && t.agg.p <= 100));
    for (int type = BR_COUNTER; type <= BR_TREND; type++) {
        br_sink sink;
        br_sink_init(&sink, (br_metric_type) type);
        br_sink_add(&sink, t.limit, 1);
        double value;
        (void) br_threshold_check(&t, &sink, BR_SEC, &value);
        br_sink_deinit(&sink);
    }
}

static void check_selector(br_str s)
{
    br_arena arena;
    br_arena_init(&arena, 256);
    br_selector selector;
    if (br_selector_parse(&arena, s, &selector, NULL) == BR_OK) {
        BR_ASSERT(selector.count > 0);
        BR_ASSERT(br_selector_matches(&selector, NULL, selector.tags, selector.count));
        BR_ASSERT(!br_selector_matches(&selector, NULL, selector.tags, selector.count - 1));
    }
    br_arena_deinit(&arena);
}

static void check_name(br_str s)
{
    br_str name, selector;
    if (br_metric_name_split(s, &name, &selector, NULL) != BR_OK) return;
    BR_ASSERT(name.n + (selector.p ? selector.n + 2 : 0) == s.n);
    br_metrics *m = br_metrics_new();
    br_metric *metric = NULL, *again = NULL;
    br_code rc = selector.p ? br_metrics_get_sub(m, s, &metric, NULL)
                            : br_metrics_get(m, s, BR_TREND, BR_CONTAINS_TIME, &metric, NULL);
    if (rc == BR_OK) {
        BR_ASSERT(br_metrics_find(m, s) == metric);
        BR_ASSERT(br_metrics_at(m, metric->id) == metric);
        if (selector.p) BR_ASSERT(br_metrics_get_sub(m, s, &again, NULL) == BR_OK && again == metric);
    } else {
        BR_ASSERT(!metric);
    }
    br_metrics_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str s = {(const char *) data, size};
    check_threshold(s);
    check_selector(s);
    check_name(s);
    return 0;
}
