/* Source maps of the modules that are loaded: found by VU 0, used in the text of errors. */
#include <openssl/evp.h>
#include "base/log.h"
#include "script/js.h"
#include "script/source_map.h"

/* "data:application/json;base64,..." */
static br_code decode(br_str url, br_buf *ret, br_err *err)
{
    br_str head = url, data;
    ptrdiff_t comma = br_str_find_char(url, ',');
    if (comma < 0) return br_fail(err, BR_ESYNTAX, "its data: URL has no data");
    head.n = (size_t) comma;
    data = br_str_sub(url, head.n + 1, url.n);
    if (!br_str_ends(head, BR_STR(";base64")))
        return br_fail(err, BR_EUNSUPPORTED, "its data: URL is not in base64");
    while (data.n && data.p[data.n - 1] == '=')
        data.n--;
    size_t whole = data.n / 4 * 4, left = data.n - whole;
    br_code code = data.n > BR_SOURCE_MAP_BYTES_MAX ? BR_ELIMIT : br_buf_reserve(ret, data.n + 8);
    if (code != BR_OK) return br_fail(err, code, "it is too large");
    unsigned char last[5] = "====", *out = (unsigned char *) ret->data + ret->len;
    memcpy(last, data.p + whole, left);
    int n = whole ? EVP_DecodeBlock(out, (const unsigned char *) data.p, (int) whole) : 0;
    int tail = n >= 0 && left > 1 ? EVP_DecodeBlock(out + n, last, 4) : 0;
    if (n < 0 || tail < 0 || left == 1) return br_fail(err, BR_ESYNTAX, "its base64 is malformed");
    ret->len += (size_t) n + (left > 1 ? left - 1 : 0);
    ret->data[ret->len] = 0;
    return BR_OK;
}

/* "https://h/a/b.js" -> "https://h/a/" */
static br_str folder_of(br_str url)
{
    for (size_t i = 0; !br_str_starts(url, BR_STR("file://")) && i < url.n; i++) {
        if (url.p[i] == '?' || url.p[i] == '#') url.n = i;
    }
    const char *slash = memrchr(url.p, '/', url.n);
    return slash ? br_str_sub(url, 0, (size_t) (slash - url.p) + 1) : BR_STR("");
}

/* The map's own URL; js_free() frees it. NULL: exception. */
static char *resolve(JSContext *ctx, const char *module, br_str url)
{
    char *name = js_strndup(ctx, url.p, url.n), *ret = NULL;
    if (!name) return NULL;
    if (strstr(name, "://") || name[0] == '/' || strncmp(name, "../", 3) == 0 ||
        strncmp(name, "./", 2) == 0) {
        ret = br_js_resolve(ctx, module, name);
    } else {
        size_t n = strlen(name) + 3;
        char *beside = js_malloc(ctx, n);
        if (beside) snprintf(beside, n, "./%s", name);
        ret = beside ? br_js_resolve(ctx, module, beside) : NULL;
        js_free(ctx, beside);
    }
    js_free(ctx, name);
    return ret;
}

/* *ret_at: where the map lies, which js_free() frees; NULL for one inside the source. */
static br_code fetch(br_vu *vu, const char *module, br_str ref, br_buf *ret, char **ret_at, br_err *err)
{
    if (br_str_starts(ref, BR_STR("data:"))) return decode(ref, ret, err);
    *ret_at = resolve(vu->ctx, module, ref);
    if (*ret_at) return br_program_read(vu->discovering, *ret_at, ret, err);
    br_buf text;
    br_buf_init(&text, 4096);
    (void) br_js_take_exception(vu->ctx, &text);
    br_code code = br_fail(err, BR_EINVAL, BR_FMT, (int) text.len, text.data ? text.data : "");
    br_buf_deinit(&text);
    return code;
}

void br_js_note_source_map(br_vu *vu, const char *url, br_str source)
{
    br_str ref = br_source_map_url(source);
    if (!ref.p) return;
    br_buf json;
    br_buf_init(&json, BR_SOURCE_MAP_BYTES_MAX);
    char *at = NULL;
    br_err err = {0};
    br_source_map *map = NULL;
    br_code code = fetch(vu, url, ref, &json, &at, &err);
    if (code == BR_OK)
        code = br_source_map_parse(br_buf_view(&json), folder_of(br_str_of(at ? at : url)), &map, &err);
    if (code == BR_OK)
        br_map_set(&vu->discovering->source_maps, br_str_of(url), map);
    else
        br_warn("Couldn't load source map for %s: %s", url, err.msg);
    js_free(vu->ctx, at);
    br_buf_deinit(&json);
}

static bool take_u32(br_str digits, uint32_t *ret)
{
    uint64_t n = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9' || n > UINT32_MAX / 16) return false;
        n = n * 10 + (uint64_t) (digits.p[i] - '0');
    }
    *ret = (uint32_t) n;
    return digits.n > 0;
}

br_str br_js_original_frame(const br_program *p, br_str line, br_buf *scratch)
{
    if (p->source_maps.len == 0) return line;
    bool closed = br_str_ends(line, BR_STR(")"));
    size_t end = line.n - closed;
    const char *column = memrchr(line.p, ':', end);
    const char *row = column ? memrchr(line.p, ':', (size_t) (column - line.p)) : NULL;
    if (!row) return line;
    const char *begin = memrchr(line.p, closed ? '(' : ' ', (size_t) (row - line.p));
    if (!begin++) return line;
    const br_source_map *map = br_map_get(&p->source_maps, (br_str){begin, (size_t) (row - begin)});
    uint32_t at_line, at_column, from_line, from_column;
    br_str source;
    if (!map || !take_u32((br_str){row + 1, (size_t) (column - row - 1)}, &at_line) ||
        !take_u32((br_str){column + 1, (size_t) (line.p + end - column - 1)}, &at_column) ||
        !br_source_map_find(map, at_line, at_column, &source, &from_line, &from_column))
        return line;
    scratch->len = 0;
    (void) br_buf_printf(scratch, BR_FMT BR_FMT ":%u:%u%s", (int) (begin - line.p), line.p, BR_ARG(source),
        from_line, from_column, closed ? ")" : "");
    return br_buf_view(scratch);
}
