#include "codec/multipart.h"
#include <stdio.h>
#include "base/random.h"

void br_multipart_init(br_multipart *m, br_buf *out)
{
    br_random r;
    br_random_seed_os(&r);
    m->out = out;
    m->begun = false;
    for (size_t i = 0; i < BR_BOUNDARY_BYTES; i++) {
        m->boundary[i] = "0123456789abcdef"[br_random_below(&r, 16)];
    }
    m->boundary[BR_BOUNDARY_BYTES] = 0;
}

static void put_escaped(br_buf *out, br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '"' || c == '\\') {
            (void) br_buf_putc(out, '\\');
        }
        if (c == '\r' || c == '\n') {
            (void) br_buf_puts(out, c == '\r' ? "%0D" : "%0A");
        } else {
            (void) br_buf_putc(out, c);
        }
    }
}

static void begin_part(br_multipart *m, br_str name)
{
    (void) br_buf_printf(
        m->out, "%s--%s\r\nContent-Disposition: form-data; name=\"", m->begun ? "\r\n" : "", m->boundary);
    put_escaped(m->out, name);
    (void) br_buf_putc(m->out, '"');
    m->begun = true;
}

br_code br_multipart_put_field(br_multipart *m, br_str name, br_str value)
{
    begin_part(m, name);
    br_code code = br_buf_puts(m->out, "\r\n\r\n");
    return code == BR_OK ? br_buf_put(m->out, value) : code;
}

br_code br_multipart_put_file(br_multipart *m, br_str name, br_str filename, br_str type, br_str content)
{
    begin_part(m, name);
    (void) br_buf_puts(m->out, "; filename=\"");
    put_escaped(m->out, filename);
    (void) br_buf_puts(m->out, "\"\r\nContent-Type: ");
    for (size_t i = 0; i < type.n; i++) {
        if (type.p[i] != '\r' && type.p[i] != '\n') { /* a script's text must not end the field */
            (void) br_buf_putc(m->out, type.p[i]);
        }
    }
    br_code code = br_buf_puts(m->out, "\r\n\r\n");
    return code == BR_OK ? br_buf_put(m->out, content) : code;
}

br_code br_multipart_end(br_multipart *m)
{
    return br_buf_printf(m->out, "%s--%s--\r\n", m->begun ? "\r\n" : "", m->boundary);
}
