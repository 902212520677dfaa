/* cli/args: forms of options, what is rejected, what is suggested, the help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cli/terminal/args.h"

static const br_arg first[] = {
    {"vus", 'u', BR_ARG_VALUE, "N", "virtual users", NULL},
    {"tag", 0, BR_ARG_LIST, "NAME=VALUE", "a tag", "TAGS"},
    {"quiet", 'q', BR_ARG_SWITCH, NULL, "say less", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};
static const br_arg second[] = {
    {"duration", 'd', BR_ARG_VALUE, "TIME", "length", NULL},
    {"verbose", 'v', BR_ARG_SWITCH, NULL, "say more", NULL},
    {"debug", 0, BR_ARG_OPTIONAL, "full", "say all", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};
static const br_arg_section sections[] = {{"First", first}, {"Second", second}, {NULL, NULL}};

#define WORDS_MAX 16

/* Splits at blanks; "_" stands for an empty word. The words live in `line`. */
static int split(char *line, char *argv[WORDS_MAX])
{
    int n = 0;
    char *save = NULL;
    for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        assert_in_range(n, 0, WORDS_MAX - 1);
        if (strcmp(w, "_") == 0) *w = '\0';
        argv[n++] = w;
    }
    return n;
}

/* The values and words as "name=value ... | word ...". */
static void describe(const br_args *a, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < a->values.len; i++) {
        n += (size_t) snprintf(
            out + n, size - n, "%s=%s ", a->values.data[i].arg->name, a->values.data[i].value);
    }
    n += (size_t) snprintf(out + n, size - n, "|");
    for (size_t i = 0; i < a->words.len; i++)
        n += (size_t) snprintf(out + n, size - n, " %s", a->words.data[i]);
    assert_true(n < size);
}

static void check(const char *line, const char *expected)
{
    char text[256], got[512], *argv[WORDS_MAX];
    snprintf(text, sizeof(text), "%s", line);
    br_args a;
    br_err err;
    assert_int_equal(br_args_parse(split(text, argv), argv, sections, &a, &err), BR_OK);
    describe(&a, got, sizeof(got));
    assert_string_equal(got, expected);
    br_args_deinit(&a);
}

static void check_bad(const char *line, const char *message)
{
    char text[256], *argv[WORDS_MAX];
    snprintf(text, sizeof(text), "%s", line);
    br_args a, before;
    memset(&a, 0x5a, sizeof(a));
    memcpy(&before, &a, sizeof(a));
    br_err err;
    assert_int_equal(br_args_parse(split(text, argv), argv, sections, &a, &err), BR_EINVAL);
    assert_string_equal(err.msg, message);
    assert_memory_equal(&a, &before, sizeof(a)); /* outputs are untouched */
}

static void test_forms(void **state)
{
    (void) state;
    check("", "|");
    check("--vus 3", "vus=3 |");
    check("--vus=3", "vus=3 |");
    check("--vus=", "vus= |");
    check("--vus=a=b", "vus=a=b |");
    check("-u 3", "vus=3 |");
    check("-u3", "vus=3 |");
    check("-u=3", "vus=3 |");
    check("-u -3", "vus=-3 |");
    check("--vus --quiet", "vus=--quiet |"); /* the next word is the value, whatever it is */
    check("-qv", "quiet=true verbose=true |");
    check("-qvu3", "quiet=true verbose=true vus=3 |");
    check("-qd 1s", "quiet=true duration=1s |");
    check("--tag a=1 --tag b=2", "tag=a=1 tag=b=2 |");
}

static void test_words(void **state)
{
    (void) state;
    check("a.js -q b.js", "quiet=true | a.js b.js");
    check("- -q", "quiet=true | -"); /* standard input */
    check("-q -- -u --vus", "quiet=true | -u --vus");
    check("-- --", "| --");
    check("_", "| ");
}

static void test_switches(void **state)
{
    (void) state;
    check("--quiet", "quiet=true |");
    check("--quiet=T --quiet=1 --quiet=True --quiet=TRUE --quiet=t",
        "quiet=true quiet=true quiet=true quiet=true quiet=true |");
    check("--quiet=F --quiet=0 --quiet=False --quiet=FALSE --quiet=f",
        "quiet=false quiet=false quiet=false quiet=false quiet=false |");
    check("-q=false", "quiet=false |");
    check("-vq=1", "verbose=true quiet=true |");
    check_bad("-q=on",
        "invalid argument \"on\" for \"-q, --quiet\" flag: strconv.ParseBool: parsing \"on\": invalid syntax");
    check("--quiet true", "quiet=true | true"); /* a switch never takes the next word */
    check_bad("--quiet=maybe",
        "invalid argument \"maybe\" for \"-q, --quiet\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax");
    check_bad("--quiet=",
        "invalid argument \"\" for \"-q, --quiet\" flag: strconv.ParseBool: parsing \"\": invalid syntax");
}

static void test_unknown(void **state)
{
    (void) state;
    check_bad("--vu", "unknown flag: --vu (did you mean --vus?)");
    check_bad("--vus2=3", "unknown flag: --vus2 (did you mean --vus?)");
    check_bad("--durration 3", "unknown flag: --durration (did you mean --duration?)");
    check_bad("--VUS", "unknown flag: --VUS"); /* three letters off is another word */
    check_bad("--frob", "unknown flag: --frob");
    check_bad("--=3", "unknown flag: --");
    check_bad("-x", "unknown shorthand flag: 'x' in -x");
    check_bad("-qx", "unknown shorthand flag: 'x' in -qx");
    check_bad("-q-", "unknown shorthand flag: '-' in -q-");
}

static void test_missing_value(void **state)
{
    (void) state;
    check_bad("--vus", "flag needs an argument: --vus");
    check_bad("-q -u", "flag needs an argument: 'u' in -u");
    check_bad("-qu", "flag needs an argument: 'u' in -qu");
}

static void test_long_names(void **state)
{
    (void) state;
    char name[4096];
    memset(name, 'x', sizeof(name) - 1);
    memcpy(name, "--", 2);
    name[sizeof(name) - 1] = '\0';
    char *argv[] = {name};
    br_args a;
    br_err err;
    assert_int_equal(br_args_parse(1, argv, sections, &a, &err), BR_EINVAL);
    assert_ptr_equal(strstr(err.msg, "unknown flag: --xxx"), err.msg);
}

static void test_get(void **state)
{
    (void) state;
    char text[] = "--vus 1 -q --vus 2 --verbose=false --quiet=0 -q", *argv[WORDS_MAX];
    br_args a;
    br_err err;
    assert_int_equal(br_args_parse(split(text, argv), argv, sections, &a, &err), BR_OK);
    assert_string_equal(br_args_get(&a, "vus"), "2"); /* the last one counts */
    assert_null(br_args_get(&a, "duration"));
    assert_true(br_args_has(&a, "quiet"));
    assert_false(br_args_has(&a, "verbose"));
    assert_string_equal(br_args_get(&a, "verbose"), "false"); /* given, but off */
    assert_false(br_args_has(&a, "tag"));
    br_args_deinit(&a);
}

static void test_help(void **state)
{
    (void) state;
    static const char *const lines[][2] = {{"  -u, --vus N", "virtual users"},
        {"      --tag NAME=VALUE", "a tag [TAGS]"}, {"  -q, --quiet", "say less"},
        {"  -d, --duration TIME", "length"}, {"  -v, --verbose", "say more"},
        {"      --debug[=full]", "say all"}};
    char expected[512] = "First:\n", *text = NULL;
    size_t n = 0, at = strlen(expected);
    for (size_t i = 0; i < BR_COUNT_OF(lines); i++) {
        if (i == 3) at += (size_t) snprintf(expected + at, sizeof(expected) - at, "\nSecond:\n");
        at += (size_t) snprintf(expected + at, sizeof(expected) - at, "%-40s %s\n", lines[i][0], lines[i][1]);
    }
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    br_args_print_help(out, sections);
    fclose(out);
    bool same = strcmp(text, expected) == 0;
    free(text); /* from open_memstream */
    assert_true(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_missing_value),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
