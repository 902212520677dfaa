/*
 * The table of keys: everything in it is read by the reader, its examples are right, and the schema in docs/
 * is the one that the program prints. The first argument is docs/brunt.schema.json.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "cli/config/config.h"
#include "cli/config/config_schema.h"
#include "cli/config/config_table.h"

static const char *schema_path;

/* A file in which `mapping` is the only thing of its shape; everything else is right. */
typedef struct place {
    const br_config_shape *shape;
    const char *before, *after; /* of the mapping, in flow style */
    const char *rest;           /* keys that the mapping needs besides the one that is tried */
} place;

#define TEST_REST "script: t.js, duration: 5s, load: {vus: 1}, criteria: [stable]"
#define ENVS      "environments: { e: { base_url: http://x } }"
#define TESTS     "tests: { t: { " TEST_REST " } }"

static const place places[] = {
    {&br_shape_root, "", "", "version: 1, " ENVS ", " TESTS},
    {&br_shape_environment, "{ version: 1, environments: { e: ", "}, " TESTS " }", "base_url: http://x"},
    {&br_shape_notify, "{ version: 1, notify: ", ", " ENVS ", " TESTS " }", "url: https://x/y"},
    {&br_shape_watch, "{ version: 1, environments: { e: { base_url: http://x, metrics: [ ",
        " ] } }, " TESTS " }", "process: x"},
    {&br_shape_preflight, "{ version: 1, preflight: [ ", " ], " ENVS ", " TESTS " }", "get: /x"},
    {&br_shape_test, "{ version: 1, " ENVS ", tests: { t: ", " } }", TEST_REST},
    {&br_shape_load,
        "{ version: 1, " ENVS ", tests: { t: { script: t.js, duration: 5s, criteria: [stable], load: ",
        " } } }", "vus: 1"},
    {&br_shape_stage,
        "{ version: 1, " ENVS ", tests: { t: { script: t.js, criteria: [stable], load: { stages: [ ",
        " ] } } } }", "duration: 5s, target: 1"},
    {&br_shape_writes, "{ version: 1, " ENVS ", tests: { t: { " TEST_REST ", writes: ", " } } }",
        "script: x.js"},
    {&br_shape_spike, "{ version: 1, " ENVS ", tests: { t: { " TEST_REST ", spike: ", " } } }", "probe: 5/s"},
};

static const place *place_of(const br_config_shape *shape)
{
    for (size_t i = 0; i < BR_COUNT_OF(places); i++) {
        if (places[i].shape == shape) return &places[i];
    }
    fail_msg("no place for %s", shape->id);
    return NULL;
}

/* Is it among those of which only one is there? */
static bool excludes(const br_config_key *key, const char *const *list, const char *other)
{
    bool has_key = false, has_other = false;
    for (size_t i = 0; list && list[i]; i++) {
        has_key = has_key || strcmp(list[i], key->name) == 0;
        has_other = has_other || strcmp(list[i], other) == 0;
    }
    return has_key && has_other;
}

/* Appends those of `rest` (at the level of brackets 0) that go with the key. */
static void put_rest(br_buf *b, const place *p, const br_config_key *key)
{
    int depth = 0;
    const char *begin = p->rest;
    for (const char *c = p->rest;; c++) {
        depth += *c == '{' || *c == '[';
        depth -= *c == '}' || *c == ']';
        if (*c && !(*c == ',' && depth == 0)) continue;
        br_str one = br_str_trim((br_str){begin, (size_t) (c - begin)}), name, value = one;
        assert_true(br_str_cut(&value, ':', &name));
        const char *text = strndup(name.p, name.n);      // freed below
        bool ramp = strcmp(key->name, "start_vus") == 0; /* goes with stages */
        if (strcmp(text, key->name) != 0 && !excludes(key, p->shape->one_of, text) && !ramp)
            (void) br_buf_printf(b, BR_FMT ", ", BR_ARG(one));
        free((void *) (uintptr_t) text); // from strndup
        if (!*c) return;
        begin = c + 1;
    }
}

static void make_file(br_buf *b, const br_config_shape *shape, const br_config_key *key, const char *value)
{
    const place *p = place_of(shape);
    br_buf_reset(b);
    (void) br_buf_printf(b, "%s{ ", p->before);
    put_rest(b, p, key);
    if (strcmp(key->name, "start_vus") == 0) (void) br_buf_puts(b, "stages: [ {duration: 5s, target: 1} ], ");
    (void) br_buf_printf(b, "%s: %s }%s\n", key->name, value, p->after);
}

static br_code read_text(br_str text, br_err *err)
{
    br_config *cfg = NULL;
    br_code code = br_config_parse("f", text, &cfg, err);
    br_config_free(cfg);
    return code;
}

static void every_key_is_read(void **state)
{
    (void) state;
    br_buf b;
    br_buf_init(&b, 65536);
    for (size_t i = 0; i < BR_COUNT_OF(places); i++) {
        const br_config_shape *s = places[i].shape;
        for (size_t k = 0; k < s->count; k++) {
            br_err err = {0};
            make_file(&b, s, &s->keys[k], s->keys[k].example);
            /* stages in a load exclude the duration of the test */
            if (read_text(br_buf_view(&b), &err) != BR_OK && !strstr(err.msg, "exclude each other"))
                fail_msg("the example of %s.%s: %s\n%s", s->id, s->keys[k].name, err.msg, b.data);
            make_file(&b, s, &s->keys[k], "[ [ [] ] ]");
            if (read_text(br_buf_view(&b), &err) == BR_OK)
                fail_msg("%s.%s is not read: %s", s->id, s->keys[k].name, b.data);
        }
    }
    br_buf_deinit(&b);
}

static void every_shape_is_in_the_schema(void **state)
{
    (void) state;
    json_t *schema = br_config_schema();
    for (size_t i = 1; i < BR_COUNT_OF(places); i++)
        assert_non_null(json_object_get(json_object_get(schema, "definitions"), places[i].shape->id));
    assert_int_equal(json_object_size(json_object_get(schema, "definitions")), BR_COUNT_OF(places) - 1);
    json_decref(schema);
}

static void the_schema_in_docs_is_that_of_the_program(void **state)
{
    (void) state;
    json_error_t why;
    json_t *schema = br_config_schema(), *file = json_load_file(schema_path, 0, &why);
    if (!file) fail_msg("%s: %s", schema_path, why.text);
    if (!json_equal(schema, file)) fail_msg("%s is old: brunt config schema > %s", schema_path, schema_path);
    json_decref(schema);
    json_decref(file);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s SCHEMA\n", argv[0]);
        return 1;
    }
    schema_path = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(every_shape_is_in_the_schema),
        cmocka_unit_test(the_schema_in_docs_is_that_of_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
