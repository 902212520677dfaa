/*
 * base/random.h - random numbers: xoshiro256** for speed, the kernel for seeds.
 * Threads: one br_random, one thread.
 */
#pragma once
#include <stdint.h>

typedef struct br_random {
    uint64_t s[4];
} br_random;

void br_random_seed(br_random *r, uint64_t seed); /* the same seed gives the same sequence */
void br_random_seed_os(br_random *r);
uint64_t br_random_u64(br_random *r);
double br_random_f64(br_random *r);                 /* [0, 1) with 53 bits */
uint64_t br_random_below(br_random *r, uint64_t n); /* [0, n), n > 0, without bias */
