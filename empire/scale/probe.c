#include "empire/scale/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"

static void end(emp_probe *p, emp_probe_state state)
{
    if (p->state == EMP_PROBE_ASKING && p->fd >= 0) close(p->fd);
    p->fd = -1;
    p->state = state;
}

void emp_probe_reset(emp_probe *p)
{
    end(p, EMP_PROBE_IDLE);
}

void emp_probe_begin(emp_probe *p, uint16_t port, br_ns now, br_ns timeout)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    emp_probe_reset(p);
    *p = (emp_probe){.state = EMP_PROBE_ASKING, .until = now + timeout};
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd < 0 || (connect(p->fd, (const struct sockaddr *) &to, sizeof(to)) != 0 && errno != EINPROGRESS))
        end(p, EMP_PROBE_FAILED);
}

static bool is_later(int sys_errno)
{
    return sys_errno == EAGAIN || sys_errno == EINTR || sys_errno == EINPROGRESS || sys_errno == ENOTCONN;
}

/* The request is far smaller than a socket's buffer, and the status line comes in one piece on loopback. */
static void go_on(emp_probe *p)
{
    static const char request[] = "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    static const char good[] = "HTTP/1.1 200 ";
    char answer[sizeof(good)] = "";
    if (!p->is_sent) {
        ssize_t n = send(p->fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
        p->is_sent = n == (ssize_t) sizeof(request) - 1;
        if (!p->is_sent && !(n < 0 && is_later(errno))) end(p, EMP_PROBE_FAILED);
        return;
    }
    ssize_t n = recv(p->fd, answer, sizeof(good) - 1, 0);
    if (n < 0 && is_later(errno)) return;
    bool is_good = n == (ssize_t) sizeof(good) - 1 && memcmp(answer, good, sizeof(good) - 1) == 0;
    end(p, is_good ? EMP_PROBE_WELL : EMP_PROBE_FAILED);
}

emp_probe_state emp_probe_go_on(emp_probe *p, br_ns now)
{
    if (p->state == EMP_PROBE_ASKING) go_on(p);
    if (p->state == EMP_PROBE_ASKING && now >= p->until) end(p, EMP_PROBE_FAILED);
    return p->state;
}

/* Usage -------------------------------------------------------------------------------------------- */

/* The blank-separated field `index`, from 0, as a number; false: it is none. */
static bool field(br_str line, int index, uint64_t *ret)
{
    br_str word = BR_STR("");
    for (int i = 0; i <= index; i++) {
        if (!br_str_cut(&line, ' ', &word)) return false;
    }
    return br_parse_u64(word, ret) == BR_OK;
}

static bool read_proc(pid_t pid, const char *name, br_buf *out)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
    return br_file_read(path, out, NULL) == BR_OK;
}

bool emp_probe_usage(pid_t pid, double *ret_cpu_seconds, double *ret_resident_bytes)
{
    uint64_t user = 0, kernel = 0, pages = 0;
    br_buf text;
    br_buf_init(&text, 4096);
    bool ok = read_proc(pid, "stat", &text);
    /* proc(5): the name in parentheses may have anything in it; utime and stime are fields 14 and 15 of all.
     */
    const char *name_end = ok ? strrchr(text.data, ')') : NULL;
    br_str rest = br_str_of(name_end ? name_end + 1 : "");
    ok = ok && field(rest, 12, &user) && field(rest, 13, &kernel);
    br_buf_reset(&text);
    ok = ok && read_proc(pid, "statm", &text) && field(br_buf_view(&text), 1, &pages);
    br_buf_deinit(&text);
    if (!ok) return false;
    *ret_cpu_seconds = (double) (user + kernel) / (double) sysconf(_SC_CLK_TCK);
    *ret_resident_bytes = (double) pages * (double) sysconf(_SC_PAGESIZE);
    return true;
}
