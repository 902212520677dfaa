#include "cli/terminal/args.h"

#include <stdlib.h>
#include <string.h>
#include "base/num.h"

static const br_arg *find_name(const br_arg_section *sections, br_str name)
{
    for (; sections->args; sections++) {
        for (const br_arg *a = sections->args; a->name; a++) {
            if (br_str_is(name, a->name)) return a;
        }
    }
    return NULL;
}

static const br_arg *find_letter(const br_arg_section *sections, char letter)
{
    for (; sections->args; sections++) {
        for (const br_arg *a = sections->args; a->name; a++) {
            if (a->letter == letter) return a;
        }
    }
    return NULL;
}

/* Levenshtein distance of short names, for "did you mean". */
static size_t distance(br_str a, const char *b)
{
    size_t n = strlen(b), row[64];
    if (n >= BR_COUNT_OF(row) || a.n >= BR_COUNT_OF(row)) return 99;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t up = row[j], cost = diagonal + (a.p[i - 1] != b[j - 1]);
            size_t least = up < row[j - 1] ? up + 1 : row[j - 1] + 1;
            row[j] = cost < least ? cost : least;
            diagonal = up;
        }
    }
    return row[n];
}

static br_code unknown(const br_arg_section *sections, br_str name, br_err *err)
{
    const char *best = NULL;
    size_t best_distance = 2 + name.n / 4; /* more than a slip or two is another word */
    if (best_distance > 4) best_distance = 4;
    for (; sections->args; sections++) {
        for (const br_arg *a = sections->args; a->name; a++) {
            size_t d = distance(name, a->name);
            if (d < best_distance) {
                best_distance = d;
                best = a->name;
            }
        }
    }
    if (best)
        return br_fail(err, BR_EINVAL, "unknown flag: --" BR_FMT " (did you mean --%s?)", BR_ARG(name), best);
    return br_fail(err, BR_EINVAL, "unknown flag: --" BR_FMT, BR_ARG(name));
}

typedef struct cursor {
    int argc, at;
    char **argv;
} cursor;

static void put(br_args *a, const br_arg *arg, const char *value)
{
    br_arg_value *v = br_vec_push(&a->values);
    v->arg = arg;
    v->value = value;
}

br_code br_args_invalid(const br_arg *arg, br_str value, const char *why, br_err *err)
{
    char letter[8] = "";
    if (arg->letter) snprintf(letter, sizeof(letter), "-%c, ", arg->letter);
    return br_fail(err, BR_EINVAL, "invalid argument \"" BR_FMT "\" for \"%s--%s\" flag: %s", BR_ARG(value),
        letter, arg->name, why);
}

static br_code put_switch(br_args *a, const br_arg *arg, br_str value, br_err *err)
{
    bool on = true;
    if (value.p && br_parse_bool(value, &on) != BR_OK) {
        char why[300];
        snprintf(why, sizeof(why), "strconv.ParseBool: parsing \"%.*s\": invalid syntax",
            BR_ARG(br_str_sub(value, 0, 200)));
        return br_args_invalid(arg, value, why, err);
    }
    put(a, arg, on ? "true" : "false");
    return BR_OK;
}

static br_code parse_long(cursor *c, const br_arg_section *sections, br_args *a, br_err *err)
{
    br_str rest = br_str_of(c->argv[c->at] + 2), name;
    if (!br_str_cut(&rest, '=', &name)) name = BR_STR("");
    const br_arg *arg = find_name(sections, name);
    if (!arg) return unknown(sections, name, err);
    if (arg->kind == BR_ARG_SWITCH) return put_switch(a, arg, rest, err);
    if (rest.p || arg->kind == BR_ARG_OPTIONAL) {
        put(a, arg, rest.p ? rest.p : "");
        return BR_OK;
    }
    if (c->at + 1 >= c->argc) return br_fail(err, BR_EINVAL, "flag needs an argument: --%s", arg->name);
    put(a, arg, c->argv[++c->at]);
    return BR_OK;
}

static br_code parse_letters(cursor *c, const br_arg_section *sections, br_args *a, br_err *err)
{
    for (const char *p = c->argv[c->at] + 1; *p; p++) {
        const br_arg *arg = find_letter(sections, *p);
        if (!arg) return br_fail(err, BR_EINVAL, "unknown shorthand flag: '%c' in %s", *p, c->argv[c->at]);
        if (arg->kind == BR_ARG_SWITCH && p[1] == '=') return put_switch(a, arg, br_str_of(p + 2), err);
        if (arg->kind == BR_ARG_SWITCH) {
            put(a, arg, "true");
            continue;
        }
        if (p[1]) {
            put(a, arg, p[1] == '=' ? p + 2 : p + 1);
            return BR_OK;
        }
        if (c->at + 1 >= c->argc)
            return br_fail(err, BR_EINVAL, "flag needs an argument: '%c' in %s", *p, c->argv[c->at]);
        put(a, arg, c->argv[++c->at]);
        return BR_OK;
    }
    return BR_OK;
}

br_code br_args_parse(int argc, char **argv, const br_arg_section *sections, br_args *ret, br_err *err)
{
    br_args a = {0};
    cursor c = {argc, 0, argv};
    br_code code = BR_OK;
    bool only_words = false;
    for (; c.at < argc && code == BR_OK; c.at++) {
        const char *word = argv[c.at];
        if (!only_words && strcmp(word, "--") == 0)
            only_words = true;
        else if (!only_words && strncmp(word, "--", 2) == 0)
            code = parse_long(&c, sections, &a, err);
        else if (!only_words && word[0] == '-' && word[1])
            code = parse_letters(&c, sections, &a, err);
        else
            *br_vec_push(&a.words) = word;
    }
    if (code == BR_OK)
        *ret = a;
    else
        br_args_deinit(&a);
    return code;
}

void br_args_deinit(br_args *a)
{
    br_vec_deinit(&a->values);
    br_vec_deinit(&a->words);
}

const char *br_args_get(const br_args *a, const char *name)
{
    for (size_t i = a->values.len; i > 0; i--) {
        if (strcmp(a->values.data[i - 1].arg->name, name) == 0) return a->values.data[i - 1].value;
    }
    return NULL;
}

bool br_args_has(const br_args *a, const char *name)
{
    const char *v = br_args_get(a, name);
    return v && strcmp(v, "false") != 0;
}

const char *br_args_setting(const br_args *a, const br_arg_section *sections, const char *name)
{
    const char *value = br_args_get(a, name);
    if (value) return value;
    const br_arg *arg = find_name(sections, br_str_of(name));
    value = arg && arg->variable ? getenv(arg->variable) : NULL;
    return value && *value ? value : NULL;
}

static void print_arg(FILE *out, const br_arg *a)
{
    char left[80];
    int n = a->letter ? snprintf(left, sizeof(left), "  -%c, --%s", a->letter, a->name)
                      : snprintf(left, sizeof(left), "      --%s", a->name);
    bool optional = a->kind == BR_ARG_OPTIONAL;
    if (a->value_name && n > 0)
        snprintf(left + n, sizeof(left) - (size_t) n, "%s%s%s", optional ? "[=" : " ", a->value_name,
            optional ? "]" : "");
    fprintf(out, "%-40s %s", left, a->help);
    if (a->variable) fprintf(out, " [%s]", a->variable);
    putc('\n', out);
}

void br_args_print_help(FILE *out, const br_arg_section *sections)
{
    for (const br_arg_section *s = sections; s->args; s++) {
        if (s->title) fprintf(out, "%s%s:\n", s == sections ? "" : "\n", s->title);
        for (const br_arg *a = s->args; a->name; a++)
            print_arg(out, a);
    }
}
