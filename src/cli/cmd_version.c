/* brunt version: which program this is, and which k6 it follows. */
#include <stdio.h>
#include <sys/utsname.h>
#include "base/log.h"
#include "cli/commands.h"

static const br_arg version_args[] = {
    {"json", 0, BR_ARG_SWITCH, NULL, "as JSON", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_version_sections[] = {{NULL, version_args}, {NULL, br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Show the version.\n\nUsage:\n  brunt version [flags]\n\nFlags:");
    br_args_print_help(stdout, br_version_sections);
}

int br_cmd_version(int argc, char **argv)
{
    br_args a = {0};
    br_err err = {0};
    br_code code = br_cli_begin(argc, argv, br_version_sections, print_help, &a, &err);
    struct utsname system;
    if (code == BR_OK && br_args_has(&a, "json") && uname(&system) == 0)
        printf("{\"version\":\"v%s\",\"k6_version\":\"v%s\",\"os\":\"%s\",\"arch\":\"%s\"}\n", BRUNT_VERSION,
            BR_FOLLOWED_K6, system.sysname, system.machine);
    else if (code == BR_OK)
        printf("brunt v%s (k6 %s compatible)\n", BRUNT_VERSION, BR_FOLLOWED_K6);
    else if (code != BR_EOF)
        br_error("%s", err.msg);
    br_args_deinit(&a);
    return code == BR_OK || code == BR_EOF ? 0 : 255;
}
