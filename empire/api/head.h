/*
 * api/head.h - what the service reads of a request's header fields.
 *
 * What: framing (how long is the body), who asks, and conditions; each field once.
 * Why here: one walk over the fields instead of a search per field, and one place that is strict about them.
 * Threads: a head belongs to its request.
 * Memory: values are borrowed from the HTTP library and live as long as the request.
 */
#pragma once
#include <stddef.h>
#include "base/str.h"

struct MHD_Connection;

typedef struct emp_head {
    int hosts, lengths, encodings; /* how often the field is there */
    const char *length, *encoding; /* the last of each */
    br_str api_key;                /* X-API-Key, or what follows "Bearer " in Authorization */
    br_str idempotency_key;        /* p == NULL: not given, as for the following */
    br_str if_none_match, forwarded_for, request_id;
    bool repeated;  /* one of these was given twice */
    bool malformed; /* a name that is no token (a blank before the colon), a value with control characters, a
                       fold */
    bool is_old;    /* HTTP/1.0 */
} emp_head;

/* `version` as the library gives it: "HTTP/1.1". */
void emp_head_read(struct MHD_Connection *connection, const char *version, emp_head *ret_head);

/*
 * NULL, or what is wrong. A body whose length can be read in two ways is read in two ways by two programs
 * (request smuggling); the library lets these through.
 */
const char *emp_head_fault(const emp_head *head);

/* The body will be longer than `max` bytes, or its length is no number. */
bool emp_head_announces_more(const emp_head *head, size_t max);

/* Does If-None-Match name the tag (quoted, as in ETag)? Weak tags compare as strong ones (RFC 9110, 13.1.2).
 */
bool emp_head_matches(const emp_head *head, const char *etag);
