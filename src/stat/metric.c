#include "stat/metric.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/map.h"

#define NAME_BYTES_MAX    129
#define ARENA_CHUNK_BYTES 4096

/*
 * Writers hold the lock. An entry is written before `count` is raised (release), and readers of `entries`
 * read `count` first (acquire), so lookups by number need no lock.
 */
struct br_metrics {
    pthread_mutex_t lock;
    br_arena arena;
    br_map by_name; /* also the spellings under which a sub-metric was asked for again */
    _Atomic size_t count;
    br_metric *entries[BR_METRICS_MAX];
};

/* Adds an entry; name is in the arena, the registry has room, the lock is held or nobody else knows `m`. */
static br_metric *add_entry(br_metrics *m, br_str name, br_metric_type type, br_metric_contains contains)
{
    size_t id = atomic_load_explicit(&m->count, memory_order_relaxed);
    BR_ASSERT(id < BR_METRICS_MAX);
    br_metric *metric = BR_ARENA_NEW(&m->arena, br_metric);
    metric->id = (uint32_t) id;
    metric->name = name;
    metric->type = type;
    metric->contains = contains;
    m->entries[id] = metric;
    br_map_set(&m->by_name, name, metric);
    atomic_store_explicit(&m->count, id + 1, memory_order_release);
    return metric;
}

br_metrics *br_metrics_new(void)
{
    static const struct {
        br_str name;
        br_metric_type type;
        br_metric_contains contains;
    } builtins[] = {
#define BUILTIN(id, name, type, contains) [id] = {BR_STR_INIT(name), type, contains},
        BR_BUILTIN_METRICS(BUILTIN)
#undef BUILTIN
    };
    br_metrics *m = BR_NEW(br_metrics);
    BR_ASSERT(pthread_mutex_init(&m->lock, NULL) == 0);
    br_arena_init(&m->arena, ARENA_CHUNK_BYTES);
    br_map_init(&m->by_name);
    for (size_t i = 0; i < BR_COUNT_OF(builtins); i++) {
        add_entry(m, builtins[i].name, builtins[i].type, builtins[i].contains);
    }
    return m;
}

void br_metrics_free(br_metrics *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->count; i++) {
        br_vec_deinit(&m->entries[i]->subs);
        br_vec_deinit(&m->entries[i]->thresholds);
    }
    br_map_deinit(&m->by_name);
    br_arena_deinit(&m->arena);
    pthread_mutex_destroy(&m->lock);
    br_free(m);
}

/* Lookup ---------------------------------------------------------------------------------------- */

size_t br_metrics_count(br_metrics *m)
{
    return atomic_load_explicit(&m->count, memory_order_acquire);
}

br_metric *br_metrics_at(br_metrics *m, uint32_t id)
{
    BR_ASSERT(id < br_metrics_count(m));
    return m->entries[id];
}

br_metric *br_metrics_find(br_metrics *m, br_str name)
{
    pthread_mutex_lock(&m->lock);
    br_metric *metric = br_map_get(&m->by_name, name);
    pthread_mutex_unlock(&m->lock);
    return metric;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool br_metric_name_valid(br_str name)
{
    if (name.n < 2 || name.n > NAME_BYTES_MAX || !is_letter(name.p[0])) return false;
    for (size_t i = 1; i < name.n; i++) {
        if (!is_letter(name.p[i]) && !(name.p[i] >= '0' && name.p[i] <= '9')) return false;
    }
    return true;
}

/* Registration ---------------------------------------------------------------------------------- */

static br_code check_room(const br_metrics *m, br_err *err)
{
    if (atomic_load_explicit(&m->count, memory_order_relaxed) < BR_METRICS_MAX) return BR_OK;
    return br_fail(err, BR_ELIMIT, "more than %d metrics and sub-metrics", BR_METRICS_MAX);
}

static br_code check_same(
    const br_metric *metric, br_metric_type type, br_metric_contains contains, br_err *err)
{
    if (metric->type != type) {
        return br_fail(err, BR_EEXISTS, "metric '" BR_FMT "' already exists but with type %s, instead of %s",
            BR_ARG(metric->name), br_metric_type_name(metric->type), br_metric_type_name(type));
    }
    if (metric->contains != contains) {
        return br_fail(err, BR_EEXISTS,
            "metric '" BR_FMT "' already exists but with a value type %s, instead of %s",
            BR_ARG(metric->name), br_metric_contains_name(metric->contains),
            br_metric_contains_name(contains));
    }
    return BR_OK;
}

static br_code get_locked(br_metrics *m, br_str name, br_metric_type type, br_metric_contains contains,
    br_metric **ret, br_err *err)
{
    br_metric *metric = br_map_get(&m->by_name, name);
    br_code rc = metric ? check_same(metric, type, contains, err) : check_room(m, err);
    if (rc != BR_OK) return rc;
    *ret = metric ? metric : add_entry(m, br_arena_str(&m->arena, name), type, contains);
    return BR_OK;
}

br_code br_metrics_get(br_metrics *m, br_str name, br_metric_type type, br_metric_contains contains,
    br_metric **ret, br_err *err)
{
    if (!br_metric_name_valid(name)) {
        return br_fail(err, BR_EINVAL,
            "Invalid metric name: '%.*s'. Metric names must only include up to 128 ASCII letters, numbers, or underscores "
            "and start with a letter or an underscore.",
            name.n > 200 ? 200 : (int) name.n, name.p);
    }
    pthread_mutex_lock(&m->lock);
    br_code rc = get_locked(m, name, type, contains, ret, err);
    pthread_mutex_unlock(&m->lock);
    return rc;
}

static bool same_selector(const br_selector *a, const br_selector *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) { /* both sorted by key */
        if (!br_str_eq(a->tags[i].key, b->tags[i].key)) return false;
        if (!br_str_eq(a->tags[i].value, b->tags[i].value)) return false;
    }
    return true;
}

static br_metric *find_sub(const br_metric *parent, const br_selector *selector)
{
    for (size_t i = 0; i < parent->subs.len; i++) {
        if (same_selector(&parent->subs.data[i]->selector, selector)) return parent->subs.data[i];
    }
    return NULL;
}

static br_metric *add_sub(br_metrics *m, br_metric *parent, br_str suffix, const br_selector *selector)
{
    br_str name = br_str_of(
        br_arena_printf(&m->arena, BR_FMT "{" BR_FMT "}", BR_ARG(parent->name), BR_ARG(suffix)));
    br_metric *sub = add_entry(m, name, parent->type, parent->contains);
    sub->parent = parent;
    sub->suffix = br_str_sub(name, parent->name.n + 1, name.n - 1);
    sub->selector = *selector;
    *br_vec_push(&parent->subs) = sub;
    return sub;
}

static br_code get_sub_locked(br_metrics *m, br_str full_name, br_metric **ret, br_err *err)
{
    br_str name, suffix;
    br_selector selector;
    br_code rc = br_metric_name_split(full_name, &name, &suffix, err);
    if (rc != BR_OK) return rc;
    br_metric *parent = br_map_get(&m->by_name, name);
    if (!parent) return br_fail(err, BR_ENOTFOUND, "no metric name \"" BR_FMT "\" found", BR_ARG(full_name));
    if (!suffix.p || br_str_trim(suffix).n == 0) {
        return br_fail(
            err, BR_ESYNTAX, "parsing metric name failed, metric \"\" tag expression is malformed");
    }
    rc = check_room(m, err);
    if (rc == BR_OK) rc = br_selector_parse(&m->arena, suffix, &selector, err);
    if (rc != BR_OK) return rc;
    br_metric *sub = find_sub(parent, &selector);
    if (!sub) sub = add_sub(m, parent, br_str_trim(suffix), &selector);
    br_map_set(&m->by_name, full_name, sub);
    *ret = sub;
    return BR_OK;
}

br_code br_metrics_get_sub(br_metrics *m, br_str full_name, br_metric **ret, br_err *err)
{
    pthread_mutex_lock(&m->lock);
    br_metric *known = br_map_get(&m->by_name, full_name);
    br_code rc = BR_OK;
    if (known && known->parent) {
        *ret = known;
    } else {
        rc = get_sub_locked(m, full_name, ret, err);
    }
    pthread_mutex_unlock(&m->lock);
    return rc;
}

br_code br_metric_add_threshold(
    br_metrics *m, br_metric *metric, br_str source, bool abort_on_fail, br_ns delay_abort_ns, br_err *err)
{
    br_metric_threshold t = {.abort_on_fail = abort_on_fail, .delay_abort_ns = delay_abort_ns};
    br_code rc = br_threshold_parse(source, &t.expr, err);
    if (rc != BR_OK) return rc;
    if (!br_agg_fits(t.expr.agg.agg, metric->type)) {
        return br_fail(err, BR_EINVAL,
            "invalid threshold \"" BR_FMT "\" applied on metric " BR_FMT
            "; reason: unsupported aggregation method %s on "
            "metric of type %s. supported aggregation methods for this metric are: %s",
            BR_ARG(source), BR_ARG(metric->name), br_agg_name(t.expr.agg.agg),
            br_metric_type_name(metric->type), br_agg_list(metric->type));
    }
    pthread_mutex_lock(&m->lock);
    t.source = br_arena_str(&m->arena, source);
    *br_vec_push(&metric->thresholds) = t;
    pthread_mutex_unlock(&m->lock);
    return BR_OK;
}
