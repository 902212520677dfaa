#include "empire/api/rate_limit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "base/mem.h"

#define WINDOW      (60 * BR_SEC)
#define SHARDS      64
#define SETS        128 /* of a shard */
#define WAYS        8   /* clients of a set */
#define ADDRESS_MAX 64

/* `due`: the instant at which all that was taken is there again; 0: the place is free. */
typedef struct place {
    emp_client client;
    br_ns due;
} place;

typedef struct shard {
    pthread_mutex_t mutex;
    place places[SETS][WAYS]; /* under the mutex */
} shard;

struct emp_rate_limit {
    _Atomic int64_t limit; /* one request comes back in WINDOW / limit */
    shard shards[SHARDS];
};

emp_rate_limit *emp_rate_limit_new(int64_t per_minute)
{
    BR_ASSERT(per_minute > 0);
    emp_rate_limit *l = BR_NEW(emp_rate_limit);
    atomic_init(&l->limit, per_minute);
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&l->shards[i].mutex, NULL);
    return l;
}

void emp_rate_limit_set(emp_rate_limit *l, int64_t per_minute)
{
    BR_ASSERT(per_minute > 0);
    atomic_store_explicit(&l->limit, per_minute, memory_order_relaxed);
}

void emp_rate_limit_free(emp_rate_limit *l)
{
    if (!l) return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&l->shards[i].mutex);
    br_free(l);
}

/* Clients ---------------------------------------------------------------------------------------- */

/* splitmix64's finaliser: spreads neighbouring addresses over the table. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

emp_client emp_client_of_name(br_str name)
{
    emp_client c = {br_str_hash(name), name.n};
    c.low = mix(c.high ^ c.low) | 1; /* no address has this form by chance */
    return c;
}

emp_client emp_client_of_address(const struct sockaddr *address)
{
    emp_client c = {0, 0};
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *) (const void *) address;
        c = (emp_client){4, v4->sin_addr.s_addr};
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) (const void *) address;
        const uint8_t *b = v6->sin6_addr.s6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            uint32_t v4;
            memcpy(&v4, b + 12, sizeof(v4));
            return (emp_client){4, v4};
        }
        c.high = 6;
        memcpy(&c.low, b, sizeof(c.low));
    }
    return c;
}

emp_client emp_client_of_text(br_str address)
{
    char text[ADDRESS_MAX];
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (address.n < sizeof(text)) {
        memcpy(text, address.p, address.n);
        text[address.n] = '\0';
        if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
            return emp_client_of_address((const struct sockaddr *) &v4);
        if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
            return emp_client_of_address((const struct sockaddr *) &v6);
    }
    return emp_client_of_name(address);
}

/* Taking ----------------------------------------------------------------------------------------- */

/* The client's place, else the one in its set that has used least. */
static place *find_place(place set[WAYS], emp_client client)
{
    place *least = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].due && set[i].client.high == client.high && set[i].client.low == client.low)
            return &set[i];
        if (set[i].due < least->due) least = &set[i];
    }
    *least = (place){.client = client};
    return least;
}

static int whole_seconds(br_ns time)
{
    return (int) ((time + BR_SEC - 1) / BR_SEC);
}

emp_allowance emp_rate_limit_take(emp_rate_limit *l, emp_client client, br_ns now)
{
    uint64_t hash = mix(client.high * 31 + client.low);
    shard *s = &l->shards[hash % SHARDS];
    int64_t limit = atomic_load_explicit(&l->limit, memory_order_relaxed);
    br_ns interval = WINDOW / limit;
    emp_allowance a = {.limit = limit};
    pthread_mutex_lock(&s->mutex);
    place *p = find_place(s->places[(hash / SHARDS) % SETS], client);
    br_ns due = (p->due > now ? p->due : now) + interval;
    br_ns over = due - now - limit * interval;
    a.allowed = over <= 0;
    if (a.allowed) p->due = due;
    br_ns owed = p->due > now ? p->due - now : 0;
    pthread_mutex_unlock(&s->mutex);
    a.remaining = owed > limit * interval ? 0 : (limit * interval - owed) / interval;
    a.reset_s = whole_seconds(owed);
    if (!a.allowed) a.retry_after_s = whole_seconds(over);
    return a;
}
