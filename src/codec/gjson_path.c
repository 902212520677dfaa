/* Paths of selectors: components, queries, patterns. */
#include <ctype.h>
#include "base/num.h"
#include "codec/gjson_int.h"

static br_str trim(br_str s)
{
    while (s.n && (unsigned char) *s.p <= ' ')
        s.p++, s.n--;
    while (s.n && (unsigned char) s.p[s.n - 1] <= ' ')
        s.n--;
    return s;
}

static size_t quoted_length(br_str s)
{
    size_t i = 1;
    for (; i < s.n && s.p[i] != '"'; i++) {
        if (s.p[i] == '\\') i++;
    }
    return i < s.n ? i + 1 : s.n;
}

size_t br_gjson_balanced(br_str s)
{
    if (s.n && *s.p == '"') return quoted_length(s);
    size_t depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
            case '\\': i++; break;
            case '"': i += quoted_length(br_str_sub(s, i, s.n)) - 1; break;
            case '(':
            case '[':
            case '{': depth++; break;
            case ')':
            case ']':
            case '}':
                if (--depth == 0) return i + 1;
                break;
            default: break;
        }
    }
    return s.n;
}

/* Components ------------------------------------------------------------------------------------------ */

/* Behind a dot: a modifier or a multipath works on the whole result, as behind a pipe. */
static bool acts_as_pipe(br_str rest)
{
    if (!rest.n) return false;
    if (*rest.p != '@') return *rest.p == '[' || *rest.p == '{';
    size_t n = 1;
    while (n < rest.n && !br_gjson_is_one(rest.p[n], BR_STR(".|:")))
        n++;
    return br_gjson_has_modifier(br_str_sub(rest, 1, n));
}

/* Sets what follows the component that ends at i. */
static void set_rest(br_gjson_step *s, br_str path, size_t i, bool may_pipe)
{
    s->part = br_str_sub(path, 0, i);
    if (i >= path.n) return;
    br_str rest = {path.p + i + 1, path.n - i - 1};
    if (path.p[i] == '|' || (may_pipe && acts_as_pipe(rest))) {
        s->pipe = rest;
        s->piped = true;
    } else {
        s->rest = rest;
        s->more = true;
    }
}

static br_str without_escapes(br_gjson *g, br_str part)
{
    char *out = br_arena_alloc(g->arena, part.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < part.n; i++) {
        if (part.p[i] == '\\' && ++i == part.n) break;
        out[n++] = part.p[i];
    }
    return (br_str){out, n};
}

br_gjson_step br_gjson_key_step(br_gjson *g, br_str path)
{
    br_gjson_step s = {0};
    bool escaped = false;
    size_t i = 0;
    for (; i < path.n && path.p[i] != '.' && path.p[i] != '|'; i++) {
        if (path.p[i] == '*' || path.p[i] == '?') s.wild = true;
        if (path.p[i] != '\\') continue;
        escaped = true;
        if (i + 1 < path.n) i++;
    }
    set_rest(&s, path, i, true);
    if (escaped && !s.wild) s.part = without_escapes(g, s.part);
    return s;
}

br_gjson_step br_gjson_item_step(br_str path)
{
    br_gjson_step s = {0};
    bool hash = path.n && *path.p == '#';
    size_t i = hash;
    if (hash && path.n > 1 && (path.p[1] == '(' || path.p[1] == '[')) {
        i += br_gjson_balanced(br_str_sub(path, 1, path.n));
    }
    while (i < path.n && path.p[i] != '.' && path.p[i] != '|')
        i++;
    set_rest(&s, path, i, !hash);
    return s;
}

bool br_gjson_split_pipe(br_str path, br_str *ret_left, br_str *ret_right)
{
    if (!path.n || !memchr(path.p, '|', path.n)) return false;
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == '\\') {
            i++;
        } else if (path.p[i] == '#' && (i == 0 || path.p[i - 1] == '.') && i + 1 < path.n &&
                   (path.p[i + 1] == '(' || path.p[i + 1] == '[')) {
            i += br_gjson_balanced(br_str_sub(path, i + 1, path.n));
        } else if (path.p[i] == '|') {
            *ret_left = br_str_sub(path, 0, i);
            *ret_right = br_str_sub(path, i + 1, path.n);
            return true;
        }
    }
    return false;
}

/* Queries --------------------------------------------------------------------------------------------- */

/* Where the operator begins: outside of inner brackets and quotes. */
static size_t operator_at(br_str inside)
{
    size_t i = 0;
    while (i < inside.n && !br_gjson_is_one(inside.p[i], BR_STR("!=<>%"))) {
        if (inside.p[i] == '\\')
            i += 2;
        else if (br_gjson_is_one(inside.p[i], BR_STR("([\"")))
            i += br_gjson_balanced(br_str_sub(inside, i, inside.n));
        else
            i++;
    }
    return i < inside.n ? i : inside.n;
}

static void split_operator(br_gjson *g, br_str text, br_gjson_query *q)
{
    static const char *const operators[] = {"==", "!=", "!%", "<=", ">=", "=", "<", ">", "%", "!"};
    for (size_t i = 0; i < BR_COUNT_OF(operators) && !q->op.n; i++) {
        if (br_str_starts(text, br_str_of(operators[i]))) q->op = br_str_of(operators[i]);
    }
    q->value = trim(br_str_sub(text, q->op.n, text.n));
    if (br_str_is(q->op, "==")) q->op.n = 1;
    if (q->value.n >= 2 && *q->value.p == '"' && q->value.p[q->value.n - 1] == '"')
        q->value = br_json_string(q->value, g->arena);
}

bool br_gjson_query_parse(br_gjson *g, br_str part, br_gjson_query *ret)
{
    br_str brackets = br_str_sub(part, 1, part.n);
    size_t n = br_gjson_balanced(brackets);
    *ret = (br_gjson_query){.all = n < brackets.n && brackets.p[n] == '#', .op = BR_STR("")};
    if (n < 2 || !br_gjson_is_one(brackets.p[n - 1], BR_STR(")]"))) return false;
    br_str inside = br_str_sub(brackets, 1, n - 1);
    size_t at = operator_at(inside);
    ret->path = trim(br_str_sub(inside, 0, at));
    if (at < inside.n) split_operator(g, br_str_sub(inside, at, inside.n), ret);
    return true;
}

static double number_of(br_str text)
{
    double v = 0;
    return br_parse_f64(text, &v) == BR_OK ? v : 0;
}

/* Go's ParseBool of the text in small letters. -1: it is no boolean. */
static int boolean_of(br_str text)
{
    char small[6];
    bool v;
    if (text.n > sizeof(small)) return -1;
    for (size_t i = 0; i < text.n; i++)
        small[i] = (char) tolower((unsigned char) text.p[i]);
    return br_parse_bool((br_str){small, text.n}, &v) == BR_OK ? v : -1;
}

/* `~true` and the like: what counts as such. -1: there is no such word. */
static int is_like(br_gjson *g, br_str word, br_str value)
{
    br_json_kind kind = br_json_kind_of(value);
    bool null = kind == BR_JSON_NONE || kind == BR_JSON_NULL;
    int truth = kind == BR_JSON_TRUE;
    if (kind == BR_JSON_STRING) truth = boolean_of(br_json_string(value, g->arena));
    if (kind == BR_JSON_NUMBER) truth = number_of(value) != 0;
    if (kind == BR_JSON_ARRAY || kind == BR_JSON_OBJECT) truth = -1;
    if (br_str_is(word, "*")) return kind != BR_JSON_NONE;
    if (br_str_is(word, "null")) return null;
    if (br_str_is(word, "true")) return truth == 1;
    return br_str_is(word, "false") ? truth == 0 : -1;
}

static bool ordered(br_str op, int order)
{
    if (br_str_is(op, "=")) return order == 0;
    if (br_str_is(op, "!=")) return order != 0;
    if (br_str_is(op, "<")) return order < 0;
    if (br_str_is(op, "<=")) return order <= 0;
    if (br_str_is(op, ">")) return order > 0;
    return br_str_is(op, ">=") && order >= 0;
}

static bool string_matches(br_gjson *g, const br_gjson_query *q, br_str value)
{
    br_str text = br_json_string(value, g->arena);
    if (br_str_is(q->op, "%")) return br_gjson_match(text, q->value);
    if (br_str_is(q->op, "!%")) return !br_gjson_match(text, q->value);
    return ordered(q->op, br_str_cmp(text, q->value));
}

static bool boolean_matches(const br_gjson_query *q, bool value, br_str right)
{
    bool is_true = br_str_is(right, "true"), is_false = br_str_is(right, "false");
    if (br_str_is(q->op, "=")) return value ? is_true : is_false;
    if (br_str_is(q->op, "!=")) return value ? !is_true : !is_false;
    if (br_str_is(q->op, ">")) return value && is_false;
    if (br_str_is(q->op, "<")) return !value && is_true;
    return br_str_is(q->op, value ? ">=" : "<=");
}

bool br_gjson_query_matches(br_gjson *g, const br_gjson_query *q, br_str value)
{
    if (q->value.n && *q->value.p == '~') {
        int like = is_like(g, br_str_sub(q->value, 1, q->value.n), value);
        return like >= 0 && (!q->op.n || boolean_matches(q, like, BR_STR("true")));
    }
    br_json_kind kind = br_json_kind_of(value);
    if (kind == BR_JSON_NONE) return false;
    if (!q->op.n) return true; /* #(name): has one */
    if (kind == BR_JSON_STRING) return string_matches(g, q, value);
    if (kind == BR_JSON_NUMBER) {
        double a = number_of(value), b = number_of(q->value);
        return ordered(q->op, (a > b) - (a < b));
    }
    bool truth = kind == BR_JSON_TRUE;
    return (truth || kind == BR_JSON_FALSE) && boolean_matches(q, truth, q->value);
}

/* Patterns -------------------------------------------------------------------------------------------- */

/* Bytes of the character at s.p[i]; a byte that is no UTF-8 counts as one. */
static size_t character(br_str s, size_t i)
{
    uint32_t rune;
    size_t n = br_utf8_decode(s.p + i, s.n - i, &rune);
    return n ? n : 1;
}

/* Goes back to the last star only: linear in the text times the part of the pattern behind it. */
bool br_gjson_match(br_str text, br_str pattern)
{
    size_t i = 0, k = 0, star = SIZE_MAX, retry = 0;
    while (i < text.n) {
        char c = k < pattern.n ? pattern.p[k] : 0;
        size_t escape = c == '\\' && k + 1 < pattern.n;
        if (k < pattern.n && c == '*') {
            star = ++k;
            retry = i;
        } else if (k < pattern.n && c == '?') {
            i += character(text, i);
            k++;
        } else if (k + escape < pattern.n && pattern.p[k + escape] == text.p[i]) {
            i++;
            k += 1 + escape;
        } else if (star != SIZE_MAX) {
            k = star;
            i = ++retry;
        } else {
            return false;
        }
    }
    while (k < pattern.n && pattern.p[k] == '*')
        k++;
    return k == pattern.n;
}
