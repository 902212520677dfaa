#include "codec/json_fault.h"

typedef struct scan {
    const char *start, *at, *end;
    br_json_fault *fault;
    uint8_t objects[BR_JSON_DEPTH_MAX / 8 + 1]; /* which of the open brackets are objects: a bit each */
    size_t depth;
} scan;

static void skip_space(scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
}

/* A byte as its Latin-1 character in quotes. */
static void put_quoted(char *out, size_t size, unsigned char c)
{
    static const char *const controls = "\aa\bb\ff\nn\rr\tt\vv";
    const char *control = c ? strchr(controls, c) : NULL;
    bool printable = c > 0xa0 && c != 0xad;
    if (c == '\'' || c == '\\')
        snprintf(out, size, "'\\%c'", c);
    else if (control && c < ' ')
        snprintf(out, size, "'\\%c'", control[1]);
    else if (c < ' ' || c == 0x7f)
        snprintf(out, size, "'\\x%02x'", c);
    else if (c < 0x7f)
        snprintf(out, size, "'%c'", c);
    else if (printable)
        snprintf(out, size, "'%c%c'", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
    else
        snprintf(out, size, "'\\u%04x'", c);
}

/* These return false when they have filled s->fault. */
static bool wrong(scan *s, const char *context)
{
    char quoted[12];
    bool ended = s->at == s->end; /* where no space may be, the end is told as if it were one */
    put_quoted(quoted, sizeof(quoted), ended ? ' ' : (unsigned char) *s->at);
    snprintf(s->fault->text, sizeof(s->fault->text), "invalid character %s %s", quoted, context);
    s->fault->offset = (size_t) (s->at - s->start) + !ended;
    return false;
}

static bool wrong_or_ended(scan *s, const char *context)
{
    if (s->at < s->end) return wrong(s, context);
    snprintf(s->fault->text, sizeof(s->fault->text), "unexpected end of JSON input");
    s->fault->offset = (size_t) (s->at - s->start);
    return false;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool read_escape(scan *s) /* behind the backslash */
{
    char c = s->at < s->end ? *s->at : 0;
    if (!c || !strchr("bfnrt\\/\"u", c)) return wrong(s, "in string escape code");
    s->at++;
    for (int i = 0; c == 'u' && i < 4; i++, s->at++) {
        if (s->at == s->end || !is_hex(*s->at)) return wrong(s, "in \\u hexadecimal character escape");
    }
    return true;
}

static bool read_string(scan *s) /* behind the quote */
{
    while (s->at < s->end && *s->at != '"') {
        if ((unsigned char) *s->at < ' ') return wrong(s, "in string literal");
        if (*s->at++ == '\\' && !read_escape(s)) return false;
    }
    if (s->at == s->end) return wrong_or_ended(s, "");
    s->at++;
    return true;
}

static bool read_digits(scan *s, const char *context)
{
    const char *first = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > first || wrong(s, context);
}

static bool skip_one_of(scan *s, const char *set)
{
    bool is = s->at < s->end && *s->at && strchr(set, *s->at);
    s->at += is;
    return is;
}

static bool read_number(scan *s)
{
    (void) skip_one_of(s, "-");
    if (!skip_one_of(s, "0") && !read_digits(s, "in numeric literal")) return false;
    if (skip_one_of(s, ".") && !read_digits(s, "after decimal point in numeric literal")) return false;
    if (!skip_one_of(s, "eE")) return true;
    (void) skip_one_of(s, "+-");
    return read_digits(s, "in exponent of numeric literal");
}

static bool read_word(scan *s, const char *word)
{
    char context[48];
    for (const char *w = word; *w; w++, s->at++) {
        if (s->at < s->end && *s->at == *w) continue;
        snprintf(context, sizeof(context), "in literal %s (expecting '%c')", word, *w);
        return wrong(s, context);
    }
    return true;
}

static bool read_scalar(scan *s)
{
    char c = s->at < s->end ? *s->at : 0;
    if (c == '"') {
        s->at++;
        return read_string(s);
    }
    if (c == '-' || (c >= '0' && c <= '9')) return read_number(s);
    if (c == 't') return read_word(s, "true");
    if (c == 'f') return read_word(s, "false");
    if (c == 'n') return read_word(s, "null");
    return wrong_or_ended(s, "looking for beginning of value");
}

/* `"key" :`, after space. */
static bool read_key(scan *s)
{
    skip_space(s);
    if (!skip_one_of(s, "\"")) return wrong_or_ended(s, "looking for beginning of object key string");
    if (!read_string(s)) return false;
    skip_space(s);
    return skip_one_of(s, ":") || wrong_or_ended(s, "after object key");
}

static bool in_object(const scan *s)
{
    return s->objects[(s->depth - 1) / 8] >> ((s->depth - 1) % 8) & 1;
}

/* At a bracket. *ret_value: a value follows inside; else it was empty, and is complete. */
static bool open_bracket(scan *s, bool *ret_value)
{
    bool object = *s->at == '{';
    uint8_t bit = (uint8_t) (1u << (s->depth % 8)), *byte = &s->objects[s->depth / 8];
    if (s->depth == BR_JSON_DEPTH_MAX) return wrong(s, "exceeded max depth");
    s->at++;
    skip_space(s);
    *ret_value = !skip_one_of(s, object ? "}" : "]");
    if (!*ret_value) return true;
    *byte = (uint8_t) (object ? *byte | bit : *byte & ~bit);
    s->depth++;
    return !object || read_key(s);
}

/* Behind a value: closes what ends there. *ret_value: another one follows; else the text is at its end. */
static bool after_value(scan *s, bool *ret_value)
{
    *ret_value = false;
    while (s->depth > 0) {
        bool object = in_object(s);
        skip_space(s);
        *ret_value = skip_one_of(s, ",");
        if (*ret_value) return !object || read_key(s);
        if (!skip_one_of(s, object ? "}" : "]"))
            return wrong_or_ended(s, object ? "after object key:value pair" : "after array element");
        s->depth--;
    }
    skip_space(s);
    return s->at == s->end || wrong(s, "after top-level value");
}

bool br_json_fault_find(br_str text, br_json_fault *ret)
{
    static const char none[1];
    const char *start = text.p ? text.p : none;
    scan s = {.start = start, .at = start, .end = start + text.n, .fault = ret};
    bool ok, more = true;
    do {
        skip_space(&s);
        bool bracket = s.at < s.end && (*s.at == '{' || *s.at == '[');
        ok = bracket ? open_bracket(&s, &more) : read_scalar(&s);
        if (ok && (!bracket || !more)) ok = after_value(&s, &more);
    } while (ok && more);
    return !ok;
}

void br_json_fault_place(br_str text, const br_json_fault *fault, size_t *ret_line, size_t *ret_character)
{
    size_t line = 1, character = 0;
    for (size_t i = 0; i < text.n;) {
        uint32_t rune;
        if (text.p[i] == '\n') {
            line++;
            character = 0;
        }
        character++;
        if (i == fault->offset) break;
        size_t width = br_utf8_decode(text.p + i, text.n - i, &rune);
        i += width ? width : 1;
    }
    *ret_line = line;
    *ret_character = character;
}
