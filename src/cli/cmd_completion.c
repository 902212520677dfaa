/* brunt completion: scripts with which shells complete commands and flags, made from the tables of flags. */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "cli/commands.h"

const br_arg_section br_completion_sections[] = {{"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Print a script for the completion of commands and flags.\n\n"
         "Usage:\n  brunt completion bash|zsh|fish\n\nExamples:\n"
         "  source <(brunt completion bash)\n"
         "  brunt completion zsh > ~/.zfunc/_brunt\n"
         "  brunt completion fish > ~/.config/fish/completions/brunt.fish\n\nFlags:");
    br_args_print_help(stdout, br_completion_sections);
}

typedef void arg_fn(const br_command *c, const br_arg *a);

static void each_arg(const br_command *c, arg_fn *fn)
{
    for (const br_arg_section *s = c->sections; s->args; s++) {
        for (const br_arg *a = s->args; a->name; a++)
            fn(c, a);
    }
}

/* bash --------------------------------------------------------------------------------------------- */

static void bash_word(const br_command *c, const br_arg *a)
{
    (void) c;
    printf(" --%s", a->name);
    if (a->letter) printf(" -%c", a->letter);
}

static void bash(void)
{
    puts("# bash completion of brunt\n_brunt() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} words\n"
         "    case ${COMP_CWORD}:${COMP_WORDS[1]} in");
    printf("    1:*) words='");
    for (const br_command *c = br_commands; c->name; c++)
        printf("%s%s", c == br_commands ? "" : " ", c->name);
    puts(" --help --version' ;;");
    for (const br_command *c = br_commands; c->name; c++) {
        printf("    *:%s) words='", c->name);
        each_arg(c, bash_word);
        puts("' ;;");
    }
    puts("    esac\n"
         "    if [[ $COMP_CWORD -eq 1 || $cur == -* ]]; then\n"
         "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "    else\n"
         "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
         "    fi\n"
         "}\n"
         "complete -o filenames -F _brunt brunt");
}

/* zsh and fish ------------------------------------------------------------------------------------- */

/* Within single quotes. `special`: characters that take a backslash besides. */
static void put_quoted(const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr(special, *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_word(const br_command *c, const br_arg *a)
{
    (void) c;
    const char *value = a->kind == BR_ARG_SWITCH ? "" : a->kind == BR_ARG_OPTIONAL ? "=-" : "=";
    for (int form = a->letter ? 0 : 1; form < 2; form++) {
        fputs(" \\\n        '", stdout);
        if (a->kind == BR_ARG_LIST) putchar('*');
        if (form == 0)
            printf("-%c[", a->letter);
        else
            printf("--%s%s[", a->name, value);
        put_quoted(a->help, "[]:");
        putchar(']');
        if (a->kind != BR_ARG_SWITCH) {
            fputs(a->kind == BR_ARG_OPTIONAL ? "::" : ":", stdout);
            put_quoted(a->value_name, "[]:");
            fputs(":_files", stdout);
        }
        putchar('\'');
    }
}

static void zsh(void)
{
    puts("#compdef brunt\n_brunt() {\n"
         "    if (( CURRENT == 2 )); then\n"
         "        local -a commands=(");
    for (const br_command *c = br_commands; c->name; c++) {
        printf("            '%s:", c->name);
        put_quoted(c->summary, ":");
        puts("'");
    }
    puts("        )\n"
         "        _describe command commands\n"
         "        return\n"
         "    fi\n"
         "    local command=${words[2]}\n"
         "    shift words\n"
         "    (( CURRENT-- ))\n"
         "    case $command in");
    for (const br_command *c = br_commands; c->name; c++) {
        printf("    %s) _arguments -s", c->name);
        each_arg(c, zsh_word);
        puts(" \\\n        '*:file:_files' ;;");
    }
    puts("    esac\n}\n_brunt \"$@\"");
}

static void fish_word(const br_command *c, const br_arg *a)
{
    printf("complete -c brunt -n '__fish_seen_subcommand_from %s' -l %s", c->name, a->name);
    if (a->letter) printf(" -s %c", a->letter);
    if (a->kind != BR_ARG_SWITCH && a->kind != BR_ARG_OPTIONAL) fputs(" -r", stdout);
    fputs(" -d '", stdout);
    put_quoted(a->help, "\\");
    puts("'");
}

static void fish(void)
{
    puts("# fish completion of brunt");
    for (const br_command *c = br_commands; c->name; c++) {
        printf("complete -c brunt -f -n __fish_use_subcommand -a %s -d '", c->name);
        put_quoted(c->summary, "\\");
        puts("'");
        each_arg(c, fish_word);
    }
}

static br_code complete(const br_args *a, br_err *err)
{
    const char *shell = a->words.len == 1 ? a->words.data[0] : "";
    if (strcmp(shell, "bash") == 0)
        bash();
    else if (strcmp(shell, "zsh") == 0)
        zsh();
    else if (strcmp(shell, "fish") == 0)
        fish();
    else
        return br_fail(err, BR_EINVAL, "completion needs one shell: brunt completion bash|zsh|fish");
    return BR_OK;
}

int br_cmd_completion(int argc, char **argv)
{
    br_args a = {0};
    br_err err = {0};
    br_code code = br_cli_begin(argc, argv, br_completion_sections, print_help, &a, &err);
    if (code == BR_OK) code = complete(&a, &err);
    if (code != BR_OK && code != BR_EOF) br_error("%s", err.msg);
    br_args_deinit(&a);
    return code == BR_OK || code == BR_EOF ? 0 : 255;
}
