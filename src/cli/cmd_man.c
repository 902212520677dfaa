/* brunt man: the manual page brunt(1), made from the tables of commands and flags; `make install` calls it.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "cli/commands.h"

const br_arg_section br_man_sections[] = {{"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Print the manual page in troff.\n\nUsage:\n  brunt man | man -l -\n\nFlags:");
    br_args_print_help(stdout, br_man_sections);
}

/* No backslash, hyphen or leading dot of a text may mean something to troff. */
static void put_text(const char *text)
{
    if (*text == '.' || *text == '\'') fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

static void put_flag(const br_arg *a)
{
    puts(".TP");
    fputs(".BR ", stdout);
    if (a->letter) printf("\\-%c \", \" ", a->letter);
    fputs("\\-\\-", stdout);
    put_text(a->name);
    if (a->value_name) {
        fputs(a->kind == BR_ARG_OPTIONAL ? " \" [=\\fI" : " \" \\fI", stdout);
        put_text(a->value_name);
        fputs(a->kind == BR_ARG_OPTIONAL ? "\\fR]\"" : "\\fR\"", stdout);
    }
    putchar('\n');
    put_text(a->help);
    if (a->variable) {
        fputs("\n.br\nVariable: ", stdout);
        put_text(a->variable);
    }
    putchar('\n');
}

static void put_command(const br_command *c)
{
    printf(".SS brunt %s\n", c->name);
    put_text(c->summary);
    puts(".");
    for (const br_arg_section *s = c->sections; s->args; s++) {
        if (s->args == br_global_args) continue; /* told once */
        if (s->title) printf(".PP\n.B %s\n", s->title);
        for (const br_arg *a = s->args; a->name; a++)
            put_flag(a);
    }
}

static const char head[] =
    ".SH NAME\nbrunt \\- load tests: k6 scripts, single URLs, judged results\n"
    ".SH SYNOPSIS\n.B brunt\n.I command\n.RI [ flags ]\n.RI [ arguments ]\n"
    ".SH DESCRIPTION\n"
    "brunt runs k6 scripts unmodified, loads single URLs without a script, and runs the named tests of\n"
    ".I brunt.yaml\nand judges their results. Options of a run come from the configuration file, the options of the\n"
    "script, variables of the environment and flags; later ones replace earlier ones.\n";

static const char tail[] =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\npassed\n"
    ".TP\n.B 99\nthresholds were crossed\n"
    ".TP\n.BR 100 \", \" 101\nsetup or teardown timed out\n"
    ".TP\n.B 104\nbad configuration\n"
    ".TP\n.B 105\ninterrupted by a signal\n"
    ".TP\n.B 107\nexception in the script\n"
    ".TP\n.BR 108 \", \" 110\nthe script called test.abort() or test.fail()\n"
    ".TP\n.B 255\nany other error\n"
    ".SH FILES\n.TP\n.I ~/.config/k6/config.json\noptions of the lowest level, if it exists\n"
    ".TP\n.I brunt.yaml\ntests and environments of brunt test\n"
    ".SH EXAMPLES\n.nf\nbrunt run \\-u 10 \\-d 30s script.js\nbrunt quick \\-R 2000 \\-z 1m http://localhost:3000/\n"
    "brunt test baseline local\n.fi\n";

static void print_page(void)
{
    printf(".\\\" Made by brunt man.\n.TH BRUNT 1 \"\" \"brunt %s\" \"User Commands\"\n", BRUNT_VERSION);
    fputs(head, stdout);
    puts(".SH COMMANDS");
    for (const br_command *c = br_commands; c->name; c++)
        put_command(c);
    puts(".SH GENERAL FLAGS");
    for (const br_arg *a = br_global_args; a->name; a++)
        put_flag(a);
    fputs(tail, stdout);
}

int br_cmd_man(int argc, char **argv)
{
    br_args a = {0};
    br_err err = {0};
    br_code code = br_cli_begin(argc, argv, br_man_sections, print_help, &a, &err);
    if (code == BR_OK) print_page();
    if (code != BR_OK && code != BR_EOF) br_error("%s", err.msg);
    br_args_deinit(&a);
    return code == BR_OK || code == BR_EOF ? 0 : 255;
}
