#include "engine/options_read.h"

#include <math.h>
#include <stdarg.h>
#include <strings.h>
#include "base/num.h"

static void fold_name(json_t *object, const char *name)
{
    json_t *last = NULL, *value;
    const char *key, *wrong = NULL;
    json_object_foreach(object, key, value)
    {
        if (strcasecmp(key, name) != 0) continue;
        if (strcmp(key, name) != 0) wrong = key;
        last = value;
    }
    if (!wrong) return;
    json_incref(last);
    void *next;
    json_object_foreach_safe(object, next, key, value)
    {
        if (strcasecmp(key, name) == 0) json_object_del(object, key);
    }
    json_object_set_new(object, name, last);
}

void br_fold_names(const json_t *object, const char *const names[])
{
    for (size_t i = 0; names[i]; i++)
        fold_name((json_t *) (uintptr_t) object, names[i]);
}

void br_fold_stages(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        br_fold_names(json_array_get(list, i), (const char *const[]){"duration", "target", NULL});
}

static bool absent(const json_t *v)
{
    return !v || json_is_null(v);
}

static br_str text_of(const json_t *v)
{
    return (br_str){json_string_value(v), json_string_length(v)};
}

static br_code wrong(const br_option_reader *r, const char *name, const json_t *v, const char *expected)
{
    char *shown = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
    br_code code = br_fail(r->err, BR_EINVAL, "invalid option '%s': %.80s is not %s", name,
        shown ? shown : "the value", expected);
    free(shown); // from jansson
    return code;
}

br_code br_read_int(const br_option_reader *r, const char *name, const json_t *v, int64_t *ret)
{
    if (absent(v)) return BR_OK;
    if (json_is_integer(v)) {
        *ret = json_integer_value(v);
        return BR_OK;
    }
    if (json_is_real(v) && trunc(json_real_value(v)) == json_real_value(v) &&
        fabs(json_real_value(v)) < 9e15) {
        *ret = (int64_t) json_real_value(v);
        return BR_OK;
    }
    int64_t n;
    if (json_is_string(v) && br_parse_i64(text_of(v), &n) == BR_OK) {
        *ret = n;
        return BR_OK;
    }
    return wrong(r, name, v, "a whole number");
}

br_code br_read_bool(const br_option_reader *r, const char *name, const json_t *v, bool *ret)
{
    if (absent(v)) return BR_OK;
    if (json_is_boolean(v)) {
        *ret = json_is_true(v);
        return BR_OK;
    }
    if (json_is_string(v) && br_parse_bool(text_of(v), ret) == BR_OK) return BR_OK;
    return wrong(r, name, v, "true or false");
}

static bool within(const json_t *tree, const json_t *v)
{
    const char *key;
    json_t *value;
    if (tree == v) return true;
    json_object_foreach((json_t *) (uintptr_t) tree, key, value)
    {
        if (within(value, v)) return true;
    }
    for (size_t i = 0; i < json_array_size(tree); i++)
        if (within(json_array_get(tree, i), v)) return true;
    return false;
}

br_code br_unreadable(const br_option_reader *r, const json_t *v)
{
    return within(r->script, v) ? BR_ESYNTAX : BR_EINVAL;
}

static br_code wrong_duration(const br_option_reader *r, const char *name, const json_t *v)
{
    char why[300];
    if (!json_is_string(v) || !within(r->script, v))
        return wrong(r, name, v, "a duration such as \"30s\", \"1m30s\" or milliseconds");
    br_explain_duration(text_of(v), BR_DURATION_K6, why, sizeof(why));
    return br_fail(r->err, BR_ESYNTAX, "%s", why);
}

br_code br_read_duration(const br_option_reader *r, const char *name, const json_t *v, br_ns *ret)
{
    if (absent(v)) return BR_OK;
    br_ns d = BR_NS_MAX;
    if (json_is_number(v) && fabs(json_number_value(v)) < 1e12) d = (br_ns) (json_number_value(v) * 1e6);
    bool read = d < BR_NS_MAX ||
                (json_is_string(v) && br_parse_duration(text_of(v), BR_DURATION_K6, &d) == BR_OK);
    if (read && d >= -BR_OPTION_DURATION_MAX && d <= BR_OPTION_DURATION_MAX) {
        *ret = d;
        return BR_OK;
    }
    return read ? wrong(r, name, v, "a duration of reasonable length") : wrong_duration(r, name, v);
}

br_code br_read_text(const br_option_reader *r, const char *name, const json_t *v, br_str *ret)
{
    if (absent(v)) return BR_OK;
    if (!json_is_string(v)) return wrong(r, name, v, "text");
    *ret = br_arena_str(r->arena, text_of(v));
    return BR_OK;
}

static br_code scalar_text(const br_option_reader *r, const char *name, const json_t *v, br_str *ret)
{
    if (json_is_string(v)) {
        *ret = br_arena_str(r->arena, text_of(v));
        return BR_OK;
    }
    if (!json_is_number(v) && !json_is_boolean(v)) return wrong(r, name, v, "text, a number or true/false");
    char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    *ret = br_arena_str(r->arena, br_str_of(text));
    free(text); // from jansson
    return BR_OK;
}

br_code br_read_tags(
    const br_option_reader *r, const char *name, const json_t *v, br_tag **ret, size_t *ret_count)
{
    if (absent(v)) return BR_OK;
    if (!json_is_object(v)) return wrong(r, name, v, "an object of names and values");
    br_tag *tags = br_arena_zalloc(r->arena, (json_object_size(v) + 1) * sizeof(*tags));
    size_t n = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *) (uintptr_t) v, key, value)
    {
        tags[n].key = br_arena_str(r->arena, br_str_of(key));
        br_code code = scalar_text(r, name, value, &tags[n].value);
        if (code != BR_OK) return code;
        n++;
    }
    *ret = tags;
    *ret_count = n;
    return BR_OK;
}

br_code br_read_strings(
    const br_option_reader *r, const char *name, const json_t *v, br_str **ret, size_t *ret_count)
{
    if (absent(v)) return BR_OK;
    if (!json_is_array(v)) return wrong(r, name, v, "a list of texts");
    size_t n = json_array_size(v);
    br_str *list = br_arena_zalloc(r->arena, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++) {
        br_code code = br_read_text(r, name, json_array_get(v, i), &list[i]);
        if (code != BR_OK) return code;
    }
    *ret = list;
    *ret_count = n;
    return BR_OK;
}

void br_problem_add(br_buf *problems, const char *fmt, ...)
{
    char text[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (problems->len) (void) br_buf_puts(problems, ", ");
    (void) br_buf_puts(problems, text);
}

static br_code read_stage(
    const br_option_reader *r, const char *name, const json_t *v, size_t i, br_stage *ret, br_buf *problems)
{
    if (!json_is_object(v)) return wrong(r, name, v, "a stage {duration, target}");
    const json_t *duration = json_object_get(v, "duration"), *target = json_object_get(v, "target");
    if (absent(duration)) br_problem_add(problems, "stage %zu doesn't have a duration", i + 1);
    if (absent(target)) br_problem_add(problems, "stage %zu doesn't have a target", i + 1);
    br_code code = br_read_duration(r, name, duration, &ret->duration);
    if (code == BR_OK) code = br_read_int(r, name, target, &ret->target);
    if (code == BR_OK && ret->duration < 0)
        br_problem_add(problems, "the duration for stage %zu can't be negative", i + 1);
    if (code == BR_OK && ret->target < 0)
        br_problem_add(problems, "the target for stage %zu can't be negative", i + 1);
    return code;
}

br_code br_read_stages(const br_option_reader *r, const char *name, const json_t *v, br_stage **ret,
    size_t *ret_count, br_buf *problems)
{
    if (absent(v)) return BR_OK;
    if (!json_is_array(v)) return wrong(r, name, v, "a list of stages {duration, target}");
    br_fold_stages(v);
    size_t n = json_array_size(v);
    if (n > BR_STAGES_MAX)
        return br_fail(r->err, BR_EINVAL, "invalid option '%s': more than %d stages", name, BR_STAGES_MAX);
    br_stage *stages = br_arena_zalloc(r->arena, (n + 1) * sizeof(*stages));
    for (size_t i = 0; i < n; i++) {
        br_code code = read_stage(r, name, json_array_get(v, i), i, &stages[i], problems);
        if (code != BR_OK) return code;
    }
    *ret = stages;
    *ret_count = n;
    return BR_OK;
}
