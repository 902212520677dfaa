/*
 * cli/config/config_yaml.h - a small YAML document as a tree whose nodes know their place.
 *
 * What: parses one document with libyaml's events; scalars stay text, types are the reader's business.
 * Why here: mistakes in a configuration must be reported with line and column, and libyaml is met in one
 *     file only.
 * Threads: any; one call, one arena.
 * Memory: nodes and texts live in the arena that is passed.
 * Invariants: keys of a mapping are scalars, unique, at most BR_YAML_KEYS_MAX; depth and number of nodes are
 *     limited. An alias is the node of its anchor (never a copy, never an ancestor): the graph has no cycles,
 *     but whoever walked it blindly could still take exponential time, so read only what a schema names.
 * Not supported, with a message each: tags, merge keys (<<), several documents, keys that are no scalars.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define BR_YAML_DEPTH_MAX   16
#define BR_YAML_NODES_MAX   100000
#define BR_YAML_KEYS_MAX    256
#define BR_YAML_ANCHORS_MAX 100

typedef enum br_yaml_kind { BR_YAML_SCALAR, BR_YAML_LIST, BR_YAML_MAP } br_yaml_kind;

typedef struct br_yaml_mark {
    size_t line, column; /* from 1; columns count characters */
} br_yaml_mark;

typedef struct br_yaml_node br_yaml_node;

typedef struct br_yaml_entry {
    br_yaml_node *key; /* NULL in a list */
    br_yaml_node *value;
    struct br_yaml_entry *next;
} br_yaml_entry;

struct br_yaml_node {
    br_yaml_kind kind;
    br_yaml_mark mark;
    bool plain;  /* scalar without quotes */
    br_str text; /* of a scalar; NUL-terminated behind its end */
    br_yaml_entry *first, *last;
    size_t count; /* entries */
};

/*
 * Parses `text`; `path` names it in messages. BR_ESYNTAX: no valid YAML, or empty; BR_EINVAL: duplicate key,
 * unknown alias; BR_EUNSUPPORTED: see above; BR_ELIMIT. Every message is `path:line:column: what; remedy`;
 * *ret_failed_at (may be NULL) is that place.
 */
BR_NODISCARD br_code br_yaml_parse(const char *path, br_str text, br_arena *arena, br_yaml_node **ret_root,
    br_yaml_mark *ret_failed_at, br_err *err);

const br_yaml_node *br_yaml_get(const br_yaml_node *map, const char *key); /* NULL if absent */
bool br_yaml_is_null(const br_yaml_node *node); /* nothing, ~ or null without quotes */
/* "a list", "a mapping", "nothing", "a text" */
const char *br_yaml_describe(const br_yaml_node *node);

/* `s` in double quotes for a message: cut at 60 bytes, control characters as '?'. Lives in the arena. */
const char *br_yaml_quote(br_arena *arena, br_str s);

/* Fills *err with "path:line:column: " and the message; returns `code`. */
BR_PRINTF(5, 6)
br_code br_yaml_fail(const char *path, br_yaml_mark mark, br_err *err, br_code code, const char *fmt, ...);
