/*
 * Source maps from text: not crashing, and answers that a map can give. The first byte is a line, the second
 * a column to ask for; the rest is the map, or, with a first byte of 255, a source that may name one.
 */
#include "base/assert.h"
#include "script/source_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    br_str text = {(const char *) data + 2, size - 2};
    if (data[0] == 255) {
        br_str url = br_source_map_url(text);
        BR_ASSERT(!url.p || (url.n > 0 && url.p >= text.p && url.p + url.n <= text.p + text.n));
        return 0;
    }
    br_source_map *map = NULL;
    br_err err = {0};
    if (br_source_map_parse(text, BR_STR("file:///a/"), &map, &err) != BR_OK) {
        BR_ASSERT(!map && err.msg[0]);
        return 0;
    }
    br_str source;
    uint32_t line, column;
    if (br_source_map_find(map, data[0], data[1], &source, &line, &column))
        BR_ASSERT(source.p && line > 0 && column > 0);
    br_source_map_free(map);
    return 0;
}
