#include "unit/store/fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"

int enter_folder(void **state)
{
    char *folder = strdup("/tmp/brunt-test-store-XXXXXX");
    if (!folder || !mkdtemp(folder) || chdir(folder) != 0) return -1;
    *state = folder;
    return 0;
}

int leave_folder(void **state)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", (char *) *state);
    int rc = chdir("/") == 0 ? system(command) : -1;
    free(*state);
    return rc;
}

br_run_figures *some_figures(double ms)
{
    static const char *const names[] = {"", "GET /a", "POST /b"};
    br_run_figures *f = BR_NEW(br_run_figures);
    br_arena_init(&f->arena, 1024);
    f->endpoints = br_arena_zalloc(&f->arena, BR_COUNT_OF(names) * sizeof(*f->endpoints));
    f->endpoint_count = BR_COUNT_OF(names);
    for (size_t i = 0; i < f->endpoint_count; i++) {
        br_figures_endpoint *e = &f->endpoints[i];
        e->name = br_str_of(names[i]);
        e->requests = i ? 500 : 1000;
        e->failed = i ? 1 : 2;
        br_hist_init(&e->latency_us);
        for (uint64_t n = 0; n < e->requests; n++)
            br_hist_record(&e->latency_us, (int64_t) (ms * 1000 * (0.5 + (double) n / (double) e->requests)));
    }
    f->values = br_arena_zalloc(&f->arena, 2 * sizeof(*f->values));
    f->values[f->value_count++] = (br_figures_value){BR_STR("received per request"), BR_STR("bytes"), 1234.5};
    f->values[f->value_count++] = (br_figures_value){BR_STR("cpu per request"), BR_STR("ms"), ms / 10};
    return f;
}

br_stored_run some_run(const char *test, const char *environment)
{
    return (br_stored_run){.started_wall = 1700000000 * BR_SEC,
        .duration = 300 * BR_SEC,
        .test = br_str_of(test),
        .environment = br_str_of(environment),
        .script = BR_STR("loadtest/baseline.js"),
        .target = BR_STR("http://127.0.0.1:3000"),
        .outcome = BR_STR("passed"),
        .level = BR_STR("excellent"),
        .headline = BR_STR("EXCELLENT: all 3 criteria passed."),
        .exit_status = 0,
        .complete = true,
        .valid = true,
        .fingerprint = BR_STR("f00d"),
        .script_hash = BR_STR("5c"),
        .load_hash = BR_STR("10ad"),
        .machine = BR_STR("a processor, 2 cores, 8 GB"),
        .tool_version = BR_STR("0.1.0"),
        .target_version = BR_STR("v7"),
        .commit = BR_STR("c0ffee"),
        .dirty = true};
}

br_store *open_store(const char *path, br_store_mode mode)
{
    br_store *s = NULL;
    br_err err = {0};
    if (br_store_open(path, mode, &s, &err) != BR_OK) fail_msg("%s", err.msg);
    return s;
}

void refuse_store(const char *path, br_store_mode mode, br_code code, const char *words)
{
    br_store *s = NULL;
    br_err err = {0};
    assert_int_equal(br_store_open(path, mode, &s, &err), code);
    assert_null(s);
    if (!strstr(err.msg, words) || !strstr(err.msg, path))
        fail_msg("not about %s and %s: %s", words, path, err.msg);
}

int64_t add(br_store *s, const char *test, const char *environment, double ms)
{
    br_err err = {0};
    int64_t id = 0;
    br_stored_run run = some_run(test, environment);
    br_run_figures *f = some_figures(ms);
    if (br_store_add(s, &run, f, BR_STR("{\"schema\":1}"), &id, &err) != BR_OK) fail_msg("%s", err.msg);
    br_run_figures_free(f);
    return id;
}

size_t count_runs(br_store *s)
{
    br_arena arena;
    br_arena_init(&arena, 4096);
    br_stored_run *list;
    size_t n = 0;
    br_err err = {0};
    if (br_store_list(s, &(br_store_query){0}, &arena, &list, &n, &err) != BR_OK) fail_msg("%s", err.msg);
    br_arena_deinit(&arena);
    return n;
}

void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", sql, why);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
