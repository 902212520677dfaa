/* brunt inspect: the options of a script, as k6 prints them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/load/job.h"
#include "cli/load/modules.h"
#include "cli/load/run_flags.h"
#include "script/secrets.h"

static const br_arg inspect_args[] = {
    {"execution-requirements", 0, BR_ARG_SWITCH, NULL,
        "of all levels of options, with the scenarios, the longest duration and the most VUs", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_inspect_sections[] = {{NULL, inspect_args}, {"Script", br_script_args},
    {"Modules", br_module_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Show the options of a k6 script as JSON, without running it.\n\n"
         "Usage:\n  brunt inspect [flags] SCRIPT|ARCHIVE|-\n\nFlags:");
    br_args_print_help(stdout, br_inspect_sections);
}

/* Go's encoder escapes what could be taken for HTML; outside of texts JSON has none of these. */
static void print_escaped(const char *json)
{
    for (; *json; json++) {
        if (*json == '<' || *json == '>' || *json == '&')
            printf("\\u%04x", (unsigned) *json);
        else
            putchar(*json);
    }
    putchar('\n');
}

static void print_json(const char *compact)
{
    json_t *json = json_loads(compact, 0, NULL);
    char *text = json_dumps(json, JSON_INDENT(2));
    if (text) print_escaped(text);
    free(text); // from jansson
    json_decref(json);
}

static br_code inspect(const br_args *a, br_exit_code *ret_exit, br_err *err)
{
    if (a->words.len != 1) return br_fail(err, BR_EINVAL, "accepts 1 arg(s), received %zu", a->words.len);
    br_env_var *env = br_calloc(a->values.len + 1, sizeof(*env));
    br_source source = {0};
    br_job_config c = {.script = a->words.data[0],
        .env = env,
        .module_args = a,
        .config_file = br_args_setting(a, br_inspect_sections, "config")};
    char *json = NULL;
    br_code code = br_run_flags_switch(a, br_inspect_sections, "include-system-env-vars", &c.system_env, err);
    if (code == BR_OK) code = br_run_flags_env(a, env, &c.env_count, err);
    if (code == BR_OK) code = br_cli_secrets(a, &c.secrets, err);
    if (code == BR_OK) code = br_run_flags_source(a, br_inspect_sections, &c, &source, err);
    if (code == BR_OK)
        code = br_job_inspect(&c, br_args_has(a, "execution-requirements"), &json, ret_exit, err);
    if (code == BR_OK) print_json(json);
    br_secrets_free(c.secrets);
    br_source_deinit(&source);
    br_free(json);
    br_free(env);
    return code;
}

int br_cmd_inspect(int argc, char **argv)
{
    return br_job_command(argc, argv, br_inspect_sections, print_help, inspect);
}
