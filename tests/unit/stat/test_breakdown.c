/* stat/breakdown: what counts where, and that parts are bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "stat/breakdown.h"

typedef struct bench {
    br_metrics *metrics;
    br_tag_store store;
    br_breakdown *b;
} bench;

static bench start(void)
{
    bench t = {.metrics = br_metrics_new()};
    br_tag_store_init(&t.store);
    t.b = br_breakdown_new(t.metrics);
    return t;
}

static void stop(bench *t)
{
    br_breakdown_free(t->b);
    br_tag_store_deinit(&t->store);
    br_metrics_free(t->metrics);
}

static void tap(bench *t, br_str metric, double value, br_str scenario, br_str group)
{
    const br_tag tags[] = {{BR_STR("scenario"), scenario}, {BR_STR("group"), group}};
    br_sample s = {.metric = br_metrics_find(t->metrics, metric),
        .value = value,
        .wall = 5,
        .tags = br_tags_intern(&t->store, tags, BR_COUNT_OF(tags))};
    assert_non_null(s.metric);
    br_breakdown_tap(t->b, &s, 1);
}

static double sum(const br_part *p, uint32_t metric)
{
    return metric < p->shard->sink_count ? p->shard->sinks[metric].sum : 0;
}

/* A scenario has what its groups have; a group has not what the groups in it have. */
static void samples_count_where_they_belong(void **state)
{
    (void) state;
    bench t = start();
    tap(&t, BR_STR("http_reqs"), 1, BR_STR("s"), BR_STR(""));
    tap(&t, BR_STR("http_reqs"), 2, BR_STR("s"), BR_STR("::a"));
    tap(&t, BR_STR("http_reqs"), 4, BR_STR("s"), BR_STR("::a::b"));
    tap(&t, BR_STR("http_reqs"), 8, BR_STR("default"), BR_STR("::a::b"));
    size_t n;
    const br_part *const *scenarios = br_breakdown_scenarios(t.b, &n);
    assert_int_equal(n, 1);
    const br_part *s = scenarios[0], *root = br_breakdown_root(t.b);
    assert_true(br_str_is(s->name, "s"));
    assert_true(sum(s, BR_M_HTTP_REQS) == 7);
    assert_int_equal(s->groups.len, 1);
    const br_part *a = s->groups.data[0];
    assert_true(br_str_is(a->name, "a"));
    assert_true(sum(a, BR_M_HTTP_REQS) == 2);
    assert_true(br_str_is(a->groups.data[0]->name, "b"));
    assert_true(sum(a->groups.data[0], BR_M_HTTP_REQS) == 4);
    assert_int_equal(root->groups.len, 1);
    assert_true(sum(root->groups.data[0], BR_M_HTTP_REQS) == 0); /* made for what is in it */
    assert_true(sum(root->groups.data[0]->groups.data[0], BR_M_HTTP_REQS) == 8);
    stop(&t);
}

static void metrics_may_come_later(void **state)
{
    (void) state;
    bench t = start();
    tap(&t, BR_STR("http_reqs"), 1, BR_STR("s"), BR_STR(""));
    br_metric *late = NULL;
    assert_int_equal(
        br_metrics_get(t.metrics, BR_STR("late"), BR_COUNTER, BR_CONTAINS_DEFAULT, &late, NULL), BR_OK);
    tap(&t, BR_STR("late"), 3, BR_STR("s"), BR_STR(""));
    size_t n;
    assert_true(sum(br_breakdown_scenarios(t.b, &n)[0], late->id) == 3);
    assert_true(br_str_is(br_breakdown_metric(t.b, late->id)->name, "late"));
    stop(&t);
}

static void parts_are_bounded(void **state)
{
    (void) state;
    bench t = start();
    for (int i = 0; i < BR_PARTS_MAX + 5; i++) {
        char group[32];
        int n = snprintf(group, sizeof(group), "::g%d", i);
        tap(&t, BR_STR("http_reqs"), 1, BR_STR("default"), (br_str){group, (size_t) n});
    }
    assert_int_equal(br_breakdown_root(t.b)->groups.len, BR_PARTS_MAX);
    assert_int_equal(br_breakdown_left_out(t.b), 5);
    tap(&t, BR_STR("http_reqs"), 1, BR_STR("other"), BR_STR("::g"));
    size_t n;
    (void) br_breakdown_scenarios(t.b, &n);
    assert_int_equal(n, 0);
    assert_int_equal(br_breakdown_left_out(t.b), 6);
    stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_count_where_they_belong),
        cmocka_unit_test(metrics_may_come_later),
        cmocka_unit_test(parts_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
