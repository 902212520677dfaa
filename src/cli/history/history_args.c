#include "cli/history/history_args.h"
#include <string.h>
#include "base/num.h"

const br_arg br_history_args[] = {
    {"store", 0, BR_ARG_VALUE, "FILE", "the history (default: ~/.local/share/brunt/history.db)",
        "BRUNT_STORE"},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

static const br_arg_section sections[] = {{NULL, br_history_args}, {NULL, NULL}};

bool br_history_is_named(const br_args *a)
{
    return br_args_setting(a, sections, "store") != NULL;
}

br_code br_history_path(const br_args *a, br_arena *arena, const char **ret, br_err *err)
{
    const char *named = br_args_setting(a, sections, "store");
    if (!named) return br_store_default_path(arena, ret, err);
    if (!*named) return br_fail(err, BR_EINVAL, "--store needs the name of a file");
    *ret = named;
    return BR_OK;
}

br_code br_history_open(const br_args *a, br_store_mode mode, br_store **ret, br_err *err)
{
    br_arena arena;
    const char *path = NULL;
    br_arena_init(&arena, 512);
    br_code code = br_history_path(a, &arena, &path, err);
    if (code == BR_OK) code = br_store_open(path, mode, ret, err);
    br_arena_deinit(&arena);
    return code;
}

static br_code latest(br_store *s, const br_store_query *q, br_arena *arena, br_stored_run *ret, br_err *err)
{
    br_stored_run *list;
    size_t n = 0;
    br_code code = br_store_list(s, q, arena, &list, &n, err);
    if (code != BR_OK) return code;
    if (n == 0)
        return br_fail(
            err, BR_ENOTFOUND, "the history has no such run: `brunt history` lists those that it has");
    *ret = list[0];
    return BR_OK;
}

br_code br_history_run(br_store *s, const char *word, const char *test, const char *environment,
    br_arena *arena, br_stored_run *ret, br_err *err)
{
    int64_t id;
    if (strcmp(word, "latest") == 0)
        return latest(
            s, &(br_store_query){.test = test, .environment = environment, .limit = 1}, arena, ret, err);
    if (br_parse_i64(br_str_of(word), &id) != BR_OK || id < 1)
        return br_fail(
            err, BR_EINVAL, "'%s' is no run: use a number that `brunt history` shows, or latest", word);
    return br_store_get(s, id, arena, ret, err);
}

br_code br_history_count(const br_args *a, const char *flag, size_t *ret, br_err *err)
{
    const char *text = br_args_get(a, flag);
    int64_t n;
    if (!text) return BR_OK;
    if (br_parse_i64(br_str_of(text), &n) != BR_OK || n < 1 || n > 1000000)
        return br_fail(err, BR_EINVAL, "--%s '%s': use a whole number from 1 to 1000000", flag, text);
    *ret = (size_t) n;
    return BR_OK;
}

br_code br_history_ago(const br_args *a, const char *flag, br_ns *ret_wall, br_err *err)
{
    const char *text = br_args_get(a, flag);
    br_ns length;
    if (!text) return BR_OK;
    if (br_parse_duration(br_str_of(text), BR_DURATION_K6, &length) != BR_OK || length <= 0 ||
        strspn(text, "0123456789.") == strlen(text)) /* a bare number would be milliseconds */
        return br_fail(err, BR_EINVAL, "--%s '%s': use a length of time such as 90d or 12h", flag, text);
    *ret_wall = br_clock_wall() - length;
    return BR_OK;
}

br_code br_history_limit(const br_args *a, double *ret, br_err *err)
{
    const char *text = br_args_get(a, "limit");
    double percent;
    if (!text) return BR_OK;
    br_str number = br_str_of(text);
    if (!br_str_ends(number, BR_STR("%")) ||
        br_parse_f64(br_str_sub(number, 0, number.n - 1), &percent) != BR_OK || percent < 1 || percent > 1000)
        return br_fail(err, BR_EINVAL, "--limit '%s': use a share from 1%% to 1000%%, such as 20%%", text);
    *ret = 1 + percent / 100;
    return BR_OK;
}
