#include "stat/breakdown.h"

#include <pthread.h>
#include "stat/recorder_int.h"

struct br_breakdown {
    pthread_mutex_t lock;
    br_metrics *metrics;
    br_arena arena;
    br_part root;
    BR_VEC(br_part *) scenarios;
    BR_VEC(br_part *) all;
    br_map by_path; /* scenario, NUL, group path */
    br_map checks;  /* address of the part, name */
    br_buf key;
    uint64_t left_out;
};

br_breakdown *br_breakdown_new(br_metrics *metrics)
{
    br_breakdown *b = BR_NEW(br_breakdown);
    pthread_mutex_init(&b->lock, NULL);
    b->metrics = metrics;
    br_arena_init(&b->arena, 4096);
    br_map_init(&b->by_path);
    br_map_init(&b->checks);
    br_buf_init(&b->key, BR_BUF_NO_LIMIT);
    return b;
}

void br_breakdown_free(br_breakdown *b)
{
    if (!b) return;
    for (size_t i = 0; i < b->all.len; i++) {
        br_part *p = b->all.data[i];
        br_shard_free(p->shard);
        br_vec_deinit(&p->checks);
        br_vec_deinit(&p->groups);
    }
    br_vec_deinit(&b->root.groups);
    br_vec_deinit(&b->all);
    br_vec_deinit(&b->scenarios);
    br_map_deinit(&b->by_path);
    br_map_deinit(&b->checks);
    br_buf_deinit(&b->key);
    br_arena_deinit(&b->arena);
    pthread_mutex_destroy(&b->lock);
    br_free(b);
}

static br_str key_of(br_breakdown *b, br_str scenario, br_str path)
{
    br_buf_reset(&b->key);
    (void) br_buf_put(&b->key, scenario);
    (void) br_buf_putc(&b->key, '\0');
    (void) br_buf_put(&b->key, path);
    return br_buf_view(&b->key);
}

static br_part *add_part(br_breakdown *b, br_str key, br_str name)
{
    if (b->all.len == BR_PARTS_MAX) return NULL;
    br_part *p = BR_ARENA_NEW(&b->arena, br_part);
    p->name = br_arena_str(&b->arena, name);
    p->shard = br_shard_new(b->metrics);
    *br_vec_push(&b->all) = p;
    br_map_set(&b->by_path, br_arena_str(&b->arena, key), p);
    return p;
}

static br_part *scenario_part(br_breakdown *b, br_str scenario)
{
    if (scenario.n == 0 || br_str_is(scenario, "default")) return &b->root;
    br_str key = key_of(b, scenario, BR_STR(""));
    br_part *p = br_map_get(&b->by_path, key);
    if (p) return p;
    p = add_part(b, key, scenario);
    if (p) *br_vec_push(&b->scenarios) = p;
    return p;
}

/* The length of the path before its last name; paths are "::a::b", and no name has "::" in it. */
static size_t parent_length(br_str path)
{
    for (size_t i = path.n - 1; i > 0; i--) {
        if (path.p[i] == ':' && path.p[i - 1] == ':') return i - 1;
    }
    return 0;
}

static br_part *group_part(br_breakdown *b, br_part *scenario, br_str scenario_name, br_str path)
{
    if (path.n < 3) return scenario;
    br_part *p = br_map_get(&b->by_path, key_of(b, scenario_name, path));
    if (p) return p;
    size_t above = parent_length(path);
    br_part *parent = group_part(b, scenario, scenario_name, br_str_sub(path, 0, above));
    if (!parent) return NULL;
    p = add_part(b, key_of(b, scenario_name, path), br_str_sub(path, above + 2, path.n));
    if (p) *br_vec_push(&parent->groups) = p;
    return p;
}

static void count_check(br_breakdown *b, br_part *p, const br_sample *s)
{
    br_str name = br_tags_get(s->tags, BR_STR("check"));
    if (!name.p) return;
    br_buf_reset(&b->key);
    (void) br_buf_append(&b->key, &p, sizeof(p));
    (void) br_buf_put(&b->key, name);
    br_check *c = br_map_get(&b->checks, br_buf_view(&b->key));
    if (!c) {
        if (b->checks.len == BR_CHECKS_MAX) return;
        c = BR_ARENA_NEW(&b->arena, br_check);
        c->name = br_arena_str(&b->arena, name);
        *br_vec_push(&p->checks) = c;
        br_map_set(&b->checks, br_arena_str(&b->arena, br_buf_view(&b->key)), c);
    }
    s->value != 0 ? c->passes++ : c->fails++;
}

static void count_in(br_breakdown *b, br_part *p, const br_sample *s)
{
    if (p == &b->root) return; /* the whole run is counted elsewhere */
    if (s->metric->id >= p->shard->sink_count) br_shard_grow(p->shard, b->metrics);
    br_sink_add(&p->shard->sinks[s->metric->id], s->value, s->wall);
    if (s->metric->id == BR_M_CHECKS) count_check(b, p, s);
}

static void take(br_breakdown *b, const br_sample *s)
{
    if (!s->tags) return;
    br_str scenario = br_tags_get(s->tags, BR_STR("scenario")), path = br_tags_get(s->tags, BR_STR("group"));
    br_part *whole = scenario_part(b, scenario);
    br_part *group = whole && path.n ? group_part(b, whole, scenario, path) : whole;
    if (whole) count_in(b, whole, s);
    if (group && group != whole) count_in(b, group, s);
    if (!group) b->left_out++;
}

void br_breakdown_tap(void *breakdown, const br_sample *samples, size_t count)
{
    br_breakdown *b = breakdown;
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < count; i++)
        take(b, &samples[i]);
    pthread_mutex_unlock(&b->lock);
}

const br_part *br_breakdown_root(const br_breakdown *b)
{
    return &b->root;
}

const br_part *const *br_breakdown_scenarios(const br_breakdown *b, size_t *ret_count)
{
    *ret_count = b->scenarios.len;
    return (const br_part *const *) b->scenarios.data;
}

const br_metric *br_breakdown_metric(const br_breakdown *b, size_t id)
{
    return br_metrics_at(b->metrics, (uint32_t) id);
}

uint64_t br_breakdown_left_out(const br_breakdown *b)
{
    return b->left_out;
}
