#include "net/dns.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <ares.h>
#include "base/assert.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/host_rules.h"

#define TRY_TIMEOUT_MS 3000
#define TRIES          3

/*
 * A name. In the map while it is looked up (further queries join) and while its answer is fresh; afterwards
 * it lives until the last query that it owes an answer has had it.
 *
 *     RESOLVING --answer--> READY --ttl over, evicted--> out of the map
 *         |  failure: out of the map at once, so that the next query asks again
 *         +--------> FAILED
 */
typedef enum entry_state { RESOLVING, READY, FAILED } entry_state;

typedef struct br_dns_entry {
    br_dns *dns;
    entry_state state;
    bool in_map;
    uint32_t users;        /* queries that have not been answered */
    br_dns_query *waiting; /* of them, those waiting for the lookup */
    br_ns expires;
    br_code code;
    char *name;
    const char *detail; /* static text of c-ares */
    size_t count;
    br_address addresses[BR_DNS_ADDRESSES_MAX];
} br_dns_entry;

/* A socket of c-ares. Kept for reuse: c-ares may drop one inside that one's own event. */
typedef struct dns_socket {
    struct dns_socket *next;
    br_dns *dns;
    br_watch watch;
    bool used;
} dns_socket;

struct br_dns {
    br_loop *loop;
    br_ns ttl_ns;
    ares_channel channel;
    br_map names;
    dns_socket *sockets;
    br_timer timer;
    bool closing;
    const struct br_host_rules *rules;
    uint64_t turn;    /* choices made by them */
    char detail[400]; /* why a rule refused, for the callback that runs */
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_status;

static void init_library(void)
{
    library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

/* Sockets and timers of c-ares ------------------------------------------------------------------ */

static void arm_timer(br_dns *dns);

static void on_socket(br_watch *watch, unsigned events, void *ctx)
{
    br_dns *dns = ((dns_socket *) ctx)->dns;
    int fd = watch->_fd;
    bool readable = (events & (BR_READABLE | BR_HANGUP)) != 0;
    ares_process_fd(
        dns->channel, readable ? fd : ARES_SOCKET_BAD, (events & BR_WRITABLE) ? fd : ARES_SOCKET_BAD);
    arm_timer(dns);
}

static void on_timer(br_timer *timer, void *ctx)
{
    (void) timer;
    br_dns *dns = ctx;
    ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_timer(dns);
}

static void arm_timer(br_dns *dns)
{
    struct timeval tv;
    if (ares_timeout(dns->channel, NULL, &tv) == NULL) {
        br_timer_stop(dns->loop, &dns->timer);
        return;
    }
    br_ns wait = (br_ns) tv.tv_sec * BR_SEC + (br_ns) tv.tv_usec * BR_US;
    br_timer_start(dns->loop, &dns->timer, br_loop_now(dns->loop) + wait + BR_MS, on_timer, dns);
}

static dns_socket *socket_of(br_dns *dns, int fd)
{
    dns_socket *unused = NULL;
    for (dns_socket *s = dns->sockets; s != NULL; s = s->next) {
        if (s->used && s->watch._fd == fd) {
            return s;
        }
        unused = s->used ? unused : s;
    }
    if (unused == NULL) {
        unused = BR_NEW(dns_socket);
        unused->dns = dns;
        unused->next = dns->sockets;
        dns->sockets = unused;
    }
    unused->watch = BR_WATCH_INIT;
    return unused;
}

/* c-ares says what it waits for; neither: it is about to close the socket. */
static void on_socket_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
    br_dns *dns = ctx;
    dns_socket *s = socket_of(dns, fd);
    unsigned events = (readable ? BR_READABLE : 0u) | (writable ? BR_WRITABLE : 0u);
    if (events == 0) {
        br_watch_stop(dns->loop, &s->watch);
        s->used = false;
    } else if (s->used) {
        (void) br_watch_change(dns->loop, &s->watch, events); /* if it fails the lookup times out */
    } else {
        s->used = br_watch_start(dns->loop, &s->watch, fd, events, on_socket, s) == BR_OK;
    }
}

/* Names ----------------------------------------------------------------------------------------- */

static void entry_free(br_dns_entry *e)
{
    br_free(e->name);
    br_free(e);
}

/* Takes the entry out of the map; frees it unless somebody still waits. */
static void entry_forget(br_dns_entry *e)
{
    if (e->in_map) {
        (void) br_map_remove(&e->dns->names, br_str_of(e->name)); /* it is `e` */
        e->in_map = false;
    }
    if (e->users == 0 && e->state != RESOLVING) {
        entry_free(e);
    }
}

/* Room for one more name: drops the oldest that nobody waits for. False: all are being looked up. */
static bool make_room(br_dns *dns)
{
    if (dns->names.len < BR_DNS_CACHE_MAX) {
        return true;
    }
    for (size_t i = 0; i < dns->names.len; i++) {
        br_dns_entry *e = dns->names.entries[i].value;
        if (e->users == 0 && e->state != RESOLVING) {
            entry_forget(e);
            return true;
        }
    }
    return false;
}

static void set_port(br_address *a, uint16_t port)
{
    if (a->any.sa_family == AF_INET6) {
        a->v6.sin6_port = htons(port);
    } else {
        a->v4.sin_port = htons(port);
    }
}

/* Gives the answer, as far as the rules let it pass; the last thing of a query. */
static void answer(br_dns_query *q, br_code code, br_address *addresses, size_t count, const char *detail)
{
    br_dns *dns = q->_dns;
    const struct br_host_rules *rules = dns->rules;
    if (code == BR_OK && rules != NULL) {
        count = br_host_rules_choose(rules, addresses, count, dns->turn++);
        code = count > 0 ? BR_OK : BR_ENOHOST;
    }
    const br_ip_range *range = code == BR_OK && rules != NULL ? br_host_rules_forbid(rules, addresses) : NULL;
    if (range != NULL) {
        char ip[INET6_ADDRSTRLEN];
        (void) br_address_text(addresses, ip);
        snprintf(dns->detail, sizeof(dns->detail), "IP (%s) is in a blacklisted range (" BR_FMT ")", ip,
            BR_ARG(range->text));
        code = BR_EFORBIDDEN;
        detail = dns->detail;
    }
    q->fn(q, code, addresses, count, detail);
}

/* Runs as the query's own task: the answer, by value, since the callback may do anything. */
static void deliver(void *ctx)
{
    br_dns_query *q = ctx;
    br_dns_entry *e = q->_entry;
    br_address addresses[BR_DNS_ADDRESSES_MAX];
    size_t count = e->count;
    br_code code = e->code;
    const char *detail = e->detail;
    memcpy(addresses, e->addresses, count * sizeof(*addresses));
    for (size_t i = 0; i < count; i++) {
        set_port(&addresses[i], q->port);
    }
    q->_running = false;
    q->_entry = NULL;
    if (--e->users == 0 && !e->in_map) {
        entry_free(e);
    }
    answer(q, code, addresses, count, detail);
}

static void entry_settled(br_dns_entry *e)
{
    br_dns_query *q = e->waiting;
    e->waiting = NULL;
    BR_ASSERT(q == NULL || !e->dns->closing); /* queries end before their resolver */
    while (q != NULL) {
        br_dns_query *next = q->_next;
        q->_next = NULL;
        br_loop_defer(e->dns->loop, &q->_task, deliver, q);
        q = next;
    }
    bool keep = e->state == READY && e->dns->ttl_ns > 0 && !e->dns->closing;
    if (!keep) {
        entry_forget(e);
    }
}

static void copy_addresses(br_dns_entry *e, const struct ares_addrinfo *info, int family)
{
    for (const struct ares_addrinfo_node *n = info->nodes; n != NULL; n = n->ai_next) {
        size_t size = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
        if (n->ai_family == family && (size_t) n->ai_addrlen >= size && e->count < BR_DNS_ADDRESSES_MAX) {
            memcpy(&e->addresses[e->count++], n->ai_addr, size);
        }
    }
}

static br_code code_of_ares(int status)
{
    switch (status) {
        case ARES_SUCCESS: return BR_OK;
        case ARES_ENOTFOUND:
        case ARES_ENODATA:
        case ARES_ENONAME:
        case ARES_EBADNAME:
        case ARES_EBADSTR: return BR_ENOHOST;
        case ARES_ETIMEOUT: return BR_ETIMEOUT;
        case ARES_ECANCELLED:
        case ARES_EDESTRUCTION: return BR_ECANCEL;
        default: return BR_EDNS;
    }
}

static void on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *info)
{
    (void) timeouts;
    br_dns_entry *e = ctx;
    e->code = code_of_ares(status);
    if (e->code == BR_OK) {
        copy_addresses(e, info, AF_INET);
        copy_addresses(e, info, AF_INET6);
        e->code = e->count > 0 ? BR_OK : BR_ENOHOST;
    }
    ares_freeaddrinfo(info);
    e->detail = e->code == BR_OK ? NULL : ares_strerror(status == ARES_SUCCESS ? ARES_ENODATA : status);
    e->state = e->code == BR_OK ? READY : FAILED;
    br_ns now = br_loop_now(e->dns->loop);
    e->expires = e->dns->ttl_ns > BR_NS_MAX - now ? BR_NS_MAX : now + e->dns->ttl_ns;
    entry_settled(e);
}

/* Queries --------------------------------------------------------------------------------------- */

static br_dns_entry *entry_new(br_dns *dns, br_str name)
{
    br_dns_entry *e = BR_NEW(br_dns_entry);
    e->dns = dns;
    e->name = br_strndup(name.p, name.n);
    return e;
}

static void add_v4(br_dns_entry *e, struct in_addr address)
{
    e->addresses[e->count++].v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = address};
}

static void add_v6(br_dns_entry *e, struct in6_addr address)
{
    e->addresses[e->count++].v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = address};
}

/* Names that no server is asked about: localhost, and .invalid (RFC 6761 section 6.4: never exists). */
static bool known_name(br_dns_entry *e)
{
    br_str name = br_str_of(e->name);
    e->code = BR_OK;
    if (br_str_eq_nocase(name, BR_STR("localhost"))) {
        add_v4(e, (struct in_addr){htonl(INADDR_LOOPBACK)});
        add_v6(e, in6addr_loopback);
    } else if (name.n >= 8 && br_str_eq_nocase(br_str_sub(name, name.n - 8, name.n), BR_STR(".invalid"))) {
        e->code = BR_ENOHOST;
    } else {
        return false;
    }
    e->state = e->code == BR_OK ? READY : FAILED;
    return true;
}

/* An answer for this query alone, without the map. */
static void answer_alone(br_dns_query *q, br_dns_entry *e)
{
    e->users = 1;
    q->_entry = e;
    br_loop_defer(e->dns->loop, &q->_task, deliver, q);
}

static void look_up(br_dns *dns, br_dns_query *q, br_dns_entry *e)
{
    static const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    br_map_set(&dns->names, br_str_of(e->name), e);
    e->in_map = true;
    e->state = RESOLVING;
    e->users = 1;
    e->waiting = q;
    q->_entry = e;
    ares_getaddrinfo(dns->channel, e->name, NULL, &hints, on_answer, e); /* may answer at once (hosts file) */
    arm_timer(dns);
}

static br_dns_entry *fresh_entry(br_dns *dns, br_str host)
{
    br_dns_entry *e = br_map_get(&dns->names, host);
    if (e == NULL || e->state == RESOLVING || br_loop_now(dns->loop) < e->expires) {
        return e;
    }
    entry_forget(e);
    return NULL;
}

static void start_new(br_dns *dns, br_dns_query *q, br_str host)
{
    br_dns_entry *e = entry_new(dns, host);
    bool wrong = host.n == 0 || host.n > 253 || memchr(host.p, 0, host.n) != NULL;
    if (wrong || !(known_name(e) || make_room(dns))) {
        e->state = FAILED;
        e->code = wrong ? BR_ENOHOST : BR_EDNS;
        e->detail = wrong ? NULL : "too many lookups at once";
    } else if (e->state == RESOLVING) {
        look_up(dns, q, e);
        return;
    }
    answer_alone(q, e);
}

static void deliver_literal(void *ctx)
{
    br_dns_query *q = ctx;
    br_address address = q->_literal;
    q->_running = false;
    answer(q, BR_OK, &address, 1, NULL);
}

static void deliver_blocked(void *ctx)
{
    br_dns_query *q = ctx;
    q->_running = false;
    q->fn(q, BR_EBLOCKED, NULL, 0, q->_pattern);
}

/* A rule decides before anybody is asked: the name is blocked, or stands for an address. */
static bool ruled(br_dns *dns, br_dns_query *q, br_str host, uint16_t port)
{
    br_str pattern = br_host_rules_block(dns->rules, host);
    if (pattern.p != NULL) {
        q->_pattern = pattern.p;
        br_loop_defer(dns->loop, &q->_task, deliver_blocked, q);
        return true;
    }
    if (br_host_rules_map(dns->rules, host, port, &q->_literal)) {
        br_loop_defer(dns->loop, &q->_task, deliver_literal, q);
        return true;
    }
    return false;
}

void br_dns_set_rules(br_dns *dns, const struct br_host_rules *rules)
{
    dns->rules = rules;
}

void br_dns_start(br_dns *dns, br_dns_query *q, br_str host, uint16_t port, br_dns_fn *fn, void *ctx)
{
    BR_ASSERT(!q->_running);
    *q = (br_dns_query){.fn = fn, .ctx = ctx, ._dns = dns, .port = port, ._running = true};
    if (dns->rules != NULL && ruled(dns, q, host, port)) {
        return;
    }
    if (br_address_literal(host, &q->_literal)) { /* needs no entry */
        set_port(&q->_literal, port);
        br_loop_defer(dns->loop, &q->_task, deliver_literal, q);
        return;
    }
    br_dns_entry *e = fresh_entry(dns, host);
    if (e == NULL) {
        start_new(dns, q, host);
        return;
    }
    q->_entry = e;
    e->users++;
    if (e->state == RESOLVING) {
        q->_next = e->waiting;
        e->waiting = q;
    } else {
        br_loop_defer(dns->loop, &q->_task, deliver, q);
    }
}

void br_dns_cancel(br_dns *dns, br_dns_query *q)
{
    if (!q->_running) {
        return;
    }
    br_dns_entry *e = q->_entry;
    br_loop_undefer(dns->loop, &q->_task);
    q->_running = false;
    q->_entry = NULL;
    if (e == NULL) { /* a literal */
        return;
    }
    for (br_dns_query **at = &e->waiting; *at != NULL; at = &(*at)->_next) {
        if (*at == q) {
            *at = q->_next;
            break;
        }
    }
    if (--e->users == 0 && !e->in_map && e->state != RESOLVING) {
        entry_free(e);
    }
}

/* Life cycle ------------------------------------------------------------------------------------ */

br_code br_dns_new(br_loop *loop, br_ns ttl_ns, br_dns **ret_dns, br_err *err)
{
    (void) pthread_once(&library_once, init_library);
    br_dns *dns = BR_NEW(br_dns);
    dns->loop = loop;
    dns->ttl_ns = ttl_ns;
    struct ares_options options = {.timeout = TRY_TIMEOUT_MS,
        .tries = TRIES,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = dns};
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    int status = library_status;
    if (status == ARES_SUCCESS) {
        status = ares_init_options(&dns->channel, &options, mask);
    }
    if (status != ARES_SUCCESS) {
        br_free(dns);
        return br_fail(err, BR_EDNS, "cannot set up name resolution: %s", ares_strerror(status));
    }
    br_map_init(&dns->names);
    *ret_dns = dns;
    return BR_OK;
}

br_code br_dns_set_servers(br_dns *dns, const char *servers, br_err *err)
{
    int status = ares_set_servers_ports_csv(dns->channel, servers);
    return status == ARES_SUCCESS
               ? BR_OK
               : br_fail(err, BR_EINVAL, "DNS servers \"%s\": %s", servers, ares_strerror(status));
}

void br_dns_free(br_dns *dns)
{
    if (dns == NULL) {
        return;
    }
    dns->closing = true;
    ares_destroy(dns->channel); /* answers what is being looked up, which frees it */
    br_timer_stop(dns->loop, &dns->timer);
    while (dns->names.len > 0) {
        br_dns_entry *e = dns->names.entries[dns->names.len - 1].value;
        BR_ASSERT(e->users == 0);
        entry_forget(e);
    }
    br_map_deinit(&dns->names);
    for (dns_socket *s = dns->sockets, *next; s != NULL; s = next) {
        next = s->next;
        br_free(s);
    }
    br_free(dns);
}
