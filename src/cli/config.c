#include "cli/config.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/config_yaml.h"
#include "codec/url.h"

#define FILE_MAX         ((size_t) 1 << 20)
#define ENVIRONMENTS_MAX 100
#define TESTS_MAX        100
#define STAGES_MAX       1000
#define CRITERIA_MAX     100
#define VUS_MAX          1000000
#define LENGTH_MAX       (7 * 24 * 3600 * BR_SEC)

typedef struct reader {
    br_config *config;
    br_err *err;
} reader;

BR_PRINTF(3, 4) static br_code fail_at(const reader *r, const br_yaml *at, const char *fmt, ...)
{
    char text[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return br_fail(r->err, BR_EINVAL, "%s:%d:%d: %s", r->config->path, at->line, at->column, text);
}

/* Values -------------------------------------------------------------------------------------------- */

static br_code need_kind(const reader *r, const br_yaml *v, br_yaml_kind kind, const char *what)
{
    static const char *const names[] = {"a text", "a list", "a mapping of keys and values"};
    return v->kind == kind ? BR_OK : fail_at(r, v, "%s must be %s", what, names[kind]);
}

/* Every key must be among `known` (NULL-terminated). */
static br_code check_keys(const reader *r, const br_yaml *map, const char *what, const char *const *known)
{
    br_code code = need_kind(r, map, BR_YAML_MAP, what);
    for (size_t i = 0; i < map->count && code == BR_OK; i++) {
        bool found = false;
        char list[300] = "";
        for (const char *const *k = known; *k; k++) {
            found = found || br_str_is(map->keys[i].text, *k);
            size_t used = strlen(list);
            snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "", *k);
        }
        if (!found) code = fail_at(r, &map->keys[i], "unknown key '" BR_FMT "' in %s; known are %s", BR_ARG(map->keys[i].text), what, list);
    }
    return code;
}

static br_code read_text(const reader *r, const br_yaml *v, const char *what, br_str *ret)
{
    br_code code = need_kind(r, v, BR_YAML_TEXT, what);
    if (code == BR_OK && v->text.n == 0) code = fail_at(r, v, "%s is empty", what);
    if (code == BR_OK) *ret = v->text;
    return code;
}

static br_code read_count(const reader *r, const br_yaml *v, const char *what, int64_t min, int64_t *ret)
{
    br_code code = need_kind(r, v, BR_YAML_TEXT, what);
    if (code != BR_OK) return code;
    int64_t n;
    if (br_parse_i64(v->text, &n) != BR_OK || n < min || n > VUS_MAX) {
        return fail_at(r, v, "%s is '" BR_FMT "'; it must be a whole number from %lld to %d", what, BR_ARG(v->text), (long long) min, VUS_MAX);
    }
    *ret = n;
    return BR_OK;
}

static br_code read_duration(const reader *r, const br_yaml *v, const char *what, br_ns min, br_ns *ret)
{
    br_code code = need_kind(r, v, BR_YAML_TEXT, what);
    if (code != BR_OK) return code;
    br_ns d;
    if (br_parse_duration(v->text, BR_DURATION_GO, &d) != BR_OK) {
        return fail_at(r, v, "%s is '" BR_FMT "'; it must be a duration with a unit, such as 30s, 5m or 2h", what, BR_ARG(v->text));
    }
    if (d < min || d > LENGTH_MAX) return fail_at(r, v, "%s is '" BR_FMT "'; it must be from %s to 168h", what, BR_ARG(v->text), min ? "1s" : "0s");
    *ret = d;
    return BR_OK;
}

/* Environments -------------------------------------------------------------------------------------- */

static br_code read_url(const reader *r, const br_yaml *v, br_str *ret)
{
    br_code code = read_text(r, v, "base_url", ret);
    if (code != BR_OK) return code;
    br_url url;
    br_err why = {0};
    if (br_url_parse(*ret, &url, &why) != BR_OK) return fail_at(r, v, "base_url '" BR_FMT "' is not usable: %.300s", BR_ARG(*ret), why.msg);
    return BR_OK;
}

static br_code read_environment(const reader *r, const br_yaml *key, const br_yaml *v, br_config_environment *ret)
{
    static const char *const known[] = {"base_url", "health", NULL};
    br_config_environment e = {.name = key->text, .health = BR_STR("/health")};
    br_code code = check_keys(r, v, "an environment", known);
    if (code != BR_OK) return code;
    const br_yaml *url = br_yaml_get(v, "base_url"), *health = br_yaml_get(v, "health");
    if (!url) return fail_at(r, key, "environment '" BR_FMT "' has no base_url; add one, e.g. base_url: http://127.0.0.1:3000", BR_ARG(key->text));
    code = read_url(r, url, &e.base_url);
    if (code == BR_OK && health) code = read_text(r, health, "health", &e.health);
    if (code == BR_OK && e.health.p[0] != '/') code = fail_at(r, health, "health must be a path that begins with /");
    if (code == BR_OK) *ret = e;
    return code;
}

static br_code read_environments(const reader *r, const br_yaml *v)
{
    br_code code = need_kind(r, v, BR_YAML_MAP, "environments");
    if (code == BR_OK && v->count > ENVIRONMENTS_MAX) code = fail_at(r, v, "more than %d environments", ENVIRONMENTS_MAX);
    if (code != BR_OK) return code;
    r->config->environments = br_arena_zalloc(&r->config->arena, (v->count + 1) * sizeof(br_config_environment));
    for (size_t i = 0; i < v->count && code == BR_OK; i++) {
        code = read_environment(r, &v->keys[i], &v->items[i], &r->config->environments[i]);
        r->config->environment_count = i + 1;
    }
    return code;
}

/* Tests --------------------------------------------------------------------------------------------- */

static br_code read_stage(const reader *r, const br_yaml *v, br_config_stage *ret)
{
    static const char *const known[] = {"duration", "target", NULL};
    br_code code = check_keys(r, v, "a stage", known);
    const br_yaml *duration = br_yaml_get(v, "duration"), *target = br_yaml_get(v, "target");
    if (code == BR_OK && (!duration || !target)) code = fail_at(r, v, "a stage needs duration and target, e.g. { duration: 5m, target: 50 }");
    if (code == BR_OK) code = read_duration(r, duration, "duration", 0, &ret->duration_ns);
    if (code == BR_OK) code = read_count(r, target, "target", 0, &ret->target);
    return code;
}

/* The first jump upwards within one instant, until the load falls again. */
static void find_spike(br_config_test *t)
{
    br_ns at = 0;
    int64_t from = t->start_vus;
    for (size_t i = 0; i < t->stage_count; i++) {
        const br_config_stage *s = &t->stages[i];
        if (t->spike_start_ns == 0 && s->duration_ns == 0 && s->target > from) t->spike_start_ns = at;
        if (t->spike_start_ns && t->spike_end_ns == 0 && s->target < from) t->spike_end_ns = at;
        at += s->duration_ns;
        from = s->target;
    }
    if (t->spike_end_ns == 0) t->spike_start_ns = 0;
}

static br_code read_stages(const reader *r, const br_yaml *v, br_config_test *t)
{
    br_code code = need_kind(r, v, BR_YAML_LIST, "stages");
    if (code == BR_OK && (v->count == 0 || v->count > STAGES_MAX)) code = fail_at(r, v, "stages must have from 1 to %d entries", STAGES_MAX);
    if (code != BR_OK) return code;
    t->stages = br_arena_zalloc(&r->config->arena, (v->count + 1) * sizeof(*t->stages));
    int64_t most = t->start_vus;
    br_ns sum = 0;
    for (size_t i = 0; i < v->count && code == BR_OK; i++) {
        code = read_stage(r, &v->items[i], &t->stages[i]);
        t->stage_count = i + 1;
        sum += t->stages[i].duration_ns;
        most = t->stages[i].target > most ? t->stages[i].target : most;
    }
    if (code == BR_OK && (sum < BR_SEC || sum > LENGTH_MAX)) code = fail_at(r, v, "the stages last %.0f s in all; it must be from 1s to 168h", (double) sum / 1e9);
    if (code == BR_OK && most == 0) code = fail_at(r, v, "no stage has a target above 0");
    if (code != BR_OK) return code;
    t->duration_ns = sum;
    find_spike(t);
    return BR_OK;
}

static br_code read_load(const reader *r, const br_yaml *test, const br_yaml *v, br_config_test *t)
{
    static const char *const known[] = {"vus", "start_vus", "stages", NULL};
    br_code code = check_keys(r, v, "load", known);
    if (code != BR_OK) return code;
    const br_yaml *vus = br_yaml_get(v, "vus"), *stages = br_yaml_get(v, "stages"), *start = br_yaml_get(v, "start_vus");
    const br_yaml *duration = br_yaml_get(test, "duration");
    if ((vus != NULL) == (stages != NULL)) return fail_at(r, v, "load needs either vus or stages, not both and not neither");
    if (vus) {
        if (start) return fail_at(r, start, "start_vus belongs to stages; with vus the load is constant");
        if (!duration) return fail_at(r, test, "a test with constant load needs a duration, e.g. duration: 5m");
        code = read_count(r, vus, "vus", 1, &t->vus);
        return code == BR_OK ? read_duration(r, duration, "duration", BR_SEC, &t->duration_ns) : code;
    }
    if (duration) return fail_at(r, duration, "with stages the duration is their sum; remove it");
    if (start) code = read_count(r, start, "start_vus", 0, &t->start_vus);
    return code == BR_OK ? read_stages(r, stages, t) : code;
}

static br_code read_criteria(const reader *r, const br_yaml *v, br_config_test *t)
{
    br_code code = need_kind(r, v, BR_YAML_LIST, "criteria");
    if (code == BR_OK && v->count > CRITERIA_MAX) code = fail_at(r, v, "more than %d criteria", CRITERIA_MAX);
    if (code != BR_OK) return code;
    t->criteria = br_arena_zalloc(&r->config->arena, (v->count + 1) * sizeof(*t->criteria));
    for (size_t i = 0; i < v->count && code == BR_OK; i++) {
        code = read_text(r, &v->items[i], "a criterion", &t->criteria[i].text);
        t->criteria[i].line = v->items[i].line;
        t->criteria[i].column = v->items[i].column;
        t->criterion_count = i + 1;
    }
    return code;
}

static const char *resolve_script(const reader *r, br_str script)
{
    const char *path = r->config->path, *slash = strrchr(path, '/');
    if (script.p[0] == '/' || !slash) return br_arena_cstr(&r->config->arena, script);
    return br_arena_printf(&r->config->arena, "%.*s/" BR_FMT, (int) (slash - path), path, BR_ARG(script));
}

static br_code read_test(const reader *r, const br_yaml *key, const br_yaml *v, br_config_test *ret)
{
    static const char *const known[] = {"script", "duration", "load", "criteria", NULL};
    br_config_test t = {.name = key->text};
    br_str script;
    br_code code = check_keys(r, v, "a test", known);
    if (code != BR_OK) return code;
    const br_yaml *s = br_yaml_get(v, "script"), *load = br_yaml_get(v, "load"), *criteria = br_yaml_get(v, "criteria");
    if (!s) return fail_at(r, key, "test '" BR_FMT "' has no script; add one, e.g. script: baseline.js", BR_ARG(key->text));
    if (!load) return fail_at(r, key, "test '" BR_FMT "' has no load; add one, e.g. load: { vus: 10 }", BR_ARG(key->text));
    if (strchr(key->text.p, '/') || key->text.p[0] == '.') return fail_at(r, key, "the name of a test names its report files: it may not hold / or begin with a dot");
    code = read_text(r, s, "script", &script);
    if (code == BR_OK) code = read_load(r, v, load, &t);
    if (code == BR_OK && criteria) code = read_criteria(r, criteria, &t);
    if (code != BR_OK) return code;
    t.script = resolve_script(r, script);
    *ret = t;
    return BR_OK;
}

static br_code read_tests(const reader *r, const br_yaml *v)
{
    br_code code = need_kind(r, v, BR_YAML_MAP, "tests");
    if (code == BR_OK && v->count > TESTS_MAX) code = fail_at(r, v, "more than %d tests", TESTS_MAX);
    if (code != BR_OK) return code;
    r->config->tests = br_arena_zalloc(&r->config->arena, (v->count + 1) * sizeof(br_config_test));
    for (size_t i = 0; i < v->count && code == BR_OK; i++) {
        code = read_test(r, &v->keys[i], &v->items[i], &r->config->tests[i]);
        r->config->test_count = i + 1;
    }
    return code;
}

static br_code read_root(const reader *r, const br_yaml *root)
{
    static const char *const known[] = {"version", "environments", "tests", NULL};
    br_code code = check_keys(r, root, "the configuration", known);
    if (code != BR_OK) return code;
    const br_yaml *version = br_yaml_get(root, "version"), *environments = br_yaml_get(root, "environments"), *tests = br_yaml_get(root, "tests");
    if (!version || version->kind != BR_YAML_TEXT || !br_str_is(version->text, "1")) {
        return fail_at(r, version ? version : root, "the configuration must say version: 1, which is all that this program knows");
    }
    if (!environments) return fail_at(r, root, "there are no environments; add e.g. environments: { local: { base_url: http://127.0.0.1:3000 } }");
    if (!tests) return fail_at(r, root, "there are no tests");
    code = read_environments(r, environments);
    return code == BR_OK ? read_tests(r, tests) : code;
}

br_code br_config_load(const char *path, br_config **ret, br_err *err)
{
    br_buf text;
    br_buf_init(&text, FILE_MAX);
    br_code code = br_file_read(path, &text, err);
    if (code != BR_OK) {
        br_buf_deinit(&text);
        return br_wrap(err, code, "configuration");
    }
    br_config *c = BR_NEW(br_config);
    br_arena_init(&c->arena, 16384);
    c->path = br_arena_cstr(&c->arena, br_str_of(path));
    reader r = {c, err};
    br_yaml *root;
    code = br_yaml_parse(&c->arena, c->path, br_buf_view(&text), &root, err);
    if (code == BR_OK) code = read_root(&r, root);
    br_buf_deinit(&text);
    if (code == BR_OK) *ret = c;
    else br_config_free(c);
    return code;
}

void br_config_free(br_config *c)
{
    if (!c) return;
    br_arena_deinit(&c->arena);
    br_free(c);
}

const char *br_config_path(const br_config *c) { return c->path; }

/* Finding ------------------------------------------------------------------------------------------- */

static void add_name(char *list, size_t size, br_str name)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s" BR_FMT, used ? ", " : "", BR_ARG(name));
}

const br_config_environment *br_config_find_environment(const br_config *c, br_str name, br_err *err)
{
    char list[600] = "";
    for (size_t i = 0; i < c->environment_count; i++) {
        if (br_str_eq(c->environments[i].name, name)) return &c->environments[i];
        add_name(list, sizeof(list), c->environments[i].name);
    }
    (void) br_fail(err, BR_ENOTFOUND, "no environment '" BR_FMT "' in %s; there are: %s", BR_ARG(name), c->path, list[0] ? list : "none");
    return NULL;
}

const br_config_test *br_config_find_test(const br_config *c, br_str name, br_err *err)
{
    char list[600] = "";
    for (size_t i = 0; i < c->test_count; i++) {
        if (br_str_eq(c->tests[i].name, name)) return &c->tests[i];
        add_name(list, sizeof(list), c->tests[i].name);
    }
    (void) br_fail(err, BR_ENOTFOUND, "no test '" BR_FMT "' in %s; there are: %s, all", BR_ARG(name), c->path, list[0] ? list : "none");
    return NULL;
}

/* Scaling ------------------------------------------------------------------------------------------- */

br_config_test *br_config_scale(const br_config_test *t, double factor)
{
    br_config_test *copy = BR_NEW(br_config_test);
    *copy = *t;
    if ((double) t->duration_ns * factor < 1e9) factor = 1e9 / (double) t->duration_ns;
    if (factor > 1) factor = 1;
    copy->duration_ns = (br_ns) llround((double) t->duration_ns * factor);
    copy->spike_start_ns = (br_ns) llround((double) t->spike_start_ns * factor);
    copy->spike_end_ns = (br_ns) llround((double) t->spike_end_ns * factor);
    copy->stages = br_calloc(t->stage_count + 1, sizeof(*copy->stages));
    for (size_t i = 0; i < t->stage_count; i++) {
        copy->stages[i] = (br_config_stage) {(br_ns) llround((double) t->stages[i].duration_ns * factor), t->stages[i].target};
    }
    return copy;
}

void br_config_scaled_free(br_config_test *t)
{
    if (!t) return;
    br_free(t->stages);
    br_free(t);
}
