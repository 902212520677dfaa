#include "net/tls_pool.h"
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include "base/mem.h"

#define BLOCKS 65536 /* of each size */
#define NONE   UINT32_MAX

/* All blocks of one size: those never used, from `fresh` on, and a list of the numbers of free ones. */
typedef struct pool {
    size_t least, block_bytes;
    char *region; /* NULL: there is none */
    pthread_mutex_t lock;
    uint32_t fresh, first_free;
    uint32_t next_free[BLOCKS];
} pool;

enum { SMALL, LARGE, SIZES };
static pool pools[SIZES] = {
    {.least = BR_TLS_POOL_SMALL * 3 / 4 + 1,
        .block_bytes = BR_TLS_POOL_SMALL,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .first_free = NONE},
    {.least = BR_TLS_POOL_LARGE / 2 + 1,
        .block_bytes = BR_TLS_POOL_LARGE,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .first_free = NONE},
};

/* Blocks that a thread has at hand, the last used one first: it is in the processor's cache. */
typedef struct shelf {
    struct {
        void *blocks[BR_TLS_POOL_KEPT];
        size_t count;
    } of[SIZES];
} shelf;

/* Both pools lie in one region: most of what is freed is of the heap, and is told by one comparison. */
static uintptr_t region_at;
static size_t region_bytes; /* 0: there is none */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t shelf_key;
static _Thread_local shelf *own_shelf;

/* Blocks that no thread has ------------------------------------------------------------------------ */

static void *take_common(pool *p)
{
    void *block = NULL;
    (void) pthread_mutex_lock(&p->lock);
    if (p->first_free != NONE) {
        block = p->region + p->first_free * p->block_bytes;
        p->first_free = p->next_free[p->first_free];
    } else if (p->fresh < BLOCKS) {
        block = p->region + p->fresh++ * p->block_bytes;
    }
    (void) pthread_mutex_unlock(&p->lock);
    return block;
}

static void give_common(pool *p, void *block)
{
    uint32_t number = (uint32_t) ((size_t) ((char *) block - p->region) / p->block_bytes);
    (void) madvise(block, p->block_bytes, MADV_DONTNEED); /* failing that it only stays larger */
    (void) pthread_mutex_lock(&p->lock);
    p->next_free[number] = p->first_free;
    p->first_free = number;
    (void) pthread_mutex_unlock(&p->lock);
}

/* A thread ends. */
static void clear_shelf(void *arg)
{
    shelf *s = arg;
    own_shelf = NULL;
    for (size_t i = 0; i < SIZES; i++) {
        while (s->of[i].count > 0) {
            give_common(&pools[i], s->of[i].blocks[--s->of[i].count]);
        }
    }
    br_free(s);
}

static void reserve(void)
{
    if (pthread_key_create(&shelf_key, clear_shelf) != 0) {
        return;
    }
    size_t bytes = BLOCKS * (pools[SMALL].block_bytes + pools[LARGE].block_bytes);
    char *region = mmap(
        NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region != MAP_FAILED) {
        (void) madvise(region, bytes, MADV_NOHUGEPAGE); /* a block is smaller */
        pools[SMALL].region = region;
        pools[LARGE].region = region + BLOCKS * pools[SMALL].block_bytes;
        region_at = (uintptr_t) region;
        region_bytes = bytes;
    }
}

/* Blocks of a thread ------------------------------------------------------------------------------- */

/* NULL: it could not be given back when the thread ends, so there is none. */
static shelf *find_shelf(void)
{
    if (own_shelf == NULL) {
        shelf *s = BR_NEW(shelf);
        if (pthread_setspecific(shelf_key, s) != 0) {
            br_free(s);
            return NULL;
        }
        own_shelf = s;
    }
    return own_shelf;
}

static void *take(size_t size)
{
    (void) pthread_once(&once, reserve);
    shelf *s = own_shelf;
    if (pools[size].region == NULL) {
        return NULL;
    }
    bool at_hand = s != NULL && s->of[size].count > 0;
    return at_hand ? s->of[size].blocks[--s->of[size].count] : take_common(&pools[size]);
}

static void give(size_t size, void *block)
{
    shelf *s = find_shelf();
    if (s != NULL && s->of[size].count < BR_TLS_POOL_KEPT) {
        s->of[size].blocks[s->of[size].count++] = block;
    } else {
        give_common(&pools[size], block);
    }
}

/* Of a block. */
static size_t pool_of(const void *block)
{
    return (const char *) block < pools[LARGE].region ? SMALL : LARGE;
}

bool br_tls_pool_owns(const void *p)
{
    return (uintptr_t) p - region_at < region_bytes;
}

void *br_tls_pool_alloc(size_t size_bytes)
{
    void *block = NULL;
    if (size_bytes >= pools[SMALL].least && size_bytes <= pools[LARGE].block_bytes) {
        if (size_bytes <= pools[SMALL].block_bytes) {
            block = take(SMALL);
        } else if (size_bytes >= pools[LARGE].least) {
            block = take(LARGE);
        }
    }
    return block != NULL || size_bytes == 0 ? block : br_malloc(size_bytes);
}

void br_tls_pool_free(void *p)
{
    if (p == NULL) { /* OpenSSL's habit */
        return;
    }
    if (br_tls_pool_owns(p)) {
        give(pool_of(p), p);
    } else {
        br_free(p);
    }
}

void *br_tls_pool_realloc(void *p, size_t size_bytes)
{
    if (p == NULL || size_bytes == 0) {
        br_tls_pool_free(p);
        return br_tls_pool_alloc(size_bytes);
    }
    if (!br_tls_pool_owns(p)) {
        return br_realloc(p, size_bytes);
    }
    size_t of = pool_of(p);
    if (size_bytes <= pools[of].block_bytes) {
        return p; /* also if it shrinks: no buffer does for long */
    }
    void *moved = br_tls_pool_alloc(size_bytes);
    memcpy(moved, p, pools[of].block_bytes);
    br_tls_pool_free(p);
    return moved;
}

/* OpenSSL's signatures --------------------------------------------------------------------------- */

static void *alloc_for_openssl(size_t n, const char *file, int line)
{
    (void) file, (void) line;
    return br_tls_pool_alloc(n);
}

static void *realloc_for_openssl(void *p, size_t n, const char *file, int line)
{
    (void) file, (void) line;
    return br_tls_pool_realloc(p, n);
}

static void free_for_openssl(void *p, const char *file, int line)
{
    (void) file, (void) line;
    br_tls_pool_free(p);
}

bool br_tls_pool_install(void)
{
    return CRYPTO_set_mem_functions(alloc_for_openssl, realloc_for_openssl, free_for_openssl) == 1;
}
