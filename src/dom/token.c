#include "dom/token_int.h"
#include "dom/entity_int.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f';
}

static bool is_letter(char c)
{
    c = (char) (c | 0x20);
    return c >= 'a' && c <= 'z';
}

static br_str slice(const br_tokenizer *t, size_t from, size_t to)
{
    return (br_str){t->p + from, to - from};
}

static bool at_text(const br_tokenizer *t, size_t i, const char *text)
{
    size_t n = strlen(text);
    return t->n - i >= n && memcmp(t->p + i, text, n) == 0;
}

static bool at_nocase(const br_tokenizer *t, size_t i, br_str text)
{
    return t->n - i >= text.n && br_str_eq_nocase(slice(t, i, i + text.n), text);
}

static size_t find_byte(const br_tokenizer *t, size_t from, char c)
{
    const char *found = from < t->n ? memchr(t->p + from, c, t->n - from) : NULL;
    return found ? (size_t) (found - t->p) : t->n;
}

static size_t skip_space(const br_tokenizer *t, size_t i)
{
    while (i < t->n && is_space(t->p[i]))
        i++;
    return i;
}

/* The text with references decoded and, if wanted, zero bytes replaced; the slice itself if it has neither.
 */
static br_str decoded(br_tokenizer *t, br_str s, bool references, bool in_attribute, bool replace_nul)
{
    bool some = references && s.n && memchr(s.p, '&', s.n);
    size_t nuls = 0;
    for (size_t i = 0; replace_nul && i < s.n; i++)
        nuls += s.p[i] == 0;
    if (!some && nuls == 0) return s;
    /* A reference is never shorter than what it stands for, but for a few of two bytes more: &nGt; */
    char *out = br_arena_alloc(t->arena, s.n * 2 + nuls * 2 + 8);
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        size_t bytes = 0, taken = references && s.p[i] == '&'
                                      ? br_entity_decode(br_str_sub(s, i, s.n), in_attribute, out + n, &bytes)
                                      : 0;
        if (taken == 0 && replace_nul && s.p[i] == 0) {
            bytes = sizeof(br_token_replacement);
            memcpy(out + n, br_token_replacement, bytes);
        } else if (taken == 0) {
            out[n] = s.p[i];
            bytes = 1;
        }
        n += bytes;
        i += taken ? taken : 1;
    }
    return (br_str){out, n};
}

/* A name in lower case, in place. */
static br_str name_of(br_tokenizer *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (t->p[i] >= 'A' && t->p[i] <= 'Z') t->p[i] = (char) (t->p[i] | 0x20);
    }
    return decoded(t, slice(t, from, to), false, false, true);
}

/* Tags ---------------------------------------------------------------------------------------------- */

/* Reads a value behind '='; returns where it ends. */
static size_t read_value(br_tokenizer *t, size_t i, br_str *ret)
{
    i = skip_space(t, i);
    size_t from = i, to;
    if (i < t->n && (t->p[i] == '"' || t->p[i] == '\'')) {
        from = i + 1;
        to = find_byte(t, from, t->p[i]);
        i = to < t->n ? to + 1 : to;
    } else {
        while (i < t->n && !is_space(t->p[i]) && t->p[i] != '>')
            i++;
        to = i;
    }
    *ret = decoded(t, slice(t, from, to), true, true, true);
    return i;
}

/* The first of several attributes of one name counts. */
static void add_attr(br_token *ret, br_str name, br_str value)
{
    for (size_t i = 0; i < ret->attrs.len; i++) {
        if (br_str_eq(ret->attrs.data[i].name, name)) return;
    }
    *br_vec_push(&ret->attrs) = (br_dom_attr){.name = name, .value = value, .prefix = BR_STR("")};
}

/* Reads one attribute at i, which is neither blank, '/' nor '>'. */
static size_t read_attr(br_tokenizer *t, size_t i, br_token *ret)
{
    size_t from = i++; /* also a '=' */
    while (i < t->n && !is_space(t->p[i]) && t->p[i] != '/' && t->p[i] != '>' && t->p[i] != '=')
        i++;
    br_str name = name_of(t, from, i), value = BR_STR("");
    i = skip_space(t, i);
    if (i < t->n && t->p[i] == '=') i = read_value(t, i + 1, &value);
    if (ret->attrs.len < BR_DOM_MAX_ATTRS) add_attr(ret, name, value);
    return i;
}

/* A tag whose name begins at i. An unfinished one is none: false, and the text is used up. */
static bool read_tag(br_tokenizer *t, size_t i, br_token *ret)
{
    size_t from = i;
    while (i < t->n && !is_space(t->p[i]) && t->p[i] != '/' && t->p[i] != '>')
        i++;
    ret->name = name_of(t, from, i);
    ret->tag = br_dom_tag_find(ret->name);
    for (;;) {
        i = skip_space(t, i);
        if (i >= t->n) break;
        if (t->p[i] == '>') {
            t->at = i + 1;
            return true;
        }
        if (t->p[i] == '/') {
            i++;
            ret->self_closing = i < t->n && t->p[i] == '>';
        } else {
            i = read_attr(t, i, ret);
        }
    }
    t->at = t->n;
    return false;
}

/* Comments and doctypes ----------------------------------------------------------------------------- */

static void set_comment(br_tokenizer *t, br_token *ret, size_t from, size_t to, size_t next)
{
    ret->kind = BR_TOKEN_COMMENT;
    ret->text = decoded(t, slice(t, from, to), false, false, true);
    t->at = next < t->n ? next : t->n;
}

static void read_bogus_comment(br_tokenizer *t, size_t from, br_token *ret)
{
    size_t end = find_byte(t, from, '>');
    set_comment(t, ret, from, end, end + 1);
}

/* Behind "<!--". */
static void read_comment(br_tokenizer *t, size_t from, br_token *ret)
{
    if (at_text(t, from, ">")) return set_comment(t, ret, from, from, from + 1);
    if (at_text(t, from, "->")) return set_comment(t, ret, from, from, from + 2);
    for (size_t i = find_byte(t, from, '-'); i < t->n; i = find_byte(t, i + 1, '-')) {
        if (at_text(t, i, "-->")) return set_comment(t, ret, from, i, i + 3);
        if (at_text(t, i, "--!>")) return set_comment(t, ret, from, i, i + 4);
    }
    size_t end = t->n; /* unfinished: what may have begun its end is not part of it */
    static const char *const endings[] = {"--!", "--", "-"};
    for (size_t k = 0; k < BR_COUNT_OF(endings) && end == t->n; k++) {
        if (br_str_ends(slice(t, from, t->n), br_str_of(endings[k]))) end -= strlen(endings[k]);
    }
    set_comment(t, ret, from, end, t->n);
}

static size_t read_quoted(br_tokenizer *t, size_t i, br_str *ret, bool *ret_cut)
{
    i = skip_space(t, i);
    if (i >= t->n || (t->p[i] != '"' && t->p[i] != '\'')) return i;
    char quote = t->p[i];
    size_t from = ++i;
    while (i < t->n && t->p[i] != quote && t->p[i] != '>')
        i++;
    *ret = decoded(t, slice(t, from, i), false, false, true);
    *ret_cut = i >= t->n || t->p[i] != quote;
    return *ret_cut ? i : i + 1;
}

/* Behind "<!doctype". */
static void read_doctype(br_tokenizer *t, size_t i, br_token *ret)
{
    ret->kind = BR_TOKEN_DOCTYPE;
    i = skip_space(t, i);
    size_t from = i;
    while (i < t->n && !is_space(t->p[i]) && t->p[i] != '>')
        i++;
    ret->name = name_of(t, from, i);
    ret->force_quirks = i == from || i >= t->n;
    i = skip_space(t, i);
    bool is_public = at_nocase(t, i, BR_STR("public")), cut = false;
    if (is_public || at_nocase(t, i, BR_STR("system"))) {
        i += 6;
        if (is_public) {
            i = read_quoted(t, i, &ret->public_id, &cut);
            if (!ret->public_id.p) ret->force_quirks = true;
        }
        if (!cut) i = read_quoted(t, i, &ret->system_id, &cut);
        if (!is_public && !ret->system_id.p) ret->force_quirks = true;
        if (cut) ret->force_quirks = true;
        /* A public identifier with something else than a system identifier behind it. */
        if (is_public && ret->public_id.p && !ret->system_id.p && i < t->n && t->p[skip_space(t, i)] != '>')
            ret->force_quirks = true;
    } else if (i < t->n && t->p[i] != '>') {
        ret->force_quirks = true;
    }
    size_t end = find_byte(t, i, '>');
    if (end == t->n) ret->force_quirks = true;
    t->at = end < t->n ? end + 1 : end;
}

static void read_cdata(br_tokenizer *t, size_t from, br_token *ret)
{
    size_t i = from;
    while (i < t->n && !at_text(t, i, "]]>"))
        i = find_byte(t, i + 1, ']');
    ret->kind = BR_TOKEN_TEXT;
    ret->text = slice(t, from, i);
    ret->has_nul = ret->text.n && memchr(ret->text.p, 0, ret->text.n);
    t->at = i < t->n ? i + 3 : i;
}

/* Behind "<!". */
static void read_declaration(br_tokenizer *t, size_t i, br_token *ret)
{
    if (at_text(t, i, "--")) return read_comment(t, i + 2, ret);
    if (at_nocase(t, i, BR_STR("doctype"))) return read_doctype(t, i + 7, ret);
    if (t->cdata && at_text(t, i, "[CDATA[")) return read_cdata(t, i + 7, ret);
    read_bogus_comment(t, i, ret);
}

/* Text ---------------------------------------------------------------------------------------------- */

static void set_text(br_tokenizer *t, br_token *ret, size_t to, bool references, bool replace_nul)
{
    ret->kind = BR_TOKEN_TEXT;
    ret->text = decoded(t, slice(t, t->at, to), references, false, replace_nul);
    ret->has_nul = !replace_nul && ret->text.n && memchr(ret->text.p, 0, ret->text.n);
    t->at = to;
}

/* Is "</name" or "<name" with something behind it that ends a name at i? */
static bool tag_at(const br_tokenizer *t, size_t i, const char *begin, br_str name)
{
    size_t behind = i + strlen(begin) + name.n;
    return at_text(t, i, begin) && at_nocase(t, i + strlen(begin), name) && behind < t->n &&
           (is_space(t->p[behind]) || t->p[behind] == '/' || t->p[behind] == '>');
}

/* Where the end tag of a script begins (13.2.5.15 to 31): inside of <!-- <script> --> there is none. */
static size_t script_end(const br_tokenizer *t, size_t i)
{
    enum { PLAIN, ESCAPED, DOUBLE } state = PLAIN;
    static const br_str script = BR_STR_INIT("script");
    for (; i < t->n; i++) {
        if (t->p[i] != '<' && t->p[i] != '-') continue;
        if (state != PLAIN && at_text(t, i, "-->")) {
            state = PLAIN;
        } else if (state == PLAIN && at_text(t, i, "<!--")) {
            state = ESCAPED;
            i++; /* its dashes may be those of --> */
        } else if (tag_at(t, i, "</", script)) {
            if (state != DOUBLE) return i;
            state = ESCAPED;
        } else if (state == ESCAPED && tag_at(t, i, "<", script)) {
            state = DOUBLE;
        }
    }
    return t->n;
}

static size_t raw_end(const br_tokenizer *t)
{
    if (t->mode == BR_MODE_PLAINTEXT) return t->n;
    if (t->mode == BR_MODE_SCRIPT) return script_end(t, t->at);
    size_t i = find_byte(t, t->at, '<');
    while (i < t->n && !tag_at(t, i, "</", t->raw_name))
        i = find_byte(t, i + 1, '<');
    return i;
}

/* False: the end tag is what comes next. */
static bool read_raw(br_tokenizer *t, br_token *ret)
{
    size_t end = raw_end(t);
    bool references = t->mode == BR_MODE_RCDATA, some = end > t->at;
    if (some) set_text(t, ret, end, references, true);
    if (t->mode != BR_MODE_PLAINTEXT) t->mode = BR_MODE_DATA;
    return some;
}

/* Does the '<' at i begin something else than text? */
static bool markup_at(const br_tokenizer *t, size_t i)
{
    if (i + 1 >= t->n) return false;
    char c = t->p[i + 1];
    return is_letter(c) || c == '!' || c == '?' || (c == '/' && i + 2 < t->n);
}

/* Markup at t->at. False: it gave no token. */
static bool read_markup(br_tokenizer *t, br_token *ret)
{
    size_t i = t->at + 1;
    switch (t->p[i]) {
        case '!': read_declaration(t, i + 1, ret); return true;
        case '?': read_bogus_comment(t, i, ret); return true;
        case '/':
            i++;
            if (t->p[i] == '>') {
                t->at = i + 1;
                return false;
            }
            if (!is_letter(t->p[i])) {
                read_bogus_comment(t, i, ret);
                return true;
            }
            ret->kind = BR_TOKEN_END_TAG;
            break;
        default: ret->kind = BR_TOKEN_START; break;
    }
    return read_tag(t, i, ret);
}

void br_tokenizer_next(br_tokenizer *t, br_token *ret)
{
    for (;;) {
        br_vec_reset(&ret->attrs);
        ret->self_closing = ret->force_quirks = ret->has_nul = false;
        ret->public_id = ret->system_id = BR_STR_NONE;
        ret->kind = BR_TOKEN_END;
        if (t->at >= t->n) return;
        if (t->mode != BR_MODE_DATA && read_raw(t, ret)) return;
        if (t->at >= t->n) return;
        size_t i = find_byte(t, t->at, '<');
        while (i < t->n && !markup_at(t, i))
            i = find_byte(t, i + 1, '<');
        if (i > t->at) return set_text(t, ret, i, true, false);
        if (read_markup(t, ret)) return;
    }
}
