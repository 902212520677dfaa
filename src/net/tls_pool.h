/*
 * net/tls_pool.h - memory of OpenSSL's large buffers, apart from the heap.
 *
 * What: blocks of two sizes for what OpenSSL takes and gives back all the time: 24 KB for the buffers of a
 *     record and of a handshake's messages, 4 KB for those that put small messages together. Each thread
 * keeps a few at hand; the pages of the others go back to the system. Why here: in the heap, small things
 * that stay would lie between them, and thousands of handshakes at once would leave it as large as it was at
 * the worst moment. Threads: any. A block may be given back by another thread. Memory: 2 GB of addresses are
 * reserved, which cost nothing until they are used; if they are all in use, or cannot be had, the heap
 * serves. Invariants: everything else OpenSSL allocates comes from base/mem.h, so it ends the process when
 * memory is out.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define BR_TLS_POOL_LARGE ((size_t) 24 << 10) /* serves sizes above half of it */
#define BR_TLS_POOL_SMALL ((size_t) 4 << 10)  /* serves sizes above three quarters of it */
#define BR_TLS_POOL_KEPT  32                  /* blocks of a size, by each thread */

/* Makes OpenSSL use the pool; before anything of the process uses OpenSSL. False: it is too late. */
bool br_tls_pool_install(void);

/* As malloc(), realloc() and free(), but size 0 is NULL. */
void *br_tls_pool_alloc(size_t size_bytes);
void *br_tls_pool_realloc(void *p, size_t size_bytes);
void br_tls_pool_free(void *p);
bool br_tls_pool_owns(const void *p); /* it is a block, not of the heap */
