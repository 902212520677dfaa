#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/num.h"
#include "cli/config_int.h"
#include "cli/config_yaml.h"
#include "codec/url.h"

typedef struct reader {
    br_config *cfg;
    br_arena *arena; /* of cfg */
    br_err err;
    const br_yaml_node *substituted; /* the last value into which a variable was put */
    bool from_env;                   /* the failure is at such a value: it may be right tomorrow */
} reader;

/* Keys that a mapping may have. */
typedef struct schema {
    const char *what; /* for messages */
    const char *keys[8];
    size_t count;
} schema;

static const schema root_schema = {"the file", {"version", "environments", "tests", "modules"}, 4};
static const schema environment_schema = {"an environment", {"base_url", "headers", "env"}, 3};
static const schema test_schema = {"a test", {"script", "duration", "load", "criteria", "env"}, 5};
static const schema load_schema = {"load", {"vus", "start_vus", "stages"}, 3};
static const schema stage_schema = {"a stage", {"duration", "target"}, 2};

/* Messages ----------------------------------------------------------------------------------------- */

BR_PRINTF(4, 5)
static br_code fail(reader *r, const br_yaml_node *at, br_code code, const char *fmt, ...)
{
    char text[sizeof(r->err.msg)];
    va_list args;
    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    r->from_env = at == r->substituted;
    return br_yaml_fail(r->cfg->path.p, at->mark, &r->err, code, "%s", text);
}

/* As written, not as substituted: a variable may hold a secret. */
static const char *quoted(reader *r, const br_yaml_node *node)
{
    return br_yaml_quote(r->arena, node->text);
}

/* Shapes ------------------------------------------------------------------------------------------- */

static br_code want(
    reader *r, const br_yaml_node *node, br_yaml_kind kind, const char *what, const char *remedy)
{
    if (node->kind == kind) return BR_OK;
    static const char *const kinds[] = {"a single value", "a list", "a mapping"};
    return fail(r, node, BR_EINVAL, "%s must be %s, not %s; write %s", what, kinds[kind],
        br_yaml_describe(node), remedy);
}

static bool known(const schema *s, br_str key)
{
    for (size_t i = 0; i < s->count; i++) {
        if (br_str_is(key, s->keys[i])) return true;
    }
    return false;
}

/* A mapping without keys that the schema does not have. */
static br_code check_shape(reader *r, const br_yaml_node *node, const schema *s)
{
    br_buf list;
    br_buf_init(&list, 256);
    for (size_t i = 0; i < s->count; i++) {
        (void) br_buf_printf(&list, "%s%s", i ? ", " : "", s->keys[i]); /* fits: our own names */
    }
    br_code code = BR_OK;
    if (node->kind != BR_YAML_MAP) {
        code = fail(r, node, BR_EINVAL, "%s must be a mapping, not %s; its keys are: %s", s->what,
            br_yaml_describe(node), list.data);
    }
    for (const br_yaml_entry *e = node->first; code == BR_OK && e; e = e->next) {
        if (known(s, e->key->text)) continue;
        const char *near = br_config_nearest(e->key->text, s->keys, s->count);
        const char *key = quoted(r, e->key);
        code = near ? fail(r, e->key, BR_EINVAL, "unknown key %s in %s; did you mean \"%s\"?", key, s->what,
                          near)
                    : fail(r, e->key, BR_EINVAL, "unknown key %s in %s; its keys are: %s", key, s->what,
                          list.data);
    }
    br_buf_deinit(&list);
    return code;
}

static br_code check_count(reader *r, const br_yaml_node *node, const char *what, size_t max)
{
    if (node->count <= max) return BR_OK;
    return fail(
        r, node, BR_ELIMIT, "%zu %s are more than the limit of %zu; remove some", node->count, what, max);
}

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
static br_code put_variable(reader *r, const br_yaml_node *node, br_str inside, br_buf *out)
{
    br_str fallback = BR_STR_NONE, name = inside;
    ptrdiff_t at = br_str_find(inside, BR_STR(":-"));
    if (at >= 0) {
        name = br_str_sub(inside, 0, (size_t) at);
        fallback = br_str_sub(inside, (size_t) at + 2, inside.n);
    }
    if (!is_variable_name(name)) {
        r->substituted = NULL;
        return fail(r, node, BR_ESYNTAX,
            "%s is no name of a variable; write ${NAME}, ${NAME:-fallback}, or $${ for a plain ${",
            br_yaml_quote(r->arena, name));
    }
    r->substituted = node;
    const char *key = br_arena_cstr(r->arena, name);
    const char *value = getenv(key);
    if (value) return br_buf_puts(out, value);
    if (at >= 0) return br_buf_put(out, fallback);
    return fail(r, node, BR_ENOTFOUND,
        "the environment variable %.*s is not set; set it, or give a fallback: ${%.*s:-text}",
        BR_CONFIG_NAME_MAX, key, BR_CONFIG_NAME_MAX, key);
}

static br_code substitute(reader *r, const br_yaml_node *node, br_buf *out)
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
                return fail(r, node, BR_ESYNTAX, "${ without its }; write ${NAME}, or $${ for a plain ${");
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

/* A text after substitution: not empty, one line, at most `max` bytes; in the arena. */
static br_code read_text(reader *r, const br_yaml_node *node, const char *what, size_t max, br_str *ret)
{
    br_code code = want(r, node, BR_YAML_SCALAR, what, "one value");
    if (code != BR_OK) return code;
    br_buf out;
    br_buf_init(&out, max);
    code = substitute(r, node, &out);
    br_str text = br_buf_view(&out);
    /* The appends to `out` give no message. */
    if (code == BR_ELIMIT)
        code = fail(r, node, BR_ELIMIT, "%s is longer than %zu bytes; shorten it", what, max);
    if (code == BR_OK && (text.n == 0 || br_yaml_is_null(node))) {
        code = fail(r, node, BR_EINVAL, "%s is empty; give it a value", what);
    }
    if (code == BR_OK && has_control_character(text)) {
        code = fail(r, node, BR_EINVAL, "%s holds a control character or a line break; remove it", what);
    }
    if (code == BR_OK) *ret = br_arena_str(r->arena, text);
    br_buf_deinit(&out);
    return code;
}

/* Numbers and durations ---------------------------------------------------------------------------- */

static br_code read_count(reader *r, const br_yaml_node *node, const char *what, int64_t min, int64_t *ret)
{
    br_str text;
    br_code code = read_text(r, node, what, BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK) return code;
    if (!node->plain && br_str_eq(text, node->text)) {
        return fail(r, node, BR_EINVAL, "%s must be a whole number, not the text %s; remove the quotes", what,
            quoted(r, node));
    }
    int64_t n;
    code = br_parse_i64(text, &n);
    if (code == BR_ESYNTAX) {
        return fail(
            r, node, BR_EINVAL, "%s must be a whole number, not %s; write e.g. 10", what, quoted(r, node));
    }
    if (code != BR_OK || n < min || n > BR_CONFIG_VUS_MAX) {
        return fail(r, node, BR_ELIMIT, "%s %s is out of range; use %lld to %d", what, quoted(r, node),
            (long long) min, BR_CONFIG_VUS_MAX);
    }
    *ret = n;
    return BR_OK;
}

static br_code read_duration(reader *r, const br_yaml_node *node, br_ns min, br_ns *ret)
{
    br_str text;
    br_code code = read_text(r, node, "duration", BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK) return code;
    double number;
    if (br_parse_f64(text, &number) == BR_OK && number != 0) {
        return fail(
            r, node, BR_EINVAL, "duration %s has no unit; write e.g. 300ms, 30s, 5m, 1h30m", quoted(r, node));
    }
    br_ns d;
    code = br_parse_duration(text, BR_DURATION_K6, &d);
    if (code == BR_ESYNTAX) {
        return fail(
            r, node, BR_EINVAL, "%s is no duration; write e.g. 300ms, 30s, 5m, 1h30m", quoted(r, node));
    }
    if (code != BR_OK || d < min || d > BR_CONFIG_DURATION_MAX) {
        return fail(r, node, BR_ELIMIT, "duration %s is out of range; use %s to 7d", quoted(r, node),
            min ? "1s" : "0s");
    }
    *ret = d;
    return BR_OK;
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
} pair_kind;

static const pair_kind header_pairs = {
    "headers", "{ X-Tenant: acme }", "letters, digits and - . _", is_header_name};
static const pair_kind env_pairs = {"env", "{ TENANT: acme }",
    "letters, digits and _; BASE_URL and HEADERS come from base_url and headers", is_script_variable};

static bool is_module_prefix(br_str name)
{
    return br_str_starts(name, BR_STR("https://")) && name.n > 8;
}

static const pair_kind module_pairs = {"modules", "{ https://jslib.k6.io/: ./vendor }",
    "it is the beginning of https:// URLs", is_module_prefix};

typedef struct pairs {
    br_config_pair *list;
    size_t count;
} pairs;

static br_code read_pairs(reader *r, const br_yaml_node *node, const pair_kind *kind, pairs *ret)
{
    if (!node) return BR_OK;
    br_code code = want(r, node, BR_YAML_MAP, kind->what, kind->example);
    if (code == BR_OK) code = check_count(r, node, kind->what, BR_CONFIG_ITEMS_MAX);
    if (code != BR_OK) return code;
    ret->list = br_arena_alloc(r->arena, node->count * sizeof(*ret->list) + 1);
    for (const br_yaml_entry *e = node->first; e; e = e->next) {
        if (!kind->name_ok(e->key->text)) {
            return fail(r, e->key, BR_EINVAL, "%s: the name %s is not allowed; use up to %d characters: %s",
                kind->what, quoted(r, e->key), BR_CONFIG_NAME_MAX, kind->rule);
        }
        br_config_pair *pair = &ret->list[ret->count];
        pair->name = e->key->text;
        if ((code = read_text(r, e->value, pair->name.p, BR_CONFIG_TEXT_MAX, &pair->value)) != BR_OK)
            return code;
        ret->count++;
    }
    return BR_OK;
}

/* Environments ------------------------------------------------------------------------------------- */

static br_code read_base_url(reader *r, const br_yaml_node *node, br_str *ret)
{
    br_str text;
    br_code code = read_text(r, node, "base_url", BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK) return code;
    br_url url;
    code = br_url_parse(text, &url, NULL);
    if (code == BR_EUNSUPPORTED) {
        return fail(r, node, BR_EINVAL,
            "base_url %s is neither http nor https; write e.g. http://127.0.0.1:3000", quoted(r, node));
    }
    if (code == BR_EINVAL || (code == BR_OK && url.host.n == 0)) {
        return fail(r, node, BR_EINVAL, "base_url %s names no host; write e.g. http://127.0.0.1:3000",
            quoted(r, node));
    }
    if (code != BR_OK) {
        return fail(r, node, BR_EINVAL, "base_url %s is no valid URL; write e.g. http://127.0.0.1:3000",
            quoted(r, node));
    }
    if (url.fragment.p || br_str_find_char(url.target, '?') >= 0) {
        return fail(r, node, BR_EINVAL,
            "base_url %s has a query or a fragment; scripts add paths to it, so end it with the path",
            quoted(r, node));
    }
    while (text.n > 0 && text.p[text.n - 1] == '/') {
        text.n--;
    }
    *ret = br_arena_str(r->arena, text);
    return BR_OK;
}

static br_code read_environment(reader *r, const br_yaml_node *node, br_config_item *item)
{
    br_environment *env = &item->environment;
    br_code code = check_shape(r, node, &environment_schema);
    if (code != BR_OK) return code;
    const br_yaml_node *url = br_yaml_get(node, "base_url");
    if (!url) {
        return fail(r, node, BR_EINVAL,
            "environment " BR_FMT " has no base_url; add e.g. base_url: http://127.0.0.1:3000",
            BR_ARG(env->name));
    }
    pairs headers = {0}, variables = {0};
    code = read_base_url(r, url, &env->base_url);
    if (code == BR_OK) code = read_pairs(r, br_yaml_get(node, "headers"), &header_pairs, &headers);
    if (code == BR_OK) code = read_pairs(r, br_yaml_get(node, "env"), &env_pairs, &variables);
    env->headers = headers.list;
    env->header_count = headers.count;
    env->env = variables.list;
    env->env_count = variables.count;
    return code;
}

/* Tests: load -------------------------------------------------------------------------------------- */

static br_code read_stage(reader *r, const br_yaml_node *node, br_load_stage *ret)
{
    br_code code = check_shape(r, node, &stage_schema);
    if (code != BR_OK) return code;
    const br_yaml_node *duration = br_yaml_get(node, "duration"), *target = br_yaml_get(node, "target");
    if (!duration || !target) {
        return fail(r, node, BR_EINVAL, "a stage needs its %s; write e.g. { duration: 2m, target: 10 }",
            duration ? "target" : "duration");
    }
    code = read_duration(r, duration, 0, &ret->duration);
    if (code == BR_OK) code = read_count(r, target, "target", 0, &ret->target);
    return code;
}

static br_code check_total(reader *r, const br_yaml_node *at, const br_load_plan *plan)
{
    if (plan->duration < BR_CONFIG_DURATION_MIN || plan->duration > BR_CONFIG_DURATION_MAX) {
        return fail(r, at, BR_ELIMIT, "the stages last %s in all; use 1s to 7d",
            plan->duration > BR_CONFIG_DURATION_MAX ? "longer than 7d" : "less than 1s");
    }
    int64_t peak = plan->start_vus;
    for (size_t i = 0; i < plan->stage_count; i++) {
        if (plan->stages[i].target > peak) peak = plan->stages[i].target;
    }
    if (peak > 0) return BR_OK;
    return fail(r, at, BR_EINVAL, "the load is 0 all the time; give at least one stage a target above 0");
}

static br_code read_stages(reader *r, const br_yaml_node *node, br_load_plan *plan)
{
    br_code code = want(r, node, BR_YAML_LIST, "stages", "[ { duration: 2m, target: 10 } ]");
    if (code == BR_OK) code = check_count(r, node, "stages", BR_CONFIG_STAGES_MAX);
    if (code != BR_OK) return code;
    if (node->count == 0)
        return fail(r, node, BR_EINVAL, "there are no stages; write e.g. [ { duration: 2m, target: 10 } ]");
    plan->stages = br_arena_alloc(r->arena, node->count * sizeof(*plan->stages));
    for (const br_yaml_entry *e = node->first; e; e = e->next) {
        br_load_stage *stage = &plan->stages[plan->stage_count];
        if ((code = read_stage(r, e->value, stage)) != BR_OK) return code;
        plan->duration += stage->duration; /* no overflow: 1000 stages of 7 days */
        plan->stage_count++;
    }
    return check_total(r, node, plan);
}

static br_code read_constant(reader *r, const br_yaml_node *test, const br_yaml_node *vus, br_load_plan *plan)
{
    const br_yaml_node *duration = br_yaml_get(test, "duration");
    if (!duration) return fail(r, test, BR_EINVAL, "the test has no duration; add e.g. duration: 5m");
    br_code code = read_duration(r, duration, BR_CONFIG_DURATION_MIN, &plan->duration);
    return code == BR_OK ? read_count(r, vus, "vus", 1, &plan->vus) : code;
}

static br_code read_ramping(reader *r, const br_yaml_node *test, const br_yaml_node *load, br_load_plan *plan)
{
    const br_yaml_node *duration = br_yaml_get(test, "duration"), *start = br_yaml_get(load, "start_vus");
    if (duration) {
        return fail(r, duration, BR_EINVAL,
            "duration and stages exclude each other: stages have their own; remove one of them");
    }
    br_code code = start ? read_count(r, start, "start_vus", 0, &plan->start_vus) : BR_OK;
    return code == BR_OK ? read_stages(r, br_yaml_get(load, "stages"), plan) : code;
}

static br_code read_load(reader *r, const br_yaml_node *test, br_load_plan *plan)
{
    const br_yaml_node *load = br_yaml_get(test, "load");
    if (!load)
        return fail(
            r, test, BR_EINVAL, "the test has no load; add load: { vus: 10 } or load: { stages: [...] }");
    br_code code = check_shape(r, load, &load_schema);
    if (code != BR_OK) return code;
    const br_yaml_node *vus = br_yaml_get(load, "vus"), *stages = br_yaml_get(load, "stages");
    const br_yaml_node *start = br_yaml_get(load, "start_vus");
    plan->factor = 1;
    if (vus && stages) {
        return fail(r, stages, BR_EINVAL,
            "vus and stages exclude each other; keep vus for a constant load, stages for a ramp");
    }
    if (vus && start) return fail(r, start, BR_EINVAL, "start_vus goes with stages, not with vus; remove it");
    if (vus) return read_constant(r, test, vus, plan);
    if (stages) return read_ramping(r, test, load, plan);
    return fail(
        r, load, BR_EINVAL, "load needs vus (constant) or stages (ramping); write e.g. load: { vus: 10 }");
}

/* Tests: the rest ---------------------------------------------------------------------------------- */

static br_code read_criterion(reader *r, const br_yaml_node *node, br_config_criterion *ret)
{
    br_str text;
    br_code code = read_text(r, node, "a criterion", BR_CONFIG_CRITERION_MAX, &text);
    if (code != BR_OK) return code;
    br_err err = {0};
    if ((code = br_criterion_parse(text, &ret->criterion, &err)) != BR_OK)
        return fail(r, node, code, "%s", err.msg);
    ret->line = node->mark.line;
    ret->column = node->mark.column;
    return BR_OK;
}

static br_code read_criteria(reader *r, const br_yaml_node *test, br_named_test *ret)
{
    const br_yaml_node *node = br_yaml_get(test, "criteria");
    if (!node)
        return fail(r, test, BR_EINVAL, "the test has no criteria; add e.g. criteria: [ \"p95 < 500ms\" ]");
    br_code code = want(r, node, BR_YAML_LIST, "criteria", "[ \"p95 < 500ms\", \"error_rate < 1%\" ]");
    if (code == BR_OK) code = check_count(r, node, "criteria", BR_CONFIG_ITEMS_MAX);
    if (code != BR_OK) return code;
    if (node->count == 0)
        return fail(r, node, BR_EINVAL, "there are no criteria; write e.g. [ \"p95 < 500ms\" ]");
    ret->criteria = br_arena_zalloc(r->arena, node->count * sizeof(*ret->criteria));
    for (const br_yaml_entry *e = node->first; e; e = e->next) {
        if ((code = read_criterion(r, e->value, &ret->criteria[ret->criterion_count])) != BR_OK) return code;
        ret->criterion_count++;
    }
    return BR_OK;
}

static br_code read_script(reader *r, const br_yaml_node *test, br_named_test *ret)
{
    const br_yaml_node *node = br_yaml_get(test, "script");
    if (!node) return fail(r, test, BR_EINVAL, "the test has no script; add e.g. script: baseline.js");
    br_str text;
    br_code code = read_text(r, node, "script", 1024, &text);
    if (code != BR_OK) return code;
    br_str folder = text.p[0] == '/' ? BR_STR("") : r->cfg->folder;
    ret->script = br_str_of(br_arena_printf(r->arena, BR_FMT BR_FMT, BR_ARG(folder), BR_ARG(text)));
    ret->script_line = node->mark.line;
    ret->script_column = node->mark.column;
    return BR_OK;
}

static br_code read_test(reader *r, const br_yaml_node *node, br_config_item *item)
{
    br_named_test *test = &item->test;
    br_code code = check_shape(r, node, &test_schema);
    pairs variables = {0};
    if (code == BR_OK) code = read_script(r, node, test);
    if (code == BR_OK) code = read_load(r, node, &test->plan);
    if (code == BR_OK) code = read_criteria(r, node, test);
    if (code == BR_OK) code = read_pairs(r, br_yaml_get(node, "env"), &env_pairs, &variables);
    test->env = variables.list;
    test->env_count = variables.count;
    return code;
}

/* The file ----------------------------------------------------------------------------------------- */

/* Names become words of the command line and parts of file names. */
static br_code check_name(reader *r, const br_yaml_node *key)
{
    br_str name = key->text;
    bool ok = name.n > 0 && name.n <= BR_CONFIG_NAME_MAX && name.p[0] != '-';
    for (size_t i = 0; ok && i < name.n; i++) {
        unsigned char c = (unsigned char) name.p[i];
        ok = isalnum(c) || c == '-' || c == '_';
    }
    if (!ok) {
        return fail(r, key, BR_EINVAL, "the name %s is not allowed; use up to %d letters, digits, - and _",
            quoted(r, key), BR_CONFIG_NAME_MAX);
    }
    if (!br_str_is(name, "all")) return BR_OK;
    return fail(
        r, key, BR_EINVAL, "the name \"all\" is taken: brunt test all runs every test; choose another");
}

typedef br_code item_fn(reader *r, const br_yaml_node *node, br_config_item *item);

/* A mapping of names to items. */
static br_code read_items(reader *r, const br_yaml_node *root, const char *what, item_fn *read,
    br_config_item **ret, size_t *ret_count)
{
    const br_yaml_node *node = br_yaml_get(root, what);
    if (!node)
        return fail(r, root, BR_EINVAL, "%s are missing; add %s: with at least one name below", what, what);
    br_code code = want(r, node, BR_YAML_MAP, what, "one name per line below");
    if (code == BR_OK) code = check_count(r, node, what, BR_CONFIG_ITEMS_MAX);
    if (code != BR_OK) return code;
    if (node->count == 0) return fail(r, node, BR_EINVAL, "there are no %s; add at least one", what);
    br_config_item *items = br_arena_zalloc(r->arena, node->count * sizeof(*items));
    size_t count = 0;
    for (const br_yaml_entry *e = node->first; e; e = e->next) {
        br_config_item *item = &items[count++];
        if ((code = check_name(r, e->key)) != BR_OK) return code;
        item->environment.name = item->test.name = e->key->text;
        code = read(r, e->value, item);
        if (code != BR_OK && !r->from_env) return code;
        if (code == BR_OK) continue;
        item->problem = br_arena_cstr(r->arena, br_str_of(r->err.msg));
        item->problem_code = code;
    }
    *ret = items;
    *ret_count = count;
    return BR_OK;
}

static br_code read_version(reader *r, const br_yaml_node *root)
{
    const br_yaml_node *node = br_yaml_get(root, "version");
    if (!node) return fail(r, root, BR_EINVAL, "version is missing; begin the file with version: 1");
    int64_t version = 0;
    br_code code = read_count(r, node, "version", 0, &version);
    if (code == BR_OK && version != 1) {
        code = fail(r, node, BR_EUNSUPPORTED, "version %s is not supported; this program reads version 1",
            quoted(r, node));
    }
    return code;
}

/* Folders are relative to that of the file. */
static br_code read_modules(reader *r, const br_yaml_node *root)
{
    pairs modules = {0};
    br_code code = read_pairs(r, br_yaml_get(root, "modules"), &module_pairs, &modules);
    for (size_t i = 0; i < modules.count; i++) {
        br_str *folder = &modules.list[i].value;
        if (folder->n == 0 || folder->p[0] == '/') continue;
        *folder = br_str_of(
            br_arena_printf(r->arena, BR_FMT BR_FMT, BR_ARG(r->cfg->folder), BR_ARG(*folder)));
    }
    r->cfg->modules = modules.list;
    r->cfg->module_count = modules.count;
    return code;
}

br_code br_config_read(br_config *cfg, br_str text, br_err *err)
{
    reader r = {.cfg = cfg, .arena = &cfg->arena};
    br_yaml_node *root;
    br_code code = br_yaml_parse(cfg->path.p, text, r.arena, &root, &r.err);
    if (code == BR_OK) code = check_shape(&r, root, &root_schema);
    if (code == BR_OK) code = read_version(&r, root);
    if (code == BR_OK) code = read_modules(&r, root);
    if (code == BR_OK)
        code = read_items(
            &r, root, "environments", read_environment, &cfg->environments, &cfg->environment_count);
    if (code == BR_OK) code = read_items(&r, root, "tests", read_test, &cfg->tests, &cfg->test_count);
    if (code != BR_OK && err) *err = r.err;
    return code;
}
