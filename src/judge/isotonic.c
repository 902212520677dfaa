#include "judge/isotonic.h"
#include "base/mem.h"

/* Neighbours that were pooled, as one. */
typedef struct pool {
    double mean, weight;
    size_t count;
} pool;

void br_isotonic(const double *y, const double *weights, size_t n, double *ret)
{
    pool *pools = BR_NEW_ARRAY(pool, n + 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        pool p = {y[i], weights ? weights[i] : 1, 1};
        while (len > 0 && pools[len - 1].mean > p.mean) {
            const pool *q = &pools[--len];
            double weight = p.weight + q->weight;
            p = (pool){(p.mean * p.weight + q->mean * q->weight) / weight, weight, p.count + q->count};
        }
        pools[len++] = p;
    }
    for (size_t i = 0, at = 0; i < len; i++) {
        for (size_t k = 0; k < pools[i].count; k++)
            ret[at++] = pools[i].mean;
    }
    br_free(pools);
}
