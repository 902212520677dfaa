#include "stat/recorder_int.h"

#include <inttypes.h>
#include <stdio.h>

#include "stat/tags_int.h"

#define SCRATCH_CHUNK_BYTES 4096
#define GROUPS_CHUNK_BYTES  4096
#define METADATA_MAX        2
#define INT64_TEXT_BYTES    24

/* System tags ----------------------------------------------------------------------------------- */

static const br_str system_tag_names[] = {
#define SYSTEM_TAG_NAME(id, name) BR_STR_INIT(name),
    BR_SYSTEM_TAGS(SYSTEM_TAG_NAME)
#undef SYSTEM_TAG_NAME
};

uint32_t br_system_tag_of(br_str name)
{
    for (unsigned i = 0; i < BR_SYSTEM_TAG_COUNT; i++) {
        if (br_str_eq(system_tag_names[i], name)) return 1u << i;
    }
    return 0;
}

br_str br_system_tag_name(unsigned bit_index)
{
    BR_ASSERT(bit_index < BR_SYSTEM_TAG_COUNT);
    return system_tag_names[bit_index];
}

/* Shards ---------------------------------------------------------------------------------------- */

void br_shard_grow(br_shard *shard, br_metrics *metrics)
{
    size_t count = br_metrics_count(metrics);
    if (count <= shard->sink_count) return;
    shard->sinks = br_realloc(shard->sinks, count * sizeof(shard->sinks[0]));
    for (size_t i = shard->sink_count; i < count; i++) {
        br_sink_init(&shard->sinks[i], br_metrics_at(metrics, (uint32_t) i)->type);
    }
    shard->sink_count = count;
}

br_shard *br_shard_new(br_metrics *metrics)
{
    br_shard *shard = BR_NEW(br_shard);
    br_shard_grow(shard, metrics);
    return shard;
}

void br_shard_free(br_shard *shard)
{
    if (!shard) return;
    for (size_t i = 0; i < shard->sink_count; i++) {
        br_sink_deinit(&shard->sinks[i]);
    }
    br_free(shard->sinks);
    br_free(shard);
}

void br_shard_reset(br_shard *shard)
{
    for (size_t i = 0; i < shard->sink_count; i++) {
        if (shard->sinks[i].count) br_sink_reset(&shard->sinks[i]);
    }
}

void br_shard_merge(br_shard *into, const br_shard *from, br_metrics *metrics)
{
    if (from->sink_count > into->sink_count) br_shard_grow(into, metrics);
    for (size_t i = 0; i < from->sink_count; i++) {
        br_sink_merge(&into->sinks[i], &from->sinks[i]);
    }
}

/* Life cycle ------------------------------------------------------------------------------------ */

br_recorder *br_recorder_new(const br_recorder_config *config)
{
    br_recorder *r = BR_NEW(br_recorder);
    r->config = *config;
    r->shard = br_shard_new(config->metrics);
    br_tag_store_init(&r->store);
    br_arena_init(&r->scratch, SCRATCH_CHUNK_BYTES);
    br_arena_init(&r->groups_arena, GROUPS_CHUNK_BYTES);
    br_group_tree_init(&r->groups, &r->groups_arena);
    br_endpoint_table_init(&r->endpoints);
    br_series_cache_init(&r->series);
    return r;
}

void br_recorder_free(br_recorder *r)
{
    if (!r) return;
    br_series_cache_deinit(&r->series);
    br_endpoint_table_deinit(&r->endpoints);
    br_group_deinit(r->groups.root);
    br_group_tree_deinit(&r->groups);
    br_arena_deinit(&r->groups_arena);
    br_arena_deinit(&r->scratch);
    br_tag_store_deinit(&r->store);
    br_shard_free(r->shard);
    br_free(r);
}

br_tag_store *br_recorder_tag_store(br_recorder *r)
{
    return &r->store;
}

br_shard *br_recorder_swap(br_recorder *r, br_shard *fresh)
{
    BR_ASSERT(fresh);
    br_shard *former = r->shard;
    r->shard = fresh;
    return former;
}

br_group *br_recorder_root(br_recorder *r)
{
    return r->groups.root;
}

size_t br_recorder_endpoints(br_recorder *r, const br_endpoint *const **ret_list)
{
    *ret_list = (const br_endpoint *const *) r->endpoints.rows.data;
    return r->endpoints.rows.len;
}

br_shortages br_recorder_shortages(const br_recorder *r)
{
    return r->shortages;
}

/* Samples --------------------------------------------------------------------------------------- */

static size_t put_metadata(br_tag *tag, const char *key, int64_t value, char *text)
{
    if (value < 0) return 0;
    int n = snprintf(text, INT64_TEXT_BYTES, "%" PRId64, value);
    *tag = (br_tag){br_str_of(key), {text, (size_t) n}};
    return 1;
}

void br_recorder_tap(br_recorder *r, const br_tap_call *call)
{
    const br_tagset *set = call->origin->metadata;
    size_t count = set ? set->count : 0;
    br_tag *metadata = br_arena_alloc(&r->scratch, (count + METADATA_MAX) * sizeof(*metadata));
    char texts[METADATA_MAX][INT64_TEXT_BYTES];
    if (count) memcpy(metadata, set->tags, count * sizeof(*metadata));
    if (br_recorder_has_tag(r, BR_SYSTEM_TAG(ITER))) {
        count += put_metadata(&metadata[count], "iter", call->origin->iter, texts[0]);
    }
    if (br_recorder_has_tag(r, BR_SYSTEM_TAG(VU))) {
        count += put_metadata(&metadata[count], "vu", call->origin->vu, texts[1]);
    }
    for (size_t i = 0; i < call->count; i++) {
        call->samples[i].wall = call->wall;
        call->samples[i].tags = call->tags;
        call->samples[i].metadata = metadata;
        call->samples[i].metadata_count = count;
    }
    r->config.tap(r->config.tap_ctx, call->samples, call->count);
}

/* One sample on its way, with the tags that are its own. */
typedef struct plain_sample {
    const br_metric *metric;
    double value;
    const br_origin *origin;
    const br_tag *extra;
    size_t extra_count;
    br_ns wall;
} plain_sample;

static void tap_plain(br_recorder *r, const plain_sample *s)
{
    br_tagset *set = br_tagset_begin(&r->scratch, s->origin->tags, s->extra_count);
    for (size_t i = 0; i < s->extra_count; i++) {
        br_tagset_put(set, s->extra[i].key, s->extra[i].value);
    }
    br_sample sample = {.metric = s->metric, .value = s->value};
    br_recorder_tap(
        r, &(br_tap_call){.origin = s->origin, .tags = set, .wall = s->wall, .samples = &sample, .count = 1});
}

static void record(br_recorder *r, const plain_sample *s)
{
    const br_metric *m = s->metric;
    br_sink_add(br_recorder_sink(r, m->id), s->value, s->wall);
    for (size_t i = 0; i < m->subs.len; i++) {
        const br_metric *sub = m->subs.data[i];
        if (!br_selector_matches(&sub->selector, s->origin->tags, s->extra, s->extra_count)) continue;
        br_sink_add(br_recorder_sink(r, sub->id), s->value, s->wall);
    }
    if (r->config.tap) tap_plain(r, s);
}

void br_recorder_add(br_recorder *r, const br_metric *metric, double value, const br_origin *origin,
    const br_tag *extra, size_t extra_count, br_ns wall)
{
    br_arena_reset(&r->scratch);
    record(r, &(plain_sample){metric, value, origin, extra, extra_count, wall});
}

/* Groups and checks ----------------------------------------------------------------------------- */

br_group *br_recorder_group(br_recorder *r, br_group *parent, br_str name)
{
    return parent ? br_group_tree_group(&r->groups, parent, name) : r->groups.root;
}

void br_recorder_check(br_recorder *r, br_group *group, br_str name, bool passed, const br_origin *origin,
    const br_tag *extra, size_t extra_count, br_ns wall)
{
    br_check *check = group ? br_group_tree_check(&r->groups, group, name) : NULL;
    if (check && passed) check->passes++;
    if (check && !passed) check->fails++;
    br_arena_reset(&r->scratch);
    const br_metric *metric = br_metrics_at(r->config.metrics, BR_M_CHECKS);
    plain_sample s = {metric, passed ? 1 : 0, origin, extra, extra_count, wall};
    bool tags_matter = metric->subs.len > 0 || r->config.tap;
    if (tags_matter && br_recorder_has_tag(r, BR_SYSTEM_TAG(CHECK))) {
        br_tag *tags = br_arena_alloc(&r->scratch, (extra_count + 1) * sizeof(*tags));
        if (extra_count) memcpy(tags, extra, extra_count * sizeof(*tags));
        tags[extra_count] = (br_tag){BR_STR("check"), name};
        s.extra = tags;
        s.extra_count++;
    }
    record(r, &s);
}
