#include "codec/tar.h"

#include <stdio.h>
#include <string.h>
#include "base/num.h"

#define BLOCK 512u

typedef struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
} header;
_Static_assert(sizeof(header) == BLOCK, "a header is one block");

static br_str field(const char *p, size_t n)
{
    return (br_str){p, strnlen(p, n)};
}

/* Octal digits between blanks; of sizes also GNU's binary form with the highest bit set. */
static bool read_number(const char *p, size_t n, uint64_t *ret)
{
    uint64_t value = 0;
    bool any = false;
    if ((unsigned char) p[0] == 0x80) {
        for (size_t i = 1; i < n; i++) {
            if (value >> 48) return false;
            value = value << 8 | (unsigned char) p[i];
        }
        *ret = value;
        return true;
    }
    for (size_t i = 0; i < n && p[i]; i++) {
        if (p[i] == ' ' && !any) continue;
        if (p[i] == ' ') break;
        if (p[i] < '0' || p[i] > '7') return false;
        value = value << 3 | (uint64_t) (p[i] - '0');
        any = true;
    }
    *ret = value;
    return true;
}

/* The sum of all bytes, with blanks in place of the sum itself. */
static uint64_t sum_of(const char *block)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char) block[i];
    return sum;
}

static bool header_ok(const char *block)
{
    uint64_t sum;
    return read_number(block + 148, 8, &sum) && sum == sum_of(block);
}

bool br_tar_is(br_str bytes)
{
    return bytes.n >= BLOCK && memcmp(bytes.p + 257, "ustar", 5) == 0 && header_ok(bytes.p);
}

/* What the headers before a file say of it. */
typedef struct walk {
    br_arena *arena;
    br_str long_name; /* p == NULL: none */
    uint64_t long_size;
    bool has_size;
    size_t files;
    br_err *err;
    size_t offset;
} walk;

/* Records "LENGTH KEY=VALUE\n". */
static br_code read_pax(walk *w, br_str text)
{
    while (text.n) {
        br_str rest = text, digits, key;
        uint64_t length;
        if (!br_str_cut(&rest, ' ', &digits) || !rest.p || br_parse_u64(digits, &length) != BR_OK ||
            length > text.n || length < digits.n + 3)
            return br_fail(w->err, BR_ESYNTAX, "tar: a pax record at offset %zu is damaged", w->offset);
        br_str record = br_str_sub(text, digits.n + 1, length - 1);
        text = br_str_sub(text, length, text.n);
        if (!br_str_cut(&record, '=', &key) || !record.p) continue;
        if (br_str_is(key, "path")) w->long_name = br_arena_str(w->arena, record);
        if (br_str_is(key, "size")) {
            w->has_size = true;
            if (br_parse_u64(record, &w->long_size) != BR_OK)
                return br_fail(w->err, BR_ESYNTAX, "tar: a size at offset %zu is no number", w->offset);
        }
    }
    return BR_OK;
}

static br_str name_of(walk *w, const header *h)
{
    if (w->long_name.p) return w->long_name;
    br_str name = field(h->name, sizeof(h->name)), prefix = field(h->prefix, sizeof(h->prefix));
    if (memcmp(h->magic, "ustar", 6) != 0 || prefix.n == 0) return br_arena_str(w->arena, name);
    return br_str_of(br_arena_printf(w->arena, BR_FMT "/" BR_FMT, BR_ARG(prefix), BR_ARG(name)));
}

static br_code take(walk *w, const header *h, br_str content, br_tar_file_fn *fn, void *ctx)
{
    if (h->type == 'x') return read_pax(w, content);
    if (h->type == 'L') {
        w->long_name = br_arena_str(w->arena, field(content.p, content.n));
        return BR_OK;
    }
    br_code code = BR_OK;
    if (h->type == '0' || h->type == '\0' || h->type == '7') {
        br_str name = name_of(w, h);
        if (++w->files > BR_TAR_FILES_MAX || name.n > BR_TAR_NAME_MAX)
            return br_fail(w->err, BR_ELIMIT, "tar: more than %d files, or a name longer than %d bytes",
                BR_TAR_FILES_MAX, BR_TAR_NAME_MAX);
        if (!fn(ctx, name, content)) code = BR_ECANCEL;
    }
    if (h->type != 'g') { /* a global header says nothing of the next file */
        w->long_name = BR_STR_NONE;
        w->has_size = false;
    }
    return code;
}

br_code br_tar_walk(br_arena *arena, br_str bytes, br_tar_file_fn *fn, void *ctx, br_err *err)
{
    static const char zeros[BLOCK];
    walk w = {.arena = arena, .err = err};
    br_code code = BR_OK;
    while (code == BR_OK && bytes.n - w.offset >= BLOCK) {
        const char *block = bytes.p + w.offset;
        header h;
        uint64_t size = 0;
        if (memcmp(block, zeros, BLOCK) == 0) return BR_OK;
        memcpy(&h, block, sizeof(h));
        if (!header_ok(block) || !read_number(h.size, sizeof(h.size), &size))
            return br_fail(err, BR_ESYNTAX, "tar: there is no header at offset %zu", w.offset);
        if (w.has_size && h.type != 'x' && h.type != 'L') size = w.long_size;
        w.offset += BLOCK;
        if (size > bytes.n - w.offset)
            return br_fail(err, BR_ESYNTAX, "tar: it ends within a file at offset %zu", w.offset);
        code = take(&w, &h, (br_str){bytes.p + w.offset, (size_t) size}, fn, ctx);
        size_t padded = ((size_t) size + BLOCK - 1) / BLOCK * BLOCK;
        w.offset = padded > bytes.n - w.offset ? bytes.n : w.offset + padded;
    }
    return code;
}

/* Writing ---------------------------------------------------------------------------------------- */

/* Where a name can be cut into prefix and name; 0: it fits whole; -1: nowhere. */
static ptrdiff_t cut_of(br_str name)
{
    if (name.n <= 100) return 0;
    for (size_t i = name.n; i-- > 0;) {
        if (name.p[i] == '/' && i > 0 && i <= 155 && name.n - i - 1 > 0 && name.n - i - 1 <= 100)
            return (ptrdiff_t) i;
    }
    return -1;
}

static br_code put_block(br_buf *out, char type, br_str prefix, br_str name, size_t size, br_ns wall)
{
    header h = {.type = type, .magic = "ustar", .version = {'0', '0'}};
    memcpy(h.name, name.p, name.n);
    memcpy(h.prefix, prefix.n ? prefix.p : "", prefix.n);
    snprintf(h.mode, sizeof(h.mode), "%07o", 0644u);
    snprintf(h.uid, sizeof(h.uid), "%07o", 0u);
    snprintf(h.gid, sizeof(h.gid), "%07o", 0u);
    snprintf(h.size, sizeof(h.size), "%011llo", (unsigned long long) size & 077777777777ull);
    snprintf(h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long) (wall / BR_SEC) & 077777777777ull);
    char block[BLOCK], sum[9];
    memcpy(block, &h, sizeof(h));
    snprintf(sum, sizeof(sum), "%06llo", (unsigned long long) sum_of(block) & 0777777ull);
    memcpy(block + 148, sum, 7); /* with its NUL; a blank follows */
    block[155] = ' ';
    return br_buf_append(out, block, BLOCK);
}

static br_code put_content(br_buf *out, br_str content)
{
    static const char zeros[BLOCK];
    br_code code = br_buf_put(out, content);
    size_t over = content.n % BLOCK;
    return code == BR_OK && over ? br_buf_append(out, zeros, BLOCK - over) : code;
}

/* Decimal digits of the whole record count in its length. */
static br_code put_pax_name(br_buf *out, br_str name, br_ns wall)
{
    char record[BR_TAR_NAME_MAX + 32];
    size_t rest = name.n + sizeof(" path=\n") - 1, length = rest + 1;
    if (name.n > BR_TAR_NAME_MAX) return BR_ELIMIT;
    while ((size_t) snprintf(record, sizeof(record), "%zu", length) + rest != length)
        length++;
    int n = snprintf(record, sizeof(record), "%zu path=" BR_FMT "\n", length, BR_ARG(name));
    br_code code = put_block(out, 'x', BR_STR(""), BR_STR("pax"), (size_t) n, wall);
    return code == BR_OK ? put_content(out, (br_str){record, (size_t) n}) : code;
}

br_code br_tar_put(br_buf *out, br_str name, br_str content, br_ns wall)
{
    ptrdiff_t cut = cut_of(name);
    br_code code = BR_OK;
    if (cut < 0) code = put_pax_name(out, name, wall);
    br_str prefix = cut > 0 ? br_str_sub(name, 0, (size_t) cut) : BR_STR("");
    br_str rest = cut > 0 ? br_str_sub(name, (size_t) cut + 1, name.n) : br_str_sub(name, 0, 100);
    if (code == BR_OK) code = put_block(out, '0', prefix, rest, content.n, wall);
    return code == BR_OK ? put_content(out, content) : code;
}

br_code br_tar_finish(br_buf *out)
{
    static const char zeros[2 * BLOCK];
    return br_buf_append(out, zeros, sizeof(zeros));
}
