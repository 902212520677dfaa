/* Selectors from text. */
#include "dom/css_int.h"

typedef struct parser {
    br_str s;
    size_t i;
    br_arena *arena;
    const br_regex_engine *regexes;
    int depth;
    bool limit;
} parser;

static br_css *parse_group(parser *p);

static char at(const parser *p)
{
    return p->i < p->s.n ? p->s.p[p->i] : 0;
}

static bool ended(const parser *p)
{
    return p->i >= p->s.n;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool name_start(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (unsigned char) c > 127;
}

static bool name_char(char c)
{
    return name_start(c) || c == '-' || (c >= '0' && c <= '9');
}

/* Blanks and comments. */
static bool skip_space(parser *p)
{
    size_t from = p->i;
    for (;;) {
        while (is_space(at(p)))
            p->i++;
        br_str rest = br_str_sub(p->s, p->i, p->s.n);
        ptrdiff_t end = br_str_starts(rest, BR_STR("/*"))
                            ? br_str_find(br_str_sub(rest, 2, rest.n), BR_STR("*/"))
                            : -1;
        if (end < 0) return p->i > from;
        p->i += (size_t) end + 4;
    }
}

static void put_rune(br_buf *out, uint32_t c)
{
    char text[8];
    size_t n = 0;
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
    if (c < 0x80) {
        text[n++] = (char) c;
    } else if (c < 0x800) {
        text[n++] = (char) (0xC0 | c >> 6);
    } else if (c < 0x10000) {
        text[n++] = (char) (0xE0 | c >> 12);
        text[n++] = (char) (0x80 | (c >> 6 & 63));
    } else {
        text[n++] = (char) (0xF0 | c >> 18);
        text[n++] = (char) (0x80 | (c >> 12 & 63));
        text[n++] = (char) (0x80 | (c >> 6 & 63));
    }
    if (c >= 0x80) text[n++] = (char) (0x80 | (c & 63));
    (void) br_buf_append(out, text, n);
}

/* At a backslash. */
static bool parse_escape(parser *p, br_buf *out)
{
    if (p->i + 1 >= p->s.n) return false;
    char c = p->s.p[++p->i];
    if (c == '\r' || c == '\n' || c == '\f') return false;
    if (!is_hex(c)) {
        (void) br_buf_putc(out, c);
        p->i++;
        return true;
    }
    uint32_t rune = 0;
    for (int n = 0; n < 6 && is_hex(at(p)); n++, p->i++)
        rune = rune * 16 + (uint32_t) (at(p) <= '9' ? at(p) - '0' : (at(p) | 0x20) - 'a' + 10);
    put_rune(out, rune);
    if (at(p) == '\r' && p->i + 1 < p->s.n && p->s.p[p->i + 1] == '\n') p->i++;
    if (is_space(at(p))) p->i++;
    return true;
}

/* A copy of what was built in `out`, which is freed; p == NULL if not ok. */
static br_str finish(parser *p, br_buf *out, bool ok)
{
    br_str text = ok ? br_arena_str(p->arena, br_buf_view(out)) : BR_STR_NONE;
    br_buf_deinit(out);
    return text;
}

/* A name; with `identifier` it may not begin with a digit or two hyphens. p == NULL: there is none. */
static br_str parse_name(parser *p, bool identifier)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    if (identifier && at(p) == '-') {
        (void) br_buf_putc(&out, '-');
        p->i++;
    }
    bool ok = !ended(p) &&
              (identifier ? name_start(at(p)) || at(p) == '\\' : name_char(at(p)) || at(p) == '\\');
    while (ok && !ended(p) && (name_char(at(p)) || at(p) == '\\')) {
        if (at(p) == '\\')
            ok = parse_escape(p, &out);
        else
            (void) br_buf_putc(&out, p->s.p[p->i++]);
    }
    return finish(p, &out, ok);
}

static br_str parse_string(parser *p)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    char quote = p->s.p[p->i++];
    bool ok = true;
    while (ok && !ended(p) && at(p) != quote) {
        char c = at(p), next = p->i + 1 < p->s.n ? p->s.p[p->i + 1] : 0;
        if (c == '\r' || c == '\n' || c == '\f') {
            ok = false;
        } else if (c == '\\' && (next == '\r' || next == '\n' || next == '\f')) {
            p->i += next == '\r' && p->i + 2 < p->s.n && p->s.p[p->i + 2] == '\n' ? 3 : 2;
        } else if (c == '\\') {
            ok = parse_escape(p, &out);
        } else {
            (void) br_buf_putc(&out, c);
            p->i++;
        }
    }
    ok = ok && !ended(p);
    p->i++;
    return finish(p, &out, ok);
}

static br_str parse_string_or_name(parser *p)
{
    return at(p) == '"' || at(p) == '\'' ? parse_string(p) : parse_name(p, true);
}

/* Up to a closing parenthesis or bracket that was not opened in it. */
static void *parse_regex(parser *p)
{
    size_t from = p->i;
    for (int open = 0; !ended(p); p->i++) {
        char c = at(p);
        if (c == '(' || c == '[') open++;
        if ((c == ')' || c == ']') && --open < 0) break;
    }
    if (ended(p) || p->i - from + 2 > p->s.n || !p->regexes) return NULL;
    return p->regexes->compile(p->regexes->ctx, br_str_sub(p->s, from, p->i));
}

static br_str lower_ascii(parser *p, br_str s)
{
    char *copy = br_arena_cstr(p->arena, s);
    for (size_t i = 0; i < s.n; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z') copy[i] = (char) (copy[i] | 0x20);
    }
    return (br_str){copy, s.n};
}

static br_test *new_test(parser *p, br_test_kind kind)
{
    br_test *t = BR_ARENA_NEW(p->arena, br_test);
    t->kind = kind;
    return t;
}

/* Attributes ---------------------------------------------------------------------------------------- */

static br_test *named_test(parser *p, br_test_kind kind, const char *name, br_str value)
{
    if (!value.p) return NULL;
    br_test *t = new_test(p, kind);
    t->name = br_str_of(name);
    t->value = value;
    return t;
}

static bool operator_kind(parser *p, br_test_kind *ret)
{
    static const struct {
        char c;
        br_test_kind kind;
    } kinds[] = {{'!', BR_TEST_NOT_EQUAL}, {'~', BR_TEST_INCLUDES}, {'|', BR_TEST_DASH},
        {'^', BR_TEST_PREFIX}, {'$', BR_TEST_SUFFIX}, {'*', BR_TEST_SUBSTRING}, {'#', BR_TEST_ATTR_REGEX}};
    if (p->i + 2 >= p->s.n) return false;
    if (at(p) == '=') {
        p->i++;
        *ret = BR_TEST_EQUALS;
        return true;
    }
    if (p->s.p[p->i + 1] != '=') return false;
    for (size_t k = 0; k < BR_COUNT_OF(kinds); k++) {
        if (kinds[k].c != at(p)) continue;
        p->i += 2;
        *ret = kinds[k].kind;
        return true;
    }
    return false;
}

/* Behind "[". */
static br_test *parse_attribute(parser *p)
{
    skip_space(p);
    br_str name = parse_name(p, true);
    if (!name.p) return NULL;
    br_test *t = new_test(p, BR_TEST_EXISTS);
    t->name = lower_ascii(p, name);
    skip_space(p);
    if (at(p) == ']') {
        p->i++;
        return t;
    }
    if (!operator_kind(p, &t->kind)) return NULL;
    skip_space(p);
    if (t->kind == BR_TEST_ATTR_REGEX) {
        t->regex = parse_regex(p);
        if (!t->regex) return NULL;
    } else {
        t->value = parse_string_or_name(p);
        if (!t->value.p) return NULL;
    }
    skip_space(p);
    if ((at(p) | 0x20) == 'i') {
        t->nocase = true;
        p->i++;
        skip_space(p);
    }
    if (at(p) != ']') return NULL;
    p->i++;
    return t;
}

/* Pseudo-classes ------------------------------------------------------------------------------------ */

static bool open_parenthesis(parser *p)
{
    if (at(p) != '(') return false;
    p->i++;
    skip_space(p);
    return true;
}

static bool close_parenthesis(parser *p)
{
    skip_space(p);
    if (at(p) != ')') return false;
    p->i++;
    return true;
}

static bool parse_integer(parser *p, int sign, int *ret)
{
    int n = 0, digits = 0;
    for (; at(p) >= '0' && at(p) <= '9'; p->i++) {
        if (++digits > 9) return false;
        n = n * 10 + (at(p) - '0');
    }
    *ret = sign * n;
    return digits > 0;
}

/* an+b, even, odd, a number */
static bool parse_nth(parser *p, int *a, int *b)
{
    char c = (char) (at(p) | 0x20);
    if (c == 'o' || c == 'e') {
        br_str word = parse_name(p, false);
        *a = 2;
        *b = br_str_eq_nocase(word, BR_STR("odd"));
        return *b || br_str_eq_nocase(word, BR_STR("even"));
    }
    int sign = at(p) == '-' ? -1 : 1;
    if (at(p) == '-' || at(p) == '+') p->i++;
    *a = sign;
    *b = 0;
    if ((at(p) | 0x20) != 'n') {
        if (!parse_integer(p, sign, a) || ended(p)) return false;
        if ((at(p) | 0x20) != 'n') {
            *b = *a;
            *a = 0;
            return true;
        }
    }
    p->i++;
    skip_space(p);
    if (ended(p)) return false;
    if (at(p) != '+' && at(p) != '-') return true;
    sign = at(p) == '-' ? -1 : 1;
    p->i++;
    skip_space(p);
    return parse_integer(p, sign, b);
}

static const struct pseudo {
    const char *name;
    br_test_kind kind;
    int b; /* :first-child is :nth-child(1) */
    bool last, of_type, argument;
} pseudos[] = {
    {"not", BR_TEST_NOT, 0, false, false, true},
    {"has", BR_TEST_HAS, 0, false, false, true},
    {"haschild", BR_TEST_HAS_CHILD, 0, false, false, true},
    {"contains", BR_TEST_CONTAINS, 0, false, false, true},
    {"containsown", BR_TEST_CONTAINS_OWN, 0, false, false, true},
    {"matches", BR_TEST_MATCHES, 0, false, false, true},
    {"matchesown", BR_TEST_MATCHES_OWN, 0, false, false, true},
    {"nth-child", BR_TEST_NTH, 0, false, false, true},
    {"nth-last-child", BR_TEST_NTH, 0, true, false, true},
    {"nth-of-type", BR_TEST_NTH, 0, false, true, true},
    {"nth-last-of-type", BR_TEST_NTH, 0, true, true, true},
    {"first-child", BR_TEST_NTH, 1, false, false, false},
    {"last-child", BR_TEST_NTH, 1, true, false, false},
    {"first-of-type", BR_TEST_NTH, 1, false, true, false},
    {"last-of-type", BR_TEST_NTH, 1, true, true, false},
    {"only-child", BR_TEST_ONLY, 0, false, false, false},
    {"only-of-type", BR_TEST_ONLY, 0, false, true, false},
    {"input", BR_TEST_INPUT, 0, false, false, false},
    {"empty", BR_TEST_EMPTY, 0, false, false, false},
    {"root", BR_TEST_ROOT, 0, false, false, false},
    {"link", BR_TEST_LINK, 0, false, false, false},
    {"lang", BR_TEST_LANG, 0, false, false, true},
    {"enabled", BR_TEST_ENABLED, 0, false, false, false},
    {"disabled", BR_TEST_DISABLED, 0, false, false, false},
    {"checked", BR_TEST_CHECKED, 0, false, false, false},
    {"visited", BR_TEST_NEVER, 0, false, false, false},
    {"hover", BR_TEST_NEVER, 0, false, false, false},
    {"active", BR_TEST_NEVER, 0, false, false, false},
    {"focus", BR_TEST_NEVER, 0, false, false, false},
    {"target", BR_TEST_NEVER, 0, false, false, false},
};

static bool parse_lower(parser *p, br_str *ret)
{
    br_str text = parse_string_or_name(p);
    if (!text.p) return false;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_css_put_lower(text, &out);
    *ret = finish(p, &out, true);
    return true;
}

static bool parse_argument(parser *p, br_test *t)
{
    switch (t->kind) {
        case BR_TEST_NOT:
        case BR_TEST_HAS:
        case BR_TEST_HAS_CHILD: return (t->inner = parse_group(p)) != NULL;
        case BR_TEST_CONTAINS:
        case BR_TEST_CONTAINS_OWN: return parse_lower(p, &t->value);
        case BR_TEST_MATCHES:
        case BR_TEST_MATCHES_OWN: return (t->regex = parse_regex(p)) != NULL;
        case BR_TEST_NTH: return parse_nth(p, &t->a, &t->b);
        default: return (t->value = parse_name(p, true)).p != NULL;
    }
}

/* Behind ":". */
static br_test *parse_pseudo(parser *p)
{
    br_str name = parse_name(p, true);
    const struct pseudo *found = NULL;
    for (size_t i = 0; i < BR_COUNT_OF(pseudos) && name.p; i++) {
        if (br_str_eq_nocase(name, br_str_of(pseudos[i].name))) found = &pseudos[i];
    }
    if (!found) return NULL;
    br_test *t = new_test(p, found->kind);
    t->b = found->b;
    t->last = found->last;
    t->of_type = found->of_type;
    if (!found->argument) return t;
    return open_parenthesis(p) && parse_argument(p, t) && close_parenthesis(p) ? t : NULL;
}

/* Compounds ----------------------------------------------------------------------------------------- */

static br_test *parse_tag(parser *p)
{
    br_str name = parse_name(p, true);
    if (!name.p) return NULL;
    br_test *t = new_test(p, BR_TEST_TAG);
    t->value = lower_ascii(p, name);
    t->tag = br_dom_tag_find(t->value);
    return t;
}

/* One simple selector that begins with its mark; NULL: not valid. */
static br_test *parse_simple(parser *p, char mark)
{
    p->i++;
    switch (mark) {
        case '#': return named_test(p, BR_TEST_EQUALS, "id", parse_name(p, false));
        case '.': return named_test(p, BR_TEST_INCLUDES, "class", parse_name(p, true));
        case '[': return parse_attribute(p);
        default: return parse_pseudo(p);
    }
}

static bool is_mark(char c)
{
    return c == '#' || c == '.' || c == '[' || c == ':';
}

static br_compound *parse_compound(parser *p)
{
    if (ended(p)) return NULL;
    br_compound *c = BR_ARENA_NEW(p->arena, br_compound);
    br_test **end = &c->tests;
    if (at(p) == '*') {
        p->i++;
    } else if (!is_mark(at(p))) {
        *end = parse_tag(p);
        if (!*end) return NULL;
        end = &(*end)->next;
    }
    while (is_mark(at(p))) {
        *end = parse_simple(p, at(p));
        if (!*end) return NULL;
        end = &(*end)->next;
    }
    return c;
}

static br_compound *parse_complex(parser *p)
{
    skip_space(p);
    br_compound *c = parse_compound(p);
    for (int parts = 1; c; parts++) {
        char combinator = skip_space(p) ? ' ' : 0, next = at(p);
        if (ended(p) || next == ',' || next == ')') return c;
        if (next == '+' || next == '>' || next == '~') {
            combinator = next;
            p->i++;
            skip_space(p);
        }
        if (combinator == 0) return c;
        if (parts >= BR_CSS_MAX_PARTS) p->limit = true;
        br_compound *right = p->limit ? NULL : parse_compound(p);
        if (!right) return NULL;
        right->left = c;
        right->combinator = combinator;
        c = right;
    }
    return NULL;
}

static br_css *parse_group(parser *p)
{
    br_css *first = NULL, **end = &first;
    if (++p->depth > BR_CSS_MAX_DEPTH) p->limit = true;
    for (bool more = !p->limit; more;) {
        br_compound *c = parse_complex(p);
        if (!c) return NULL;
        *end = BR_ARENA_NEW(p->arena, br_css);
        (*end)->compound = c;
        end = &(*end)->next;
        more = at(p) == ',';
        if (more) p->i++;
    }
    p->depth--;
    return p->limit ? NULL : first;
}

br_code br_css_parse(br_str text, br_arena *arena, const br_regex_engine *regexes, const br_css **ret)
{
    if (text.n > BR_CSS_MAX_BYTES) return BR_ELIMIT;
    parser p = {.s = text, .arena = arena, .regexes = regexes};
    const br_css *selector = parse_group(&p);
    if (p.limit) return BR_ELIMIT;
    if (!selector || !ended(&p)) return BR_ESYNTAX;
    *ret = selector;
    return BR_OK;
}
