#include "script/source_map.h"
#include <jansson.h>
#include "base/arena.h"
#include "base/vec.h"

typedef struct mapping {
    uint32_t line, column; /* in the bundle, from 0 */
    uint32_t source;       /* UINT32_MAX: of no source */
    uint32_t from_line, from_column;
} mapping;

struct br_source_map {
    br_arena arena;
    br_str *sources;
    size_t source_count;
    BR_VEC(mapping) mappings; /* by line, then column */
};

/* Mappings ------------------------------------------------------------------------------------------- */

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One number of base 64 VLQ. False: malformed, or larger than 32 bits. */
static bool take_number(br_str *rest, int64_t *ret)
{
    uint64_t value = 0;
    for (unsigned shift = 0; rest->n && shift <= 30; shift += 5) {
        int d = digit(rest->p[0]);
        if (d < 0) return false;
        *rest = br_str_sub(*rest, 1, rest->n);
        value |= (uint64_t) (d & 31) << shift;
        if (d & 32) continue;
        *ret = value & 1 ? -(int64_t) (value >> 1) : (int64_t) (value >> 1);
        return true;
    }
    return false;
}

/* Adds to one of the running values. */
static bool advance(int64_t *value, int64_t by)
{
    *value += by;
    return *value >= 0 && *value < UINT32_MAX;
}

typedef struct cursor {
    int64_t column, source, from_line, from_column;
} cursor;

static br_code take_segment(br_source_map *m, br_str segment, uint32_t line, cursor *at)
{
    int64_t fields[5];
    size_t n = 0;
    while (segment.n && n < 5) {
        if (!take_number(&segment, &fields[n++])) return BR_ESYNTAX;
    }
    if (segment.n || (n != 1 && n != 4 && n != 5)) return BR_ESYNTAX;
    if (!advance(&at->column, fields[0])) return BR_ESYNTAX;
    if (n > 1 && (!advance(&at->source, fields[1]) || !advance(&at->from_line, fields[2]) ||
                     !advance(&at->from_column, fields[3]) || (size_t) at->source >= m->source_count))
        return BR_ESYNTAX;
    if (m->mappings.len >= BR_SOURCE_MAP_MAPPINGS_MAX) return BR_ELIMIT;
    *br_vec_push(&m->mappings) = (mapping){.line = line,
        .column = (uint32_t) at->column,
        .source = n > 1 ? (uint32_t) at->source : UINT32_MAX,
        .from_line = (uint32_t) at->from_line,
        .from_column = (uint32_t) at->from_column};
    return BR_OK;
}

static int compare(const void *a, const void *b)
{
    const mapping *x = a, *y = b;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return x->column < y->column ? -1 : x->column > y->column;
}

static br_code take_mappings(br_source_map *m, br_str text)
{
    cursor at = {0};
    br_str line, segment;
    bool sorted = true;
    for (uint32_t row = 0; br_str_cut(&text, ';', &line); row++) {
        at.column = 0;
        while (br_str_cut(&line, ',', &segment)) {
            if (segment.n == 0) continue;
            br_code code = take_segment(m, segment, row, &at);
            if (code != BR_OK) return code;
            size_t n = m->mappings.len;
            if (n > 1 && compare(&m->mappings.data[n - 2], &m->mappings.data[n - 1]) > 0) sorted = false;
        }
    }
    if (!sorted) qsort(m->mappings.data, m->mappings.len, sizeof(mapping), compare);
    return BR_OK;
}

/* The file ------------------------------------------------------------------------------------------- */

static bool is_absolute(br_str name)
{
    return br_str_find(name, BR_STR("://")) > 0 || br_str_starts(name, BR_STR("/"));
}

/* "file:///a/b/" and "../c.ts" -> "file:///a/c.ts" */
static br_str join(br_arena *arena, br_str folder, br_str name)
{
    for (;;) {
        if (br_str_starts(name, BR_STR("./"))) {
            name = br_str_sub(name, 2, name.n);
        } else if (br_str_starts(name, BR_STR("../")) && folder.n > 1) {
            const char *slash = memrchr(folder.p, '/', folder.n - 1);
            if (!slash || (slash > folder.p && slash[-1] == '/')) break; /* at the root */
            folder.n = (size_t) (slash - folder.p) + 1;
            name = br_str_sub(name, 3, name.n);
        } else {
            break;
        }
    }
    return br_str_of(br_arena_printf(arena, BR_FMT BR_FMT, BR_ARG(folder), BR_ARG(name)));
}

static void take_sources(br_source_map *m, const json_t *root, br_str folder)
{
    const json_t *sources = json_object_get(root, "sources");
    const char *prefix = json_string_value(json_object_get(root, "sourceRoot"));
    m->source_count = json_array_size(sources);
    m->sources = br_arena_zalloc(&m->arena, (m->source_count + 1) * sizeof(*m->sources));
    for (size_t i = 0; i < m->source_count; i++) {
        const char *text = json_string_value(json_array_get(sources, i));
        br_str name = br_str_of(text ? text : "(unknown)");
        bool slash = prefix && *prefix && !br_str_ends(br_str_of(prefix), BR_STR("/"));
        if (prefix && *prefix && !is_absolute(name))
            name = br_str_of(
                br_arena_printf(&m->arena, "%s%s" BR_FMT, prefix, slash ? "/" : "", BR_ARG(name)));
        m->sources[i] = is_absolute(name) ? br_arena_str(&m->arena, name) : join(&m->arena, folder, name);
    }
}

static br_code read_root(br_source_map *m, const json_t *root, br_str folder, br_err *err)
{
    const json_t *mappings = json_object_get(root, "mappings");
    if (json_object_get(root, "sections"))
        return br_fail(err, BR_EUNSUPPORTED, "it is made of sections, which is not supported");
    if (json_integer_value(json_object_get(root, "version")) != 3 || !json_is_string(mappings))
        return br_fail(err, BR_ESYNTAX, "it is no source map of version 3");
    take_sources(m, root, folder);
    br_code code = take_mappings(m, (br_str){json_string_value(mappings), json_string_length(mappings)});
    if (code == BR_ELIMIT)
        return br_fail(err, code, "it has more than %zu mappings", BR_SOURCE_MAP_MAPPINGS_MAX);
    return code == BR_OK ? code : br_fail(err, code, "its mappings are malformed");
}

br_code br_source_map_parse(br_str json, br_str folder, br_source_map **ret, br_err *err)
{
    if (json.n > BR_SOURCE_MAP_BYTES_MAX)
        return br_fail(err, BR_ELIMIT, "it is larger than %zu MiB", BR_SOURCE_MAP_BYTES_MAX >> 20);
    if (br_str_starts(json, BR_STR(")]}"))) { /* a guard against inclusion as script */
        ptrdiff_t end = br_str_find_char(json, '\n');
        json = br_str_sub(json, end < 0 ? json.n : (size_t) end, json.n);
    }
    json_error_t why;
    json_t *root = json_loadb(json.p ? json.p : "", json.n, 0, &why);
    if (!json_is_object(root)) {
        bool other = root != NULL;
        json_decref(root);
        return br_fail(err, BR_ESYNTAX, "it is no JSON object: %s", other ? "something else" : why.text);
    }
    br_source_map *m = BR_NEW(br_source_map);
    br_arena_init(&m->arena, 1024);
    br_code code = read_root(m, root, folder, err);
    json_decref(root);
    if (code == BR_OK)
        *ret = m;
    else
        br_source_map_free(m);
    return code;
}

void br_source_map_free(br_source_map *m)
{
    if (!m) return;
    br_vec_deinit(&m->mappings);
    br_arena_deinit(&m->arena);
    br_free(m);
}

bool br_source_map_find(const br_source_map *m, uint32_t line, uint32_t column, br_str *ret_source,
    uint32_t *ret_line, uint32_t *ret_column)
{
    if (line == 0 || column == 0) return false;
    const mapping wanted = {.line = line - 1, .column = column - 1};
    size_t low = 0, high = m->mappings.len; /* the last one that is not behind the place */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(&m->mappings.data[middle], &wanted) > 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == 0) return false;
    const mapping *found = &m->mappings.data[low - 1];
    if (found->line != wanted.line || found->source == UINT32_MAX) return false;
    *ret_source = m->sources[found->source];
    *ret_line = found->from_line + 1;
    *ret_column = found->from_column + 1;
    return true;
}

/* Only blanks stand before `at` in its line: texts of bundles in strings have such comments, too. */
static bool begins_line(br_str text, size_t at)
{
    while (at > 0 && (text.p[at - 1] == ' ' || text.p[at - 1] == '\t'))
        at--;
    return at == 0 || text.p[at - 1] == '\n' || text.p[at - 1] == '\r';
}

br_str br_source_map_url(br_str source)
{
    static const br_str mark = BR_STR_INIT("# sourceMappingURL=");
    br_str url = BR_STR_NONE;
    for (size_t from = 0;;) {
        ptrdiff_t at = br_str_find(br_str_sub(source, from, source.n), mark);
        if (at < 0) return url;
        size_t begin = from + (size_t) at, end = begin + mark.n, stop = end;
        bool comment = begin >= 2 && source.p[begin - 1] == '/' && source.p[begin - 2] == '/' &&
                       begins_line(source, begin - 2);
        while (stop < source.n && (unsigned char) source.p[stop] > ' ' && source.p[stop] != '"' &&
               source.p[stop] != '\'')
            stop++;
        if (comment && stop > end) url = br_str_sub(source, end, stop);
        from = stop;
    }
}
