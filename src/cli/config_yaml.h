/*
 * cli/config_yaml.h - a YAML file as a tree of values that know their place.
 *
 * What: mappings, sequences and texts with line and column; scalars stay text, their reader decides what they are.
 * Why here: libyaml's document API hides behind this; config.c speaks of keys only.
 * Memory: everything lives in the arena given.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"

typedef enum br_yaml_kind { BR_YAML_TEXT, BR_YAML_LIST, BR_YAML_MAP } br_yaml_kind;

typedef struct br_yaml br_yaml;
struct br_yaml {
    br_yaml_kind kind;
    int line, column; /* from 1 */
    br_str text;      /* BR_YAML_TEXT; NUL-terminated, ${NAME} replaced */
    br_yaml *keys;    /* BR_YAML_MAP: [count], texts */
    br_yaml *items;   /* values or items: [count] */
    size_t count;
};

/*
 * Parses one document. BR_ESYNTAX: no YAML; BR_EINVAL: duplicate key, alias, key that is no text, unset variable;
 * BR_ELIMIT: nested too deeply or too many values. Messages begin with `path:line:column: `.
 */
BR_NODISCARD br_code br_yaml_parse(br_arena *arena, const char *path, br_str text, br_yaml **ret, br_err *err);

/* Value of a key in a mapping, NULL if absent. */
const br_yaml *br_yaml_get(const br_yaml *map, const char *key);
