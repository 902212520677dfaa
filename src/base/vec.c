#include "base/vec.h"

void *br_vec_grow(void *data, size_t len, size_t *cap, size_t item_bytes)
{
    BR_ASSERT(len <= *cap);
    if (BR_LIKELY(len < *cap)) return data;
    size_t new_cap, new_bytes;
    BR_ASSERT(!BR_MUL_OVERFLOW(*cap ? *cap : 4, (size_t) 2, &new_cap));
    BR_ASSERT(!BR_MUL_OVERFLOW(new_cap, item_bytes, &new_bytes));
    data = br_realloc(data, new_bytes);
    *cap = new_cap;
    return data;
}
