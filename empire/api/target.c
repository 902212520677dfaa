#include "empire/api/target.h"

static bool is_target_byte(char c)
{
    return c > ' ' && c < 0x7F && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' &&
           c != '`' && c != '{' && c != '|' && c != '}';
}

/* "http://host/path" without its front; "/" when it has no path. */
static br_str without_origin(br_str target)
{
    br_str scheme = BR_STR("http://");
    if (!br_str_starts(target, scheme)) return target;
    br_str rest = br_str_sub(target, scheme.n, target.n);
    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i] == '/') return i == 0 ? target : br_str_sub(rest, i, rest.n);
        if (rest.p[i] == '?') return target;
    }
    return rest.n ? BR_STR("/") : target;
}

br_code emp_target_split(br_str target, br_str *ret_path, br_str *ret_query, br_err *err)
{
    for (size_t i = 0; i < target.n; i++) {
        if (!is_target_byte(target.p[i])) {
            return br_fail(err, BR_EINVAL, "the request target has a character that must be percent-encoded");
        }
    }
    br_str path = without_origin(target);
    if (path.n == 0 || path.p[0] != '/') {
        return br_fail(err, BR_EINVAL, "the request target must begin with '/' or 'http://host'");
    }
    ptrdiff_t mark = br_str_find_char(path, '?');
    *ret_query = mark < 0 ? BR_STR_NONE : br_str_sub(path, (size_t) mark + 1, path.n);
    *ret_path = mark < 0 ? path : br_str_sub(path, 0, (size_t) mark);
    return BR_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Takes the byte that the front of *s stands for; -1 for a broken escape. */
static int take_byte(br_str *s, emp_escapes kind)
{
    char c = s->p[0];
    if (c != '%') {
        *s = br_str_sub(*s, 1, s->n);
        return c == '+' && kind == EMP_ESCAPES_QUERY ? ' ' : (unsigned char) c;
    }
    if (s->n < 3) return -1;
    int high = hex_value(s->p[1]), low = hex_value(s->p[2]);
    *s = br_str_sub(*s, 3, s->n);
    if (high < 0 || low < 0) return -1;
    int v = high * 16 + low;
    return v == '/' && kind == EMP_ESCAPES_PATH ? 0 : v; /* 0 is refused below */
}

br_code emp_percent_decode(br_str s, emp_escapes kind, char *out, size_t size, size_t *ret_len)
{
    size_t len = 0;
    while (s.n) {
        int v = take_byte(&s, kind);
        if (v < 0) return BR_ESYNTAX;
        if (v < ' ' || v == 0x7F) return BR_EINVAL;
        if (len + 1 >= size) return BR_ELIMIT;
        out[len++] = (char) v;
    }
    if (size == 0) return BR_ELIMIT;
    out[len] = '\0';
    *ret_len = len;
    return BR_OK;
}
