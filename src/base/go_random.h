/*
 * base/go_random.h - the random numbers that Go's math/rand gives for a seed.
 *
 * What: rand.New(rand.NewSource(seed)).Float64(), bit for bit.
 * Why here: scripts that call k6's randomSeed() expect its numbers.
 * Threads: one br_go_random, one thread; the constants are made once per process, on first use.
 * Source: an additive lagged Fibonacci generator, x[n] = x[n-607] + x[n-273] mod 2^64 (Knuth, TAOCP 2, 3.2.2;
 *     D. P. Mitchell and J. A. Reeds), which Go starts from a state that it has run 7.8e12 steps from seed 1,
 *     mixed with x[n+1] = 48271 x[n] mod (2^31 - 1). We jump those steps by algebra instead of storing the
 * state.
 */
#pragma once
#include <stdint.h>

#define BR_GO_RANDOM_LENGTH 607

typedef struct br_go_random {
    uint64_t state[BR_GO_RANDOM_LENGTH];
    int tap, feed;
} br_go_random;

void br_go_random_seed(br_go_random *r, int64_t seed);
double br_go_random_f64(br_go_random *r); /* [0, 1) */
