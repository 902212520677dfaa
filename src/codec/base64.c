#include "codec/base64.h"
#include <stdint.h>
#include <string.h>

static const char std_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void br_base64_put(br_str bytes, bool url, bool padded, br_buf *out)
{
    const char *letters = url ? url_letters : std_letters;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < n ? (unsigned char) bytes.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++) {
            if (k <= n)
                (void) br_buf_putc(out, letters[group >> (18 - 6 * k) & 63]);
            else if (padded)
                (void) br_buf_putc(out, '=');
        }
    }
}

br_str br_base64_text(br_arena *arena, const char *prefix, br_str bytes)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&text, prefix);
    br_base64_put(bytes, false, true, &text);
    br_str kept = br_arena_str(arena, br_buf_view(&text));
    br_buf_deinit(&text);
    return kept;
}

static size_t skip_line_ends(br_str text, size_t i)
{
    while (i < text.n && (text.p[i] == '\r' || text.p[i] == '\n'))
        i++;
    return i;
}

/* Decoding has stopped at text.p[at], which is no letter, with `slot` letters of the last four read: where
 * the fault is that Go names, SIZE_MAX if this is the padding that belongs there. */
static size_t fault_at(br_str text, size_t at, size_t slot, bool padded)
{
    if (text.p[at] != '=' || !padded || slot < 2) return at;
    size_t next = skip_line_ends(text, at + 1);
    if (slot == 2) {
        if (next == text.n) return text.n;
        if (text.p[next] != '=') return next - 1;
        next = skip_line_ends(text, next + 1);
    }
    return next < text.n ? next : SIZE_MAX;
}

bool br_base64_decode(br_str text, bool url, bool padded, br_buf *out, size_t *ret_fault)
{
    const char *letters = url ? url_letters : std_letters;
    uint32_t group = 0;
    size_t slot = 0, i = 0, fault = SIZE_MAX;
    for (; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\r' || c == '\n') continue;
        const char *at = c ? strchr(letters, c) : NULL;
        if (!at) break;
        group = group << 6 | (uint32_t) (at - letters);
        if (++slot < 4) continue;
        for (int shift = 16; shift >= 0; shift -= 8)
            (void) br_buf_putc(out, (char) (group >> shift & 255));
        slot = group = 0;
    }
    if (i < text.n)
        fault = fault_at(text, i, slot, padded);
    else if (slot == 1 || (slot && padded))
        fault = text.n - slot;
    if (ret_fault) *ret_fault = fault;
    if (fault != SIZE_MAX) return false;
    if (slot) group <<= 6 * (4 - slot);
    if (slot > 1) (void) br_buf_putc(out, (char) (group >> 16 & 255));
    if (slot > 2) (void) br_buf_putc(out, (char) (group >> 8 & 255));
    return true;
}
