#include "cli/history/git_commit.h"
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"

#define PATIENCE   (5 * BR_SEC) /* of each call: a status of a large tree on a cold disk */
#define OUTPUT_MAX 256

extern char **environ;

/* Reads until `max` bytes, the end, or `until`. Returns what was read; -1: time is up. */
static ssize_t read_some(int fd, char *out, size_t max, br_ns until)
{
    size_t n = 0;
    while (n < max) {
        br_ns left = until - br_clock_now();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left <= 0 || poll(&p, 1, (int) (left / BR_MS) + 1) <= 0) return -1;
        ssize_t got = read(fd, out + n, max - n);
        if (got <= 0) break;
        n += (size_t) got;
    }
    return (ssize_t) n;
}

static bool start(char *const *argv, int out, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return false;
    (void) posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void) posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    (void) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool ok = posix_spawnp(ret, argv[0], &actions, NULL, argv, environ) == 0;
    (void) posix_spawn_file_actions_destroy(&actions);
    return ok;
}

/* The first OUTPUT_MAX bytes that the program prints; -1: it failed, or took too long. */
static ssize_t ask(char *const *argv, char out[OUTPUT_MAX])
{
    int pipes[2], status = 0;
    pid_t child;
    if (pipe2(pipes, O_CLOEXEC) != 0) return -1;
    bool started = start(argv, pipes[1], &child);
    close(pipes[1]);
    ssize_t n = started ? read_some(pipes[0], out, OUTPUT_MAX, br_clock_now() + PATIENCE) : -1;
    if (started && (n < 0 || n == OUTPUT_MAX)) (void) kill(child, SIGKILL); /* more is not needed */
    close(pipes[0]);
    if (!started || waitpid(child, &status, 0) != child) return -1;
    return n == OUTPUT_MAX || (WIFEXITED(status) && WEXITSTATUS(status) == 0) ? n : -1;
}

static bool is_commit(br_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!strchr("0123456789abcdef", text.p[i])) return false;
    }
    return text.n == 40 || text.n == 64;
}

bool br_git_commit_of(const char *path, br_arena *arena, br_str *ret_commit, bool *ret_dirty)
{
    char out[OUTPUT_MAX], git[] = "git", locks[] = "--no-optional-locks", in[] = "-C", parse[] = "rev-parse",
                          head[] = "HEAD", status[] = "status", porcelain[] = "--porcelain",
                          known[] = "--untracked-files=no", submodules[] = "--ignore-submodules";
    char *copy = br_strdup(path), *folder = dirname(copy);
    char *ask_commit[] = {git, in, folder, parse, head, NULL};
    char *ask_status[] = {git, locks, in, folder, status, porcelain, known, submodules, NULL};
    ssize_t n = ask(ask_commit, out);
    br_str commit = n > 0 ? br_str_trim((br_str){out, (size_t) n}) : BR_STR("");
    bool found = is_commit(commit);
    if (found) {
        *ret_commit = br_arena_str(arena, commit);
        *ret_dirty = ask(ask_status, out) != 0; /* also if git does not say */
    }
    br_free(copy);
    return found;
}
