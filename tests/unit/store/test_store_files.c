/* Where the file is and what is in its place: each has one message, and nothing is changed. */
#include "unit/store/fixture.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void write_file(const char *path, br_str content)
{
    assert_int_equal(br_file_write(path, content, NULL), BR_OK);
}

static void test_made_for_its_owner(void **state)
{
    (void) state;
    umask(0);
    br_store *s = open_store("a/b/history.db", BR_STORE_CREATE);
    (void) add(s, "t", "e", 1);
    assert_int_equal(mode_of("a/b/history.db"), 0600);
    assert_int_equal(mode_of("a/b/history.db-wal"), 0600);
    assert_int_equal(mode_of("a/b"), 0700);
    br_store_close(s);
    umask(022);
}

static void test_none_yet(void **state)
{
    (void) state;
    refuse_store("h.db", BR_STORE_READ, BR_ENOTFOUND, "there is none yet");
    refuse_store("h.db", BR_STORE_WRITE, BR_ENOTFOUND, "there is none yet");
    assert_int_not_equal(access("h.db", F_OK), 0);
    write_file("h.db", BR_STR(""));
    refuse_store("h.db", BR_STORE_READ, BR_ENOTFOUND, "no run was stored yet");
    br_store_close(open_store("h.db", BR_STORE_CREATE));
}

static void test_something_else(void **state)
{
    (void) state;
    static char noise[5000];
    memset(noise, 'n', sizeof(noise));
    write_file("text", BR_STR("this is a text, and nothing else"));
    write_file("noise", (br_str){noise, sizeof(noise)});
    for (int mode = BR_STORE_READ; mode <= BR_STORE_CREATE; mode++) {
        refuse_store("text", (br_store_mode) mode, BR_ESYNTAX, "no history of brunt");
        refuse_store("noise", (br_store_mode) mode, BR_ESYNTAX, "no history of brunt");
        refuse_store(".", (br_store_mode) mode, BR_EINVAL, "it is no file");
        refuse_store("/dev/null", (br_store_mode) mode, BR_EINVAL, "it is no file");
    }
    br_buf text;
    br_buf_init(&text, 1000);
    assert_int_equal(br_file_read("text", &text, NULL), BR_OK);
    assert_string_equal(text.data, "this is a text, and nothing else");
    br_buf_deinit(&text);
    run_sql("other.db", "CREATE TABLE mine (a)");
    refuse_store("other.db", BR_STORE_CREATE, BR_ESYNTAX, "database of another program");
    run_sql("other.db", "DROP TABLE mine"); /* it would say so */
}

static void test_newer(void **state)
{
    (void) state;
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    (void) add(s, "t", "e", 1);
    br_store_close(s);
    run_sql("h.db", "PRAGMA user_version = 7");
    for (int mode = BR_STORE_READ; mode <= BR_STORE_CREATE; mode++)
        refuse_store("h.db", (br_store_mode) mode, BR_EUNSUPPORTED, "a newer brunt wrote it (version 7");
    run_sql("h.db", "PRAGMA user_version = 1");
    s = open_store("h.db", BR_STORE_READ);
    assert_int_equal(count_runs(s), 1);
    br_store_close(s);
}

/* Wherever a byte is wrong: it works, or it is told; it never crashes and never begins a new history. */
static void test_damaged(void **state)
{
    (void) state;
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    for (int i = 0; i < 20; i++)
        (void) add(s, "t", "e", i + 1);
    br_store_close(s);
    br_buf whole;
    br_buf_init(&whole, 1 << 24);
    assert_int_equal(br_file_read("h.db", &whole, NULL), BR_OK);
    size_t told = 0;
    for (size_t at = 0; at < whole.len; at += at < 200 ? 7 : 1021) {
        char was = whole.data[at];
        whole.data[at] = (char) ~was;
        write_file("h.db", br_buf_view(&whole));
        whole.data[at] = was;
        br_err err = {0};
        br_store *damaged = NULL;
        if (br_store_open("h.db", BR_STORE_WRITE, &damaged, &err) == BR_OK) {
            br_arena arena;
            br_arena_init(&arena, 1024);
            br_stored_run *list;
            size_t n;
            (void) br_store_list(damaged, &(br_store_query){0}, &arena, &list, &n, &err);
            br_arena_deinit(&arena);
            br_store_close(damaged);
        } else {
            told++;
            assert_non_null(strstr(err.msg, "history 'h.db'"));
        }
        remove("h.db-wal");
        remove("h.db-shm");
    }
    assert_true(told > 10);
    /* Cut off in the middle. */
    write_file("h.db", br_str_sub(br_buf_view(&whole), 0, whole.len / 2));
    refuse_store("h.db", BR_STORE_CREATE, BR_ESYNTAX, "damaged");
    br_buf_deinit(&whole);
}

static void test_no_permission(void **state)
{
    (void) state;
    if (geteuid() == 0) skip(); /* may everything */
    br_store *s = open_store("d/h.db", BR_STORE_CREATE);
    (void) add(s, "t", "e", 1);
    br_store_close(s);
    assert_int_equal(chmod("d/h.db", 0400), 0);
    refuse_store("d/h.db", BR_STORE_CREATE, BR_EACCESS, "choose another file with --store");
    assert_int_equal(chmod("d", 0500), 0);
    s = open_store("d/h.db", BR_STORE_READ); /* reading does without a log */
    assert_int_equal(count_runs(s), 1);
    br_store_close(s);
    refuse_store("d/new.db", BR_STORE_CREATE, BR_EACCESS, "it cannot be created");
    refuse_store("d/sub/new.db", BR_STORE_CREATE, BR_EACCESS, "cannot create the folder");
    assert_int_equal(chmod("d/h.db", 0), 0);
    refuse_store("d/h.db", BR_STORE_READ, BR_EACCESS, "Permission denied");
    assert_int_equal(chmod("d", 0700), 0);
}

static void test_a_file_in_the_way(void **state)
{
    (void) state;
    write_file("f", BR_STR("x"));
    refuse_store("f/h.db", BR_STORE_CREATE, BR_EINVAL, "Not a directory");
}

/* As on a disk that is full: nothing of the run is there, what was there stays, and later it works again. */
static void test_full(void **state)
{
    (void) state;
    static char large[4 << 20];
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    (void) add(s, "t", "e", 1);
    br_stored_run run = some_run("t", "e");
    br_run_figures *f = some_figures(2);
    int64_t id = 0;
    br_err err = {0};
    assert_int_equal(br_store_exec(s, "PRAGMA max_page_count = 100", "", NULL), BR_OK);
    assert_int_equal(br_store_add(s, &run, f, (br_str){large, sizeof(large)}, &id, &err), BR_EIO);
    assert_non_null(strstr(err.msg, "the disk is full"));
    assert_int_equal(count_runs(s), 1);
    assert_int_equal(br_store_exec(s, "PRAGMA max_page_count = 100000", "", NULL), BR_OK);
    assert_int_equal(br_store_add(s, &run, f, (br_str){large, sizeof(large)}, &id, &err), BR_OK);
    assert_int_equal(count_runs(s), 2);
    br_run_figures_free(f);
    br_store_close(s);
}

/* A limit of the process: the system refuses to write, which SQLite tells in another way. */
static int store_within(rlim_t bytes)
{
    static char large[4 << 20];
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {bytes, bytes};
    br_store *s = NULL;
    br_err err = {0};
    br_stored_run run = some_run("t", "e");
    br_run_figures *f = some_figures(2);
    int64_t id = 0;
    if (br_store_open("h.db", BR_STORE_CREATE, &s, &err) != BR_OK) return 2;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 3;
    br_code code = br_store_add(s, &run, f, (br_str){large, sizeof(large)}, &id, &err);
    bool told = code == BR_EIO && strstr(err.msg, "there is no room for it; what was stored before is kept");
    br_run_figures_free(f);
    br_store_close(s);
    return told ? 0 : 4;
}

static void test_limit_of_the_process(void **state)
{
    (void) state;
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    (void) add(s, "t", "e", 1);
    br_store_close(s);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(store_within(1 << 20));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    s = open_store("h.db", BR_STORE_WRITE);
    assert_int_equal(count_runs(s), 1);
    (void) add(s, "t", "e", 2);
    br_store_close(s);
}

static void test_odd_names(void **state)
{
    (void) state;
    static const char *const names[] = {"with blank.db", "100%.db", "what?mode=memory", "a#b", "ü.db"};
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        br_store *s = open_store(names[i], BR_STORE_CREATE);
        (void) add(s, "t", "e", 1);
        br_store_close(s);
        assert_int_equal(access(names[i], F_OK), 0);
        s = open_store(names[i], BR_STORE_READ);
        assert_int_equal(count_runs(s), 1);
        br_store_close(s);
    }
}

static void test_default_path(void **state)
{
    (void) state;
    br_arena arena;
    const char *path = NULL;
    br_err err = {0};
    br_arena_init(&arena, 256);
    setenv("HOME", "/home/me", 1);
    setenv("XDG_DATA_HOME", "/data", 1);
    assert_int_equal(br_store_default_path(&arena, &path, NULL), BR_OK);
    assert_string_equal(path, "/data/brunt/history.db");
    setenv("XDG_DATA_HOME", "relative", 1);
    assert_int_equal(br_store_default_path(&arena, &path, NULL), BR_OK);
    assert_string_equal(path, "/home/me/.local/share/brunt/history.db");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    assert_int_equal(br_store_default_path(&arena, &path, &err), BR_ENOTFOUND);
    assert_non_null(strstr(err.msg, "--store"));
    br_arena_deinit(&arena);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_made_for_its_owner),
        IN_FOLDER(test_none_yet),
        IN_FOLDER(test_something_else),
        IN_FOLDER(test_newer),
        IN_FOLDER(test_damaged),
        IN_FOLDER(test_no_permission),
        IN_FOLDER(test_a_file_in_the_way),
        IN_FOLDER(test_full),
        IN_FOLDER(test_limit_of_the_process),
        IN_FOLDER(test_odd_names),
        IN_FOLDER(test_default_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
