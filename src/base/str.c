#include "base/str.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
}

bool br_str_eq_nocase(br_str a, br_str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    }
    return true;
}

int br_str_cmp(br_str a, br_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool br_str_starts(br_str s, br_str prefix)
{
    return s.n >= prefix.n && br_str_eq((br_str){s.p, prefix.n}, prefix);
}

bool br_str_ends(br_str s, br_str suffix)
{
    if (s.n < suffix.n) return false;
    return suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

br_str br_str_trim(br_str s)
{
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

br_str br_str_sub(br_str s, size_t from, size_t to)
{
    if (to > s.n) to = s.n;
    if (from > to) from = to;
    return s.p ? (br_str){s.p + from, to - from} : s;
}

ptrdiff_t br_str_find_char(br_str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? at - s.p : -1;
}

ptrdiff_t br_str_find(br_str s, br_str needle)
{
    if (needle.n == 0) return 0;
    const char *at = s.n >= needle.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return at ? at - s.p : -1;
}

bool br_str_cut(br_str *rest, char sep, br_str *ret_field)
{
    if (!rest->p) return false;
    ptrdiff_t at = br_str_find_char(*rest, sep);
    if (at < 0) {
        *ret_field = *rest;
        *rest = BR_STR_NONE;
        return true;
    }
    size_t n = (size_t) at;
    *ret_field = (br_str){rest->p, n};
    *rest = (br_str){rest->p + n + 1, rest->n - n - 1};
    return true;
}

uint64_t br_str_hash(br_str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char) s.p[i]) * 0x100000001b3u;
    }
    /* FNV-1a leaves the low bits of short keys weak, and tables use exactly those: murmur3's mix. */
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

/* Length that the first byte announces (0: no first byte) and its payload bits. */
static size_t utf8_head(unsigned char c, uint32_t *rune)
{
    if (c < 0x80) return *rune = c, 1;
    if (c < 0xC2) return 0; /* continuation byte, or an overlong form of ASCII */
    if (c < 0xE0) return *rune = c & 0x1Fu, 2;
    if (c < 0xF0) return *rune = c & 0x0Fu, 3;
    if (c < 0xF5) return *rune = c & 0x07u, 4;
    return 0;
}

size_t br_utf8_decode(const char *p, size_t n, uint32_t *ret_rune)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t rune = 0;
    size_t len = utf8_head((unsigned char) p[0], &rune);
    if (len == 0 || len > n) return 0;
    for (size_t i = 1; i < len; i++) {
        unsigned char c = (unsigned char) p[i];
        if ((c & 0xC0) != 0x80) return 0;
        rune = rune << 6 | (c & 0x3Fu);
    }
    if (rune < smallest[len] || rune > 0x10FFFF) return 0;
    if (rune >= 0xD800 && rune <= 0xDFFF) return 0;
    *ret_rune = rune;
    return len;
}
