#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/assert.h"

/* splitmix64 (Steele, Lea, Flood 2014): spreads one seed over the state, which must not be all 0. */
static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void br_random_seed(br_random *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        r->s[i] = splitmix(&seed);
    }
}

void br_random_seed_os(br_random *r)
{
    uint64_t seed;
    ssize_t n;
    do {
        n = getrandom(&seed, sizeof(seed), 0);
    } while (n < 0 && errno == EINTR);
    BR_ASSERT(n == (ssize_t) sizeof(seed));
    br_random_seed(r, seed);
}

static uint64_t rotate_left(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

/* xoshiro256** 1.0 (Blackman, Vigna 2018). */
uint64_t br_random_u64(br_random *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double br_random_f64(br_random *r)
{
    return (double) (br_random_u64(r) >> 11) * 0x1p-53;
}

/* Lemire 2019: multiply and shift; the low half tells the few values that would be biased. */
uint64_t br_random_below(br_random *r, uint64_t n)
{
    BR_ASSERT(n > 0);
    unsigned __int128 product = (unsigned __int128) br_random_u64(r) * n;
    if ((uint64_t) product < n) {
        uint64_t threshold = (0 - n) % n;
        while ((uint64_t) product < threshold) {
            product = (unsigned __int128) br_random_u64(r) * n;
        }
    }
    return (uint64_t) (product >> 64);
}
