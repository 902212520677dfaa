#include "net/dial_int.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include "base/assert.h"
#include "base/mem.h"

#define KEEPALIVE_S      30            /* k6's dialler */
#define SHARE_MIN_NS     (2 * BR_SEC)  /* of one address */
#define FALLBACK_WAIT_NS (300 * BR_MS) /* until the other family may try, too */

/* The addresses of one family, tried in turn. */
typedef struct racer {
    br_dial *dial;
    const br_address *addresses;
    size_t count, next; /* addresses[next - 1] is dialled */
    br_watch watch;     /* of the socket, which is ours as long as it runs */
    br_timer timer;     /* of the address that is dialled */
    br_dialled failure; /* of the first address that failed */
    bool begun, over;
} racer;

struct br_dial {
    br_dial_config config;
    br_ns deadline;
    racer racers[2]; /* the first address's family; the other one */
    br_timer fallback;
    br_task told;
    br_address addresses[];
};

static void racer_go_on(racer *r);

/* Sockets ---------------------------------------------------------------------------------------- */

static br_code code_of(int sys_errno, const char *call)
{
    switch (sys_errno) {
        case ECONNREFUSED: return BR_EREFUSED;
        case ETIMEDOUT: return BR_EDIALTIMEOUT;
        case ECONNRESET: return BR_ERESET;
        case EMFILE:
        case ENFILE: return BR_ENOFDS;
        /* From bind() it means that the source address is not of this machine. */
        case EADDRNOTAVAIL: return strcmp(call, "connect") == 0 ? BR_ENOPORTS : BR_EDIAL;
        default: return BR_EDIAL;
    }
}

static socklen_t size_of(const br_address *a)
{
    return a->any.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

static int open_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    static const int on = 1, seconds = KEEPALIVE_S;
    /* None of these may fail on a fresh socket, and none matters enough to give up for. */
    (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
    return fd;
}

static bool bind_local(int fd, const br_address *local)
{
    static const int on = 1;
    if (local->any.sa_family == 0) {
        return true;
    }
    /* The port is chosen at connect(), when the whole pair of addresses is known: ports are then not wasted.
     */
    (void) setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    return bind(fd, &local->any, size_of(local)) == 0;
}

static void racer_drop(racer *r)
{
    br_loop *loop = r->dial->config.loop;
    int fd = r->watch._fd;
    br_timer_stop(loop, &r->timer);
    br_watch_stop(loop, &r->watch);
    if (fd >= 0) {
        (void) close(fd); /* nothing to do about a failure here */
    }
}

/* The end ---------------------------------------------------------------------------------------- */

static void tell_failure(void *ctx)
{
    br_dial *d = ctx;
    d->config.fn(d->config.ctx, &d->racers[0].failure);
}

/* Perhaps inside br_dial_start(): a callback may not run there. */
static void racer_over(racer *r)
{
    br_dial *d = r->dial;
    r->over = true;
    if (!d->racers[1].begun) {
        br_timer_stop(d->config.loop, &d->fallback);
        racer_go_on(&d->racers[1]);
    } else if (d->racers[0].over && d->racers[1].over) {
        br_loop_defer(d->config.loop, &d->told, tell_failure, d);
    }
}

/* This address did not work: remembers why, if it was the first. */
static void note_failure(racer *r, br_code code, const char *call, int sys_errno)
{
    if (r->failure.code == BR_OK) {
        r->failure = (br_dialled){
            .code = code, .sys_errno = sys_errno, .call = call, .address = r->addresses[r->next - 1]};
    }
    racer_drop(r);
}

static void won(racer *r)
{
    br_dial *d = r->dial;
    br_timer_stop(d->config.loop, &r->timer);
    br_timer_stop(d->config.loop, &d->fallback);
    racer_drop(r == &d->racers[0] ? &d->racers[1] : &d->racers[0]);
    br_dialled result = {.watch = &r->watch, .call = "", .address = r->addresses[r->next - 1]};
    d->config.fn(d->config.ctx, &result);
}

/* Dialling --------------------------------------------------------------------------------------- */

/* The socket is connected, or has failed. */
static void on_event(br_watch *watch, unsigned events, void *ctx)
{
    (void) events;
    racer *r = ctx;
    int problem = 0;
    socklen_t size = sizeof(problem);
    if (getsockopt(watch->_fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0) {
        problem = errno;
    }
    if (problem == 0) {
        won(r);
    } else {
        note_failure(r, code_of(problem, "connect"), "connect", problem);
        racer_go_on(r);
    }
}

static void on_timeout(br_timer *timer, void *ctx)
{
    (void) timer;
    racer *r = ctx;
    note_failure(r, BR_EDIALTIMEOUT, "", ETIMEDOUT);
    racer_go_on(r);
}

static br_ns share_of(const racer *r)
{
    const br_dial *d = r->dial;
    br_ns left = d->deadline - br_loop_now(d->config.loop);
    br_ns share = left / (br_ns) (r->count - r->next + 1);
    br_ns least = left < SHARE_MIN_NS ? left : SHARE_MIN_NS;
    return share < least ? least : share;
}

/* A socket on its way to the address; -1 with errno and the call that failed. */
static int begin(const br_address *to, const br_address *local, const char **ret_call)
{
    *ret_call = "socket";
    int fd = open_socket(to->any.sa_family);
    if (fd < 0) {
        return -1;
    }
    *ret_call = "bind";
    if (bind_local(fd, local)) {
        *ret_call = "connect";
        if (connect(fd, &to->any, size_of(to)) == 0 || errno == EINPROGRESS) {
            return fd;
        }
    }
    int saved = errno;
    (void) close(fd);
    errno = saved;
    return -1;
}

/* Begins to connect to the next address; false: it failed at once. */
static bool racer_dial(racer *r)
{
    br_dial *d = r->dial;
    br_loop *loop = d->config.loop;
    const char *call;
    int fd = begin(&r->addresses[r->next++], &d->config.local, &call);
    if (fd < 0) {
        note_failure(r, code_of(errno, call), call, errno);
        return false;
    }
    br_code code = br_watch_start(loop, &r->watch, fd, BR_WRITABLE, on_event, r);
    if (code != BR_OK) {
        note_failure(r, code, "epoll_ctl", errno);
        (void) close(fd);
        return false;
    }
    br_timer_start(loop, &r->timer, br_loop_now(loop) + share_of(r), on_timeout, r);
    return true;
}

static void racer_go_on(racer *r)
{
    br_dial *d = r->dial;
    bool very_first = r == &d->racers[0] && r->next == 0; /* is tried whatever the time says */
    r->begun = true;
    while (r->next < r->count && (very_first || br_loop_now(d->config.loop) < d->deadline)) {
        very_first = false;
        if (racer_dial(r)) {
            return;
        }
    }
    racer_over(r);
}

static void on_fallback(br_timer *timer, void *ctx)
{
    (void) timer;
    racer_go_on(ctx);
}

/* Life cycle ------------------------------------------------------------------------------------- */

static size_t take_family(br_dial *d, size_t at, int family)
{
    size_t n = 0;
    for (size_t i = 0; i < d->config.count; i++) {
        if (d->config.addresses[i].any.sa_family == family) {
            d->addresses[at + n++] = d->config.addresses[i];
        }
    }
    return n;
}

/* The family of the first address, or of the source address, which leaves no choice; then the other one. */
static void share_out(br_dial *d)
{
    const br_dial_config *c = &d->config;
    bool bound = c->local.any.sa_family != 0;
    int family = bound ? c->local.any.sa_family : c->addresses[0].any.sa_family;
    size_t first = take_family(d, 0, family);
    size_t second = bound ? 0 : take_family(d, first, family == AF_INET6 ? AF_INET : AF_INET6);
    d->racers[0] = (racer){
        .dial = d, .addresses = d->addresses, .count = first, .watch = BR_WATCH_INIT, .begun = true};
    d->racers[1] = (racer){.dial = d,
        .addresses = d->addresses + first,
        .count = second,
        .watch = BR_WATCH_INIT,
        .begun = second == 0,
        .over = second == 0};
}

br_dial *br_dial_start(const br_dial_config *config)
{
    BR_ASSERT(config->count >= 1 && config->count <= BR_DNS_ADDRESSES_MAX);
    br_dial *d = br_calloc(1, sizeof(*d) + config->count * sizeof(*d->addresses));
    br_loop *loop = config->loop;
    d->config = *config;
    d->deadline = br_loop_now(loop) + config->timeout_ns;
    share_out(d);
    if (d->racers[0].count == 0) { /* no address has the family of the source address */
        d->racers[0].failure = (br_dialled){.code = BR_EDIAL, .call = "", .address = config->addresses[0]};
        br_loop_defer(loop, &d->told, tell_failure, d);
        return d;
    }
    if (d->racers[1].count > 0) {
        br_timer_start(loop, &d->fallback, br_loop_now(loop) + FALLBACK_WAIT_NS, on_fallback, &d->racers[1]);
    }
    racer_go_on(&d->racers[0]);
    return d;
}

void br_dial_free(br_dial *d)
{
    if (d == NULL) {
        return;
    }
    racer_drop(&d->racers[0]);
    racer_drop(&d->racers[1]);
    br_timer_stop(d->config.loop, &d->fallback);
    br_loop_undefer(d->config.loop, &d->told);
    br_free(d);
}
