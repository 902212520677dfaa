/*
 * cli/config_int.h - what config.c and config_read.c share.
 *
 * An item is an environment or a test. If a value in it depends on brunt's environment and is wrong because
 * of that, reading goes on with the next item, and `problem` holds the message for whoever asks for this one.
 */
#pragma once
#include "cli/config.h"

typedef struct br_config_item {
    br_environment environment;
    br_named_test test;
    const char *problem; /* NULL: fine */
    br_code problem_code;
} br_config_item;

struct br_config {
    br_arena arena;
    br_str path;   /* as given */
    br_str folder; /* of path with its '/', empty if it has none */
    br_config_pair *modules;
    size_t module_count;
    br_config_item *environments, *tests;
    size_t environment_count, test_count;
};

/* Fills the empty `cfg` from the text. */
BR_NODISCARD br_code br_config_read(br_config *cfg, br_str text, br_err *err);

/*
 * The one of `names` that `word` was most likely meant to be: by edits (a letter more, less, changed, two
 * swapped) at most 1 + a quarter of its length. NULL: none is near.
 */
const char *br_config_nearest(br_str word, const char *const *names, size_t count);
