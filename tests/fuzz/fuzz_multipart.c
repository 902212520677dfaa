/*
 * Forms of any names and contents: lines of name, file name, type and content. Besides not crashing: a reader
 * finds as many parts as were written, each head has its lines and no other, and the contents are the same.
 */
#include <stdio.h>
#include "base/assert.h"
#include "codec/multipart.h"

#define PARTS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct part {
    br_str name, filename, type, content;
    bool file;
} part;

/* A part of four pieces that end at a byte 0xff; with three 0xff in a row it is a field. */
static bool next_part(br_str *rest, part *p)
{
    *p = (part){0};
    if (!br_str_cut(rest, '\xff', &p->name)) return false;
    (void) br_str_cut(rest, '\xff', &p->filename);
    (void) br_str_cut(rest, '\xff', &p->type);
    (void) br_str_cut(rest, '\xff', &p->content);
    p->file = p->filename.n > 0 || p->type.n > 0;
    return true;
}

/* Cuts off everything up to `mark`, which must come. */
static br_str cut(br_str *rest, br_str mark)
{
    ptrdiff_t at = br_str_find(*rest, mark);
    BR_ASSERT(at >= 0);
    br_str piece = br_str_sub(*rest, 0, (size_t) at);
    *rest = br_str_sub(*rest, (size_t) at + mark.n, rest->n);
    return piece;
}

static void check_head(br_str head, const part *p)
{
    br_str disposition = head, line;
    BR_ASSERT(br_str_starts(head, BR_STR("Content-Disposition: form-data; name=\"")));
    if (p->file) {
        disposition = cut(&head, BR_STR("\r\n"));
        BR_ASSERT(br_str_starts(head, BR_STR("Content-Type: ")));
        line = head;
        BR_ASSERT(br_str_find_char(line, '\r') < 0 && br_str_find_char(line, '\n') < 0);
    }
    BR_ASSERT(br_str_find_char(disposition, '\r') < 0 && br_str_find_char(disposition, '\n') < 0);
    size_t quotes = 0; /* not escaped */
    for (size_t i = 0; i < disposition.n; i++) {
        if (disposition.p[i] == '\\') {
            i++;
        } else if (disposition.p[i] == '"') {
            quotes++;
        }
    }
    BR_ASSERT(quotes == (p->file ? 4 : 2));
}

static void check_body(br_str body, br_str boundary, const part *parts, size_t count)
{
    char text[BR_BOUNDARY_BYTES + 5];
    int n = snprintf(text, sizeof(text), "\r\n--%.*s", (int) boundary.n, boundary.p);
    br_str mark = {text, (size_t) n};
    br_str before = cut(&body, br_str_sub(mark, 2, mark.n));
    BR_ASSERT(before.n == 0);
    for (size_t i = 0; i < count; i++) {
        BR_ASSERT(br_str_starts(body, BR_STR("\r\n")));
        body = br_str_sub(body, 2, body.n);
        check_head(cut(&body, BR_STR("\r\n\r\n")), &parts[i]);
        BR_ASSERT(br_str_eq(cut(&body, mark), parts[i].content));
    }
    BR_ASSERT(br_str_is(body, "--\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str rest = {(const char *) data, size};
    part parts[PARTS_MAX];
    size_t count = 0;
    br_multipart m;
    br_buf out;
    if (size < 1) return 0;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_multipart_init(&m, &out);
    br_code code = BR_OK;
    while (count < PARTS_MAX && next_part(&rest, &parts[count])) {
        const part *p = &parts[count++];
        code = p->file ? br_multipart_put_file(&m, p->name, p->filename, p->type, p->content)
                       : br_multipart_put_field(&m, p->name, p->content);
        BR_ASSERT(code == BR_OK);
    }
    code = br_multipart_end(&m);
    BR_ASSERT(code == BR_OK);
    check_body(br_buf_view(&out), (br_str){m.boundary, BR_BOUNDARY_BYTES}, parts, count);
    br_buf_deinit(&out);
    return 0;
}
