#include "empire/api/start_body.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/buf.h"
#include "empire/domain/analytics.h"

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

static br_code take_product(const json_t *v, emp_workflow_start *start, br_err *err)
{
    json_int_t n = json_integer_value(v);
    if (n < 1) return br_fail(err, BR_EINVAL, "'productId' must be a whole number from 1");
    start->product_id = n;
    return BR_OK;
}

static br_code take_platform(const json_t *v, emp_workflow_start *start, br_err *err)
{
    const br_str text = {json_string_value(v), json_string_length(v)};
    for (size_t i = 0; text.p && emp_platforms[i]; i++) {
        if (!br_str_is(text, emp_platforms[i])) continue;
        start->platform = emp_platforms[i];
        return BR_OK;
    }
    return br_fail(
        err, BR_EINVAL, "'platform' must be \"tiktok\", \"youtube\", \"instagram\" or \"facebook\"");
}

/* Members -------------------------------------------------------------------------------------------- */

enum { TYPE = 1, VIDEO_COUNT = 2, DRY_RUN = 4, NAME = 8, PRODUCT = 16, PLATFORM = 32 };

const char *const emp_start_members[EMP_START_MEMBERS] = {
    "type", "videoCount", "dryRun", "name", "productId", "platform"};

static br_code (*const takers[EMP_START_MEMBERS])(const json_t *v, emp_workflow_start *start, br_err *err) = {
    take_type, take_video_count, take_dry_run, take_name, take_product, take_platform};

static const struct {
    const char *type;
    unsigned takes, needs; /* bits of members */
    int64_t videos;        /* that it makes unless told otherwise */
} kinds[EMP_START_KINDS] = {
    [EMP_START_WORKFLOW] = {EMP_WORKFLOW_TYPE, TYPE | VIDEO_COUNT | DRY_RUN | NAME, 0, EMP_WORKFLOW_VIDEOS},
    [EMP_START_SYNC] = {EMP_WORKFLOW_SYNC, DRY_RUN, 0, 0},
    [EMP_START_SCRIPT] = {EMP_WORKFLOW_SCRIPT, DRY_RUN | PRODUCT, PRODUCT, 0},
    [EMP_START_VIDEO] = {EMP_WORKFLOW_VIDEO, DRY_RUN | PRODUCT, PRODUCT, 1},
    [EMP_START_PUBLISH] = {EMP_WORKFLOW_PUBLISH, DRY_RUN | PRODUCT | PLATFORM, PRODUCT | PLATFORM, 0},
    [EMP_START_OPTIMIZE] = {EMP_WORKFLOW_WEEKLY, DRY_RUN, 0, 0},
};

bool emp_start_takes(emp_start_kind kind, size_t member)
{
    return (kinds[kind].takes >> member & 1u) != 0;
}

bool emp_start_needs(emp_start_kind kind, size_t member)
{
    return (kinds[kind].needs >> member & 1u) != 0;
}

static br_code fail_unknown(emp_start_kind kind, const char *key, br_err *err)
{
    br_buf known;
    br_buf_init(&known, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < EMP_START_MEMBERS; i++) {
        if (emp_start_takes(kind, i))
            (void) br_buf_printf(&known, "%s%s", known.len ? ", " : "", emp_start_members[i]);
    }
    br_code rc = br_fail(err, BR_EINVAL, "unknown member '%.64s': known are %s", key, known.data);
    br_buf_deinit(&known);
    return rc;
}

static br_code take_member(
    const char *key, const json_t *v, emp_start_kind kind, emp_workflow_start *start, br_err *err)
{
    for (size_t i = 0; i < EMP_START_MEMBERS; i++) {
        if (emp_start_takes(kind, i) && br_str_is(br_str_of(key), emp_start_members[i]))
            return takers[i](v, start, err);
    }
    return fail_unknown(kind, key, err);
}

static br_code take_members(json_t *object, emp_start_kind kind, emp_workflow_start *start, br_err *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        br_code rc = take_member(key, value, kind, start, err);
        if (rc != BR_OK) return rc;
    }
    for (size_t i = 0; i < EMP_START_MEMBERS; i++) {
        if (emp_start_needs(kind, i) && !json_object_get(object, emp_start_members[i]))
            return br_fail(err, BR_EINVAL, "'%s' is missing", emp_start_members[i]);
    }
    return BR_OK;
}

static br_code read_object(br_str body, json_t **ret_object, br_err *err)
{
    json_error_t at;
    if (body.n == 0) body = BR_STR("{}");
    json_t *root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
    if (!root) {
        return br_fail(err, BR_EINVAL, "the body is not valid JSON: line %d, column %d: %s", at.line,
            at.column, at.text);
    }
    if (json_is_object(root)) {
        *ret_object = root;
        return BR_OK;
    }
    json_decref(root);
    return br_fail(err, BR_EINVAL, "the body must be a JSON object");
}

/*
 * Of single steps one is open per product and platform, and a dry one apart from the real one: who asks for a
 * video must not be shown a run that makes none. A slash stands in no name that a client may choose.
 */
static void name_step(emp_start_kind kind, emp_workflow_start *start)
{
    const char *dry = start->dry_run ? "dry/" : "";
    if (kind == EMP_START_SYNC) {
        snprintf(start->name, sizeof(start->name), "%scatalogue", dry);
    } else if (kind == EMP_START_OPTIMIZE) {
        snprintf(start->name, sizeof(start->name), "%s", dry); /* the real one is the day's */
    } else {
        snprintf(start->name, sizeof(start->name), "%s%" PRId64 "%s%s", dry, start->product_id,
            start->platform ? "/" : "", start->platform ? start->platform : "");
    }
}

br_code emp_start_body_parse(br_str body, emp_start_kind kind, emp_workflow_start *ret_start, br_err *err)
{
    json_t *object = NULL;
    emp_workflow_start start = {.type = br_str_of(kinds[kind].type), .video_count = kinds[kind].videos};
    br_code rc = read_object(body, &object, err);
    if (rc == BR_OK) rc = take_members(object, kind, &start, err);
    json_decref(object);
    if (rc != BR_OK) return rc;
    if (br_str_is(start.type, EMP_WORKFLOW_WEEKLY)) start.video_count = 0; /* it makes none */
    if (kind != EMP_START_WORKFLOW) name_step(kind, &start);
    *ret_start = start;
    return BR_OK;
}
