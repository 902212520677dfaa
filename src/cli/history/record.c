#include "cli/history/record.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "cli/history/fingerprint.h"
#include "cli/history/git_commit.h"
#include "cli/history/history_args.h"
#include "cli/history/stored_document.h"
#include "judge/generator.h"
#include "report/result_json.h"

#define STORE_ARG                                                                                            \
    {                                                                                                        \
        "store", 0, BR_ARG_VALUE, "FILE",                                                                    \
            "keep the run in this history (default: ~/.local/share/brunt/history.db)", "BRUNT_STORE"         \
    }
#define TARGET_VERSION_ARG                                                                                   \
    {                                                                                                        \
        "target-version", 0, BR_ARG_VALUE, "TEXT",                                                           \
            "version of what is tested, for the history: a commit, a release", "BRUNT_TARGET_VERSION"        \
    }

const br_arg br_record_test_args[] = {
    STORE_ARG,
    {"no-store", 0, BR_ARG_SWITCH, NULL, "keep nothing in the history", NULL},
    TARGET_VERSION_ARG,
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg br_record_run_args[] = {
    {"record", 0, BR_ARG_OPTIONAL, "NAME",
        "keep the run in the history, as a run of the test NAME (default: the script's name)", NULL},
    STORE_ARG,
    TARGET_VERSION_ARG,
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

static const br_arg_section test_sections[] = {{NULL, br_record_test_args}, {NULL, NULL}};

/* Whether ------------------------------------------------------------------------------------------ */

br_code br_record_check(const br_args *a, bool *ret_on, br_err *err)
{
    br_store *store = NULL;
    br_err why = {0};
    *ret_on = false;
    br_code code = br_history_open(a, BR_STORE_CREATE, &store, &why);
    br_store_close(store);
    *ret_on = code == BR_OK;
    if (code == BR_OK) return BR_OK;
    if (br_history_is_named(a)) {
        if (err) *err = why;
        return code;
    }
    br_warn("this run will not be stored: %s", why.msg);
    return BR_OK;
}

/* What --------------------------------------------------------------------------------------------- */

static br_str outcome_without_judge(int exit_status)
{
    if (exit_status == BR_EXIT_OK) return BR_STR("passed");
    return exit_status == BR_EXIT_THRESHOLDS ? BR_STR("failed") : BR_STR("aborted");
}

static bool generator_was_well(const br_run_result *r)
{
    br_arena arena;
    br_arena_init(&arena, 2048);
    br_generator_report report;
    br_generator_view view = br_generator_view_of(r);
    br_judge_generator(&view, &arena, &report);
    br_arena_deinit(&arena);
    return report.valid;
}

static void put_outcome(const br_record *r, br_stored_run *run)
{
    const br_run_result *result = r->job->result;
    const br_judgement *j = r->judgement;
    run->exit_status = r->exit_status;
    run->complete = result->end == BR_RUN_COMPLETE || result->end == BR_RUN_DECIDED;
    if (j) {
        run->outcome = br_str_of(br_outcome_name(j->outcome));
        run->level = br_str_of(br_level_name(j->level));
        run->headline = j->headline;
        run->valid = run->complete && j->outcome != BR_OUTCOME_INVALID &&
                     j->outcome != BR_OUTCOME_UNAVAILABLE;
    } else {
        run->outcome = outcome_without_judge(r->exit_status);
        run->headline = result->end_reason;
        run->valid = run->complete && generator_was_well(result);
    }
}

static void put_facts(const br_record *r, br_arena *arena, br_stored_run *run)
{
    const br_run_result *result = r->job->result;
    const char *version = br_args_setting(r->args, test_sections, "target-version");
    run->started_wall = result->started_wall;
    run->duration = result->duration;
    run->test = r->test;
    run->environment = r->environment;
    run->script = br_str_of(r->script);
    run->target = r->plan ? r->plan->target : BR_STR("");
    run->target_version = version ? br_str_of(version) : r->version;
    put_outcome(r, run);
    if (!br_git_commit_of(r->script, arena, &run->commit, &run->dirty)) run->commit = BR_STR("");
    br_fingerprint(r, arena, run);
}

/* The result file in one line, packed with gzip. */
static br_code make_document(const br_record *r, br_buf *out, br_err *err)
{
    static const br_result_limits compact = {0};
    char host[256] = "";
    (void) gethostname(host, sizeof(host) - 1); /* left empty if it fails */
    br_result_info info = {.tool_version = br_str_of(BRUNT_VERSION),
        .host = br_str_of(host),
        .plan = r->plan,
        .judgement = r->judgement,
        .preparation = r->preparation};
    br_buf json;
    br_buf_init(&json, BR_STORE_DOCUMENT_MAX);
    br_code code = br_report_result_json(r->job->result, &info, &compact, &json, err);
    if (code == BR_OK) code = br_stored_document_pack(br_buf_view(&json), out, err);
    br_buf_deinit(&json);
    return code;
}

/* Storing ------------------------------------------------------------------------------------------ */

static br_code add(const br_record *r, br_str document, int64_t *ret_id, br_err *err)
{
    br_arena arena;
    br_arena_init(&arena, 8192);
    br_stored_run run = {0};
    br_run_figures *figures = br_run_figures_of(r->job->result);
    br_store *store = NULL;
    put_facts(r, &arena, &run);
    run.open = figures->open;
    br_code code = br_history_open(r->args, BR_STORE_CREATE, &store, err);
    if (code == BR_OK) code = br_store_add(store, &run, figures, document, ret_id, err);
    br_store_close(store);
    br_run_figures_free(figures);
    br_arena_deinit(&arena);
    return code;
}

br_code br_record_add(const br_record *r, int64_t *ret_id, br_err *err)
{
    br_buf document;
    br_buf_init(&document, BR_STORE_DOCUMENT_MAX);
    br_code code = make_document(r, &document, err);
    if (code == BR_OK) code = add(r, br_buf_view(&document), ret_id, err);
    br_buf_deinit(&document);
    return code;
}

int64_t br_record_and_tell(const br_record *r)
{
    br_arena arena;
    br_arena_init(&arena, 512);
    br_err err = {0};
    int64_t id = 0;
    const char *path = "";
    br_code code = br_history_path(r->args, &arena, &path, &err);
    if (code == BR_OK) code = br_record_add(r, &id, &err);
    if (code == BR_OK && !r->silent)
        printf("  stored as run %lld (%s)\n", (long long) id, path);
    else if (code != BR_OK)
        br_warn("the run is not stored: %s", err.msg);
    fflush(stdout);
    br_arena_deinit(&arena);
    return code == BR_OK ? id : 0;
}
