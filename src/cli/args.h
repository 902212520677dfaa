/*
 * cli/args.h - command lines from a table.
 *
 * What: parses --name value, --name=value, -n value, -nvalue, bundled switches; prints help from the same
 * table. Why here: one table gives parsing, help and (later) completion and man page. Threads: main thread.
 * Memory: values point into argv.
 */
#pragma once
#include <stdio.h>
#include "base/err.h"
#include "base/vec.h"

typedef enum br_arg_kind {
    BR_ARG_SWITCH, /* no value; --x=false switches off */
    BR_ARG_VALUE,  /* the last one counts */
    BR_ARG_LIST,   /* every one counts */
} br_arg_kind;

typedef struct br_arg {
    const char *name; /* without dashes; NULL ends a table */
    char letter;      /* 0: none */
    br_arg_kind kind;
    const char *value_name; /* for help */
    const char *help;
} br_arg;

typedef struct br_arg_value {
    const br_arg *arg;
    const char *value; /* "true"/"false" of a switch */
} br_arg_value;

typedef struct br_args {
    BR_VEC(br_arg_value) values; /* in the order given */
    BR_VEC(const char *) words;  /* what is no option */
} br_args;

/* BR_EINVAL: unknown option (with the nearest known one), missing or surplus value. `tables` ends with NULL.
 */
BR_NODISCARD br_code br_args_parse(
    int argc, char **argv, const br_arg *const *tables, br_args *ret, br_err *err);
void br_args_deinit(br_args *a);

bool br_args_has(const br_args *a, const char *name);        /* given and not switched off */
const char *br_args_get(const br_args *a, const char *name); /* last value or NULL */

/* Writes the options of the tables, one a line, aligned. */
void br_args_print_help(FILE *out, const br_arg *const *tables);
