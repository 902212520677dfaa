#include "http/h2_int.h"
#include "base/mem.h"

#define CLASS_BYTES 32
#define CLASS_NONE  BR_H2_MEM_CLASSES /* larger blocks are not kept */

/* Before each block; a free one is linked through its first bytes. */
typedef union head {
    size_t bytes; /* room behind the head */
    max_align_t align;
} head;

typedef struct br_h2_free_block {
    struct br_h2_free_block *next;
} free_block;

static size_t class_of(size_t bytes)
{
    size_t class = (bytes + CLASS_BYTES - 1) / CLASS_BYTES;
    return class < BR_H2_MEM_CLASSES ? class : CLASS_NONE;
}

static void *take(size_t bytes, void *ctx)
{
    br_h2_mem *m = ctx;
    size_t class = class_of(bytes);
    if (class != CLASS_NONE && m->free[class] != NULL) {
        free_block *b = m->free[class];
        m->free[class] = b->next;
        return b;
    }
    size_t room = class != CLASS_NONE ? class * CLASS_BYTES : bytes;
    head *h = br_malloc(sizeof(*h) + (room > 0 ? room : CLASS_BYTES));
    h->bytes = room;
    return h + 1;
}

static void give(void *p, void *ctx)
{
    br_h2_mem *m = ctx;
    if (p == NULL) {
        return;
    }
    head *h = (head *) p - 1;
    size_t class = class_of(h->bytes);
    if (class == CLASS_NONE || class == 0) {
        br_free(h);
        return;
    }
    free_block *b = p;
    b->next = m->free[class];
    m->free[class] = b;
}

static void *take_zeroed(size_t count, size_t bytes, void *ctx)
{
    void *p = take(count * bytes, ctx); /* nghttp2's own sizes, far from overflow */
    memset(p, 0, count * bytes);
    return p;
}

static void *resize(void *p, size_t bytes, void *ctx)
{
    size_t room = p != NULL ? ((head *) p - 1)->bytes : 0;
    if (p != NULL && bytes <= room) {
        return p;
    }
    void *larger = take(bytes, ctx);
    if (p != NULL) {
        memcpy(larger, p, room);
        give(p, ctx);
    }
    return larger;
}

void br_h2_mem_use(br_h2_mem *m, nghttp2_mem *ret)
{
    *ret = (nghttp2_mem){
        .mem_user_data = m, .malloc = take, .free = give, .calloc = take_zeroed, .realloc = resize};
}

void br_h2_mem_deinit(br_h2_mem *m)
{
    for (size_t i = 0; i < BR_H2_MEM_CLASSES; i++) {
        for (free_block *b = m->free[i], *next; b != NULL; b = next) {
            next = b->next;
            br_free((head *) (void *) b - 1);
        }
    }
    *m = (br_h2_mem){0};
}
