#include "loop/timers.h"

enum { ARITY = 4 };

static bool before(br_timer_entry a, br_timer_entry b)
{
    return a.at != b.at ? a.at < b.at : a.timer->_seq < b.timer->_seq;
}

static void place(br_timers *t, size_t i, br_timer_entry entry)
{
    t->heap.data[i] = entry;
    entry.timer->_slot = (uint32_t) i + 1;
}

/* Puts `entry` at the hole `i` or above it. */
static void sift_up(br_timers *t, size_t i, br_timer_entry entry)
{
    while (i > 0) {
        size_t parent = (i - 1) / ARITY;
        if (!before(entry, t->heap.data[parent])) break;
        place(t, i, t->heap.data[parent]);
        i = parent;
    }
    place(t, i, entry);
}

static size_t earliest_child(const br_timers *t, size_t i)
{
    size_t first = i * ARITY + 1;
    size_t end = first + ARITY < t->heap.len ? first + ARITY : t->heap.len;
    size_t best = first;
    for (size_t c = first + 1; c < end; c++) {
        if (before(t->heap.data[c], t->heap.data[best])) best = c;
    }
    return best; /* >= len if there is none */
}

/* Puts `entry` at the hole `i` or below it. */
static void sift_down(br_timers *t, size_t i, br_timer_entry entry)
{
    for (;;) {
        size_t child = earliest_child(t, i);
        if (child >= t->heap.len || !before(t->heap.data[child], entry)) break;
        place(t, i, t->heap.data[child]);
        i = child;
    }
    place(t, i, entry);
}

static void settle(br_timers *t, size_t i, br_timer_entry entry)
{
    if (i > 0 && before(entry, t->heap.data[(i - 1) / ARITY])) {
        sift_up(t, i, entry);
    } else {
        sift_down(t, i, entry);
    }
}

static void insert(br_timers *t, br_timer *timer)
{
    if (t->heap.len == t->heap.cap) {
        t->heap.data = br_vec_room(t->heap.data, t->heap.len, &t->heap.cap, sizeof(*t->heap.data), 1);
    }
    BR_ASSERT(t->heap.len < BR_TIMER_HELD - 1);
    sift_up(t, t->heap.len++, (br_timer_entry){timer->_at, timer});
}

static void remove_at(br_timers *t, size_t i)
{
    br_timer_entry last = t->heap.data[--t->heap.len];
    if (i < t->heap.len) settle(t, i, last);
}

static void hold(br_timers *t, br_timer *timer)
{
    *br_vec_push(&t->held) = timer;
    timer->_slot = (uint32_t) t->held.len | BR_TIMER_HELD;
}

static void unhold(br_timers *t, br_timer *timer)
{
    uint32_t slot = timer->_slot;
    br_timer *last = t->held.data[--t->held.len];
    t->held.data[(slot & ~BR_TIMER_HELD) - 1] = last;
    last->_slot = slot;
}

void br_timers_stop(br_timers *t, br_timer *timer)
{
    if (timer->_slot == 0) return;
    if (timer->_slot & BR_TIMER_HELD) {
        unhold(t, timer);
    } else {
        BR_DASSERT(t->heap.data[timer->_slot - 1].timer == timer);
        remove_at(t, timer->_slot - 1);
    }
    timer->_slot = 0;
}

void br_timers_start(br_timers *t, br_timer *timer, br_ns at_ns)
{
    bool due = t->running && at_ns <= t->now;
    if (due || (timer->_slot & BR_TIMER_HELD)) br_timers_stop(t, timer);
    timer->_at = at_ns;
    timer->_seq = t->next_seq++;
    if (due) {
        hold(t, timer);
    } else if (timer->_slot != 0) {
        settle(t, timer->_slot - 1, (br_timer_entry){at_ns, timer});
    } else {
        insert(t, timer);
    }
}

static void fire_first(br_timers *t, br_loop_health *health)
{
    br_timer *timer = t->heap.data[0].timer;
    br_ns late = t->now - timer->_at;
    remove_at(t, 0);
    timer->_slot = 0;
    health->timers++;
    health->timer_late_ns_sum += late;
    br_delays_add(&health->late, late, 1);
    if (late > health->timer_late_ns_max) health->timer_late_ns_max = late;
    timer->_fn(timer, timer->_ctx); /* *timer may be gone afterwards */
}

size_t br_timers_run(br_timers *t, br_ns now, br_loop_health *health)
{
    size_t count = 0;
    t->running = true;
    t->now = now;
    while (t->heap.len > 0 && t->heap.data[0].at <= now) {
        fire_first(t, health);
        count++;
    }
    t->running = false;
    for (size_t i = 0; i < t->held.len; i++)
        insert(t, t->held.data[i]);
    br_vec_reset(&t->held);
    return count;
}

void br_timers_deinit(br_timers *t)
{
    br_vec_deinit(&t->heap);
    br_vec_deinit(&t->held);
}

bool br_timers_check(const br_timers *t)
{
    for (size_t i = 0; i < t->heap.len; i++) {
        br_timer_entry e = t->heap.data[i];
        if (e.timer->_slot != i + 1 || e.at != e.timer->_at) return false;
        if (i > 0 && before(e, t->heap.data[(i - 1) / ARITY])) return false;
    }
    for (size_t i = 0; i < t->held.len; i++) {
        if (t->held.data[i]->_slot != ((i + 1) | BR_TIMER_HELD)) return false;
    }
    return t->running || t->held.len == 0;
}
