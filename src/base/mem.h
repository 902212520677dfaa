/*
 * base/mem.h - allocation that cannot fail.
 *
 * What: malloc family that aborts with a message when memory is out.
 * Why here: thousands of untestable branches are gone; in exchange every size that comes from
 *     outside is limited before it is allocated.
 * Threads: any.
 */
#pragma once
#include <stddef.h>
#include "base/compiler.h"

void *br_malloc(size_t size_bytes);
void *br_calloc(size_t count, size_t size_bytes); /* zeroed; aborts on overflow of the product */
void *br_realloc(void *p, size_t size_bytes);
void br_free(void *p); /* NULL is fine */
char *br_strdup(const char *s);
char *br_strndup(const char *p, size_t n); /* NUL-terminated copy of n bytes */

#define BR_NEW(type)          ((type *) br_calloc(1, sizeof(type)))
#define BR_NEW_ARRAY(type, n) ((type *) br_calloc((n), sizeof(type)))
