#include "cli/test/preparation.h"
#include <jansson.h>
#include "base/file.h"
#include "base/log.h"
#include "cli/target/target_version.h"

#define RECORD_MAX   ((size_t) 1 << 20)
#define RECORD_ITEMS 200
#define CLOCKS_APART (60 * BR_SEC) /* of machines that share a folder */

static br_str text_of(const json_t *object, const char *key, br_arena *arena)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) return BR_STR("");
    return br_arena_str(arena, (br_str){json_string_value(value), json_string_length(value)});
}

static br_ns time_of(const json_t *object, const char *key)
{
    json_int_t ms = json_integer_value(json_object_get(object, key));
    return ms > 0 && ms < INT64_MAX / BR_MS ? (br_ns) ms * BR_MS : 0;
}

/* NULL: there is none, or (told as a warning) none that can be read. */
static json_t *read_record(const char *path)
{
    br_err err = {0};
    json_error_t why;
    br_buf text;
    br_buf_init(&text, RECORD_MAX);
    br_code code = br_file_read(path, &text, &err);
    json_t *record = code == BR_OK ? json_loadb(text.data ? text.data : "", text.len, 0, &why) : NULL;
    if (code == BR_OK && !record) (void) br_fail(&err, BR_ESYNTAX, "%s: %s", path, why.text);
    if (!record && code != BR_ENOTFOUND)
        br_warn("the checklist is not part of the report: %s; run brunt preflight again", err.msg);
    br_buf_deinit(&text);
    return record;
}

typedef struct claim {
    br_str environment, url, test;
    br_ns now;
} claim;

static bool is_for(const json_t *record, const claim *c, br_arena *arena)
{
    br_str test = text_of(record, "test", arena);
    br_ns at = time_of(record, "started_unix_ms");
    return br_str_is(text_of(record, "schema", arena), "brunt.preflight/1") &&
           br_str_eq(text_of(record, "environment", arena), c->environment) &&
           br_str_eq(text_of(record, "base_url", arena), c->url) &&
           (test.n == 0 || br_str_eq(test, c->test)) && at <= c->now + CLOCKS_APART &&
           at > c->now - BR_PREPARATION_AGE;
}

static void take_items(const json_t *list, const br_environment *e, br_arena *arena, br_preparation *p)
{
    size_t n = json_array_size(list) < RECORD_ITEMS ? json_array_size(list) : RECORD_ITEMS;
    p->items = br_arena_zalloc(arena, (n + 1) * sizeof(*p->items));
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        p->items[p->item_count++] = (br_prepared_item){.key = text_of(item, "key", arena),
            .state = text_of(item, "state", arena),
            .text = br_target_clean_text(e, text_of(item, "text", arena), arena),
            .asked = json_is_true(json_object_get(item, "asked"))};
    }
}

br_preparation br_preparation_of(const br_environment *e, br_str test, br_str url, const char *dir,
    const br_gate_pass *gate, br_ns now, br_arena *arena)
{
    br_preparation p = {.approver = br_target_clean_text(e, gate->approver, arena),
        .reason = br_target_clean_text(e, gate->reason, arena),
        .told_at = gate->told_at};
    const char *path = br_arena_printf(arena, "%s/preflight-" BR_FMT ".json", dir, BR_ARG(e->name));
    json_t *record = read_record(path);
    if (!record) return p;
    if (is_for(record, &(claim){e->name, url, test, now}, arena)) {
        p.checked_at = time_of(record, "started_unix_ms");
        p.ready = json_is_true(json_object_get(record, "ready"));
        take_items(json_object_get(record, "items"), e, arena, &p);
    } else {
        br_info("%s is not of this test, or older than a day: it is not part of the report", path);
    }
    json_decref(record);
    return p;
}
