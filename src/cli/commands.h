/*
 * cli/commands.h - the commands of the program, one file each.
 *
 * Each takes the words behind its name and returns the exit code of the process.
 */
#pragma once
#include "cli/args.h"
#include "loop/loop.h"

#define BR_FOLLOWED_K6 "2.2.0" /* the k6 that scripts may rely on */
typedef struct br_secrets br_secrets;

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

/* Options of every command: --help, --log-format, --log-output, --no-color, -q, -v. */
extern const br_arg br_global_args[];
/* Applies them. BR_EINVAL names the flag. */
BR_NODISCARD br_code br_cli_apply_globals(const br_args *a, br_err *err);
/*
 * What every command begins with: parses the flags and applies the global ones. BR_EOF: --help was given and
 * answered, and nothing is left to do. Other failures as br_args_parse() and br_cli_apply_globals(). *ret is
 * the caller's in any case.
 */
BR_NODISCARD br_code br_cli_begin(int argc, char **argv, const br_arg_section *sections,
    void (*print_help)(void), br_args *ret, br_err *err);
/* Of every command that makes load: how its loops wait. */
#define BR_LOOP_ARG                                                                                          \
    {                                                                                                        \
        "loop", 0, BR_ARG_VALUE, "KIND",                                                                     \
            "how to wait for the network: auto, epoll or io_uring (default auto)", "BRUNT_LOOP"              \
    }
/* --loop, else BRUNT_LOOP, else auto. BR_EINVAL: another word. */
BR_NODISCARD br_code br_cli_loop(const br_args *a, br_loop_kind *ret_kind, br_err *err);
/* The sources of --secret-source, or of K6_SECRET_SOURCE; *ret stays NULL without any. */
BR_NODISCARD br_code br_cli_secrets(const br_args *a, br_secrets **ret, br_err *err);
bool br_cli_colour(const br_args *a, int fd); /* may output on fd be coloured? */
