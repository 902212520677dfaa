#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

BR_NORETURN BR_COLD static void out_of_memory(size_t size_bytes)
{
    fprintf(stderr, "out of memory: %zu bytes could not be allocated\n", size_bytes);
    abort();
}

void *br_malloc(size_t size_bytes)
{
    void *p = malloc(size_bytes ? size_bytes : 1);
    if (BR_UNLIKELY(!p)) out_of_memory(size_bytes);
    return p;
}

void *br_calloc(size_t count, size_t size_bytes)
{
    size_t total_bytes;
    BR_ASSERT(!BR_MUL_OVERFLOW(count, size_bytes, &total_bytes));
    void *p = calloc(1, total_bytes ? total_bytes : 1);
    if (BR_UNLIKELY(!p)) out_of_memory(total_bytes);
    return p;
}

void *br_realloc(void *p, size_t size_bytes)
{
    /* realloc(p, 0) may free p and return NULL, which would look like a failure. */
    void *moved = realloc(p, size_bytes ? size_bytes : 1);
    if (BR_UNLIKELY(!moved)) out_of_memory(size_bytes);
    return moved;
}

void br_free(void *p)
{
    free(p);
}

char *br_strdup(const char *s)
{
    return br_strndup(s, strlen(s));
}

char *br_strndup(const char *p, size_t n)
{
    BR_ASSERT(n < SIZE_MAX);
    char *copy = br_malloc(n + 1);
    if (n) memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}
