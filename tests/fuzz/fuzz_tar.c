/* Tar files. Besides not crashing: contents lie inside the input, and what is read can be written and read.
 */
#include "base/assert.h"
#include "codec/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct seen {
    br_str input;
    br_buf copy;
    size_t files;
} seen;

static bool on_file(void *ctx, br_str name, br_str content)
{
    seen *s = ctx;
    BR_ASSERT(
        content.n == 0 || (content.p >= s->input.p && content.p + content.n <= s->input.p + s->input.n));
    if (br_tar_put(&s->copy, name, content, 0) != BR_OK) return false;
    s->files++;
    return true;
}

static bool count(void *ctx, br_str name, br_str content)
{
    (void) name, (void) content;
    (*(size_t *) ctx)++;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    seen s = {.input = {(const char *) data, size}};
    br_arena arena;
    br_arena_init(&arena, 4096);
    br_buf_init(&s.copy, (size_t) 16 << 20);
    br_err err;
    if (br_tar_walk(&arena, s.input, on_file, &s, &err) == BR_OK && br_tar_finish(&s.copy) == BR_OK) {
        size_t again = 0;
        BR_ASSERT(br_tar_walk(&arena, br_buf_view(&s.copy), count, &again, &err) == BR_OK);
        BR_ASSERT(again == s.files);
    }
    br_buf_deinit(&s.copy);
    br_arena_deinit(&arena);
    return 0;
}
