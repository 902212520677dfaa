/*
 * cli/config/config_int.h - what the files that read brunt.yaml share.
 *
 * config.c        the configuration as a value: loading, choosing by name
 * config_plan.c   load plans: scaling, spikes
 * config_read.c   the files: mappings, items, mistakes
 * config_value.c  single values: texts with variables, numbers, durations, pairs
 * config_env.c    environments
 * config_notify.c who is told how a test ended
 * config_tests.c  tests
 *
 * Reading goes on after a mistake, so that all of them can be told: every function records what it finds and
 * returns the code of the first. What could not be read stays zero; such a configuration is never used.
 *
 * An item is an environment or a test. If a value in it depends on brunt's environment and is wrong because
 * of that, the item alone cannot be used, and `problem` holds the message for whoever asks for it.
 */
#pragma once
#include "cli/config/config.h"
#include "cli/config/config_table.h"
#include "cli/config/config_yaml.h"

typedef struct br_config_file {
    br_str path;   /* as given */
    br_str folder; /* of path with its '/', empty if it has none */
    br_str text;
    br_yaml_node *root; /* NULL: no YAML */
} br_config_file;

typedef struct br_config_item {
    br_environment environment;
    br_named_test test;
    const br_config_file *file;
    br_yaml_mark mark;   /* of its name */
    const char *problem; /* NULL: fine */
    br_code problem_code;
} br_config_item;

typedef struct br_config_items {
    br_config_item *list;
    size_t count;
} br_config_items;

struct br_config {
    br_arena arena;
    br_config_file *files;
    size_t file_count;
    br_config_items environments, tests;
    br_config_pair *modules;
    size_t module_count;
    br_preflight_request *preflight;
    size_t preflight_count;
    br_config_item notify_item; /* only its problem: a missing variable is told when it is needed */
    const br_config_notify *notify;
    br_config_problem problems[BR_CONFIG_PROBLEMS_MAX];
    size_t problem_count, problems_all;
    br_code first;     /* mistake that is not an item's own; BR_OK: none */
    br_str first_text; /* its message with its place */
    size_t first_all;  /* how many of those there are */
};

typedef struct br_config_reader {
    br_config *cfg;
    br_arena *arena; /* of cfg */
    const br_config_file *file;
    br_config_item *item;            /* being read; NULL: none */
    const br_yaml_node *substituted; /* the last value into which a variable was put */
} br_config_reader;

/* Reads the files of `cfg`, whose paths, folders and texts are there. */
void br_config_read(br_config *cfg);

/* Records a mistake at the node and returns `code`. */
BR_PRINTF(4, 5)
br_code br_config_fail(br_config_reader *r, const br_yaml_node *at, br_code code, const char *fmt, ...);
/* Keeps a problem for br_config_problems(). */
void br_config_keep(
    br_config *cfg, const br_config_file *file, br_yaml_mark mark, br_code code, br_str text, bool warning);
/* As written, not as substituted: a variable may hold a secret. */
const char *br_config_quoted(br_config_reader *r, const br_yaml_node *node);
/* The first that is none of BR_OK. */
static inline br_code br_config_both(br_code a, br_code b)
{
    return a != BR_OK ? a : b;
}

/* Shapes. Each records and returns BR_EINVAL or BR_ELIMIT. */
br_code br_config_want(
    br_config_reader *r, const br_yaml_node *node, br_yaml_kind kind, const char *what, const char *remedy);
/* A mapping without keys that the shape does not have. False: `node` is no mapping. *ret_code (BR_OK before):
 * keys are wrong; what is missing is then not worth a message of its own. */
bool br_config_shape_ok(
    br_config_reader *r, const br_yaml_node *node, const br_config_shape *shape, br_code *ret_code);
br_code br_config_want_count(br_config_reader *r, const br_yaml_node *node, const char *what, size_t max);

/* Values. What a node must be is in `what`, for messages. */
br_code br_config_text(
    br_config_reader *r, const br_yaml_node *node, const char *what, size_t max, br_str *ret);
/* As br_config_text(), but variables may leave nothing of it, which is BR_STR_NONE then. */
br_code br_config_text_or_none(
    br_config_reader *r, const br_yaml_node *node, const char *what, size_t max, br_str *ret);
br_code br_config_count(
    br_config_reader *r, const br_yaml_node *node, const char *what, int64_t min, int64_t max, int64_t *ret);
br_code br_config_duration(
    br_config_reader *r, const br_yaml_node *node, const char *what, br_ns min, br_ns *ret);
br_code br_config_switch(br_config_reader *r, const br_yaml_node *node, const char *what, bool *ret);
/* Index in `words`. */
br_code br_config_word(
    br_config_reader *r, const br_yaml_node *node, const char *what, const char *const *words, size_t *ret);
br_code br_config_rate(br_config_reader *r, const br_yaml_node *node, const char *what, double *ret);
/* http or https with a host, without query and fragment, without '/' at its end. */
br_code br_config_base_url(br_config_reader *r, const br_yaml_node *node, const char *what, br_str *ret);
br_code br_config_path(br_config_reader *r, const br_yaml_node *node, const char *what, br_str *ret);

typedef struct br_config_pairs {
    br_config_pair *list;
    size_t count;
} br_config_pairs;
br_code br_config_headers(br_config_reader *r, const br_yaml_node *node, br_config_pairs *ret);
br_code br_config_variables(br_config_reader *r, const br_yaml_node *node, br_config_pairs *ret);
/* Prefixes of URLs and folders, which are relative to that of the file. */
br_code br_config_modules_of(br_config_reader *r, const br_yaml_node *node, br_config_pairs *ret);

/* Items. */
br_code br_config_read_environment(br_config_reader *r, const br_yaml_node *node, br_config_item *item);
br_code br_config_read_test(br_config_reader *r, const br_yaml_node *node, br_config_item *item);
/* The part `notify` of a file or an environment; NULL: there is none. */
br_code br_config_read_notify(br_config_reader *r, const br_yaml_node *node, const br_config_notify **ret);
/* The part `preflight` of a file. */
br_code br_config_read_preflight(br_config_reader *r, const br_yaml_node *node);

/*
 * The one of `names` that `word` was most likely meant to be: by edits (a letter more, less, changed, two
 * swapped) at most 1 + a quarter of its length. NULL: none is near.
 */
const char *br_config_nearest(br_str word, const char *const *names, size_t count);
