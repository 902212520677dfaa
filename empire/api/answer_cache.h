/*
 * api/answer_cache.h - bodies of answers that may be a few minutes old.
 *
 * What: a fixed number of slots, each a body with its age and entity tag.
 * Why here: the overview is asked often and changes slowly; the guide keeps it for five minutes.
 * Threads: any.
 * Memory: at most EMP_CACHED_BYTES_MAX a slot; a larger body is not kept.
 * Behaviour: when a body grows old, one request makes the new one while the others still get the old
 *     (for EMP_CACHE_GRACE at most), so that a popular answer is never made twice at once.
 */
#pragma once
#include "base/buf.h"
#include "base/clock.h"

#define EMP_CACHED_BYTES_MAX ((size_t) 256 * 1024)
#define EMP_CACHE_GRACE      (10 * BR_SEC)
#define EMP_ETAG_BYTES       20 /* quoted, with the closing NUL */

typedef struct emp_answer_cache emp_answer_cache;

emp_answer_cache *emp_answer_cache_new(size_t slots, br_ns keep); /* keep 0: keeps nothing */
void emp_answer_cache_free(emp_answer_cache *c);                  /* NULL is fine */

/* Appends the body and gives its tag and age. False: the caller makes a new one and puts it. */
bool emp_answer_cache_get(
    emp_answer_cache *c, size_t index, br_ns now, br_buf *out, char ret_etag[EMP_ETAG_BYTES], br_ns *ret_age);
void emp_answer_cache_put(emp_answer_cache *c, size_t index, br_ns now, br_str body);

typedef struct emp_cache_stats {
    uint64_t hits, misses;
} emp_cache_stats;
emp_cache_stats emp_answer_cache_stats(const emp_answer_cache *c);

/* The tag of a body: a hash of its bytes, quoted. */
void emp_etag_of(br_str body, char ret_etag[EMP_ETAG_BYTES]);
