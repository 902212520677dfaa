#include "empire/stub/effects.h"

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"

struct emp_effects {
    pthread_mutex_t mutex;
    br_map numbers; /* key -> its number, as a pointer */
    uint64_t next;
    emp_effect_counts counts;
};

emp_effects *emp_effects_new(void)
{
    emp_effects *e = BR_NEW(emp_effects);
    pthread_mutex_init(&e->mutex, NULL);
    br_map_init(&e->numbers);
    return e;
}

void emp_effects_free(emp_effects *e)
{
    if (!e) return;
    br_map_deinit(&e->numbers);
    pthread_mutex_destroy(&e->mutex);
    br_free(e);
}

static bool note(emp_effects *e, br_str key, uint64_t *ret_number)
{
    const void *known = key.n ? br_map_get(&e->numbers, key) : NULL;
    if (known) {
        e->counts.repeated++;
        *ret_number = (uint64_t) (uintptr_t) known;
        return false;
    }
    *ret_number = ++e->next;
    if (key.n == 0) {
        e->counts.unkeyed++;
    } else {
        e->counts.unique++;
        if (e->numbers.len < EMP_STUB_KEYS_MAX)
            br_map_set(&e->numbers, key, (void *) (uintptr_t) *ret_number);
    }
    return true;
}

bool emp_effects_note(emp_effects *e, br_str key, uint64_t *ret_number)
{
    pthread_mutex_lock(&e->mutex);
    bool is_new = note(e, key, ret_number);
    pthread_mutex_unlock(&e->mutex);
    return is_new;
}

void emp_effects_look(emp_effects *e, emp_effect_counts *ret_counts)
{
    pthread_mutex_lock(&e->mutex);
    *ret_counts = e->counts;
    pthread_mutex_unlock(&e->mutex);
}
