/*
 * A path, a NUL, a document. Besides not crashing: what is found in a valid document is valid itself and lies
 * in the document or was made; walking over a valid document ends where validation says.
 */
#include "base/assert.h"
#include "codec/gjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_walk(br_str document)
{
    br_str value = br_json_first(document);
    BR_ASSERT(value.p && br_json_valid(value));
    BR_ASSERT(
        br_json_first((br_str){value.p + value.n, (size_t) (document.p + document.n - value.p) - value.n})
            .n == 0);
    if (*value.p != '{' && *value.p != '[') return;
    br_json_iter it = br_json_iterate(value);
    while (br_json_next(&it))
        BR_ASSERT(br_json_valid(it.value) && (!it.object || br_json_valid(it.key)));
    BR_ASSERT(it.at + 1 == value.p + value.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str document = {(const char *) data, size}, path, value;
    br_err err = {0};
    br_arena arena;
    if (size > 4096 || !br_str_cut(&document, 0, &path) || !document.p) return 0;
    bool valid = br_json_valid(document);
    br_arena_init(&arena, 1024);
    if (valid) check_walk(document);
    if (br_gjson_get(document, path, &arena, &value, &err) == BR_OK && value.p && valid)
        BR_ASSERT(br_json_valid(value) || br_str_find(path, BR_STR("@fromstr")) >= 0);
    br_arena_deinit(&arena);
    return 0;
}
