#include "empire/provider/video.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define CPU_SECONDS  60
#define MEMORY_BYTES ((rlim_t) 2 * 1024 * 1024 * 1024) /* of address space; ffmpeg's threads take stacks */
#define FILE_BYTES   ((rlim_t) 64 * 1024 * 1024)
#define EXIT_NO_EXEC 127
#define SAID_MAX     ((size_t) 16 * 1024)

typedef struct child {
    pid_t pid;
    int said; /* what it writes to stderr */
} child;

static void limit(__rlimit_resource_t what, rlim_t most)
{
    const struct rlimit l = {most, most};
    (void) setrlimit(what, &l); /* lowering is always allowed */
}

/* In the child, between fork and exec: only calls that are safe there. */
static void become(const emp_video_config *config, char *const *argv, int said)
{
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(said, STDERR_FILENO);
    (void) close_range(STDERR_FILENO + 1, ~0U, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    limit(RLIMIT_CPU, CPU_SECONDS);
    limit(RLIMIT_AS, MEMORY_BYTES);
    limit(RLIMIT_FSIZE, FILE_BYTES);
    limit(RLIMIT_CORE, 0);
    execvp(config->ffmpeg, argv);
    _exit(EXIT_NO_EXEC);
}

static br_code start(const emp_video_config *config, char *const *argv, child *ret_child, br_err *err)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) return br_fail_errno(err, BR_ENOFDS, errno, "pipe");
    pid_t pid = fork();
    if (pid == 0) become(config, argv, pipe_fds[1]);
    close(pipe_fds[1]);
    if (pid < 0) {
        close(pipe_fds[0]);
        return br_fail_errno(err, BR_ELIMIT, errno, "cannot start %s", config->ffmpeg);
    }
    *ret_child = (child){pid, pipe_fds[0]};
    return BR_OK;
}

/* Reads what it says until it closes or `until`; what is too much is dropped. False: time is over. */
static bool listen_to(const child *c, br_ns until, br_buf *said)
{
    for (;;) {
        char piece[1024];
        br_ns left = until - br_clock_now();
        struct pollfd p = {.fd = c->said, .events = POLLIN};
        if (left <= 0) return false;
        if (poll(&p, 1, (int) (left / BR_MS) + 1) <= 0) continue;
        ssize_t n = read(c->said, piece, sizeof(piece));
        if (n == 0) return true;
        if (n > 0) (void) br_buf_append(said, piece, (size_t) n); /* over its limit: dropped */
    }
}

/* Waits for its end; kills it when the time is over. */
static br_code finish(const emp_video_config *config, const child *c, br_buf *said, br_err *err)
{
    int status = 0;
    bool in_time = listen_to(c, br_clock_now() + config->time_limit, said);
    if (!in_time) kill(c->pid, SIGKILL);
    close(c->said);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!in_time) return br_fail(err, BR_ETIMEOUT, "ffmpeg took longer than its time limit");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return BR_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_EXEC)
        return br_fail(err, BR_ENOTFOUND, "there is no program '%s'", config->ffmpeg);
    br_str last = br_str_trim(br_buf_view(said)), line;
    while (br_str_cut(&last, '\n', &line)) {
    }
    if (WIFSIGNALED(status)) return br_fail(err, BR_EIO, "ffmpeg was killed by signal %d", WTERMSIG(status));
    return br_fail(
        err, BR_EIO, "ffmpeg failed (%d): " BR_FMT, WEXITSTATUS(status), BR_ARG(br_str_sub(line, 0, 200)));
}

/* The colour behind the text: of the name, so that each product has its own. */
static unsigned colour_of(const char *name)
{
    return (unsigned) (br_str_hash(br_str_of(name)) & 0x7f7f7f);
}

static br_code run(
    const emp_video_config *config, const char *name, const char *text_file, char *out, br_err *err)
{
    child c = {.said = -1};
    br_buf said;
    char source[64], filter[512];
    snprintf(source, sizeof(source), "color=c=0x%06x:s=540x960:r=24:d=%d", colour_of(name), config->seconds);
    snprintf(filter, sizeof(filter),
        "drawtext=textfile='%s':expansion=none:fontcolor=white:fontsize=36:x=(w-text_w)/2:y=(h-text_h)/2",
        text_file);
    char program[] = "ffmpeg", f1[] = "-nostdin", f2[] = "-v", f3[] = "error", f4[] = "-y", f5[] = "-f",
         f6[] = "lavfi", f7[] = "-i", f8[] = "-vf", f9[] = "-threads", f10[] = "1", f11[] = "-pix_fmt",
         f12[] = "yuv420p", f13[] = "-preset", f14[] = "ultrafast", f15[] = "-f", f16[] = "mp4";
    char *argv[] = {program, f1, f2, f3, f4, f5, f6, f7, source, f8, filter, f9, f10, f11, f12, f13, f14, f15,
        f16, out, NULL};
    br_buf_init(&said, SAID_MAX);
    br_code rc = start(config, argv, &c, err);
    if (rc == BR_OK) rc = finish(config, &c, &said, err);
    br_buf_deinit(&said);
    return rc;
}

/* Names become parts of a path and of a filter. */
static bool is_plain(const char *s, bool is_path)
{
    for (; *s; s++) {
        bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');
        if (!letter && *s != '-' && *s != '_' && *s != '.' && !(is_path && *s == '/')) return false;
    }
    return true;
}

br_code emp_video_render(const emp_video_config *config, const char *name, br_str text, br_err *err)
{
    char path[320], text_file[340], part[340];
    struct stat st;
    if (!is_plain(name, false) || !is_plain(config->folder, true))
        return br_fail(
            err, BR_EINVAL, "names of videos and of their folder are letters, digits, '-', '_', '.'");
    if (strlen(config->folder) + strlen(name) + 8 > sizeof(path))
        return br_fail(err, BR_EINVAL, "the path of the video is too long");
    snprintf(path, sizeof(path), "%s/%s.mp4", config->folder, name);
    if (stat(path, &st) == 0 && st.st_size > 0) return BR_OK;
    snprintf(text_file, sizeof(text_file), "%s.%d.txt", path, (int) gettid());
    snprintf(part, sizeof(part), "%s.%d.part", path, (int) gettid());
    br_code rc = br_file_write(text_file, text, err);
    if (rc == BR_OK) rc = run(config, name, text_file, part, err);
    if (rc == BR_OK && rename(part, path) != 0) rc = br_fail_errno(err, BR_EIO, errno, "%s", path);
    unlink(text_file);
    if (rc != BR_OK) unlink(part);
    return rc;
}
