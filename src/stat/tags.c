#include "stat/tags.h"

#include "base/assert.h"
#include "stat/tags_int.h"

#define STORE_CHUNK_BYTES   4096
#define SCRATCH_CHUNK_BYTES 1024

/* Building -------------------------------------------------------------------------------------- */

br_tagset *br_tagset_begin(br_arena *a, const br_tagset *base, size_t more)
{
    size_t count = base ? base->count : 0;
    br_tagset *set = br_arena_alloc(a, sizeof(*set) + (count + more) * sizeof(set->tags[0]));
    set->count = count;
    if (count) memcpy(set->tags, base->tags, count * sizeof(set->tags[0]));
    return set;
}

/* Index of the first tag whose key is not below `key`. */
static size_t lower_bound(const br_tagset *set, br_str key)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (br_str_cmp(set->tags[middle].key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void br_tagset_put(br_tagset *set, br_str key, br_str value)
{
    size_t at = lower_bound(set, key);
    if (at == set->count || !br_str_eq(set->tags[at].key, key)) {
        memmove(&set->tags[at + 1], &set->tags[at], (set->count - at) * sizeof(set->tags[0]));
        set->count++;
    }
    set->tags[at] = (br_tag){key, value};
}

/* The store ------------------------------------------------------------------------------------- */

void br_tag_store_init(br_tag_store *s)
{
    br_arena_init(&s->arena, STORE_CHUNK_BYTES);
    br_arena_init(&s->_scratch, SCRATCH_CHUNK_BYTES);
    br_map_init(&s->sets);
}

void br_tag_store_deinit(br_tag_store *s)
{
    br_map_deinit(&s->sets);
    br_arena_deinit(&s->_scratch);
    br_arena_deinit(&s->arena);
}

static char *put_part(char *at, br_str s)
{
    memcpy(at, &s.n, sizeof(s.n));
    if (s.n) memcpy(at + sizeof(s.n), s.p, s.n);
    return at + sizeof(s.n) + s.n;
}

/* Lengths and bytes of all keys and values in order: equal for equal sets only. */
static br_str canonical(br_arena *a, const br_tagset *set)
{
    size_t size_bytes = 0;
    for (size_t i = 0; i < set->count; i++) {
        size_bytes += 2 * sizeof(size_t) + set->tags[i].key.n + set->tags[i].value.n;
    }
    char *bytes = br_arena_alloc(a, size_bytes), *at = bytes;
    for (size_t i = 0; i < set->count; i++) {
        at = put_part(put_part(at, set->tags[i].key), set->tags[i].value);
    }
    return (br_str){bytes, size_bytes};
}

static br_tagset *copy_set(br_arena *a, const br_tagset *set)
{
    br_tagset *copy = br_tagset_begin(a, set, 0);
    for (size_t i = 0; i < copy->count; i++) {
        copy->tags[i].key = br_arena_str(a, set->tags[i].key);
        copy->tags[i].value = br_arena_str(a, set->tags[i].value);
    }
    return copy;
}

const br_tagset *br_tags_with(br_tag_store *s, const br_tagset *base, const br_tag *extra, size_t count)
{
    br_arena_reset(&s->_scratch);
    br_tagset *set = br_tagset_begin(&s->_scratch, base, count);
    for (size_t i = 0; i < count; i++) {
        br_tagset_put(set, extra[i].key, extra[i].value);
    }
    br_str key = canonical(&s->_scratch, set);
    const br_tagset *known = br_map_get(&s->sets, key);
    if (known) return known;
    br_tagset *kept = copy_set(&s->arena, set);
    br_map_set(&s->sets, key, kept);
    return kept;
}

const br_tagset *br_tags_intern(br_tag_store *s, const br_tag *tags, size_t count)
{
    return br_tags_with(s, NULL, tags, count);
}

br_str br_tags_get(const br_tagset *set, br_str key)
{
    if (!set) return BR_STR_NONE;
    size_t at = lower_bound(set, key);
    if (at == set->count || !br_str_eq(set->tags[at].key, key)) return BR_STR_NONE;
    br_str value = set->tags[at].value;
    return value.p ? value : BR_STR(""); /* present, so not NULL */
}

/* Selectors ------------------------------------------------------------------------------------- */

static br_str unquote(br_str s)
{
    s = br_str_trim(s);
    while (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
        s = br_str_sub(s, 1, s.n);
    }
    while (s.n && (s.p[s.n - 1] == '"' || s.p[s.n - 1] == '\'')) {
        s = br_str_sub(s, 0, s.n - 1);
    }
    return s;
}

static bool parse_pair(br_str field, br_tag *ret)
{
    ptrdiff_t colon = br_str_find_char(field, ':');
    if (colon < 0) return false;
    br_str key = unquote(br_str_sub(field, 0, (size_t) colon));
    br_str value = unquote(br_str_sub(field, (size_t) colon + 1, field.n));
    if (key.n == 0 || value.n == 0) return false;
    *ret = (br_tag){key, value};
    return true;
}

br_code br_selector_parse(br_arena *arena, br_str text, br_selector *ret, br_err *err)
{
    size_t fields = 1;
    for (size_t i = 0; i < text.n; i++) {
        fields += text.p[i] == ',';
    }
    br_tagset *set = br_tagset_begin(arena, NULL, fields);
    br_str rest = br_arena_str(arena, text), field;
    while (br_str_cut(&rest, ',', &field)) {
        br_tag tag;
        if (!parse_pair(field, &tag)) {
            return br_fail(err, BR_ESYNTAX,
                "parsing metric name failed, metric \"" BR_FMT "\" tag expression is malformed",
                BR_ARG(field));
        }
        br_tagset_put(set, tag.key, tag.value);
    }
    *ret = (br_selector){set->tags, set->count};
    return BR_OK;
}

static br_str find_tag(const br_tagset *base, const br_tag *extra, size_t extra_count, br_str key)
{
    for (size_t i = extra_count; i > 0; i--) { /* a later one wins */
        if (br_str_eq(extra[i - 1].key, key)) return extra[i - 1].value;
    }
    return br_tags_get(base, key);
}

bool br_selector_matches(const br_selector *s, const br_tagset *base, const br_tag *extra, size_t extra_count)
{
    for (size_t i = 0; i < s->count; i++) {
        /* Selected values are never empty, so an absent tag differs from them. */
        if (!br_str_eq(find_tag(base, extra, extra_count, s->tags[i].key), s->tags[i].value)) return false;
    }
    return true;
}
