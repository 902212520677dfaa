/*
 * Heads that are known. What llhttp makes of bytes depends on nothing but its state and the bytes, so for the
 * same bytes from its first state the outcome can be copied: the state behind the head, the fields as
 * offsets, and what the callback was told.
 */
#include "base/mem.h"
#include "codec/h1_int.h"

#define SLOTS          8
#define HEAD_BYTES_MAX 2048
#define SLOT_FIELDS    48
/* Heads that are new each time are not worth keeping: after so many in a row only one in EVERY is tried. */
#define NEW_IN_A_ROW 64
#define EVERY        16

typedef struct slot {
    size_t bytes; /* of the head, with the empty line; 0: the slot is empty */
    llhttp_t machine;
    br_h1_head final;
    uint32_t kept_at, kept_bytes; /* what goes into the head buffer */
    uint32_t reason_at, reason_len;
    bool complete, keep_alive;
    size_t field_count;
    br_h1_field fields[SLOT_FIELDS];
    char head[HEAD_BYTES_MAX];
} slot;

struct br_h1_memo {
    unsigned latest; /* slot that was met last */
    unsigned next;   /* slot to be overwritten */
    unsigned misses; /* in a row */
    uint64_t recalled;
    slot slots[SLOTS];
};

br_h1_memo *br_h1_memo_new(void)
{
    return BR_NEW(br_h1_memo);
}

void br_h1_memo_free(br_h1_memo *m)
{
    br_free(m);
}

uint64_t br_h1_memo_recalled(const br_h1_memo *m)
{
    return m->recalled;
}

static bool begins_with(br_str bytes, const slot *s)
{
    return s->bytes != 0 && s->bytes <= bytes.n && memcmp(bytes.p, s->head, s->bytes) == 0;
}

static const slot *find(br_h1_memo *m, br_str bytes)
{
    if (BR_LIKELY(begins_with(bytes, &m->slots[m->latest]))) {
        return &m->slots[m->latest];
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        if (begins_with(bytes, &m->slots[i])) {
            m->latest = i;
            return &m->slots[i];
        }
    }
    return NULL;
}

static bool given_up(const br_h1_memo *m)
{
    return m->misses > NEW_IN_A_ROW && m->misses % EVERY != 0;
}

static br_code restore(br_h1 *p, const slot *s)
{
    br_code code = br_buf_append(p->head, s->head + s->kept_at, s->kept_bytes);
    if (code != BR_OK) {
        return code;
    }
    br_vec_append(p->fields, s->fields, s->field_count);
    p->machine = s->machine;
    p->machine.data = p;
    p->started = true;
    p->reason_at = s->reason_at;
    p->reason_len = s->reason_len;
    p->final = s->final;
    p->has_head = true;
    p->complete = s->complete;
    p->keep_alive = s->keep_alive;
    return p->events->on_head(p->ctx, &p->final);
}

br_code br_h1_memo_recall(br_h1 *p, br_str bytes, size_t *ret_head_bytes)
{
    br_h1_memo *m = p->memo;
    if (m == NULL || p->to_head || p->upgrade || given_up(m)) {
        return BR_OK;
    }
    const slot *s = find(m, bytes);
    if (s == NULL || s->bytes > p->head->max_bytes) {
        return BR_OK;
    }
    m->misses = 0;
    m->recalled++;
    *ret_head_bytes = s->bytes;
    return restore(p, s);
}

size_t br_h1_memo_measure(const br_h1 *p, br_str bytes)
{
    static const char end[4] = {'\r', '\n', '\r', '\n'};
    br_h1_memo *m = p->memo;
    if (m == NULL || p->to_head || p->upgrade) {
        return 0;
    }
    m->misses++;
    if (given_up(m)) {
        return 0;
    }
    size_t n = bytes.n < HEAD_BYTES_MAX ? bytes.n : HEAD_BYTES_MAX;
    const char *at = memmem(bytes.p, n, end, sizeof(end));
    return at != NULL ? (size_t) (at - bytes.p) + sizeof(end) : 0;
}

void br_h1_memo_learn(const br_h1 *p, br_str head)
{
    if (!p->started || p->folded || p->fields->len > SLOT_FIELDS) {
        return;
    }
    br_h1_memo *m = p->memo;
    slot *s = &m->slots[m->next];
    BR_ASSERT(head.n <= HEAD_BYTES_MAX && p->head->len <= (size_t) (p->end - head.p));
    *s = (slot){.bytes = head.n,
        .machine = p->machine,
        .final = p->final,
        .kept_at = (uint32_t) ((size_t) (p->end - head.p) - p->head->len),
        .kept_bytes = (uint32_t) p->head->len,
        .reason_at = p->reason_at,
        .reason_len = p->reason_len,
        .complete = p->complete,
        .keep_alive = p->keep_alive,
        .field_count = p->fields->len};
    if (s->field_count > 0) {
        memcpy(s->fields, p->fields->data, s->field_count * sizeof(s->fields[0]));
    }
    memcpy(s->head, head.p, head.n);
    m->latest = m->next;
    m->next = (m->next + 1) % SLOTS;
}
