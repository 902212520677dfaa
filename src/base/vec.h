/*
 * base/vec.h - typed growable arrays.
 *
 * What: `BR_VEC(int) v = {0};  *br_vec_push(&v) = 7;  v.data[0]  v.len`.
 * Why here: one growth policy (doubling), no casts at the use sites.
 * Memory: heap; br_vec_deinit frees. A pointer into it dies with the next push.
 */
#pragma once
#include "base/assert.h"
#include "base/mem.h"

#define BR_VEC(type)                                                                                         \
    struct {                                                                                                 \
        type *data;                                                                                          \
        size_t len, cap;                                                                                     \
    }

/* Appends a zeroed element; evaluates to its address. */
#define br_vec_push(v)                                                                                       \
    ((v)->data = br_vec_room((v)->data, (v)->len, &(v)->cap, sizeof(*(v)->data), 1),                         \
        memset(&(v)->data[(v)->len], 0, sizeof(*(v)->data)), &(v)->data[(v)->len++])
/* Appends `n` elements from `items`, which are not the array's own. */
#define br_vec_append(v, items, n)                                                                           \
    ((v)->data = br_vec_room((v)->data, (v)->len, &(v)->cap, sizeof(*(v)->data), (n)),                       \
        (n) > 0 ? memcpy(&(v)->data[(v)->len], (items), (n) * sizeof(*(v)->data)) : NULL, (v)->len += (n))
#define br_vec_deinit(v) (br_free((v)->data), (v)->data = NULL, (v)->len = 0, (v)->cap = 0)
#define br_vec_reset(v)  ((v)->len = 0)
#define br_vec_last(v)   (&(v)->data[(v)->len - 1])

#include <string.h>
/* Returns `data`, moved if need be so that `more` elements fit; aborts on overflow. */
void *br_vec_room(void *data, size_t len, size_t *cap, size_t item_bytes, size_t more);
