/*
 * cli/history/stored_document.h - the result document of a stored run.
 *
 * What: packs a document for the store, and unpacks it again.
 * Why here: the store keeps bytes; compression is at home in http/.
 * Threads: any.
 */
#pragma once
#include "store/store.h"

/* Appends the document packed with gzip. BR_ELIMIT: out's limit. */
BR_NODISCARD br_code br_stored_document_pack(br_str json, br_buf *out, br_err *err);
/* Appends the JSON of that run. BR_ENOTFOUND: no such run, or it has none; BR_ESYNTAX, BR_ELIMIT: damaged. */
BR_NODISCARD br_code br_stored_document_read(br_store *s, int64_t id, br_buf *out, br_err *err);
