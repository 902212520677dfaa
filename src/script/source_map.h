/*
 * script/source_map.h - where a place in a bundle comes from.
 *
 * What: reads source maps (ECMA-426, version 3, without sections) and answers for a line and column.
 * Why here: errors of bundled scripts name the lines that people wrote.
 * Threads: read-only once made.
 * Memory: 20 bytes for each mapping; limited.
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

#define BR_SOURCE_MAP_BYTES_MAX    ((size_t) 64 << 20)
#define BR_SOURCE_MAP_MAPPINGS_MAX ((size_t) 8 << 20)

typedef struct br_source_map br_source_map;

/* Names of sources that are relative are so to `folder`, which ends with "/". BR_ESYNTAX, BR_ELIMIT,
 * BR_EUNSUPPORTED. */
BR_NODISCARD br_code br_source_map_parse(br_str json, br_str folder, br_source_map **ret, br_err *err);
void br_source_map_free(br_source_map *m); /* NULL is fine */

/* Lines and columns count from 1. False: nothing is known about the place. *ret_source lives as long as the
 * map. */
bool br_source_map_find(const br_source_map *m, uint32_t line, uint32_t column, br_str *ret_source,
    uint32_t *ret_line, uint32_t *ret_column);

/*
 * The URL of the last `//# sourceMappingURL=` comment of a source; p == NULL: there is none.
 */
br_str br_source_map_url(br_str source);
