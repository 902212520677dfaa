/*
 * cli/commands.h - the commands of the program, one file each.
 *
 * Each takes the words behind its name and returns the exit code of the process.
 */
#pragma once
#include "cli/terminal/globals.h"

typedef int br_command_fn(int argc, char **argv);

typedef struct br_command {
    const char *name, *summary;
    br_command_fn *run;
    const br_arg_section *sections; /* its flags */
} br_command;

extern const br_command br_commands[]; /* ends with a NULL name */

int br_cmd_preflight(int argc, char **argv);
int br_cmd_run(int argc, char **argv);
int br_cmd_quick(int argc, char **argv);
int br_cmd_smoke(int argc, char **argv);
int br_cmd_test(int argc, char **argv);
int br_cmd_prune(int argc, char **argv);
int br_cmd_export(int argc, char **argv);
int br_cmd_compare(int argc, char **argv);
int br_cmd_baseline(int argc, char **argv);
int br_cmd_show(int argc, char **argv);
int br_cmd_history(int argc, char **argv);
int br_cmd_archive(int argc, char **argv);
int br_cmd_config(int argc, char **argv);
int br_cmd_completion(int argc, char **argv);
int br_cmd_inspect(int argc, char **argv);
int br_cmd_man(int argc, char **argv);
int br_cmd_new(int argc, char **argv);
int br_cmd_version(int argc, char **argv);

extern const br_arg_section br_archive_sections[];
extern const br_arg_section br_baseline_sections[];
extern const br_arg_section br_compare_sections[];
extern const br_arg_section br_completion_sections[];
extern const br_arg_section br_config_sections[];
extern const br_arg_section br_export_sections[];
extern const br_arg_section br_history_sections[];
extern const br_arg_section br_inspect_sections[];
extern const br_arg_section br_man_sections[];
extern const br_arg_section br_new_sections[];
extern const br_arg_section br_preflight_sections[];
extern const br_arg_section br_prune_sections[];
extern const br_arg_section br_quick_sections[];
extern const br_arg_section br_run_sections[];
extern const br_arg_section br_show_sections[];
extern const br_arg_section br_smoke_sections[];
extern const br_arg_section br_test_sections[];
extern const br_arg_section br_version_sections[];
