/*
 * stat/recorder_int.h - the parts of a recorder, shared by recorder.c, series.c, groups.c and endpoints.c.
 *
 * What: the tree of groups and checks (also used to merge trees), the endpoint table, the cache of request
 *     series.
 * Threads, memory: as told in recorder.h.
 */
#pragma once
#include "stat/recorder.h"

/* Groups and checks (groups.c) ------------------------------------------------------------------ */

/* A tree under construction: finds children by (parent, name) without walking. */
typedef struct br_group_tree {
    br_arena *arena; /* groups, checks and their names live there; the vectors in them are heap */
    br_group *root;
    br_map groups, checks;
    size_t group_count, check_count;
    br_buf key;
} br_group_tree;

void br_group_tree_init(br_group_tree *t, br_arena *arena);
void br_group_tree_deinit(br_group_tree *t); /* what was built stays */
/* Both create what is not there; NULL when BR_GROUPS_MAX or BR_CHECKS_MAX is reached. */
br_group *br_group_tree_group(br_group_tree *t, br_group *parent, br_str name);
br_check *br_group_tree_check(br_group_tree *t, br_group *group, br_str name);
/* Frees the vectors of a group and of all below it. */
void br_group_deinit(br_group *group);

/* Endpoints (endpoints.c) ----------------------------------------------------------------------- */

typedef struct br_endpoint_table {
    br_arena arena;
    br_map by_key; /* method, NUL, name */
    BR_VEC(br_endpoint *) rows;
} br_endpoint_table;

void br_endpoint_table_init(br_endpoint_table *t);
void br_endpoint_table_deinit(br_endpoint_table *t);
/* The row of a request, the rest row when the table is full; never NULL. */
br_endpoint *br_endpoint_table_row(br_endpoint_table *t, br_str method, br_str name);
/* Index of an outcome in row->outcomes, made if new. */
size_t br_endpoint_outcome_index(br_endpoint *row, int status, int error_code, br_str error);
void br_endpoint_merge(br_endpoint *into, const br_endpoint *from);
void br_endpoint_deinit(br_endpoint *row); /* sinks and vectors */

/* Request series (series.c) --------------------------------------------------------------------- */

#define BR_HTTP_SAMPLES   10
#define BR_SERIES_KEY_MAX 2048 /* bytes; requests with longer keys are resolved anew each time */

/* A sub-metric that the requests of a series belong to. */
typedef struct br_series_hit {
    uint32_t sink;
    uint32_t sample; /* which of the ten */
} br_series_hit;

/* All that is known of requests with equal tags, as far as anybody asks for tags. */
typedef struct br_series {
    uint64_t hash;
    br_str key;
    const br_series_hit *hits;
    size_t hit_count;
    br_endpoint *endpoint;
    size_t outcome;
} br_series;

typedef struct br_series_cache {
    br_arena arena; /* keys and hits */
    BR_VEC(br_series) entries;
    uint32_t *slots; /* index into entries + 1, 0 = free */
    bool ready;      /* the fields below are set: at the first request, when sub-metrics are complete */
    uint32_t selected;
    size_t sub_count; /* sub-metrics of the ten metrics */
    const br_metric *metrics[BR_HTTP_SAMPLES];
} br_series_cache;

void br_series_cache_init(br_series_cache *c);
void br_series_cache_deinit(br_series_cache *c);

/* The recorder ---------------------------------------------------------------------------------- */

struct br_recorder {
    br_recorder_config config;
    br_shard *shard;
    br_tag_store store;
    br_arena scratch; /* of one call */
    br_arena groups_arena;
    br_group_tree groups;
    br_endpoint_table endpoints;
    br_series_cache series;
    br_shortages shortages;
    uint64_t key[BR_SERIES_KEY_MAX / sizeof(uint64_t)]; /* of one call */
};

void br_shard_grow(br_shard *shard, br_metrics *metrics);

static inline br_sink *br_recorder_sink(br_recorder *r, uint32_t id)
{
    if (BR_UNLIKELY(id >= r->shard->sink_count)) br_shard_grow(r->shard, r->config.metrics);
    return &r->shard->sinks[id];
}

static inline bool br_recorder_has_tag(const br_recorder *r, uint32_t tag)
{
    return (r->config.system_tags & tag) != 0;
}

/* Hands samples with equal tags to the tap, which is set. Fills in wall, tags and metadata of all of them. */
typedef struct br_tap_call {
    const br_origin *origin;
    const br_tagset *tags;
    br_ns wall;
    br_sample *samples;
    size_t count;
} br_tap_call;
void br_recorder_tap(br_recorder *r, const br_tap_call *call);
