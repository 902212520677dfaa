#include <ctype.h>
#include <stdlib.h>
#include "base/num.h"
#include "cli/config/config_int.h"
#include "codec/url.h"

/* Texts -------------------------------------------------------------------------------------------- */

static bool is_variable_name(br_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char) name.p[i];
        if (!(isalpha(c) || c == '_' || (i > 0 && isdigit(c)))) return false;
    }
    return name.n > 0;
}

/* `inside` is what stands between the braces. */
static br_code put_variable(br_config_reader *r, const br_yaml_node *node, br_str inside, br_buf *out)
{
    br_str fallback = BR_STR_NONE, name = inside;
    ptrdiff_t at = br_str_find(inside, BR_STR(":-"));
    if (at >= 0) {
        name = br_str_sub(inside, 0, (size_t) at);
        fallback = br_str_sub(inside, (size_t) at + 2, inside.n);
    }
    if (!is_variable_name(name)) {
        r->substituted = NULL;
        return br_config_fail(r, node, BR_ESYNTAX,
            "%s is no name of a variable; write ${NAME}, ${NAME:-fallback}, or $${ for a plain ${",
            br_yaml_quote(r->arena, name));
    }
    r->substituted = node;
    const char *key = br_arena_cstr(r->arena, name);
    const char *value = getenv(key);
    if (value) return br_buf_puts(out, value);
    if (at >= 0) return br_buf_put(out, fallback);
    return br_config_fail(r, node, BR_ENOTFOUND,
        "the environment variable %.*s is not set; set it, or give a fallback: ${%.*s:-text}",
        BR_CONFIG_NAME_MAX, key, BR_CONFIG_NAME_MAX, key);
}

static br_code substitute(br_config_reader *r, const br_yaml_node *node, br_buf *out)
{
    br_str rest = node->text;
    br_code code = BR_OK;
    while (code == BR_OK && rest.n > 0) {
        if (br_str_starts(rest, BR_STR("$${"))) {
            code = br_buf_puts(out, "${");
            rest = br_str_sub(rest, 3, rest.n);
        } else if (br_str_starts(rest, BR_STR("${"))) {
            ptrdiff_t end = br_str_find_char(rest, '}');
            if (end < 0) {
                r->substituted = NULL;
                return br_config_fail(
                    r, node, BR_ESYNTAX, "${ without its }; write ${NAME}, or $${ for a plain ${");
            }
            code = put_variable(r, node, br_str_sub(rest, 2, (size_t) end), out);
            rest = br_str_sub(rest, (size_t) end + 1, rest.n);
        } else {
            code = br_buf_putc(out, rest.p[0]);
            rest = br_str_sub(rest, 1, rest.n);
        }
    }
    return code;
}

static bool has_control_character(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char) s.p[i] < 0x20 || s.p[i] == 0x7F) return true;
    }
    return false;
}

br_code br_config_text_or_none(
    br_config_reader *r, const br_yaml_node *node, const char *what, size_t max, br_str *ret)
{
    br_code code = br_config_want(r, node, BR_YAML_SCALAR, what, "one value");
    if (code != BR_OK) return code;
    br_buf out;
    br_buf_init(&out, max);
    code = substitute(r, node, &out);
    br_str text = br_buf_view(&out);
    /* The appends to `out` give no message. */
    if (code == BR_ELIMIT)
        code = br_config_fail(r, node, BR_ELIMIT, "%s is longer than %zu bytes; shorten it", what, max);
    if (code == BR_OK && (node->text.n == 0 || br_yaml_is_null(node))) {
        code = br_config_fail(r, node, BR_EINVAL, "%s is empty; give it a value", what);
    }
    if (code == BR_OK && has_control_character(text)) {
        code = br_config_fail(
            r, node, BR_EINVAL, "%s holds a control character or a line break; remove it", what);
    }
    if (code == BR_OK) *ret = text.n ? br_arena_str(r->arena, text) : BR_STR_NONE;
    br_buf_deinit(&out);
    return code;
}

/* A text after substitution: not empty, one line, at most `max` bytes; in the arena. */
br_code br_config_text(
    br_config_reader *r, const br_yaml_node *node, const char *what, size_t max, br_str *ret)
{
    br_str text = BR_STR_NONE;
    br_code code = br_config_text_or_none(r, node, what, max, &text);
    if (code == BR_OK && !text.p)
        code = br_config_fail(r, node, BR_EINVAL, "%s is empty; give it a value", what);
    if (code == BR_OK) *ret = text;
    return code;
}

/* Numbers and durations ---------------------------------------------------------------------------- */

br_code br_config_count(
    br_config_reader *r, const br_yaml_node *node, const char *what, int64_t min, int64_t max, int64_t *ret)
{
    br_str text;
    br_code code = br_config_text(r, node, what, BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK) return code;
    if (!node->plain && br_str_eq(text, node->text)) {
        return br_config_fail(r, node, BR_EINVAL,
            "%s must be a whole number, not the text %s; remove the quotes", what, br_config_quoted(r, node));
    }
    int64_t n;
    code = br_parse_i64(text, &n);
    if (code == BR_ESYNTAX) {
        return br_config_fail(r, node, BR_EINVAL, "%s must be a whole number, not %s; write e.g. 10", what,
            br_config_quoted(r, node));
    }
    if (code != BR_OK || n < min || n > max) {
        return br_config_fail(r, node, BR_ELIMIT, "%s %s is out of range; use %lld to %lld", what,
            br_config_quoted(r, node), (long long) min, (long long) max);
    }
    *ret = n;
    return BR_OK;
}

br_code br_config_duration(
    br_config_reader *r, const br_yaml_node *node, const char *what, br_ns min, br_ns *ret)
{
    br_str text;
    br_code code = br_config_text(r, node, what, BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK) return code;
    double number;
    if (br_parse_f64(text, &number) == BR_OK && number != 0) {
        return br_config_fail(r, node, BR_EINVAL, "%s %s has no unit; write e.g. 300ms, 30s, 5m, 1h30m", what,
            br_config_quoted(r, node));
    }
    br_ns d;
    code = br_parse_duration(text, BR_DURATION_K6, &d);
    if (code == BR_ESYNTAX) {
        return br_config_fail(r, node, BR_EINVAL, "%s is no duration; write e.g. 300ms, 30s, 5m, 1h30m",
            br_config_quoted(r, node));
    }
    if (code != BR_OK || d < min || d > BR_CONFIG_DURATION_MAX) {
        return br_config_fail(r, node, BR_ELIMIT, "%s %s is out of range; use %s to 7d", what,
            br_config_quoted(r, node), min ? "1s" : "0s");
    }
    *ret = d;
    return BR_OK;
}

/* "20/s", "600/min", as requests per second. */
br_code br_config_rate(br_config_reader *r, const br_yaml_node *node, const char *what, double *ret)
{
    br_str text, number;
    br_code code = br_config_text(r, node, what, BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK) return code;
    double n = 0;
    br_str unit = text;
    (void) br_str_cut(&unit, '/', &number);
    unit = br_str_trim(unit);
    double seconds = br_str_is(unit, "s") ? 1 : br_str_is(unit, "min") ? 60 : 0;
    if (seconds == 0 || br_parse_f64(br_str_trim(number), &n) != BR_OK) {
        return br_config_fail(r, node, BR_EINVAL, "%s %s is no rate; write e.g. 20/s or 600/min", what,
            br_config_quoted(r, node));
    }
    if (!(n > 0 && n / seconds <= 1e6)) {
        return br_config_fail(r, node, BR_ELIMIT, "%s %s is out of range; use more than 0/s, up to 1000000/s",
            what, br_config_quoted(r, node));
    }
    *ret = n / seconds;
    return BR_OK;
}

/* Words -------------------------------------------------------------------------------------------- */

br_code br_config_switch(br_config_reader *r, const br_yaml_node *node, const char *what, bool *ret)
{
    br_str text;
    br_code code = br_config_text(r, node, what, BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK) return code;
    bool on = br_str_is(text, "true");
    if (!on && !br_str_is(text, "false")) {
        return br_config_fail(
            r, node, BR_EINVAL, "%s must be true or false, not %s", what, br_config_quoted(r, node));
    }
    *ret = on;
    return BR_OK;
}

br_code br_config_word(
    br_config_reader *r, const br_yaml_node *node, const char *what, const char *const *words, size_t *ret)
{
    br_str text;
    br_code code = br_config_text(r, node, what, BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK) return code;
    size_t n = 0;
    br_buf list;
    br_buf_init(&list, 256);
    for (; words[n] && !br_str_is(text, words[n]); n++) {
        const char *before = n == 0 ? "" : words[n + 1] ? ", " : " or ";
        (void) br_buf_printf(&list, "%s%s", before, words[n]); /* fits: our own words */
    }
    if (words[n]) {
        *ret = n;
    } else {
        const char *near = br_config_nearest(text, words, n);
        code = br_config_fail(r, node, BR_EINVAL, "%s must be %s, not %s%s%s%s", what, list.data,
            br_config_quoted(r, node), near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    br_buf_deinit(&list);
    return code;
}

/* Pairs of names and texts ------------------------------------------------------------------------- */

static bool is_header_name(br_str name) /* RFC 9110, token */
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char) name.p[i];
        if (!isalnum(c) && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c))) return false;
    }
    return name.n > 0 && name.n <= BR_CONFIG_NAME_MAX;
}

static bool is_script_variable(br_str name)
{
    return name.n <= BR_CONFIG_NAME_MAX && is_variable_name(name) && !br_str_is(name, "BASE_URL") &&
           !br_str_is(name, "HEADERS");
}

typedef struct pair_kind {
    const char *what, *example, *rule;
    bool (*name_ok)(br_str name);
    bool optional; /* one of which variables leave nothing is left out: "${TOKEN:-}" */
} pair_kind;

static const pair_kind header_pairs = {
    "headers", "{ X-Tenant: acme }", "letters, digits and - . _", is_header_name, true};
static const pair_kind env_pairs = {"env", "{ TENANT: acme }",
    "letters, digits and _; BASE_URL and HEADERS come from base_url and headers", is_script_variable, false};

static br_code read_pairs(
    br_config_reader *r, const br_yaml_node *node, const pair_kind *kind, br_config_pairs *ret)
{
    if (!node) return BR_OK;
    br_code code = br_config_want(r, node, BR_YAML_MAP, kind->what, kind->example);
    if (code == BR_OK) code = br_config_want_count(r, node, kind->what, BR_CONFIG_ITEMS_MAX);
    if (code != BR_OK) return code;
    ret->list = br_arena_alloc(r->arena, node->count * sizeof(*ret->list) + 1);
    for (const br_yaml_entry *e = node->first; e; e = e->next) {
        br_config_pair pair = {.name = e->key->text};
        br_code one = BR_OK;
        if (!kind->name_ok(e->key->text)) {
            one = br_config_fail(r, e->key, BR_EINVAL,
                "%s: the name %s is not allowed; use up to %d characters: %s", kind->what,
                br_config_quoted(r, e->key), BR_CONFIG_NAME_MAX, kind->rule);
        } else {
            one = (kind->optional ? br_config_text_or_none : br_config_text)(
                r, e->value, pair.name.p, BR_CONFIG_TEXT_MAX, &pair.value);
        }
        if (one == BR_OK && pair.value.p) ret->list[ret->count++] = pair;
        code = br_config_both(code, one);
    }
    return code;
}

br_code br_config_headers(br_config_reader *r, const br_yaml_node *node, br_config_pairs *ret)
{
    return read_pairs(r, node, &header_pairs, ret);
}

br_code br_config_variables(br_config_reader *r, const br_yaml_node *node, br_config_pairs *ret)
{
    return read_pairs(r, node, &env_pairs, ret);
}

static bool is_module_prefix(br_str name)
{
    return br_str_starts(name, BR_STR("https://")) && name.n > 8;
}

static const pair_kind module_pairs = {"modules", "{ https://jslib.k6.io/: ./vendor }",
    "it is the beginning of https:// URLs", is_module_prefix, false};

br_code br_config_modules_of(br_config_reader *r, const br_yaml_node *node, br_config_pairs *ret)
{
    br_code code = read_pairs(r, node, &module_pairs, ret);
    for (size_t i = 0; i < ret->count; i++) {
        br_str *folder = &ret->list[i].value;
        if (folder->n == 0 || folder->p[0] == '/') continue;
        *folder = br_str_of(
            br_arena_printf(r->arena, BR_FMT BR_FMT, BR_ARG(r->file->folder), BR_ARG(*folder)));
    }
    return code;
}

/* URLs --------------------------------------------------------------------------------------------- */

br_code br_config_base_url(br_config_reader *r, const br_yaml_node *node, const char *what, br_str *ret)
{
    br_str text;
    br_code code = br_config_text(r, node, what, BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK) return code;
    br_url url;
    code = br_url_parse(text, &url, NULL);
    if (code == BR_EUNSUPPORTED) {
        return br_config_fail(r, node, BR_EINVAL,
            "%s %s is neither http nor https; write e.g. http://127.0.0.1:3000", what,
            br_config_quoted(r, node));
    }
    if (code == BR_EINVAL || (code == BR_OK && url.host.n == 0)) {
        return br_config_fail(r, node, BR_EINVAL, "%s %s names no host; write e.g. http://127.0.0.1:3000",
            what, br_config_quoted(r, node));
    }
    if (code != BR_OK) {
        return br_config_fail(r, node, BR_EINVAL, "%s %s is no valid URL; write e.g. http://127.0.0.1:3000",
            what, br_config_quoted(r, node));
    }
    if (url.fragment.p || br_str_find_char(url.target, '?') >= 0) {
        return br_config_fail(r, node, BR_EINVAL,
            "%s %s has a query or a fragment; scripts add paths to it, so end it with the path", what,
            br_config_quoted(r, node));
    }
    while (text.n > 0 && text.p[text.n - 1] == '/') {
        text.n--;
    }
    *ret = br_arena_str(r->arena, text);
    return BR_OK;
}

br_code br_config_path(br_config_reader *r, const br_yaml_node *node, const char *what, br_str *ret)
{
    br_str text;
    br_code code = br_config_text(r, node, what, 1024, &text);
    if (code != BR_OK) return code;
    if (!br_str_starts(text, BR_STR("/")) || br_str_find_char(text, ' ') >= 0) {
        return br_config_fail(r, node, BR_EINVAL, "%s %s is no path; begin it with /, without blanks", what,
            br_config_quoted(r, node));
    }
    *ret = text;
    return BR_OK;
}
