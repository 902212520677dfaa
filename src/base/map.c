#include "base/map.h"

#include "base/assert.h"
#include "base/mem.h"

/*
 * Two arrays: `entries` in insertion order, and `_slots`, a power of two of entry indexes + 1 that is
 * probed linearly. Growing rebuilds the slots from the stored hashes; keys are not read again.
 */
#define SLOT_COUNT_MIN ((size_t) 8)

void br_map_init(br_map *m)
{
    *m = (br_map){0};
}

void br_map_clear(br_map *m)
{
    for (size_t i = 0; i < m->len; i++) {
        br_free((char *) (uintptr_t) m->entries[i].key.p); /* ours: br_map_set copied it */
    }
    m->len = 0;
    if (m->_slots) memset(m->_slots, 0, m->_slot_count * sizeof(m->_slots[0]));
}

void br_map_deinit(br_map *m)
{
    br_map_clear(m);
    br_free(m->entries);
    br_free(m->_slots);
    *m = (br_map){0};
}

/* The slot that holds `key`, or the free slot where it belongs. Needs slots. */
static size_t probe(const br_map *m, br_str key, uint64_t hash)
{
    size_t mask = m->_slot_count - 1;
    size_t at = (size_t) hash & mask;
    while (m->_slots[at]) {
        const br_map_entry *e = &m->entries[m->_slots[at] - 1];
        if (e->hash == hash && br_str_eq(e->key, key)) break;
        at = (at + 1) & mask;
    }
    return at;
}

br_map_entry *br_map_find(const br_map *m, br_str key)
{
    if (m->len == 0) return NULL;
    uint32_t index = m->_slots[probe(m, key, br_str_hash(key))];
    return index ? &m->entries[index - 1] : NULL;
}

void *br_map_get(const br_map *m, br_str key)
{
    const br_map_entry *e = br_map_find(m, key);
    return e ? e->value : NULL;
}

static void rebuild_slots(br_map *m, size_t slot_count)
{
    br_free(m->_slots);
    m->_slots = BR_NEW_ARRAY(uint32_t, slot_count);
    m->_slot_count = slot_count;
    size_t mask = slot_count - 1;
    for (size_t i = 0; i < m->len; i++) {
        size_t at = (size_t) m->entries[i].hash & mask;
        while (m->_slots[at]) {
            at = (at + 1) & mask;
        }
        m->_slots[at] = (uint32_t) (i + 1);
    }
}

static void make_room(br_map *m)
{
    BR_ASSERT(m->len < UINT32_MAX - 1);
    if (m->len == m->_cap) {
        size_t cap = m->_cap ? m->_cap * 2 : SLOT_COUNT_MIN / 2;
        m->entries = br_realloc(m->entries, cap * sizeof(m->entries[0]));
        m->_cap = cap;
    }
    if ((m->len + 1) * 4 > m->_slot_count * 3) {
        rebuild_slots(m, m->_slot_count ? m->_slot_count * 2 : SLOT_COUNT_MIN);
    }
}

void *br_map_set(br_map *m, br_str key, void *value)
{
    uint64_t hash = br_str_hash(key);
    make_room(m);
    size_t at = probe(m, key, hash);
    if (m->_slots[at]) {
        br_map_entry *e = &m->entries[m->_slots[at] - 1];
        void *former = e->value;
        e->value = value;
        return former;
    }
    br_str copy = {br_strndup(key.p, key.n), key.n};
    m->entries[m->len++] = (br_map_entry){.key = copy, .value = value, .hash = hash};
    m->_slots[at] = (uint32_t) m->len;
    return NULL;
}

/* Frees slot `hole` and pulls later members of its probe chain back, so that no chain has a gap. */
static void free_slot(br_map *m, size_t hole)
{
    size_t mask = m->_slot_count - 1;
    for (size_t at = (hole + 1) & mask; m->_slots[at]; at = (at + 1) & mask) {
        size_t home = (size_t) m->entries[m->_slots[at] - 1].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            m->_slots[hole] = m->_slots[at];
            hole = at;
        }
    }
    m->_slots[hole] = 0;
}

void *br_map_remove(br_map *m, br_str key)
{
    if (m->len == 0) return NULL;
    size_t at = probe(m, key, br_str_hash(key));
    uint32_t index = m->_slots[at];
    if (!index) return NULL;
    free_slot(m, at);
    br_map_entry *e = &m->entries[index - 1];
    void *value = e->value;
    br_free((char *) (uintptr_t) e->key.p);
    memmove(e, e + 1, (m->len - index) * sizeof(*e));
    m->len--;
    for (size_t i = 0; i < m->_slot_count; i++) {
        if (m->_slots[i] > index) m->_slots[i]--; /* the entries behind moved up by one */
    }
    return value;
}
