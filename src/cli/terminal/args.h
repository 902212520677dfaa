/*
 * cli/terminal/args.h - command lines from a table.
 *
 * What: parses --name value, --name=value, -n value, -nvalue, bundled switches; prints help from the same
 * table. Why here: one table gives parsing, help, completion and the manual page. Threads: main thread.
 * Memory: values point into argv.
 */
#pragma once
#include <stdio.h>
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

typedef enum br_arg_kind {
    BR_ARG_SWITCH,   /* no value; --x=false switches off */
    BR_ARG_VALUE,    /* the last one counts */
    BR_ARG_LIST,     /* every one counts */
    BR_ARG_OPTIONAL, /* --x or --x=value; "" without */
} br_arg_kind;

typedef struct br_arg {
    const char *name; /* without dashes; NULL ends a table */
    char letter;      /* 0: none */
    br_arg_kind kind;
    const char *value_name; /* for help */
    const char *help;
    const char *variable; /* of the environment, which counts where the flag is not given; NULL: none */
} br_arg;

/* Flags that belong together. */
typedef struct br_arg_section {
    const char *title;  /* in the help; NULL: none */
    const br_arg *args; /* NULL ends the sections */
} br_arg_section;

typedef struct br_arg_value {
    const br_arg *arg;
    const char *value; /* "true"/"false" of a switch */
} br_arg_value;

typedef struct br_args {
    BR_VEC(br_arg_value) values; /* in the order given */
    BR_VEC(const char *) words;  /* what is no option */
} br_args;

/* BR_EINVAL `invalid argument "x" for "-u, --vus" flag: WHY`, as k6's parser of flags says it. */
br_code br_args_invalid(const br_arg *arg, br_str value, const char *why, br_err *err);

/* BR_EINVAL: unknown option (with the nearest known one), missing or surplus value. `sections` end with NULL.
 */
BR_NODISCARD br_code br_args_parse(
    int argc, char **argv, const br_arg_section *sections, br_args *ret, br_err *err);
void br_args_deinit(br_args *a);

bool br_args_has(const br_args *a, const char *name);        /* given and not switched off */
const char *br_args_get(const br_args *a, const char *name); /* last value or NULL */

/* The last value, else that of the flag's variable if it is set and not empty, else NULL. */
const char *br_args_setting(const br_args *a, const br_arg_section *sections, const char *name);

/* Writes the options section by section, one a line, aligned, with their variables. */
void br_args_print_help(FILE *out, const br_arg_section *sections);
