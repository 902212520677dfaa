/*
 * The io_uring loop: one system call per turn hands over what is to be done and waits for what was done.
 *
 * With IORING_SETUP_DEFER_TASKRUN the kernel works on completions when the loop waits, and never in between;
 * that and IORING_SETUP_SINGLE_ISSUER bind the ring to the thread that enables it, which is the first one
 * that runs the loop. Waits are exact: the kernel uses a timer without slack for them.
 *
 * Other threads wake it by an eventfd as with epoll, watched by an operation that tells each write once; it
 * is never read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "loop/uring_int.h"

enum {
    SUBMISSIONS = 256, /* more than that are handed over in between */
    COMPLETIONS = 2048,
    BATCH_EVENTS = 512, /* taken after one wait, as with epoll */
    OPS_OF_CHUNK = 64,
    BUFFERS = 64, /* a power of two */
    BUFFER_BYTES = 32768,
    BUFFER_GROUP = 0,
};
#define BUFFERS_OFFSET (BUFFERS * sizeof(struct io_uring_buf))
#define MEMORY_BYTES   (BUFFERS_OFFSET + (size_t) BUFFERS * BUFFER_BYTES)

typedef struct op_chunk {
    struct op_chunk *next;
    br_uring_op ops[OPS_OF_CHUNK];
} op_chunk;

typedef struct br_uring_loop {
    br_loop base;
    struct io_uring ring;
    int wake_fd;
    int old_slack_ns;
    bool enabled;
    br_uring_op unsent; /* head of a ring: to be submitted */
    br_uring_op *idle;  /* linked by `next` */
    op_chunk *chunks;
    struct io_uring_buf_ring *buffer_ring; /* mapped, with the buffers behind it; NULL: none yet */
    char *buffers; /* BUFFERS of BUFFER_BYTES; the kernel has those that are in the buffer ring */
} br_uring_loop;

static br_uring_loop *uring_of(br_loop *loop)
{
    return BR_CONTAINER_OF(loop, br_uring_loop, base);
}

static br_ns uring_clock(const br_loop *loop)
{
    (void) loop;
    return br_clock_now();
}

static void uring_wake(br_loop *loop)
{
    int saved = errno; /* for signal handlers */
    ssize_t n = write(uring_of(loop)->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    (void) n; /* fails only when the counter is full: then it is awake */
    errno = saved;
}

/* Operations ------------------------------------------------------------------------------------- */

static void queue(br_uring_loop *u, br_uring_op *op)
{
    if (op->next != NULL) return;
    op->next = &u->unsent;
    op->prev = u->unsent.prev;
    op->prev->next = op->next->prev = op;
}

static void unqueue(br_uring_op *op)
{
    if (op->next == NULL) return;
    op->prev->next = op->next;
    op->next->prev = op->prev;
    op->next = op->prev = NULL;
}

static void add_chunk(br_uring_loop *u)
{
    op_chunk *chunk = BR_NEW(op_chunk);
    chunk->next = u->chunks;
    u->chunks = chunk;
    for (int i = 0; i < OPS_OF_CHUNK; i++) {
        chunk->ops[i].next = u->idle;
        u->idle = &chunk->ops[i];
    }
}

static void release(br_uring_loop *u, br_uring_op *op)
{
    unqueue(op);
    op->next = u->idle;
    u->idle = op;
}

br_uring_op *br_uring_op_start(br_loop *loop, br_uring_kind kind, void *owner, int fd, uint32_t poll)
{
    br_uring_loop *u = uring_of(loop);
    if (u->idle == NULL) add_chunk(u);
    br_uring_op *op = u->idle;
    u->idle = op->next;
    *op = (br_uring_op){.owner = owner, .kind = kind, .fd = fd, .poll = poll};
    queue(u, op);
    return op;
}

void br_uring_op_stop(br_loop *loop, br_uring_op *op)
{
    if (op == NULL) return;
    br_uring_loop *u = uring_of(loop);
    op->owner = NULL;
    if (op->submitted) {
        queue(u, op);
    } else {
        release(u, op);
    }
}

void br_uring_op_receive_once(br_loop *loop, br_uring_op *op)
{
    op->kind = BR_URING_RECEIVE_ONCE;
    if (op->submitted) queue(uring_of(loop), op);
}

/* Submitting and waiting ------------------------------------------------------------------------- */

static void choose_buffer(struct io_uring_sqe *sqe)
{
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
}

static void prepare(br_uring_op *op, struct io_uring_sqe *sqe)
{
    if (op->submitted) {
        io_uring_prep_cancel(sqe, op, 0);
        io_uring_sqe_set_data(sqe, NULL);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        return;
    }
    if (op->kind == BR_URING_RECEIVE) {
        io_uring_prep_recv_multishot(sqe, op->fd, NULL, 0, 0);
        sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
        choose_buffer(sqe);
    } else if (op->kind == BR_URING_RECEIVE_ONCE) {
        io_uring_prep_recv(sqe, op->fd, NULL, 0, 0);
        choose_buffer(sqe);
    } else if (op->kind == BR_URING_WAKE) {
        io_uring_prep_poll_multishot(sqe, op->fd, POLLIN);
    } else {
        io_uring_prep_poll_add(sqe, op->fd, op->poll);
    }
    io_uring_sqe_set_data(sqe, op);
    op->submitted = true;
}

/* A place for a submission; NULL: the kernel takes no more before completions are taken from it. */
static struct io_uring_sqe *next_sqe(br_uring_loop *u)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    if (sqe != NULL) return sqe;
    (void) io_uring_submit(&u->ring); /* if it fails, the wait that follows fails as well */
    return io_uring_get_sqe(&u->ring);
}

static void prepare_all(br_uring_loop *u)
{
    while (u->unsent.next != &u->unsent) {
        struct io_uring_sqe *sqe = next_sqe(u);
        if (sqe == NULL) return; /* the next turn goes on */
        br_uring_op *op = u->unsent.next;
        unqueue(op);
        prepare(op, sqe);
    }
}

static void uring_wait(br_loop *loop, br_ns timeout_ns)
{
    br_uring_loop *u = uring_of(loop);
    prepare_all(u);
    int rc;
    if (timeout_ns == 0) {
        rc = io_uring_submit_and_get_events(&u->ring);
    } else {
        struct __kernel_timespec ts = {.tv_sec = timeout_ns / BR_SEC, .tv_nsec = timeout_ns % BR_SEC};
        struct io_uring_cqe *first;
        rc = io_uring_submit_and_wait_timeout(&u->ring, &first, 1, timeout_ns < 0 ? NULL : &ts, NULL);
    }
    /* EBUSY, EAGAIN: completions have to be taken first, or memory is short; the next turn tries again. */
    BR_ASSERT(rc >= 0 || rc == -ETIME || rc == -EINTR || rc == -EBUSY || rc == -EAGAIN);
    unsigned n = io_uring_cq_ready(&u->ring);
    loop->ready = n < BATCH_EVENTS ? n : BATCH_EVENTS;
}

static void uring_enter(br_loop *loop)
{
    br_uring_loop *u = uring_of(loop);
    u->old_slack_ns = br_loop_slack_remove();
    if (!u->enabled) {
        int rc = io_uring_enable_rings(&u->ring);
        BR_ASSERT(rc == 0);
        u->enabled = true;
    }
    (void) io_uring_register_ring_fd(&u->ring); /* spares the kernel a look-up per call */
}

static void uring_leave(br_loop *loop)
{
    br_uring_loop *u = uring_of(loop);
    (void) io_uring_unregister_ring_fd(&u->ring);
    br_loop_slack_restore(u->old_slack_ns);
}

/* Completions ------------------------------------------------------------------------------------ */

static void give_buffer(br_uring_loop *u, unsigned id)
{
    int mask = io_uring_buf_ring_mask(BUFFERS);
    char *buffer = u->buffers + (size_t) id * BUFFER_BYTES;
    io_uring_buf_ring_add(u->buffer_ring, buffer, BUFFER_BYTES, (unsigned short) id, mask, 0);
    io_uring_buf_ring_advance(u->buffer_ring, 1);
}

static void polled(br_uring_loop *u, br_uring_op *op, int res)
{
    br_watch *w = op->owner;
    queue(u, op); /* looks again with the next wait, unless the callback stops it */
    unsigned events = (res < 0 ? BR_HANGUP : br_loop_events_of((uint32_t) res)) & (w->_events | BR_HANGUP);
    if (events != 0) w->_fn(w, events, w->_ctx); /* *w may be gone afterwards */
}

/* Also when no buffer was left: until the next wait all are back. */
static bool begins_again(int res)
{
    return res == -ENOBUFS || res == -EINTR || res == -EAGAIN || res == -ECANCELED;
}

/* Without data it is the last completion. */
static void received(br_uring_loop *u, br_uring_op *op, const struct io_uring_cqe *cqe)
{
    br_socket *s = op->owner;
    if (cqe->res > 0) {
        const char *bytes = u->buffers + (size_t) (cqe->flags >> IORING_CQE_BUFFER_SHIFT) * BUFFER_BYTES;
        if (!op->submitted) queue(u, op);
        br_uring_socket_received(s, (br_str){bytes, (size_t) cqe->res});
    } else if (begins_again(cqe->res)) {
        queue(u, op);
    } else {
        br_uring_socket_ended(s, -cqe->res);
    }
}

static void complete(br_uring_loop *u, const struct io_uring_cqe *cqe)
{
    br_uring_op *op = io_uring_cqe_get_data(cqe);
    if (op == NULL) return; /* a cancellation that came too late */
    if (!(cqe->flags & IORING_CQE_F_MORE)) op->submitted = false;
    if (op->owner == NULL) {
        if (!op->submitted) release(u, op);
    } else if (op->kind == BR_URING_POLL) {
        polled(u, op, cqe->res);
    } else if (op->kind == BR_URING_RECEIVE || op->kind == BR_URING_RECEIVE_ONCE) {
        received(u, op, cqe);
    } else if (!op->submitted) {
        queue(u, op);
    }
    if (cqe->flags & IORING_CQE_F_BUFFER) give_buffer(u, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
}

static void uring_dispatch(br_loop *loop)
{
    br_uring_loop *u = uring_of(loop);
    for (int budget = BR_TURN_EVENTS; loop->ready > 0 && budget > 0; budget--) {
        struct io_uring_cqe *cqe;
        int rc = io_uring_peek_cqe(&u->ring, &cqe);
        BR_ASSERT(rc == 0);
        struct io_uring_cqe taken = {.user_data = cqe->user_data, .res = cqe->res, .flags = cqe->flags};
        io_uring_cqe_seen(&u->ring, cqe);
        loop->ready--;
        complete(u, &taken);
    }
}

/* Watches ---------------------------------------------------------------------------------------- */

static br_code uring_watch_start(br_loop *loop, br_watch *w)
{
    struct stat st;
    if (fstat(w->_fd, &st) != 0) return BR_EIO;
    if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) { /* as with epoll: always ready */
        errno = EPERM;
        return BR_EUNSUPPORTED;
    }
    w->_op = br_uring_op_start(loop, BR_URING_POLL, w, w->_fd, br_loop_poll_of(w->_events));
    return BR_OK;
}

static void uring_watch_stop(br_loop *loop, br_watch *w)
{
    br_uring_op_stop(loop, w->_op);
    w->_op = NULL;
}

/* What was told of the old events is dropped: the new look sees what holds. */
static br_code uring_watch_change(br_loop *loop, br_watch *w, unsigned events)
{
    br_uring_op_stop(loop, w->_op);
    w->_op = br_uring_op_start(loop, BR_URING_POLL, w, w->_fd, br_loop_poll_of(events));
    return BR_OK;
}

/* Life cycle ------------------------------------------------------------------------------------- */

static void uring_free(br_loop *loop)
{
    br_uring_loop *u = uring_of(loop);
    /* Ends receiving. The kernel refuses when another thread ran the loop; then the exit ends it. */
    if (u->buffer_ring != NULL) (void) io_uring_unregister_buf_ring(&u->ring, BUFFER_GROUP);
    io_uring_queue_exit(&u->ring);
    if (u->wake_fd >= 0) close(u->wake_fd);
    if (u->buffer_ring != NULL) munmap(u->buffer_ring, MEMORY_BYTES);
    for (op_chunk *next, *chunk = u->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        br_free(chunk);
    }
    br_free(u);
}

static const br_loop_ops uring_ops = {
    .clock = uring_clock,
    .wake = uring_wake,
    .enter = uring_enter,
    .leave = uring_leave,
    .wait = uring_wait,
    .dispatch = uring_dispatch,
    .watch_start = uring_watch_start,
    .watch_change = uring_watch_change,
    .watch_stop = uring_watch_stop,
    .socket_open = br_uring_socket_open,
    .socket_write = br_uring_socket_write,
    .socket_close = br_uring_socket_close,
    .free = uring_free,
};

/* The kernel's best: one thread and completions when it waits (6.1); else without interrupting it (6.0). */
static int init_ring(struct io_uring *ring)
{
    static const unsigned modes[] = {IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN};
    int rc = -EINVAL;
    for (size_t i = 0; i < BR_COUNT_OF(modes) && rc == -EINVAL; i++) {
        struct io_uring_params params = {.cq_entries = COMPLETIONS,
            .flags = modes[i] | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
                     IORING_SETUP_R_DISABLED};
        rc = io_uring_queue_init_params(SUBMISSIONS, ring, &params);
    }
    return rc;
}

/* Pages that were never received into cost nothing. */
static int add_buffers(br_uring_loop *u)
{
    void *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return -errno;
    struct io_uring_buf_reg reg = {
        .ring_addr = (uintptr_t) memory, .ring_entries = BUFFERS, .bgid = BUFFER_GROUP};
    int rc = io_uring_register_buf_ring(&u->ring, &reg, 0);
    if (rc != 0) {
        munmap(memory, MEMORY_BYTES);
        return rc;
    }
    u->buffer_ring = memory;
    u->buffers = (char *) memory + BUFFERS_OFFSET;
    io_uring_buf_ring_init(u->buffer_ring);
    for (unsigned id = 0; id < BUFFERS; id++)
        give_buffer(u, id);
    return 0;
}

/* The value of the sysctl, which 6.6 and later have: 1: only for a group, 2: for nobody. */
static char forbidden(void)
{
    char value = '0';
    FILE *f = fopen("/proc/sys/kernel/io_uring_disabled", "re");
    if (f == NULL) return value;
    int c = fgetc(f);
    (void) fclose(f);
    return c == EOF ? value : (char) c;
}

static br_code refused(int problem, br_err *err)
{
    static const char remedy[] = "or use the epoll loop (--loop epoll)";
    switch (problem) {
        case EMFILE:
        case ENFILE:
            return br_fail_errno(err, BR_ENOFDS, problem,
                "cannot create an io_uring loop: raise the limit of open files (ulimit -n) %s", remedy);
        case ENOMEM:
            return br_fail_errno(err, BR_EIO, problem,
                "cannot create an io_uring loop: raise the limit of locked memory (ulimit -l) %s", remedy);
        case EPERM:
        case EACCES:
            if (forbidden() != '0')
                return br_fail(err, BR_EUNSUPPORTED,
                    "io_uring is forbidden on this machine: set the sysctl kernel.io_uring_disabled (now %c) to 0 "
                    "%s",
                    forbidden(), remedy);
            return br_fail(err, BR_EUNSUPPORTED,
                "io_uring is forbidden to this process, as by the seccomp profile of a container: allow "
                "io_uring_setup, io_uring_enter and io_uring_register %s",
                remedy);
        case ENOSYS:
            return br_fail(err, BR_EUNSUPPORTED,
                "this kernel has no io_uring, or a seccomp profile hides it: use Linux 6.0 or later and allow "
                "io_uring_setup, io_uring_enter and io_uring_register %s",
                remedy);
        case EINVAL:
            return br_fail(err, BR_EUNSUPPORTED,
                "this kernel is too old for the io_uring loop: use Linux 6.0 or later %s", remedy);
        default: return br_fail_errno(err, BR_EIO, problem, "cannot create an io_uring loop");
    }
}

br_code br_loop_new_uring(br_loop **ret_loop, br_err *err)
{
    br_uring_loop *u = BR_NEW(br_uring_loop);
    u->unsent.next = u->unsent.prev = &u->unsent;
    int rc = init_ring(&u->ring);
    if (rc != 0) {
        br_free(u);
        return refused(-rc, err);
    }
    u->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rc = u->wake_fd < 0 ? -errno : add_buffers(u);
    if (rc != 0) {
        uring_free(&u->base);
        return refused(-rc, err);
    }
    br_loop_init_base(&u->base, &uring_ops);
    (void) br_uring_op_start(&u->base, BR_URING_WAKE, u, u->wake_fd, 0);
    *ret_loop = &u->base;
    return BR_OK;
}
