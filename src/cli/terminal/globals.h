/*
 * cli/terminal/globals.h - flags that commands share, and how every command begins.
 *
 * What: --help, logging, colours; the flags of what makes load (loop, secrets).
 * Why here: one meaning for all commands.
 * Threads: main thread.
 */
#pragma once
#include "cli/terminal/args.h"
#include "loop/loop.h"

#define BR_FOLLOWED_K6 "2.2.0" /* the k6 that scripts may rely on */
typedef struct br_secrets br_secrets;

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
/*
 * A command's work, once its flags are read. *ret_status: the exit status, 0 at first; one that is 0 still
 * when the work fails becomes 255. The work's error is told by br_cli_command().
 */
typedef br_code br_cli_work(const br_args *a, int *ret_status, br_err *err);
/* A command that is this work and nothing around it. Returns the exit status. */
int br_cli_command(
    int argc, char **argv, const br_arg_section *flags, void (*print_help)(void), br_cli_work *work);
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
