/* brunt config: all mistakes of brunt.yaml, an environment as it is used, the schema for editors. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"
#include "cli/commands.h"
#include "cli/config/config_args.h"
#include "cli/config/config_schema.h"
#include "cli/config/config_show.h"
#include "cli/load/modules.h"
#include "cli/test/test_script.h"

#define EXCERPT_MAX 110 /* characters of a line that are shown */

static const br_arg config_args[] = {
    BR_CONFIG_ARG,
    {"json", 0, BR_ARG_SWITCH, NULL, "the mistakes as JSON", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_config_sections[] = {
    {NULL, config_args}, {"Modules", br_module_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Look at brunt.yaml.\n\n"
         "Usage:\n"
         "  brunt config check [FILE...]        tell every mistake, with its line; several files are one\n"
         "  brunt config show ENVIRONMENT       the environment with its variables put in, secrets hidden\n"
         "  brunt config schema                 the JSON schema for editors\n\nFlags:");
    br_args_print_help(stdout, br_config_sections);
    puts("\nExit codes: 0 fine (there may be warnings), 104 mistakes, 255 other errors.");
}

/* Check: scripts ------------------------------------------------------------------------------------- */

/* An environment to load scripts with: the first that can be used, else one that leads nowhere. */
static const br_environment *any_environment(const br_config *cfg)
{
    static const br_environment nowhere = {
        .name = BR_STR_INIT("none"), .base_url = BR_STR_INIT("http://127.0.0.1:1")};
    for (size_t i = 0; i < br_config_environment_count(cfg); i++) {
        const br_environment *e;
        if (br_config_environment(cfg, br_config_environment_name(cfg, i), &e, NULL) == BR_OK) return e;
    }
    return &nowhere;
}

static br_code load_script(
    const br_config *cfg, const br_args *a, const br_named_test *t, br_str script, br_err *err)
{
    br_test_script s;
    br_exit_code exit_code;
    br_code code = br_config_script_check(t, script, err);
    if (code != BR_OK) return code;
    code = br_test_script_prepare(cfg, any_environment(cfg), t, script, NULL, a, &s, &exit_code, err);
    if (code == BR_OK) br_test_script_deinit(&s);
    return code;
}

/* One line of what may be several: the first says it. */
static void put_problem(br_config *cfg, const br_named_test *t, bool writes, br_code code, const br_err *err)
{
    br_str rest = br_str_of(err->msg), line;
    if (!br_str_cut(&rest, '\n', &line)) line = BR_STR("it cannot be loaded");
    br_config_add_problem(cfg, t->name, writes, code, br_str_trim(line));
}

/* Scripts are looked at when the file itself is fine: else what is wrong there would be told twice. */
static void check_scripts(br_config *cfg, const br_args *a)
{
    for (size_t i = 0; i < br_config_test_count(cfg); i++) {
        const br_named_test *t = br_config_test_at(cfg, i);
        br_err err = {0};
        if (!t) continue; /* its problem is in the list already */
        br_code code = load_script(cfg, a, t, t->script, &err);
        if (code != BR_OK) put_problem(cfg, t, false, code, &err);
        if (t->writes_script.n == 0) continue;
        code = load_script(cfg, a, t, t->writes_script, &err);
        if (code != BR_OK) put_problem(cfg, t, true, code, &err);
    }
}

/* Check: output -------------------------------------------------------------------------------------- */

/* Bytes of the first `characters` of `s`. */
static size_t bytes_of(br_str s, size_t characters)
{
    size_t i = 0;
    for (; i < s.n; i++) {
        if (((unsigned char) s.p[i] & 0xC0) != 0x80 && characters-- == 0) break;
    }
    return i;
}

/* The line and a caret below the place; of a long line the part around it. */
static void print_source(const br_config_problem *p)
{
    size_t skip = p->column > EXCERPT_MAX ? p->column - EXCERPT_MAX / 2 : 0;
    size_t from = bytes_of(p->source, skip), to = bytes_of(p->source, skip + EXCERPT_MAX);
    br_str part = br_str_sub(p->source, from, to);
    if (p->source.n == 0) return;
    printf("  %5zu | %s", p->line, skip ? "..." : "");
    for (size_t i = 0; i < part.n; i++) {
        unsigned char c = (unsigned char) part.p[i];
        putchar(c == '\t' || (c >= 0x20 && c != 0x7F) ? c : '?');
    }
    printf("\n        | %s", skip ? "   " : "");
    size_t end = bytes_of(part, p->column - 1 - skip);
    for (size_t i = 0; i < end; i++) {
        if (((unsigned char) part.p[i] & 0xC0) != 0x80) putchar(part.p[i] == '\t' ? '\t' : ' ');
    }
    puts("^");
}

static size_t count_mistakes(const br_config_problem *list, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += !list[i].warning;
    return n;
}

static void print_problems(const br_config *cfg, const br_config_problem *list, size_t count, size_t all)
{
    for (size_t i = 0; i < count; i++) {
        printf(BR_FMT ":%zu:%zu: %s" BR_FMT "\n", BR_ARG(list[i].path), list[i].line, list[i].column,
            list[i].warning ? "warning: " : "", BR_ARG(list[i].text));
        print_source(&list[i]);
    }
    size_t mistakes = count_mistakes(list, count), warnings = count - mistakes;
    for (size_t i = 0; i < br_config_file_count(cfg); i++)
        printf("%s" BR_FMT, i ? ", " : "", BR_ARG(br_config_file_path(cfg, i)));
    if (mistakes) {
        printf(": %zu mistake%s", mistakes, mistakes == 1 ? "" : "s");
    } else {
        printf(": fine: %zu environment%s, %zu test%s", br_config_environment_count(cfg),
            br_config_environment_count(cfg) == 1 ? "" : "s", br_config_test_count(cfg),
            br_config_test_count(cfg) == 1 ? "" : "s");
    }
    if (warnings) printf(", %zu warning%s", warnings, warnings == 1 ? "" : "s");
    if (all > count) printf("; %zu more are not shown", all - count);
    putchar('\n');
}

static void print_json(const br_config_problem *list, size_t count, size_t all)
{
    json_t *problems = json_array();
    for (size_t i = 0; i < count; i++) {
        const br_config_problem *p = &list[i];
        json_array_append_new(
            problems, json_pack("{s:s%,s:I,s:I,s:s,s:s%}", "file", p->path.p, p->path.n, "line",
                          (json_int_t) p->line, "column", (json_int_t) p->column, "severity",
                          p->warning ? "warning" : "error", "message", p->text.p, p->text.n));
    }
    json_t *root = json_pack("{s:b,s:I,s:o}", "ok", count_mistakes(list, count) == 0, "count",
        (json_int_t) all, "problems", problems);
    char *text = json_dumps(root, JSON_INDENT(2));
    if (text) puts(text);
    free(text); // from jansson
    json_decref(root);
}

static br_code check(const br_args *a, int *ret_status, br_err *err)
{
    br_config_paths paths = {0};
    br_config *cfg = NULL;
    for (size_t i = 1; i < a->words.len; i++)
        *br_vec_push(&paths) = a->words.data[i];
    if (paths.len == 0) br_config_args_paths(a, &paths);
    *ret_status = BR_EXIT_CONFIG;
    br_code code = br_config_examine(paths.data, paths.len, &cfg, err);
    br_vec_deinit(&paths);
    if (code != BR_OK) return code;
    size_t count, all;
    const br_config_problem *list = br_config_problems(cfg, &count, &all);
    if (count_mistakes(list, count) == 0 && all <= BR_CONFIG_PROBLEMS_MAX) check_scripts(cfg, a);
    list = br_config_problems(cfg, &count, &all);
    if (br_args_has(a, "json")) {
        print_json(list, count, all);
    } else {
        print_problems(cfg, list, count, all);
    }
    *ret_status = count_mistakes(list, count) ? BR_EXIT_CONFIG : BR_EXIT_OK;
    br_config_free(cfg);
    return BR_OK;
}

/* Show and schema ------------------------------------------------------------------------------------ */

static br_code show(const br_args *a, int *ret_status, br_err *err)
{
    if (a->words.len != 2)
        return br_fail(err, BR_EINVAL, "config show needs an environment: brunt config show ENVIRONMENT");
    br_config *cfg = NULL;
    const br_environment *e;
    br_code code = br_config_args_load(a, &cfg, err);
    if (code == BR_OK) code = br_config_environment(cfg, br_str_of(a->words.data[1]), &e, err);
    const br_config_notify *notify = NULL;
    br_err why = {0};
    if (code == BR_OK && br_config_notify_of(cfg, e, &notify, &why) != BR_OK)
        br_warn("nobody can be told: %s", why.msg);
    if (code == BR_OK) {
        br_buf out;
        br_buf_init(&out, BR_BUF_NO_LIMIT);
        br_config_show(e, notify, &out);
        fwrite(out.data, 1, out.len, stdout);
        br_buf_deinit(&out);
        *ret_status = BR_EXIT_OK;
    }
    br_config_free(cfg);
    return code;
}

static br_code print_schema(int *ret_status)
{
    json_t *schema = br_config_schema();
    char *text = json_dumps(schema, JSON_INDENT(2));
    if (text) puts(text);
    free(text); // from jansson
    json_decref(schema);
    *ret_status = BR_EXIT_OK;
    return BR_OK;
}

static br_code run(const br_args *a, int *ret_status, br_err *err)
{
    const char *what = a->words.len ? a->words.data[0] : "";
    *ret_status = BR_EXIT_CONFIG;
    if (strcmp(what, "check") == 0) return check(a, ret_status, err);
    if (strcmp(what, "show") == 0) return show(a, ret_status, err);
    if (strcmp(what, "schema") == 0 && a->words.len == 1) return print_schema(ret_status);
    return br_fail(
        err, BR_EINVAL, "config needs what to do: brunt config check [FILE...] | show ENVIRONMENT | schema");
}

int br_cmd_config(int argc, char **argv)
{
    return br_cli_command(argc, argv, br_config_sections, print_help, run);
}
