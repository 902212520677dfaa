#include "base/vec.h"

void *br_vec_room(void *data, size_t len, size_t *cap, size_t item_bytes, size_t more)
{
    size_t need, bytes, new_cap = *cap ? *cap : 4;
    BR_ASSERT(len <= *cap);
    if (BR_LIKELY(more <= *cap - len)) return data;
    BR_ASSERT(!BR_ADD_OVERFLOW(len, more, &need));
    do {
        BR_ASSERT(!BR_MUL_OVERFLOW(new_cap, (size_t) 2, &new_cap));
    } while (new_cap < need);
    BR_ASSERT(!BR_MUL_OVERFLOW(new_cap, item_bytes, &bytes));
    data = br_realloc(data, bytes);
    *cap = new_cap;
    return data;
}
