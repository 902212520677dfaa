/* brunt archive: a script and all it needs in one tar, as k6 writes it. */
#include <stdio.h>
#include <string.h>
#include "base/file.h"
#include "cli/load/archive.h"
#include "cli/commands.h"
#include "cli/load/modules.h"
#include "cli/load/run_flags.h"
#include "script/secrets.h"

static const br_arg archive_args[] = {
    {"archive-out", 'O', BR_ARG_VALUE, "FILE",
        "where to write it, - is standard output (default archive.tar)", NULL},
    {"exclude-env-vars", 0, BR_ARG_SWITCH, NULL, "do not store the variables of --env", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_archive_sections[] = {{NULL, archive_args}, {"What to run", br_execution_args},
    {"Requests", br_network_args}, {"Results", br_result_args}, {"Script", br_script_args},
    {"Modules", br_module_args}, {"General", br_global_args}, {"Of k6, not supported yet", br_refused_args},
    {NULL, NULL}};

static void print_help(void)
{
    puts(
        "Pack a k6 script, its modules and the files that it opens into one file, with the options that are given.\n\n"
        "Usage:\n  brunt archive [flags] SCRIPT\n\nExamples:\n"
        "  brunt archive -u 10 -d 30s -O load.tar script.js\n"
        "  brunt run load.tar\n\nFlags:");
    br_args_print_help(stdout, br_archive_sections);
}

static br_code write_out(const char *path, br_str bytes, br_err *err)
{
    if (strcmp(path, "-") != 0) return br_file_write(path, bytes, err);
    fwrite(bytes.p, 1, bytes.n, stdout); /* main() looks whether it could be written */
    return BR_OK;
}

static br_code pack(const br_args *a, br_job_config *c, br_exit_code *ret_exit, br_err *err)
{
    br_job job = {0};
    br_buf bytes;
    br_buf_init(&bytes, BR_ARCHIVE_BYTES_MAX);
    br_code code = br_job_prepare(c, &job, ret_exit, err);
    bool prepared = code == BR_OK;
    size_t stored = br_args_has(a, "exclude-env-vars") ? 0 : c->env_count;
    const char *path = br_args_get(a, "archive-out");
    if (code == BR_OK) code = br_archive_write(&job, c->env, stored, &bytes, err);
    if (code == BR_OK) code = write_out(path ? path : "archive.tar", br_buf_view(&bytes), err);
    if (prepared && code != BR_OK) *ret_exit = BR_EXIT_OTHER;
    if (prepared) br_job_deinit(&job);
    br_buf_deinit(&bytes);
    return code;
}

static br_code archive(const br_args *a, br_exit_code *ret_exit, br_err *err)
{
    if (a->words.len != 1) return br_fail(err, BR_EINVAL, "accepts 1 arg(s), received %zu", a->words.len);
    br_env_var *env = br_calloc(a->values.len + 1, sizeof(*env));
    json_t *overrides = json_object();
    br_source from = {0};
    br_job_config c = {.script = a->words.data[0],
        .env = env,
        .keep_sources = true,
        .module_args = a,
        .overrides = overrides,
        .config_file = br_args_setting(a, br_archive_sections, "config")};
    br_code code = br_run_flags_refuse(a, br_archive_sections, err);
    if (code == BR_OK)
        code = br_run_flags_switch(a, br_archive_sections, "include-system-env-vars", &c.system_env, err);
    if (code == BR_OK)
        code = br_run_flags_switch(a, br_archive_sections, "no-thresholds", &c.no_thresholds, err);
    if (code == BR_OK) code = br_run_flags_env(a, env, &c.env_count, err);
    if (code == BR_OK) code = br_run_flags_options(a, overrides, err);
    if (code == BR_OK) code = br_cli_secrets(a, &c.secrets, err);
    if (code == BR_OK) code = br_run_flags_source(a, br_archive_sections, &c, &from, err);
    if (code == BR_OK) code = pack(a, &c, ret_exit, err);
    br_secrets_free(c.secrets);
    br_source_deinit(&from);
    json_decref(overrides);
    br_free(env);
    return code;
}

int br_cmd_archive(int argc, char **argv)
{
    return br_job_command(argc, argv, br_archive_sections, print_help, archive);
}
