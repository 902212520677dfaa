/*
 * codec/multipart.h - writes multipart/form-data bodies.
 *
 * What: parts as Go's mime/multipart writes them, which is what k6 sends.
 * Why here: RFC 7578; no I/O.
 * Threads: values.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define BR_BOUNDARY_BYTES 60

typedef struct br_multipart {
    br_buf *out;
    char boundary[BR_BOUNDARY_BYTES + 1]; /* hexadecimal digits */
    bool begun;
    br_code code; /* of the first thing that did not fit */
} br_multipart;

void br_multipart_init(br_multipart *m, br_buf *out); /* with a random boundary */
/* Each BR_ELIMIT: it is more than `out` takes, or something before it was. */
br_code br_multipart_put_field(br_multipart *m, br_str name, br_str value);
br_code br_multipart_put_file(br_multipart *m, br_str name, br_str filename, br_str type, br_str content);
br_code br_multipart_end(br_multipart *m);
