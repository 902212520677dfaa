#include "base/go_random.h"

#include <pthread.h>
#include <string.h>

#define LENGTH       BR_GO_RANDOM_LENGTH
#define TAP          273
#define COOKED_STEPS UINT64_C(7800000000000)
#define LCG_MODULUS  INT64_C(2147483647)
#define LCG_FACTOR   48271
#define LCG_ZERO     89482311 /* what stands for the seed 0, which the generator cannot leave */
#define LCG_SKIPPED  20       /* its first numbers are not used */

static uint64_t cooked[LENGTH];
static pthread_once_t cooked_once = PTHREAD_ONCE_INIT;
/* For cook() only: too large for the stack of a fiber. */
static uint64_t series[2 * LENGTH], wide[2 * LENGTH - 1], jump[LENGTH];

static int64_t lcg(int64_t x)
{
    return LCG_FACTOR * x % LCG_MODULUS;
}

/* The state that the linear congruential generator gives for x; each word is made of three of its numbers. */
static void fill(uint64_t *state, int64_t x, int high_shift, int middle_shift)
{
    for (int i = 0; i < LCG_SKIPPED; i++)
        x = lcg(x);
    for (int i = 0; i < LENGTH; i++) {
        int64_t high = lcg(x), middle = lcg(high);
        x = lcg(middle);
        state[i] = (uint64_t) high << high_shift ^ (uint64_t) middle << middle_shift ^ (uint64_t) x;
    }
}

/* p = p * p in the ring of polynomials over Z/2^64 in which x^607 = x^334 + 1. */
static void square(uint64_t *p)
{
    memset(wide, 0, sizeof(wide));
    for (int i = 0; i < LENGTH; i++) {
        for (int k = 0; k < LENGTH; k++)
            wide[i + k] += p[i] * p[k];
    }
    for (int i = 2 * LENGTH - 2; i >= LENGTH; i--) {
        wide[i - LENGTH] += wide[i];
        wide[i - TAP] += wide[i];
    }
    memcpy(p, wide, LENGTH * sizeof(*p));
}

static void times_x(uint64_t *p)
{
    uint64_t top = p[LENGTH - 1];
    memmove(p + 1, p, (LENGTH - 1) * sizeof(*p));
    p[0] = top;
    p[LENGTH - TAP] += top;
}

/* x^steps: its coefficients say how x[steps + j] is made of x[j] to x[j + 606]. */
static void power(uint64_t *p, uint64_t steps)
{
    memset(p, 0, LENGTH * sizeof(*p));
    p[0] = 1;
    for (int bit = 63; bit >= 0; bit--) {
        square(p);
        if (steps >> bit & 1) times_x(p);
    }
}

/* Place in the state of the number of step n: both indexes of the generator go down. */
static int place(uint64_t n)
{
    return (int) ((LENGTH - TAP - 1 + LENGTH - n % LENGTH) % LENGTH);
}

static void cook(void)
{
    fill(jump, 1, 20, 10);
    for (int n = 0; n < LENGTH; n++)
        series[n] = jump[place((uint64_t) n)];
    for (int n = LENGTH; n < 2 * LENGTH; n++)
        series[n] = series[n - LENGTH] + series[n - TAP];
    power(jump, COOKED_STEPS);
    for (int j = 0; j < LENGTH; j++) {
        uint64_t sum = 0;
        for (int k = 0; k < LENGTH; k++)
            sum += jump[k] * series[j + k];
        cooked[place(COOKED_STEPS + (uint64_t) j)] = sum;
    }
}

void br_go_random_seed(br_go_random *r, int64_t seed)
{
    (void) pthread_once(&cooked_once, cook);
    int64_t x = seed % LCG_MODULUS;
    if (x < 0) x += LCG_MODULUS;
    if (x == 0) x = LCG_ZERO;
    fill(r->state, x, 40, 20);
    for (int i = 0; i < LENGTH; i++)
        r->state[i] ^= cooked[i];
    r->tap = 0;
    r->feed = LENGTH - TAP;
}

static uint64_t next(br_go_random *r)
{
    r->tap = r->tap ? r->tap - 1 : LENGTH - 1;
    r->feed = r->feed ? r->feed - 1 : LENGTH - 1;
    return r->state[r->feed] += r->state[r->tap];
}

double br_go_random_f64(br_go_random *r)
{
    double v;
    do {
        v = (double) (next(r) & INT64_MAX) / 0x1p63;
    } while (v == 1); /* rounded up */
    return v;
}
