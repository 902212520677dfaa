#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* Every test works in a folder of its own, which is gone afterwards. */
static int enter_folder(void **state)
{
    char *folder = strdup("/tmp/brunt-test-file-XXXXXX");
    if (!folder || !mkdtemp(folder) || chdir(folder) != 0) return -1;
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", (char *) *state);
    int rc = chdir("/") == 0 ? system(command) : -1;
    free(*state);
    return rc;
}

static int count_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int count = 0;
    for (const struct dirent *e; (e = readdir(dir));) {
        count += e->d_name[0] != '.';
    }
    closedir(dir);
    return count;
}

static void check_content(const char *path, const char *want)
{
    br_buf b;
    br_err err = {0};
    br_buf_init(&b, 1 << 20);
    assert_int_equal(br_file_read(path, &b, &err), BR_OK);
    assert_string_equal(b.data, want);
    br_buf_deinit(&b);
}

static void test_write_then_read(void **state)
{
    (void) state;
    assert_int_equal(br_file_write("a.txt", BR_STR("one\0two"), NULL), BR_OK);
    br_buf b;
    br_buf_init(&b, 100);
    br_buf_puts(&b, "before:");
    assert_int_equal(br_file_read("a.txt", &b, NULL), BR_OK);
    assert_true(br_str_eq(br_buf_view(&b), BR_STR("before:one\0two"))); /* appended */
    br_buf_deinit(&b);
    assert_int_equal(br_file_write("a.txt", BR_STR("new"), NULL), BR_OK);
    check_content("a.txt", "new");
    assert_int_equal(br_file_write("empty", BR_STR_NONE, NULL), BR_OK);
    check_content("empty", "");
    assert_int_equal(count_entries("."), 2);
}

static void test_large_files(void **state)
{
    (void) state;
    static char large[300000];
    memset(large, 'x', sizeof(large));
    br_str content = {large, sizeof(large)};
    assert_int_equal(br_file_write("large", content, NULL), BR_OK);
    br_buf b;
    br_buf_init(&b, sizeof(large)); /* exactly enough */
    assert_int_equal(br_file_read("large", &b, NULL), BR_OK);
    assert_true(br_str_eq(br_buf_view(&b), content));
    br_buf_deinit(&b);
    br_err err = {0};
    br_buf_init(&b, sizeof(large) - 1);
    assert_int_equal(br_file_read("large", &b, &err), BR_ELIMIT);
    assert_string_equal(err.msg, "large is larger than 299999 bytes");
    assert_int_equal(b.len, 0);
    br_buf_deinit(&b);
}

/* The size is not known before: the limit must be found while reading, and the buffer restored. */
static void test_limit_of_a_pipe(void **state)
{
    (void) state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "0123456789", 10), 10);
    close(fds[1]);
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
    br_buf b;
    br_buf_init(&b, 8);
    br_buf_puts(&b, "ab");
    br_err err = {0};
    assert_int_equal(br_file_read(path, &b, &err), BR_ELIMIT);
    assert_non_null(strstr(err.msg, "larger than 6 bytes"));
    assert_string_equal(b.data, "ab");
    br_buf_deinit(&b);
    close(fds[0]);
}

static void test_read_errors_name_the_path(void **state)
{
    (void) state;
    br_buf b;
    br_buf_init(&b, 100);
    br_err err = {0};
    assert_int_equal(br_file_read("missing.js", &b, &err), BR_ENOTFOUND);
    assert_string_equal(err.msg, "cannot open missing.js: No such file or directory");
    assert_int_equal(err.sys_errno, ENOENT);
    assert_int_equal(br_file_read(".", &b, &err), BR_EINVAL);
    assert_string_equal(err.msg, "cannot read .: it is a folder");
    assert_int_equal(b.len, 0);
    br_buf_deinit(&b);
}

static void test_mode_of_new_and_of_replaced_files(void **state)
{
    (void) state;
    struct stat st;
    mode_t old = umask(027);
    assert_int_equal(br_file_write("m", BR_STR("1"), NULL), BR_OK);
    umask(old);
    assert_int_equal(stat("m", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(chmod("m", 0604), 0);
    assert_int_equal(br_file_write("m", BR_STR("2"), NULL), BR_OK);
    assert_int_equal(stat("m", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0604);
}

static void test_symbolic_link_stays(void **state)
{
    (void) state;
    assert_int_equal(mkdir("d", 0777), 0);
    assert_int_equal(br_file_write("d/target", BR_STR("1"), NULL), BR_OK);
    assert_int_equal(symlink("d/target", "link"), 0);
    assert_int_equal(br_file_write("link", BR_STR("2"), NULL), BR_OK);
    struct stat st;
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    check_content("d/target", "2");
    assert_int_equal(count_entries("d"), 1);
}

static void test_missing_folder_and_folder_in_the_way(void **state)
{
    (void) state;
    br_err err = {0};
    assert_int_equal(br_file_write("no/such/file", BR_STR("x"), &err), BR_ENOTFOUND);
    assert_string_equal(err.msg, "cannot create no/such/file: No such file or directory");
    assert_int_equal(mkdir("folder", 0777), 0);
    assert_int_equal(br_file_write("folder", BR_STR("x"), &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "folder"));
    assert_int_equal(count_entries("."), 1);
    assert_int_equal(count_entries("folder"), 0);
}

/* The work of a test that changes what its process may do; its result is the exit status. */
static void run_child(int (*work)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) _exit(work());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int write_over_the_size_limit(void)
{
    static char large[8192];
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
    br_err err = {0};
    br_code rc = br_file_write("kept", (br_str){large, sizeof(large)}, &err);
    return rc == BR_EIO && err.sys_errno == EFBIG && strstr(err.msg, "cannot write kept") ? 0 : 1;
}

static void test_failure_keeps_the_old_file_and_leaves_no_temporary_one(void **state)
{
    (void) state;
    assert_int_equal(br_file_write("kept", BR_STR("old"), NULL), BR_OK);
    run_child(write_over_the_size_limit);
    check_content("kept", "old");
    assert_int_equal(count_entries("."), 1);
}

static int write_without_rights(void)
{
    if (geteuid() == 0 && setuid(65534) != 0) return 2; /* root may write anywhere */
    br_err err = {0};
    if (br_file_write("ro/new", BR_STR("x"), &err) != BR_EACCESS) return 3;
    if (!strstr(err.msg, "cannot create ro/new: Permission denied")) return 4;
    if (br_file_write("ro/old", BR_STR("x"), &err) != BR_EACCESS) return 5;
    if (br_file_mkdirs("ro/a/b", &err) != BR_EACCESS) return 6;
    return 0;
}

static void test_unwritable_folder(void **state)
{
    assert_int_equal(chmod(*state, 0755), 0);
    assert_int_equal(mkdir("ro", 0755), 0);
    assert_int_equal(br_file_write("ro/old", BR_STR("old"), NULL), BR_OK);
    assert_int_equal(chmod("ro/old", 0666), 0); /* the file is writable, its folder is not */
    assert_int_equal(chmod("ro", 0555), 0);
    run_child(write_without_rights);
    check_content("ro/old", "old");
    assert_int_equal(count_entries("ro"), 1);
    assert_int_equal(chmod("ro", 0755), 0);
}

static void test_devices_and_pipes_are_written_directly(void **state)
{
    (void) state;
    br_err err = {0};
    assert_int_equal(br_file_write("/dev/null", BR_STR("x"), &err), BR_OK);
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(br_file_write("/dev/full", BR_STR("x"), &err), BR_EIO);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    int fd = open("pipe", O_RDONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    assert_int_equal(br_file_write("pipe", BR_STR("through"), &err), BR_OK);
    char text[16] = "";
    assert_int_equal(read(fd, text, sizeof(text) - 1), 7);
    assert_string_equal(text, "through");
    close(fd);
    assert_int_equal(count_entries("."), 1);
}

static int write_to_redirected_stdout(void)
{
    int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) return 1;
    printf("first\n");
    if (br_file_write("/dev/stdout", BR_STR("second\n"), NULL) != BR_OK) return 2;
    printf("third\n");
    return fflush(stdout) == 0 ? 0 : 3;
}

static void test_redirected_stdout_keeps_its_order(void **state)
{
    (void) state;
    fflush(NULL);
    run_child(write_to_redirected_stdout);
    check_content("out", "first\nsecond\nthird\n");
    struct stat st;
    assert_int_equal(lstat("/dev/stdout", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void *write_versions(void *arg)
{
    static char content[20000];
    (void) arg;
    for (int i = 0; i < 50; i++) {
        memset(content, i % 2 ? 'a' : 'b', sizeof(content));
        if (br_file_write("v", (br_str){content, sizeof(content)}, NULL) != BR_OK) return content;
    }
    return NULL;
}

static void test_readers_never_see_half_a_file(void **state)
{
    (void) state;
    assert_int_equal(br_file_write("v", BR_STR(""), NULL), BR_OK);
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_versions, NULL), 0);
    br_buf b;
    br_buf_init(&b, 1 << 20);
    for (int i = 0; i < 200; i++) {
        br_buf_reset(&b);
        assert_int_equal(br_file_read("v", &b, NULL), BR_OK);
        assert_true(b.len == 0 || b.len == 20000);
        if (b.len) assert_int_equal(memcmp(b.data, b.data + 1, b.len - 1), 0);
    }
    br_buf_deinit(&b);
    void *failed = NULL;
    pthread_join(writer, &failed);
    assert_null(failed);
}

static void test_mkdirs(void **state)
{
    (void) state;
    br_err err = {0};
    assert_int_equal(br_file_mkdirs("a/b//c/", &err), BR_OK);
    assert_int_equal(br_file_mkdirs("a/b/c", &err), BR_OK);
    assert_int_equal(br_file_mkdirs("/", &err), BR_OK);
    char absolute[256];
    snprintf(absolute, sizeof(absolute), "%s/x/y", (char *) *state);
    assert_int_equal(br_file_mkdirs(absolute, &err), BR_OK);
    struct stat st;
    assert_true(stat("a/b/c", &st) == 0 && S_ISDIR(st.st_mode));
    assert_true(stat("x/y", &st) == 0 && S_ISDIR(st.st_mode));
    assert_int_equal(br_file_write("a/file", BR_STR(""), NULL), BR_OK);
    assert_int_equal(br_file_mkdirs("a/file/deeper", &err), BR_EINVAL);
    assert_string_equal(err.msg, "cannot create the folder a/file: a file is in the way");
    assert_int_equal(br_file_mkdirs("", &err), BR_EINVAL);
}

#define FOLDER_TEST(fn) cmocka_unit_test_setup_teardown(fn, enter_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_write_then_read),
        FOLDER_TEST(test_large_files),
        FOLDER_TEST(test_limit_of_a_pipe),
        FOLDER_TEST(test_read_errors_name_the_path),
        FOLDER_TEST(test_mode_of_new_and_of_replaced_files),
        FOLDER_TEST(test_symbolic_link_stays),
        FOLDER_TEST(test_missing_folder_and_folder_in_the_way),
        FOLDER_TEST(test_failure_keeps_the_old_file_and_leaves_no_temporary_one),
        FOLDER_TEST(test_unwritable_folder),
        FOLDER_TEST(test_devices_and_pipes_are_written_directly),
        FOLDER_TEST(test_redirected_stdout_keeps_its_order),
        FOLDER_TEST(test_readers_never_see_half_a_file),
        FOLDER_TEST(test_mkdirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
