#include "cli/config/config.h"
#include <errno.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "cli/config/config_int.h"

#define WORD_MAX 32 /* longer words get no suggestion */

/* Loading ------------------------------------------------------------------------------------------ */

static br_config *new_config(size_t file_count)
{
    br_config *cfg = BR_NEW(br_config);
    br_arena_init(&cfg->arena, 16384);
    cfg->files = br_arena_zalloc(&cfg->arena, file_count * sizeof(*cfg->files));
    return cfg;
}

/* `text` is borrowed if it lives as long as cfg, else a copy. */
static br_code add_text(br_config *cfg, const char *path, br_str text, br_err *err)
{
    if (text.n > BR_CONFIG_BYTES_MAX)
        return br_fail(err, BR_ELIMIT, "%s is larger than %zu bytes", path, BR_CONFIG_BYTES_MAX);
    br_config_file *f = &cfg->files[cfg->file_count++];
    f->path = br_arena_str(&cfg->arena, br_str_of(path));
    size_t folder = f->path.n;
    while (folder > 0 && path[folder - 1] != '/') {
        folder--;
    }
    f->folder = br_str_sub(f->path, 0, folder);
    f->text = br_arena_str(&cfg->arena, text);
    return BR_OK;
}

static br_code add_file(br_config *cfg, const char *path, br_err *err)
{
    br_buf text;
    br_buf_init(&text, BR_CONFIG_BYTES_MAX);
    br_code code = br_file_read(path, &text, err);
    if (code == BR_OK) code = add_text(cfg, path, br_buf_view(&text), err);
    br_buf_deinit(&text);
    return code;
}

/* The configuration if nothing in it is wrong by itself; else frees it and tells the first mistake. */
static br_code finish(br_config *cfg, br_config **ret, br_err *err)
{
    if (cfg->first == BR_OK) {
        *ret = cfg;
        return BR_OK;
    }
    br_code code = cfg->first;
    size_t more = cfg->first_all - 1;
    if (more) {
        (void) br_fail(
            err, code, BR_FMT " (and %zu more: brunt config check)", BR_ARG(cfg->first_text), more);
    } else {
        (void) br_fail(err, code, BR_FMT, BR_ARG(cfg->first_text));
    }
    br_config_free(cfg);
    return code;
}

br_code br_config_parse(const char *path, br_str text, br_config **ret, br_err *err)
{
    br_config *cfg = new_config(1);
    br_code code = add_text(cfg, path, text, err);
    if (code != BR_OK) {
        br_config_free(cfg);
        return code;
    }
    br_config_read(cfg);
    return finish(cfg, ret, err);
}

br_code br_config_examine(const char *const *paths, size_t count, br_config **ret, br_err *err)
{
    BR_ASSERT(count > 0);
    if (count > BR_CONFIG_FILES_MAX)
        return br_fail(err, BR_ELIMIT, "%zu configurations are more than %d", count, BR_CONFIG_FILES_MAX);
    br_config *cfg = new_config(count);
    br_code code = BR_OK;
    for (size_t i = 0; i < count && code == BR_OK; i++)
        code = add_file(cfg, paths[i], err);
    if (code != BR_OK) {
        br_config_free(cfg);
        return code;
    }
    br_config_read(cfg);
    *ret = cfg;
    return BR_OK;
}

br_code br_config_load_all(const char *const *paths, size_t count, br_config **ret, br_err *err)
{
    br_config *cfg;
    br_code code = br_config_examine(paths, count, &cfg, err);
    return code == BR_OK ? finish(cfg, ret, err) : code;
}

br_code br_config_load(const char *path, br_config **ret, br_err *err)
{
    return br_config_load_all(&path, 1, ret, err);
}

void br_config_free(br_config *cfg)
{
    if (!cfg) return;
    br_arena_deinit(&cfg->arena);
    br_free(cfg);
}

const br_config_problem *br_config_problems(const br_config *cfg, size_t *ret_count, size_t *ret_all)
{
    *ret_count = cfg->problem_count;
    *ret_all = cfg->problems_all;
    return cfg->problems;
}

void br_config_add_problem(br_config *cfg, br_str test, bool writes, br_code code, br_str text)
{
    for (size_t i = 0; i < cfg->tests.count; i++) {
        const br_config_item *item = &cfg->tests.list[i];
        const br_named_test *t = &item->test;
        if (!br_str_eq(t->name, test)) continue;
        br_yaml_mark mark = writes ? (br_yaml_mark){t->writes_line, t->writes_column}
                                   : (br_yaml_mark){t->script_line, t->script_column};
        br_config_keep(cfg, item->file, mark, code, text, false);
        return;
    }
    BR_UNREACHABLE("a problem of no test");
}

br_str br_config_text_copy(br_config *cfg, br_str text)
{
    return br_arena_str(&cfg->arena, text);
}

size_t br_config_file_count(const br_config *cfg)
{
    return cfg->file_count;
}

br_str br_config_file_path(const br_config *cfg, size_t i)
{
    BR_ASSERT(i < cfg->file_count);
    return cfg->files[i].path;
}

const br_preflight_request *br_config_preflight(const br_config *cfg, size_t *ret_count)
{
    *ret_count = cfg->preflight_count;
    return cfg->preflight;
}

/* Secrets ------------------------------------------------------------------------------------------ */

/* Length of the longest secret that stands at the begin of `s`; 0: none. */
static size_t secret_at(const br_environment *e, br_str s)
{
    size_t longest = 0;
    for (size_t i = 0; i < e->secret_count; i++) {
        if (e->secrets[i].n > longest && br_str_starts(s, e->secrets[i])) longest = e->secrets[i].n;
    }
    return longest;
}

br_str br_config_redact(const br_environment *e, br_str text, br_arena *arena)
{
    bool any = false;
    for (size_t i = 0; i < e->secret_count; i++)
        any = any || br_str_find(text, e->secrets[i]) >= 0;
    if (!any) return text;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < text.n;) {
        size_t n = secret_at(e, br_str_sub(text, i, text.n));
        if (n) {
            (void) br_buf_puts(&out, BR_CONFIG_REDACTED);
        } else {
            (void) br_buf_putc(&out, text.p[i]);
        }
        i += n ? n : 1;
    }
    br_str clean = br_arena_str(arena, br_buf_view(&out));
    br_buf_deinit(&out);
    return clean;
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
    return cfg->environments.count;
}
size_t br_config_test_count(const br_config *cfg)
{
    return cfg->tests.count;
}

br_str br_config_environment_name(const br_config *cfg, size_t i)
{
    BR_ASSERT(i < cfg->environments.count);
    return cfg->environments.list[i].environment.name;
}

br_str br_config_test_name(const br_config *cfg, size_t i)
{
    BR_ASSERT(i < cfg->tests.count);
    return cfg->tests.list[i].test.name;
}

const br_named_test *br_config_test_at(const br_config *cfg, size_t i)
{
    BR_ASSERT(i < cfg->tests.count);
    return cfg->tests.list[i].problem ? NULL : &cfg->tests.list[i].test;
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
        BR_ARG(cfg->files[0].path), c->what, BR_ARG(br_str_sub(name, 0, BR_CONFIG_NAME_MAX)),
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
    for (size_t i = 0; i < cfg->environments.count; i++) {
        const br_config_item *item = &cfg->environments.list[i];
        if (!br_str_eq(item->environment.name, name)) continue;
        br_code code = check_item(item, err);
        if (code != BR_OK) return code;
        for (size_t k = 0; k < item->environment.secret_count; k++)
            br_log_hide(item->environment.secrets[k]);
        *ret = &item->environment;
        return BR_OK;
    }
    return fail_choice(cfg, &environments, name, err);
}

br_code br_config_script_check(const br_named_test *test, br_str script, br_err *err)
{
    if (access(script.p, R_OK) == 0) return BR_OK;
    int e = errno;
    return br_fail(err, br_code_from_errno(e),
        "the script " BR_FMT " of test \"" BR_FMT
        "\" cannot be read: %s; its path is relative to the folder of "
        "this file",
        BR_ARG(script), BR_ARG(test->name), strerror(e));
}

static br_code check_script(const br_config_item *item, br_err *err)
{
    const br_named_test *test = &item->test;
    br_code code = br_config_script_check(test, test->script, err);
    if (code == BR_OK) return BR_OK;
    return br_wrap(
        err, code, BR_FMT ":%zu:%zu", BR_ARG(item->file->path), test->script_line, test->script_column);
}

br_code br_config_test(const br_config *cfg, br_str name, const br_named_test **ret, br_err *err)
{
    for (size_t i = 0; i < cfg->tests.count; i++) {
        const br_config_item *item = &cfg->tests.list[i];
        if (!br_str_eq(item->test.name, name)) continue;
        br_code code = check_item(item, err);
        if (code == BR_OK) code = check_script(item, err);
        if (code == BR_OK) *ret = &item->test;
        return code;
    }
    return fail_choice(cfg, &tests, name, err);
}
