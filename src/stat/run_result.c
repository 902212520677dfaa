#include "stat/run_result.h"

#include <stdlib.h>

#include "stat/recorder_int.h"

#define ARENA_CHUNK_BYTES 16384

br_run_result *br_run_result_new(void)
{
    br_run_result *r = BR_NEW(br_run_result);
    br_arena_init(&r->arena, ARENA_CHUNK_BYTES);
    br_hist_init(&r->generator.start_lag);
    return r;
}

void br_run_result_free(br_run_result *r)
{
    if (!r) return;
    for (size_t i = 0; i < r->metric_count; i++) {
        br_sink_deinit(&r->metrics[i].sink);
    }
    for (size_t i = 0; i < r->endpoint_count; i++) {
        br_endpoint_deinit(&r->endpoints[i]);
    }
    for (size_t i = 0; i < r->slice_count; i++) {
        br_hist_deinit(&r->slices[i].latency_us);
    }
    for (size_t i = 0; i < r->probe_slice_count; i++) {
        br_hist_deinit(&r->probe_slices[i].latency_us);
    }
    br_hist_deinit(&r->generator.start_lag);
    if (r->root_group) br_group_deinit(r->root_group);
    br_arena_deinit(&r->arena);
    br_free(r);
}

const br_result_metric *br_run_result_find(const br_run_result *r, br_str name)
{
    for (size_t i = 0; i < r->metric_count; i++) {
        if (br_str_eq(r->metrics[i].name, name)) return &r->metrics[i];
    }
    return NULL;
}

/* Groups and checks ----------------------------------------------------------------------------- */

/* A check of one recorder and the group of the merged tree that it belongs to. */
typedef struct pending_check {
    const br_check *check;
    br_group *group;
} pending_check;

typedef struct group_merge {
    br_group_tree tree;
    BR_VEC(pending_check) checks; /* of the recorder in hand */
} group_merge;

static void merge_group(group_merge *m, br_group *into, const br_group *from)
{
    for (size_t i = 0; i < from->checks.len; i++) {
        *br_vec_push(&m->checks) = (pending_check){from->checks.data[i], into};
    }
    for (size_t i = 0; i < from->groups.len; i++) {
        const br_group *child = from->groups.data[i];
        br_group *merged = br_group_tree_group(&m->tree, into, child->name);
        if (merged) merge_group(m, merged, child);
    }
}

static int by_order(const void *a, const void *b)
{
    uint64_t x = ((const pending_check *) a)->check->order, y = ((const pending_check *) b)->check->order;
    return (x > y) - (x < y);
}

/* In the order in which this recorder saw them; new ones get the next numbers of the merged tree. */
static void merge_checks(group_merge *m)
{
    if (m->checks.len) qsort(m->checks.data, m->checks.len, sizeof(m->checks.data[0]), by_order);
    for (size_t i = 0; i < m->checks.len; i++) {
        const br_check *from = m->checks.data[i].check;
        br_check *into = br_group_tree_check(&m->tree, m->checks.data[i].group, from->name);
        if (!into) continue;
        into->passes += from->passes;
        into->fails += from->fails;
    }
    br_vec_reset(&m->checks);
}

void br_run_result_merge_groups(br_run_result *r, br_recorder *const *recorders, size_t count)
{
    BR_ASSERT(!r->root_group);
    group_merge m = {0};
    br_group_tree_init(&m.tree, &r->arena);
    for (size_t i = 0; i < count; i++) {
        merge_group(&m, m.tree.root, br_recorder_root(recorders[i]));
        merge_checks(&m);
    }
    r->root_group = m.tree.root;
    br_vec_deinit(&m.checks);
    br_group_tree_deinit(&m.tree);
}

/* Endpoints ------------------------------------------------------------------------------------- */

static bool is_rest(const br_endpoint *e)
{
    return e->method.n == 0 && br_str_is(e->name, BR_ENDPOINT_REST);
}

/* The rest row last, others by requests descending, then by name so that the order is the same every time. */
static int by_requests(const void *a, const void *b)
{
    const br_endpoint *x = *(const br_endpoint *const *) a, *y = *(const br_endpoint *const *) b;
    if (is_rest(x) != is_rest(y)) return is_rest(x) ? 1 : -1;
    if (x->requests != y->requests) return x->requests < y->requests ? 1 : -1;
    int order = br_str_cmp(x->name, y->name);
    return order ? order : br_str_cmp(x->method, y->method);
}

/* Takes the row's sinks and outcomes; the names are copied. */
static void move_row(br_run_result *r, br_endpoint *row)
{
    br_endpoint *to = &r->endpoints[r->endpoint_count++];
    *to = *row;
    to->method = br_arena_str(&r->arena, row->method);
    to->name = br_arena_str(&r->arena, row->name);
    *row = (br_endpoint){.method = row->method, .name = row->name};
}

void br_run_result_merge_endpoints(br_run_result *r, br_recorder *const *recorders, size_t count)
{
    BR_ASSERT(!r->endpoints);
    br_endpoint_table table;
    br_endpoint_table_init(&table);
    for (size_t i = 0; i < count; i++) {
        const br_endpoint *const *rows;
        size_t n = br_recorder_endpoints(recorders[i], &rows);
        for (size_t j = 0; j < n; j++) {
            br_endpoint_merge(br_endpoint_table_row(&table, rows[j]->method, rows[j]->name), rows[j]);
        }
    }
    if (table.rows.len) qsort(table.rows.data, table.rows.len, sizeof(table.rows.data[0]), by_requests);
    r->endpoints = br_arena_zalloc(&r->arena, table.rows.len * sizeof(r->endpoints[0]));
    for (size_t i = 0; i < table.rows.len; i++) {
        move_row(r, table.rows.data[i]);
    }
    br_endpoint_table_deinit(&table);
}

br_str br_endpoint_label(const br_endpoint *e, br_arena *arena)
{
    br_str m = e->method, n = e->name;
    if (m.n == 0 || (br_str_starts(n, m) && n.n > m.n && n.p[m.n] == ' ')) return n;
    return br_str_of(br_arena_printf(arena, BR_FMT " " BR_FMT, BR_ARG(m), BR_ARG(n)));
}
