/*
 * cli/config/config_table.h - every key of brunt.yaml as data.
 *
 * What: mappings with their keys, types, limits, meanings and an example each.
 * Why here: one table says what the reader accepts, what messages suggest, what editors are told
 *     (config_schema.h) and what the tests try, so these cannot part.
 * Threads: constant data.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum br_key_kind {
    BR_KEY_TEXT,
    BR_KEY_URL,
    BR_KEY_HOOK, /* the same, perhaps with slack+ before it */
    BR_KEY_PATH, /* of a URL: begins with '/' */
    BR_KEY_NUMBER,
    BR_KEY_DURATION,
    BR_KEY_RATE, /* "20/s" */
    BR_KEY_SWITCH,
    BR_KEY_WORD, /* one of `words` */
    BR_KEY_WINDOW,
    BR_KEY_CRITERION,
    BR_KEY_SHAPE, /* a mapping by `shape` */
} br_key_kind;

typedef enum br_key_form {
    BR_FORM_ONE,
    BR_FORM_LIST,
    BR_FORM_ONE_OR_LIST,
    BR_FORM_NAMED,       /* a mapping from names to values */
    BR_FORM_NAMED_LISTS, /* from names to lists */
} br_key_form;

typedef struct br_config_shape br_config_shape;

typedef struct br_config_key {
    const char *name, *doc;
    const char *example; /* a value in flow style, right by itself */
    br_key_kind kind;
    br_key_form form;
    bool required;
    int64_t min, max;             /* of a number */
    const char *const *words;     /* NULL ends them */
    const br_config_shape *shape; /* of BR_KEY_SHAPE */
} br_config_key;

struct br_config_shape {
    const char *what; /* for messages: "a test" */
    const char *id;   /* in the schema: "test" */
    const char *doc;
    const br_config_key *keys;
    size_t count;
    const char *const *one_of; /* exactly one of these keys is there; NULL ends them, NULL: no such rule */
    const char *const *at_least_one; /* the same, but more are fine */
    const char *const *at_most_one;
};

#define BR_CONFIG_KEYS_MAX 20 /* of a shape */

extern const br_config_shape br_shape_root, br_shape_environment, br_shape_notify, br_shape_watch,
    br_shape_preflight, br_shape_test, br_shape_load, br_shape_stage, br_shape_writes, br_shape_spike;
