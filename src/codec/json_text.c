#include "codec/json_text.h"

#include "base/vec.h"

static const char *space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* Validation ------------------------------------------------------------------------------------------ */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* These return the end of what begins at p, NULL if it is wrong. */
static const char *valid_escape(const char *p, const char *end)
{
    if (p == end) return NULL;
    if (*p != 'u') return strchr("\"\\/bfnrt", *p) && *p ? p + 1 : NULL;
    for (int i = 1; i <= 4; i++) {
        if (p + i >= end || hex(p[i]) < 0) return NULL;
    }
    return p + 5;
}

static const char *valid_string(const char *p, const char *end) /* p is behind the quote */
{
    while (p < end) {
        unsigned char c = (unsigned char) *p++;
        if (c == '"') return p;
        if (c < ' ') return NULL;
        if (c == '\\' && !(p = valid_escape(p, end))) return NULL;
    }
    return NULL;
}

static const char *digits(const char *p, const char *end)
{
    if (!is_digit(p, end)) return NULL;
    while (is_digit(p, end))
        p++;
    return p;
}

static const char *valid_number(const char *p, const char *end)
{
    if (*p == '-') p++;
    if (p < end && *p == '0')
        p++;
    else if (!(p = digits(p, end)))
        return NULL;
    if (p < end && *p == '.' && !(p = digits(p + 1, end))) return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        p = digits(p, end);
    }
    return p;
}

static const char *valid_scalar(const char *p, const char *end)
{
    static const br_str words[] = {BR_STR_INIT("true"), BR_STR_INIT("false"), BR_STR_INIT("null")};
    if (*p == '"') return valid_string(p + 1, end);
    if (*p == '-' || is_digit(p, end)) return valid_number(p, end);
    for (size_t i = 0; i < 3; i++) {
        if (br_str_starts((br_str){p, (size_t) (end - p)}, words[i])) return p + words[i].n;
    }
    return NULL;
}

/* Behind `"key" :` and space. */
static const char *valid_key(const char *p, const char *end)
{
    if (p == end || *p != '"' || !(p = valid_string(p + 1, end))) return NULL;
    p = space(p, end);
    return p < end && *p == ':' ? space(p + 1, end) : NULL;
}

typedef struct open_kinds { /* which of the open brackets are objects: a bit each */
    uint8_t bits[BR_JSON_DEPTH_MAX / 8 + 1];
    size_t depth;
} open_kinds;

static bool in_object(const open_kinds *o)
{
    return o->bits[(o->depth - 1) / 8] >> ((o->depth - 1) % 8) & 1;
}

static void open_bracket(open_kinds *o, bool object)
{
    uint8_t bit = (uint8_t) (1u << (o->depth % 8));
    uint8_t *byte = &o->bits[o->depth++ / 8];
    *byte = (uint8_t) (object ? *byte | bit : *byte & ~bit);
}

/* Behind the end of a value: closes what ends there, goes to the next value. *p is NULL on a mistake; false:
 * done. */
static bool after_value(open_kinds *o, const char **p, const char *end)
{
    for (;;) {
        *p = space(*p, end);
        if (o->depth == 0) return false;
        bool object = in_object(o);
        if (*p == end) break;
        if (**p == ',') {
            *p = space(*p + 1, end);
            if (object) *p = valid_key(*p, end);
            return *p != NULL;
        }
        if (**p != (object ? '}' : ']')) break;
        (*p)++;
        o->depth--;
    }
    *p = NULL;
    return false;
}

/* Where the first value inside begins; an empty pair of brackets is a value that ends there: *ret_empty. */
static const char *enter(open_kinds *o, const char *p, const char *end, bool *ret_empty)
{
    bool object = *p == '{';
    if (o->depth == BR_JSON_DEPTH_MAX) return NULL;
    p = space(p + 1, end);
    *ret_empty = p < end && *p == (object ? '}' : ']');
    if (*ret_empty) return p + 1;
    open_bracket(o, object);
    return object ? valid_key(p, end) : p;
}

bool br_json_valid(br_str text)
{
    open_kinds open = {.depth = 0};
    if (!text.n) return false;
    const char *end = text.p + text.n, *p = space(text.p, end);
    do {
        bool complete = true;
        if (p == end) return false;
        if (*p == '{' || *p == '[')
            p = enter(&open, p, end, &complete);
        else
            p = valid_scalar(p, end);
        if (!p) return false;
        if (!complete) continue;
        if (!after_value(&open, &p, end)) break;
    } while (true);
    return p == end;
}

/* Walking --------------------------------------------------------------------------------------------- */

static const char *skip_string(const char *p, const char *end) /* p is at the quote */
{
    for (p++; p < end; p++) {
        if (*p == '"') return p + 1;
        if (*p == '\\' && p + 1 < end) p++;
    }
    return end;
}

static const char *skip_brackets(const char *p, const char *end)
{
    size_t depth = 0;
    while (p < end) {
        switch (*p) {
            case '"': p = skip_string(p, end); continue;
            case '[':
            case '{': depth++; break;
            case ']':
            case '}':
                if (--depth == 0) return p + 1;
                break;
            default: break;
        }
        p++;
    }
    return end;
}

static const char *skip_value(const char *p, const char *end)
{
    if (p == end) return end;
    if (*p == '"') return skip_string(p, end);
    if (*p == '[' || *p == '{') return skip_brackets(p, end);
    const char *start = p;
    while (
        p < end && *p != ',' && *p != ']' && *p != '}' && *p != ' ' && *p != '\n' && *p != '\r' && *p != '\t')
        p++;
    return p > start ? p : p + 1; /* a text that is not valid: go on all the same */
}

br_str br_json_first(br_str text)
{
    if (!text.n) return BR_STR_NONE;
    const char *end = text.p + text.n, *p = space(text.p, end);
    if (p == end) return BR_STR_NONE;
    return (br_str){p, (size_t) (skip_value(p, end) - p)};
}

br_json_kind br_json_kind_of(br_str value)
{
    if (!value.n) return BR_JSON_NONE;
    switch (*value.p) {
        case '{': return BR_JSON_OBJECT;
        case '[': return BR_JSON_ARRAY;
        case '"': return BR_JSON_STRING;
        case 't': return BR_JSON_TRUE;
        case 'f': return BR_JSON_FALSE;
        case 'n': return BR_JSON_NULL;
        default: return BR_JSON_NUMBER;
    }
}

br_json_iter br_json_iterate(br_str text)
{
    return (br_json_iter){.at = text.p + 1, .end = text.p + text.n, .object = text.n && *text.p == '{'};
}

bool br_json_next_head(br_json_iter *it)
{
    const char *p = it->at;
    while ((p = space(p, it->end)) < it->end && *p == ',')
        p++;
    it->at = p;
    if (p == it->end || *p == ']' || *p == '}') return false;
    it->key = BR_STR_NONE;
    if (it->object) {
        if (*p != '"') return false;
        const char *key_end = skip_string(p, it->end);
        it->key = (br_str){p, (size_t) (key_end - p)};
        p = space(key_end, it->end);
        if (p == it->end || *p != ':') return false;
        p = space(p + 1, it->end);
        if (p == it->end) return false;
    }
    it->at = p;
    it->value = (br_str){p, (size_t) (it->end - p)};
    return true;
}

void br_json_skip(br_json_iter *it)
{
    it->at = skip_value(it->value.p, it->end);
    it->value.n = (size_t) (it->at - it->value.p);
}

bool br_json_next(br_json_iter *it)
{
    if (!br_json_next_head(it)) return false;
    br_json_skip(it);
    return true;
}

/* Texts of strings ------------------------------------------------------------------------------------ */

static char *put_rune(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char) c;
    } else if (c < 0x800) {
        *out++ = (char) (0xc0 | c >> 6);
        *out++ = (char) (0x80 | (c & 63));
    } else if (c < 0x10000) {
        *out++ = (char) (0xe0 | c >> 12);
        *out++ = (char) (0x80 | (c >> 6 & 63));
        *out++ = (char) (0x80 | (c & 63));
    } else {
        *out++ = (char) (0xf0 | c >> 18);
        *out++ = (char) (0x80 | (c >> 12 & 63));
        *out++ = (char) (0x80 | (c >> 6 & 63));
        *out++ = (char) (0x80 | (c & 63));
    }
    return out;
}

/* The unit of "\uXXXX" at p; -1: it is none. */
static int32_t unit_at(const char *p, const char *end)
{
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return -1;
    int32_t unit = 0;
    for (int i = 2; i < 6; i++) {
        if (hex(p[i]) < 0) return -1;
        unit = unit * 16 + hex(p[i]);
    }
    return unit;
}

/* Decodes the escape at *p, which it moves behind. */
static char *put_escape(char *out, const char **p, const char *end)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    int32_t high = unit_at(*p, end);
    if (high < 0) {
        char c = *p + 1 < end ? (*p)[1] : '\\';
        const char *known = c ? strchr(from, c) : NULL;
        *out++ = known ? to[known - from] : c;
        *p += *p + 1 < end ? 2 : 1;
        return out;
    }
    *p += 6;
    if (high < 0xd800 || high > 0xdfff) return put_rune(out, (uint32_t) high);
    int32_t low = unit_at(*p, end);
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) return put_rune(out, 0xfffd);
    *p += 6;
    return put_rune(out, 0x10000 + ((uint32_t) (high - 0xd800) << 10) + (uint32_t) (low - 0xdc00));
}

br_str br_json_string(br_str quoted, br_arena *arena)
{
    br_str inside = br_str_sub(quoted, 1, quoted.n > 1 ? quoted.n - 1 : 1);
    if (!br_json_has_escape(inside)) return inside;
    const char *p = inside.p, *end = p + inside.n;
    char *text = br_arena_alloc(arena, inside.n + 1),
         *out = text; /* an escape is never shorter than its rune */
    while (p < end) {
        if (*p == '\\')
            out = put_escape(out, &p, end);
        else
            *out++ = *p++;
    }
    return (br_str){text, (size_t) (out - text)};
}
