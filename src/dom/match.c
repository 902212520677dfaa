/* Does an element match a selector? */
#include "dom/css_int.h"

static bool matches_any(br_matcher *m, const br_css *s, const br_dom_node *node);

static bool spend(br_matcher *m, uint64_t steps)
{
    if (m->steps < steps) {
        m->exhausted = true;
        m->steps = 0;
        return false;
    }
    m->steps -= steps;
    return true;
}

/* Attributes ---------------------------------------------------------------------------------------- */

static bool equal(const br_test *t, br_str a, br_str b)
{
    return t->nocase ? br_str_eq_nocase(a, b) : br_str_eq(a, b);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

/* Is the value one of the words? */
static bool includes(const br_test *t, br_str words)
{
    for (size_t i = 0; i < words.n;) {
        size_t from = i;
        while (i < words.n && !is_blank(words.p[i]))
            i++;
        if (i > from && equal(t, br_str_sub(words, from, i), t->value)) return true;
        i++;
    }
    return false;
}

static bool has_substring(const br_test *t, br_str s)
{
    if (!t->nocase) return br_str_find(s, t->value) >= 0;
    for (size_t i = 0; i + t->value.n <= s.n; i++) {
        if (equal(t, br_str_sub(s, i, i + t->value.n), t->value)) return true;
    }
    return false;
}

/* Values of blanks alone match none of ^= $= *=. */
static bool all_blank(br_str s)
{
    return br_str_trim(s).n == 0;
}

static bool attr_matches(br_matcher *m, const br_test *t, const br_dom_node *node)
{
    const br_str *value = br_dom_attr_of(node, t->name);
    if (!value) return t->kind == BR_TEST_NOT_EQUAL;
    br_str s = *value;
    size_t n = t->value.n;
    switch (t->kind) {
        case BR_TEST_EXISTS: return true;
        case BR_TEST_EQUALS: return equal(t, s, t->value);
        case BR_TEST_NOT_EQUAL: return !equal(t, s, t->value);
        case BR_TEST_INCLUDES: return includes(t, s);
        case BR_TEST_DASH:
            return equal(t, s, t->value) ||
                   (s.n > n && s.p[n] == '-' && equal(t, br_str_sub(s, 0, n), t->value));
        case BR_TEST_PREFIX: return !all_blank(s) && s.n >= n && equal(t, br_str_sub(s, 0, n), t->value);
        case BR_TEST_SUFFIX:
            return !all_blank(s) && s.n >= n && equal(t, br_str_sub(s, s.n - n, s.n), t->value);
        case BR_TEST_SUBSTRING: return !all_blank(s) && has_substring(t, s);
        default: return m->regexes->matches(m->regexes->ctx, t->regex, s);
    }
}

/* Texts --------------------------------------------------------------------------------------------- */

static uint32_t lower(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
    if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 0x20;
    if ((c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14A && c <= 0x177)) return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c + (c & 1);
    if (c >= 0x391 && c <= 0x3A9) return c + 0x20;
    if (c >= 0x410 && c <= 0x42F) return c + 0x20;
    if (c >= 0x400 && c <= 0x40F) return c + 0x50;
    return c;
}

void br_css_put_lower(br_str s, br_buf *out)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t c;
        size_t n = (unsigned char) s.p[i] < 0x80 ? 0 : br_utf8_decode(s.p + i, s.n - i, &c);
        if (n == 2) { /* no letter above 0x7FF is changed */
            c = lower(c);
            (void) br_buf_putc(out, (char) (0xC0 | c >> 6));
            (void) br_buf_putc(out, (char) (0x80 | (c & 63)));
        } else if (n > 2) {
            (void) br_buf_append(out, s.p + i, n);
        } else {
            n = 1;
            unsigned char byte = (unsigned char) s.p[i];
            (void) br_buf_putc(out, (char) (byte < 0x80 ? lower(byte) : byte));
        }
        i += n;
    }
}

/* The text of an element, or what stands in it directly, in the matcher's buffer. */
static bool collect(br_matcher *m, const br_dom_node *node, bool own, bool lower_case)
{
    br_buf_reset(&m->_text);
    for (const br_dom_node *n = node->first; n; n = own ? n->next : br_dom_next(n, node)) {
        if (!spend(m, 1)) return false;
        if (n->kind != BR_DOM_TEXT) continue;
        if (!spend(m, n->text.n / 8)) return false;
        if (lower_case)
            br_css_put_lower(n->text, &m->_text);
        else
            (void) br_buf_put(&m->_text, n->text);
    }
    return true;
}

static bool text_matches(br_matcher *m, const br_test *t, const br_dom_node *node)
{
    bool regex = t->kind == BR_TEST_MATCHES || t->kind == BR_TEST_MATCHES_OWN;
    bool own = t->kind == BR_TEST_CONTAINS_OWN || t->kind == BR_TEST_MATCHES_OWN;
    if (!collect(m, node, own, !regex)) return false;
    br_str text = {m->_text.len ? m->_text.data : "", m->_text.len};
    if (regex) return m->regexes->matches(m->regexes->ctx, t->regex, text);
    return t->value.n == 0 || br_str_find(text, t->value) >= 0;
}

/* Places among siblings ----------------------------------------------------------------------------- */

static const br_dom_node *previous_element(const br_dom_node *node)
{
    do
        node = node->prev;
    while (node && node->kind != BR_DOM_ELEMENT);
    return node;
}

static const br_dom_node *last_element(const br_dom_node *parent)
{
    const br_dom_node *node = parent->last;
    return node && node->kind != BR_DOM_ELEMENT ? previous_element(node) : node;
}

static bool same_type(const br_dom_node *a, const br_dom_node *b)
{
    return a->tag == b->tag && br_str_eq(a->text, b->text);
}

/* How many elements of its type there are from the node to the end of its siblings, itself included. */
static int count_of_type(br_matcher *m, const br_dom_node *node, bool forward)
{
    int n = 0;
    for (const br_dom_node *s = node; s && spend(m, 1); s = forward ? s->next : s->prev) {
        if (s->kind == BR_DOM_ELEMENT && same_type(s, node)) n++;
    }
    return n;
}

static bool nth_matches(br_matcher *m, const br_test *t, const br_dom_node *node)
{
    int i;
    if (t->of_type)
        i = count_of_type(m, node, t->last);
    else
        i = t->last ? (int) (last_element(node->parent)->index - node->index) + 1 : (int) node->index;
    i -= t->b;
    if (t->a == 0) return i == 0;
    return i % t->a == 0 && i / t->a >= 0;
}

static bool only_matches(br_matcher *m, const br_test *t, const br_dom_node *node)
{
    if (!t->of_type) return last_element(node->parent)->index == 1;
    return count_of_type(m, node, true) == 1 && count_of_type(m, node, false) == 1;
}

/* Other pseudo-classes ------------------------------------------------------------------------------ */

static bool has_attr(const br_dom_node *node, const char *name)
{
    return br_dom_attr_of(node, br_str_of(name)) != NULL;
}

static bool has_matches(br_matcher *m, const br_test *t, const br_dom_node *node)
{
    bool children = t->kind == BR_TEST_HAS_CHILD;
    for (const br_dom_node *n = node->first; n; n = children ? n->next : br_dom_next(n, node)) {
        if (matches_any(m, t->inner, n)) return true;
        if (m->exhausted) return false;
    }
    return false;
}

static bool is_empty(const br_dom_node *node)
{
    for (const br_dom_node *n = node->first; n; n = n->next) {
        if (n->kind == BR_DOM_ELEMENT || (n->kind == BR_DOM_TEXT && !all_blank(n->text))) return false;
    }
    return true;
}

static bool lang_matches(const br_test *t, const br_dom_node *node)
{
    for (; node; node = node->parent) {
        const br_str *lang = br_dom_attr_of(node, BR_STR("lang"));
        if (!lang || !br_str_starts(*lang, t->value)) continue;
        if (lang->n == t->value.n || lang->p[t->value.n] == '-') return true;
    }
    return false;
}

static bool is_link(const br_dom_node *node)
{
    return (node->tag == BR_TAG_A || node->tag == BR_TAG_AREA || node->tag == BR_TAG_LINK) &&
           has_attr(node, "href");
}

static bool in_disabled_fieldset(const br_dom_node *node)
{
    for (; node->parent; node = node->parent) {
        const br_dom_node *parent = node->parent;
        if (parent->tag != BR_TAG_FIELDSET || !has_attr(parent, "disabled")) continue;
        if (node->tag != BR_TAG_LEGEND) return true;
        for (const br_dom_node *s = node->prev; s; s = s->prev) {
            if (s->tag == BR_TAG_LEGEND) return true; /* only the first legend stays enabled */
        }
    }
    return false;
}

/* 1: enabled, 0: disabled, -1: neither can be said of it */
static int enabled_state(const br_dom_node *node)
{
    switch (node->tag) {
        case BR_TAG_OPTGROUP:
        case BR_TAG_MENUITEM:
        case BR_TAG_FIELDSET: return !has_attr(node, "disabled");
        case BR_TAG_BUTTON:
        case BR_TAG_INPUT:
        case BR_TAG_SELECT:
        case BR_TAG_TEXTAREA:
        case BR_TAG_OPTION: return !has_attr(node, "disabled") && !in_disabled_fieldset(node);
        default: return -1;
    }
}

static bool is_checked(const br_dom_node *node)
{
    if (node->tag == BR_TAG_OPTION) return has_attr(node, "selected");
    if ((node->tag != BR_TAG_INPUT && node->tag != BR_TAG_MENUITEM) || !has_attr(node, "checked"))
        return false;
    br_str type = br_dom_attr_or_empty(node, "type");
    return br_str_eq_nocase(type, BR_STR("checkbox")) || br_str_eq_nocase(type, BR_STR("radio"));
}

static bool is_input(const br_dom_node *node)
{
    return node->tag == BR_TAG_INPUT || node->tag == BR_TAG_SELECT || node->tag == BR_TAG_TEXTAREA ||
           node->tag == BR_TAG_BUTTON;
}

static bool test_matches(br_matcher *m, const br_test *t, const br_dom_node *node)
{
    switch (t->kind) {
        case BR_TEST_TAG:
            return t->tag == node->tag && (t->tag != BR_TAG_OTHER || br_str_eq(t->value, node->text));
        case BR_TEST_NOT: return !matches_any(m, t->inner, node) && !m->exhausted;
        case BR_TEST_HAS:
        case BR_TEST_HAS_CHILD: return has_matches(m, t, node);
        case BR_TEST_CONTAINS:
        case BR_TEST_CONTAINS_OWN:
        case BR_TEST_MATCHES:
        case BR_TEST_MATCHES_OWN: return text_matches(m, t, node);
        case BR_TEST_NTH: return nth_matches(m, t, node);
        case BR_TEST_ONLY: return only_matches(m, t, node);
        case BR_TEST_INPUT: return is_input(node);
        case BR_TEST_EMPTY: return is_empty(node);
        case BR_TEST_ROOT: return node->parent && node->parent->kind == BR_DOM_DOCUMENT;
        case BR_TEST_LINK: return is_link(node);
        case BR_TEST_LANG: return lang_matches(t, node);
        case BR_TEST_ENABLED: return is_link(node) || enabled_state(node) == 1;
        case BR_TEST_DISABLED: return enabled_state(node) == 0;
        case BR_TEST_CHECKED: return is_checked(node);
        case BR_TEST_NEVER: return false;
        default: return attr_matches(m, t, node);
    }
}

static bool compound_matches(br_matcher *m, const br_compound *c, const br_dom_node *node)
{
    if (node->kind != BR_DOM_ELEMENT || !spend(m, 1)) return false;
    for (const br_test *t = c->tests; t; t = t->next) {
        if (!test_matches(m, t, node)) return false;
    }
    if (!c->left) return true;
    switch (c->combinator) {
        case '>': return node->parent && compound_matches(m, c->left, node->parent);
        case '+': node = previous_element(node); return node && compound_matches(m, c->left, node);
        case '~':
            while ((node = previous_element(node)) != NULL) {
                if (compound_matches(m, c->left, node)) return true;
            }
            return false;
        default:
            while ((node = node->parent) != NULL) {
                if (compound_matches(m, c->left, node)) return true;
            }
            return false;
    }
}

static bool matches_any(br_matcher *m, const br_css *s, const br_dom_node *node)
{
    for (; s; s = s->next) {
        if (compound_matches(m, s->compound, node)) return true;
    }
    return false;
}

void br_matcher_init(br_matcher *m, const br_regex_engine *regexes)
{
    *m = (br_matcher){.regexes = regexes, .steps = BR_CSS_MAX_STEPS};
    br_buf_init(&m->_text, BR_BUF_NO_LIMIT);
}

void br_matcher_deinit(br_matcher *m)
{
    br_buf_deinit(&m->_text);
}

bool br_css_matches(br_matcher *m, const br_css *selector, const br_dom_node *node)
{
    return matches_any(m, selector, node);
}
