#include "empire/api/start_body.h"

#include <jansson.h>

static br_code take_type(const json_t *v, emp_workflow_start *start, br_err *err)
{
    static const br_str types[] = {BR_STR_INIT(EMP_WORKFLOW_TYPE), BR_STR_INIT(EMP_WORKFLOW_WEEKLY)};
    const br_str text = {json_string_value(v), json_string_length(v)}; /* NULL and 0 for other types */
    for (size_t i = 0; i < BR_COUNT_OF(types); i++) {
        if (!text.p || !br_str_eq(text, types[i])) continue;
        start->type = types[i];
        return BR_OK;
    }
    return br_fail(err, BR_EINVAL, "'type' must be \"" EMP_WORKFLOW_TYPE "\" or \"" EMP_WORKFLOW_WEEKLY "\"");
}

static bool is_name(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_' && c != '.') return false;
    }
    return s.n > 0 && s.n <= EMP_WORKFLOW_NAME_MAX;
}

static br_code take_name(const json_t *v, emp_workflow_start *start, br_err *err)
{
    const br_str text = {json_string_value(v), json_string_length(v)};
    if (!text.p || !is_name(text)) {
        return br_fail(
            err, BR_EINVAL, "'name' must be 1 to %d letters, digits, '-', '_' or '.'", EMP_WORKFLOW_NAME_MAX);
    }
    memcpy(start->name, text.p, text.n);
    start->name[text.n] = '\0';
    return BR_OK;
}

static br_code take_video_count(const json_t *v, emp_workflow_start *start, br_err *err)
{
    json_int_t n = json_integer_value(v); /* 0 for other types */
    if (n < 1 || n > EMP_WORKFLOW_VIDEOS_MAX) {
        return br_fail(
            err, BR_EINVAL, "'videoCount' must be a whole number from 1 to %d", EMP_WORKFLOW_VIDEOS_MAX);
    }
    start->video_count = n;
    return BR_OK;
}

static br_code take_dry_run(const json_t *v, emp_workflow_start *start, br_err *err)
{
    if (!json_is_boolean(v)) return br_fail(err, BR_EINVAL, "'dryRun' must be true or false");
    start->dry_run = json_is_true(v);
    return BR_OK;
}

static br_code take_member(const char *key, const json_t *v, emp_workflow_start *start, br_err *err)
{
    br_str k = br_str_of(key);
    if (br_str_is(k, "type")) return take_type(v, start, err);
    if (br_str_is(k, "videoCount")) return take_video_count(v, start, err);
    if (br_str_is(k, "dryRun")) return take_dry_run(v, start, err);
    if (br_str_is(k, "name")) return take_name(v, start, err);
    return br_fail(
        err, BR_EINVAL, "unknown member '%.64s': known are type, videoCount, dryRun and name", key);
}

static br_code take_members(json_t *object, emp_workflow_start *start, br_err *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        br_code rc = take_member(key, value, start, err);
        if (rc != BR_OK) return rc;
    }
    return BR_OK;
}

br_code emp_start_body_parse(br_str body, emp_workflow_start *ret_start, br_err *err)
{
    emp_workflow_start start = {.type = BR_STR(EMP_WORKFLOW_TYPE), .video_count = EMP_WORKFLOW_VIDEOS};
    br_code rc = BR_OK;
    if (body.n > 0) {
        json_error_t at;
        json_t *root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
        if (!root) {
            rc = br_fail(err, BR_EINVAL, "the body is not valid JSON: line %d, column %d: %s", at.line,
                at.column, at.text);
        } else if (!json_is_object(root)) {
            rc = br_fail(err, BR_EINVAL, "the body must be a JSON object");
        } else {
            rc = take_members(root, &start, err);
        }
        json_decref(root);
    }
    if (br_str_is(start.type, EMP_WORKFLOW_WEEKLY)) start.video_count = 0; /* it makes none */
    if (rc == BR_OK) *ret_start = start;
    return rc;
}
