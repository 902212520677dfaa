#include "dom/entity_int.h"
#include <ctype.h>

#define LONGEST_LEGACY 6

static size_t put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char) c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char) (0x80 | (c & 63));
    out[0] = (char) (lead[n] | c);
    return n;
}

/* What Windows-1252 has at 0x80 to 0x9F; 0: nothing, the number stays. */
static const uint16_t c1[32] = {0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030,
    0x0160, 0x2039, 0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC,
    0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178};

static uint32_t valid_code_point(uint32_t c)
{
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0xFFFD;
    return c >= 0x80 && c < 0xA0 && c1[c - 0x80] ? c1[c - 0x80] : c;
}

static int digit_of(char c, bool hex)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char) (c | 0x20);
    return hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t numeric(br_str text, char *ret, size_t *ret_bytes)
{
    size_t i = 2;
    bool hex = i < text.n && (text.p[i] | 0x20) == 'x';
    if (hex) i++;
    size_t begin = i;
    uint32_t c = 0;
    for (int d; i < text.n && (d = digit_of(text.p[i], hex)) >= 0; i++) {
        if (c <= 0x10FFFF) c = c * (hex ? 16 : 10) + (uint32_t) d;
    }
    if (i == begin) return 0;
    if (i < text.n && text.p[i] == ';') i++;
    *ret_bytes = put_utf8(valid_code_point(c), ret);
    return i;
}

static const br_entity *find(br_str name)
{
    size_t from = 0, to = br_entity_count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        int order = br_str_cmp(br_str_of(br_entities[middle].name), name);
        if (order == 0) return &br_entities[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

static size_t named(br_str text, bool in_attribute, char *ret, size_t *ret_bytes)
{
    size_t n = 1;
    while (n < text.n && n < sizeof(br_entities[0].name) && isalnum((unsigned char) text.p[n]))
        n++;
    const br_entity *e = n < text.n && text.p[n] == ';' ? find(br_str_sub(text, 1, n)) : NULL;
    size_t taken = n + 1;
    if (!e) {
        size_t longest = n - 1 < LONGEST_LEGACY ? n - 1 : LONGEST_LEGACY;
        for (size_t k = longest; k >= 2 && !(e && e->legacy); k--) {
            e = find(br_str_sub(text, 1, 1 + k));
            taken = 1 + k;
        }
        if (!e || !e->legacy) return 0;
        unsigned char next = taken < text.n ? (unsigned char) text.p[taken] : 0;
        if (in_attribute && (next == '=' || isalnum(next))) return 0;
    }
    *ret_bytes = put_utf8(e->first, ret);
    if (e->second) *ret_bytes += put_utf8(e->second, ret + *ret_bytes);
    return taken;
}

size_t br_entity_decode(br_str text, bool in_attribute, char ret[8], size_t *ret_bytes)
{
    if (text.n < 3) return 0; /* the shortest are &lt and &#1 */
    return text.p[1] == '#' ? numeric(text, ret, ret_bytes) : named(text, in_attribute, ret, ret_bytes);
}
