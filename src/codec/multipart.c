#include "codec/multipart.h"
#include "base/random.h"

void br_multipart_init(br_multipart *m, br_buf *out)
{
    br_random r;
    br_random_seed_os(&r);
    m->out = out;
    m->begun = false;
    m->code = BR_OK;
    for (size_t i = 0; i < BR_BOUNDARY_BYTES; i++) {
        m->boundary[i] = "0123456789abcdef"[br_random_below(&r, 16)];
    }
    m->boundary[BR_BOUNDARY_BYTES] = 0;
}

/* What does not fit any more is the end: a smaller piece behind it must not be taken for the whole. */
static void put(br_multipart *m, br_str s)
{
    if (m->code == BR_OK) {
        m->code = br_buf_put(m->out, s);
    }
}

static void put_escaped(br_multipart *m, br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '"' || c == '\\') {
            put(m, BR_STR("\\"));
        }
        put(m, c == '\r' ? BR_STR("%0D") : c == '\n' ? BR_STR("%0A") : br_str_sub(s, i, i + 1));
    }
}

static void put_boundary(br_multipart *m)
{
    put(m, m->begun ? BR_STR("\r\n--") : BR_STR("--"));
    put(m, (br_str){m->boundary, BR_BOUNDARY_BYTES});
    m->begun = true;
}

static void begin_part(br_multipart *m, br_str name)
{
    put_boundary(m);
    put(m, BR_STR("\r\nContent-Disposition: form-data; name=\""));
    put_escaped(m, name);
    put(m, BR_STR("\""));
}

br_code br_multipart_put_field(br_multipart *m, br_str name, br_str value)
{
    begin_part(m, name);
    put(m, BR_STR("\r\n\r\n"));
    put(m, value);
    return m->code;
}

br_code br_multipart_put_file(br_multipart *m, br_str name, br_str filename, br_str type, br_str content)
{
    begin_part(m, name);
    put(m, BR_STR("; filename=\""));
    put_escaped(m, filename);
    put(m, BR_STR("\"\r\nContent-Type: "));
    for (size_t i = 0; i < type.n; i++) {
        if (type.p[i] != '\r' && type.p[i] != '\n') { /* a script's text must not end the field */
            put(m, br_str_sub(type, i, i + 1));
        }
    }
    put(m, BR_STR("\r\n\r\n"));
    put(m, content);
    return m->code;
}

br_code br_multipart_end(br_multipart *m)
{
    put_boundary(m);
    put(m, BR_STR("--\r\n"));
    return m->code;
}
