#include "cli/config.h"
#include <errno.h>
#include <math.h>
#include <unistd.h>
#include "base/file.h"
#include "cli/config_int.h"

#define WORD_MAX 32 /* longer words get no suggestion */

/* Loading ------------------------------------------------------------------------------------------ */

br_code br_config_parse(const char *path, br_str text, br_config **ret, br_err *err)
{
    br_config *cfg = BR_NEW(br_config);
    br_arena_init(&cfg->arena, 16384);
    cfg->path = br_arena_str(&cfg->arena, br_str_of(path));
    size_t folder = cfg->path.n;
    while (folder > 0 && path[folder - 1] != '/') {
        folder--;
    }
    cfg->folder = br_str_sub(cfg->path, 0, folder);
    br_code code = BR_OK;
    if (text.n > BR_CONFIG_BYTES_MAX) {
        code = br_fail(err, BR_ELIMIT, "%s is larger than %zu bytes", path, BR_CONFIG_BYTES_MAX);
    }
    if (code == BR_OK) code = br_config_read(cfg, text, err);
    if (code == BR_OK) {
        *ret = cfg;
    } else {
        br_config_free(cfg);
    }
    return code;
}

br_code br_config_load(const char *path, br_config **ret, br_err *err)
{
    br_buf text;
    br_buf_init(&text, BR_CONFIG_BYTES_MAX);
    br_code code = br_file_read(path, &text, err);
    if (code == BR_OK) code = br_config_parse(path, br_buf_view(&text), ret, err);
    br_buf_deinit(&text);
    return code;
}

void br_config_free(br_config *cfg)
{
    if (!cfg) return;
    br_arena_deinit(&cfg->arena);
    br_free(cfg);
}

/* Suggestions -------------------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with swaps of neighbours (optimal string alignment); both at most WORD_MAX long. */
static size_t distance(br_str a, br_str b)
{
    size_t d[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= a.n; i++) {
        for (size_t j = 0; j <= b.n; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            char x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);
            d[i][j] = min2(min2(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && y == lower(a.p[i - 2])) {
                d[i][j] = min2(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a.n][b.n];
}

const char *br_config_nearest(br_str word, const char *const *names, size_t count)
{
    if (word.n == 0 || word.n > WORD_MAX) return NULL;
    const char *nearest = NULL;
    size_t best = 2 + word.n / 4;
    for (size_t i = 0; i < count; i++) {
        br_str name = br_str_of(names[i]);
        if (name.n > WORD_MAX) continue;
        size_t d = distance(word, name);
        /* A word of three letters is not a misspelling of any other word of three letters. */
        if (d >= best || d >= word.n || d >= name.n) continue;
        best = d;
        nearest = names[i];
    }
    return nearest;
}

/* Choosing ----------------------------------------------------------------------------------------- */

const br_config_pair *br_config_modules(const br_config *cfg, size_t *ret_count)
{
    *ret_count = cfg->module_count;
    return cfg->modules;
}

size_t br_config_environment_count(const br_config *cfg)
{
    return cfg->environment_count;
}
size_t br_config_test_count(const br_config *cfg)
{
    return cfg->test_count;
}

br_str br_config_environment_name(const br_config *cfg, size_t i)
{
    BR_ASSERT(i < cfg->environment_count);
    return cfg->environments[i].environment.name;
}

br_str br_config_test_name(const br_config *cfg, size_t i)
{
    BR_ASSERT(i < cfg->test_count);
    return cfg->tests[i].test.name;
}

/* What can be chosen by name. */
typedef struct choice {
    const char *what, *more; /* more: behind the list of names */
    size_t (*count)(const br_config *cfg);
    br_str (*name_at)(const br_config *cfg, size_t i);
} choice;

static const choice environments = {
    "environment", "", br_config_environment_count, br_config_environment_name};
static const choice tests = {"test", ", all", br_config_test_count, br_config_test_name};

static br_code fail_choice(const br_config *cfg, const choice *c, br_str name, br_err *err)
{
    const char *names[BR_CONFIG_ITEMS_MAX];
    size_t count = c->count(cfg);
    br_buf list;
    br_buf_init(&list, BR_CONFIG_ITEMS_MAX * (BR_CONFIG_NAME_MAX + 2));
    for (size_t i = 0; i < count; i++) {
        names[i] = c->name_at(cfg, i).p;
        (void) br_buf_printf(&list, "%s%s", i ? ", " : "", names[i]); /* fits: names are limited */
    }
    const char *nearest = br_config_nearest(name, names, count);
    br_code code = br_fail(err, BR_ENOTFOUND, BR_FMT ": no %s \"" BR_FMT "\"%s%s%s; there are: %s%s",
        BR_ARG(cfg->path), c->what, BR_ARG(br_str_sub(name, 0, BR_CONFIG_NAME_MAX)),
        nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "", list.data,
        c->more);
    br_buf_deinit(&list);
    return code;
}

static br_code check_item(const br_config_item *item, br_err *err)
{
    return item->problem ? br_fail(err, item->problem_code, "%s", item->problem) : BR_OK;
}

br_code br_config_environment(const br_config *cfg, br_str name, const br_environment **ret, br_err *err)
{
    for (size_t i = 0; i < cfg->environment_count; i++) {
        const br_config_item *item = &cfg->environments[i];
        if (!br_str_eq(item->environment.name, name)) continue;
        br_code code = check_item(item, err);
        if (code == BR_OK) *ret = &item->environment;
        return code;
    }
    return fail_choice(cfg, &environments, name, err);
}

static br_code check_script(const br_config *cfg, const br_named_test *test, br_err *err)
{
    if (access(test->script.p, R_OK) == 0) return BR_OK;
    int e = errno;
    return br_fail_errno(err, br_code_from_errno(e), e,
        BR_FMT ":%zu:%zu: the script " BR_FMT " of test \"" BR_FMT "\" cannot be read", BR_ARG(cfg->path),
        test->script_line, test->script_column, BR_ARG(test->script), BR_ARG(test->name));
}

br_code br_config_test(const br_config *cfg, br_str name, const br_named_test **ret, br_err *err)
{
    for (size_t i = 0; i < cfg->test_count; i++) {
        const br_config_item *item = &cfg->tests[i];
        if (!br_str_eq(item->test.name, name)) continue;
        br_code code = check_item(item, err);
        if (code == BR_OK) code = check_script(cfg, &item->test, err);
        if (code == BR_OK) *ret = &item->test;
        return code;
    }
    return fail_choice(cfg, &tests, name, err);
}

/* Load plans --------------------------------------------------------------------------------------- */

static br_ns scaled(br_ns t, double factor)
{
    return (br_ns) llround((double) t * factor / (double) BR_MS) * BR_MS;
}

/* Instants are scaled rather than lengths, so rounding never adds up. */
static br_load_stage *scale_stages(const br_load_plan *plan, double factor, br_arena *arena)
{
    br_load_stage *stages = br_arena_alloc(arena, plan->stage_count * sizeof(*stages));
    br_ns before = 0, at = 0;
    for (size_t i = 0; i < plan->stage_count; i++) {
        at += plan->stages[i].duration;
        br_ns end = scaled(at, factor);
        stages[i] = (br_load_stage){end - before, plan->stages[i].target};
        before = end;
    }
    return stages;
}

br_code br_config_scale(
    const br_load_plan *plan, double factor, br_arena *arena, br_load_plan *ret, br_err *err)
{
    BR_ASSERT(plan->duration >= BR_CONFIG_DURATION_MIN);
    if (!isfinite(factor) || factor <= 0) {
        return br_fail(err, BR_EINVAL, "the duration scale must be a number above 0, such as 0.1");
    }
    if (factor == 1) {
        *ret = *plan;
        return BR_OK;
    }
    double full = (double) plan->duration;
    if (full * factor > (double) BR_CONFIG_DURATION_MAX) {
        return br_fail(
            err, BR_ELIMIT, "the test would last longer than 7 days; use a smaller duration scale");
    }
    if (full * factor < (double) BR_CONFIG_DURATION_MIN) factor = (double) BR_CONFIG_DURATION_MIN / full;
    br_load_plan result = *plan;
    result.duration = scaled(plan->duration, factor);
    result.factor = plan->factor * (double) result.duration / full;
    if (plan->stage_count) result.stages = scale_stages(plan, factor, arena);
    *ret = result;
    return BR_OK;
}

/* The stage in which the peak is reached first; stage_count if the load starts at its peak. */
static size_t peak_stage(const br_load_plan *plan)
{
    int64_t peak = plan->start_vus;
    size_t at = plan->stage_count;
    for (size_t i = 0; i < plan->stage_count; i++) {
        if (plan->stages[i].target <= peak) continue;
        peak = plan->stages[i].target;
        at = i;
    }
    return at;
}

static int64_t level_before(const br_load_plan *plan, size_t i)
{
    return i ? plan->stages[i - 1].target : plan->start_vus;
}

static br_ns begin_of(const br_load_plan *plan, size_t i)
{
    br_ns at = 0;
    for (size_t k = 0; k < i; k++) {
        at += plan->stages[k].duration;
    }
    return at;
}

bool br_config_spike(const br_load_plan *plan, br_ns *ret_start, br_ns *ret_end)
{
    size_t peak = peak_stage(plan);
    if (peak == plan->stage_count) return false;
    size_t first = peak, end = peak + 1;
    while (first > 0 && plan->stages[first - 1].target > level_before(plan, first - 1)) {
        first--;
    }
    while (end < plan->stage_count && plan->stages[end].target == plan->stages[peak].target) {
        end++; /* hold */
    }
    while (end < plan->stage_count && plan->stages[end].target < level_before(plan, end)) {
        end++; /* fall */
    }
    br_ns start_at = begin_of(plan, first), end_at = begin_of(plan, end);
    if (end_at >= plan->duration || level_before(plan, end) == 0) return false;
    *ret_start = start_at;
    *ret_end = end_at;
    return true;
}
