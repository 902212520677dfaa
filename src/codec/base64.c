#include "codec/base64.h"
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

bool br_base64_decode(br_str text, bool url, bool padded, br_buf *out)
{
    const char *letters = url ? url_letters : std_letters;
    uint32_t group = 0;
    size_t count = 0, padding = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\r' || c == '\n') continue;
        const char *at = c == '=' || !c ? NULL : strchr(letters, c);
        if (c == '=') padding++;
        if ((!at && c != '=') || (at && padding)) return false;
        if (!at) continue;
        group = group << 6 | (uint32_t) (at - letters);
        if (++count % 4) continue;
        for (int shift = 16; shift >= 0; shift -= 8)
            (void) br_buf_putc(out, (char) (group >> shift & 255));
        group = 0;
    }
    size_t rest = count % 4;
    if (rest == 1 || padding != (padded && rest ? 4 - rest : 0)) return false;
    if (rest) group <<= 6 * (4 - rest);
    if (rest > 1) (void) br_buf_putc(out, (char) (group >> 16 & 255));
    if (rest > 2) (void) br_buf_putc(out, (char) (group >> 8 & 255));
    return true;
}
