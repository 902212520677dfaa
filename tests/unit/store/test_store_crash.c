/* Several processes at once, and processes that are killed while they write. */
#include "unit/store/fixture.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WRITERS   4
#define RUNS_EACH 8
#define KILLS     12
#define LARGE     ((size_t) 300000)

/* Children tell by their exit status; cmocka's asserts are the parent's. */
static int write_runs(int count)
{
    br_store *s = NULL;
    br_err err = {0};
    br_stored_run run = some_run("t", "e");
    br_run_figures *f = some_figures(5);
    int64_t id;
    br_code code = br_store_open("h.db", BR_STORE_CREATE, &s, &err);
    for (int i = 0; i < count && code == BR_OK; i++)
        code = br_store_add(s, &run, f, BR_STR("{}"), &id, &err);
    if (code != BR_OK) fprintf(stderr, "%s\n", err.msg);
    br_run_figures_free(f);
    br_store_close(s);
    return code == BR_OK ? 0 : 1;
}

static void wait_for(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* They also make the file and its tables at the same time. */
static void test_writers_at_once(void **state)
{
    (void) state;
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) _exit(write_runs(RUNS_EACH));
    }
    for (int i = 0; i < WRITERS; i++)
        wait_for(children[i]);
    br_store *s = open_store("h.db", BR_STORE_READ);
    assert_int_equal(count_runs(s), WRITERS * RUNS_EACH);
    for (int64_t id = 1; id <= WRITERS * RUNS_EACH; id++) {
        br_run_figures *f = NULL;
        assert_int_equal(br_store_figures(s, id, &f, NULL), BR_OK);
        assert_int_equal(f->endpoint_count, 3);
        br_run_figures_free(f);
    }
    br_store_close(s);
}

/* A reader sees a state between two runs, while somebody writes. */
static void test_reader_beside_writer(void **state)
{
    (void) state;
    br_store *writer = open_store("h.db", BR_STORE_CREATE);
    (void) add(writer, "t", "e", 1);
    br_store *reader = open_store("h.db", BR_STORE_READ);
    assert_int_equal(br_store_begin(writer, "", NULL), BR_OK);
    assert_int_equal(br_store_exec(writer, "DELETE FROM run_endpoints", "", NULL), BR_OK);
    assert_int_equal(count_runs(reader), 1);
    br_run_figures *f = NULL;
    assert_int_equal(br_store_figures(reader, 1, &f, NULL), BR_OK);
    br_run_figures_free(f);
    assert_int_equal(br_store_end(writer, BR_ECANCEL, "", NULL), BR_ECANCEL); /* rolls back */
    br_store_close(writer);
    br_store_close(reader);
}

/* Stores without end, and writes a byte after each run that it was told is stored. */
static void write_until_killed(int told)
{
    static char document[LARGE];
    br_store *s = NULL;
    br_stored_run run = some_run("t", "e");
    br_run_figures *f = some_figures(5);
    int64_t id;
    if (br_store_open("h.db", BR_STORE_CREATE, &s, NULL) != BR_OK) _exit(1);
    while (br_store_add(s, &run, f, (br_str){document, sizeof(document)}, &id, NULL) == BR_OK &&
           write(told, "x", 1) == 1) {
    }
    _exit(1);
}

static size_t kill_in_mid_write(int round)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(pipes[0]);
        write_until_killed(pipes[1]);
    }
    close(pipes[1]);
    char c;
    assert_int_equal(read(pipes[0], &c, 1), 1); /* it is at work */
    (void) nanosleep(&(struct timespec){.tv_nsec = 1000000L * (round * 3 % 17)}, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    size_t stored = 1;
    while (read(pipes[0], &c, 1) == 1)
        stored++;
    close(pipes[0]);
    return stored;
}

static void test_killed(void **state)
{
    (void) state;
    size_t told = 0;
    for (int round = 0; round < KILLS; round++) {
        told += kill_in_mid_write(round);
        br_store *s = open_store("h.db", BR_STORE_WRITE); /* checks the file as a whole */
        size_t there = count_runs(s);
        /* All that were told, and at most one in each round of which the news did not come through. */
        assert_true(there >= told);
        assert_true(there <= told + (size_t) round + 1);
        for (int64_t id = 1; id <= (int64_t) there; id++) {
            br_run_figures *f = NULL;
            br_err err = {0};
            if (br_store_figures(s, id, &f, &err) != BR_OK) fail_msg("%s", err.msg);
            assert_int_equal(f->endpoint_count, 3);
            assert_int_equal(f->value_count, 2);
            br_run_figures_free(f);
        }
        br_store_close(s);
    }
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_writers_at_once),
        IN_FOLDER(test_reader_beside_writer),
        IN_FOLDER(test_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
