/* brunt preflight: the checklist before a test. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/config/config_args.h"
#include "cli/history/history_args.h"
#include "cli/checks/preflight.h"
#include "cli/test/reports.h"
#include "engine/exit_code.h"

#define STABLE_DEFAULT (5 * BR_SEC)
#define STABLE_MAX     (600 * BR_SEC)

static const br_arg preflight_args[] = {
    BR_CONFIG_ARG,
    {"stable", 0, BR_ARG_VALUE, "DURATION", "watch the target's health so long (default 5s)", NULL},
    {"yes", 'y', BR_ARG_SWITCH, NULL, "answer all questions that have no --answer with yes", NULL},
    {"answer", 0, BR_ARG_LIST, "KEY=TEXT", "answer a question: team, rollback, scale", NULL},
    {"accept", 0, BR_ARG_LIST, "KEY=WHY",
        "go on although this check failed: data, metrics, baseline, machine, ...", NULL},
    {"json", 0, BR_ARG_SWITCH, NULL, "print JSON instead of text", NULL},
    {"reports", 0, BR_ARG_VALUE, "DIR", "folder for preflight-ENVIRONMENT.json (default: reports)", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_preflight_sections[] = {{NULL, preflight_args}, {"History", br_history_args},
    {"Gate", br_gate_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Go through the checklist before a test: is everything ready?\n\n"
         "Usage:\n  brunt preflight ENVIRONMENT [TEST] [flags]\n\nExamples:\n"
         "  brunt preflight local                                  for all tests, questions on the terminal\n"
         "  brunt preflight staging soak --yes --answer rollback=\"redeploy v1.2, Ada\"\n"
         "  brunt preflight production --approve \"Ada, release 2.1\" --told-at 2026-11-25T02:00Z\n\nFlags:");
    br_args_print_help(stdout, br_preflight_sections);
    puts("\nExit codes: 0 ready, 1 not ready, 5 target unavailable, 6 not allowed now (approval, window,\n"
         "notice), 104 bad configuration, 255 other errors.");
}

static br_code read_stable(const br_args *a, br_ns *ret, br_err *err)
{
    const char *text = br_args_get(a, "stable");
    br_ns stable = STABLE_DEFAULT;
    if (text && (br_parse_duration(br_str_of(text), BR_DURATION_GO, &stable) != BR_OK || stable < 0 ||
                    stable > STABLE_MAX)) {
        return br_fail(err, BR_EINVAL,
            "invalid argument \"%s\" for --stable: use a duration up to 10m, such as 5s", text);
    }
    *ret = stable;
    return BR_OK;
}

static void check_all(br_preflight *p)
{
    br_preflight_check_gate(p);
    br_preflight_check_target(p);
    if (p->down) {
        br_preflight_add(p, "data", BR_PREFLIGHT_NOT_CHECKED, "the target is down");
    } else {
        br_preflight_check_version(p);
        br_preflight_check_data(p);
        br_preflight_check_metrics(p);
    }
    br_preflight_check_baseline(p);
    br_preflight_check_machine(p);
    br_preflight_ask(p);
}

/* The record of what was found and answered. */
static br_code write_record(const br_preflight *p, const char *dir, const br_buf *document, br_err *err)
{
    br_buf path;
    br_buf_init(&path, 1 << 16);
    br_code code = br_buf_printf(&path, "%s/preflight-" BR_FMT ".json", dir, BR_ARG(p->environment->name));
    if (code == BR_OK) code = br_file_write(path.data, br_buf_view(document), err);
    if (code == BR_OK && !br_args_has(p->args, "json")) printf("  record: %s\n", path.data);
    br_buf_deinit(&path);
    return code;
}

static br_code report(const br_preflight *p, const char *dir, br_err *err)
{
    br_buf document;
    br_buf_init(&document, BR_BUF_NO_LIMIT);
    br_preflight_json(p, &document);
    if (br_args_has(p->args, "json")) {
        fwrite(document.data, 1, document.len, stdout);
    } else {
        br_preflight_print(p, br_cli_colour(p->args, STDOUT_FILENO));
    }
    br_code code = write_record(p, dir, &document, err);
    br_buf_deinit(&document);
    return code;
}

typedef struct wanted {
    br_config *config;
    const br_environment *environment;
    const br_named_test *test; /* NULL: all */
    br_ns stable;
    const char *dir;
} wanted;

static br_code configure(const br_args *a, wanted *w, br_err *err)
{
    if (a->words.len < 1 || a->words.len > 2)
        return br_fail(err, BR_EINVAL, "preflight needs an environment: brunt preflight ENVIRONMENT [TEST]");
    const char *test = a->words.len > 1 ? a->words.data[1] : "all", *dir = br_args_get(a, "reports");
    w->dir = dir ? dir : "reports";
    br_code code = read_stable(a, &w->stable, err);
    if (code == BR_OK) code = br_preflight_check_args(a, err);
    if (code == BR_OK) code = br_config_args_load(a, &w->config, err);
    if (code == BR_OK)
        code = br_config_environment(w->config, br_str_of(a->words.data[0]), &w->environment, err);
    if (code == BR_OK && strcmp(test, "all") != 0)
        code = br_config_test(w->config, br_str_of(test), &w->test, err);
    if (code != BR_OK) return code;
    br_gate_claim claim = br_gate_claim_of(a);
    br_gate_pass pass;
    br_arena arena;
    br_arena_init(&arena, 1024);
    code = br_gate_check(w->environment, &claim, br_clock_wall(), 0, &arena, &pass, err);
    br_arena_deinit(&arena);
    return code == BR_EACCESS ? BR_OK : code; /* a refusal is an item of the list, a malformed claim is not */
}

static br_code run(const br_args *a, const wanted *w, int *ret_status, br_err *err)
{
    br_code code = br_reports_check_dir(w->dir, err);
    if (code != BR_OK) return code;
    br_preflight p;
    br_preflight_init(&p, w->config, w->environment, w->test, a);
    p.stable = w->stable;
    check_all(&p);
    code = report(&p, w->dir, err);
    if (code == BR_OK) *ret_status = br_preflight_exit_status(&p);
    br_preflight_deinit(&p);
    return code;
}

static br_code work(const br_args *a, int *ret_status, br_err *err)
{
    wanted w = {0};
    br_code code = configure(a, &w, err);
    if (code == BR_OK)
        code = run(a, &w, ret_status, err);
    else
        *ret_status = BR_EXIT_CONFIG;
    br_config_free(w.config);
    return code;
}

int br_cmd_preflight(int argc, char **argv)
{
    return br_cli_command(argc, argv, br_preflight_sections, print_help, work);
}
