#include "codec/md4.h"

#define BLOCK 64

static uint32_t load(const uint8_t *p)
{
    return (uint32_t) p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}

static void store(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t) (v >> (8 * i));
    }
}

static uint32_t rotate(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

/* The functions F, G and H of the three rounds. */
static uint32_t mix(int round, uint32_t x, uint32_t y, uint32_t z)
{
    return round == 0 ? (x & y) | (~x & z) : round == 1 ? (x & y) | (x & z) | (y & z) : x ^ y ^ z;
}

static void add_block(uint32_t state[4], const uint8_t *block)
{
    static const uint32_t constants[3] = {0, 0x5a827999, 0x6ed9eba1};
    static const uint8_t shifts[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
    static const uint8_t order[3][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
        {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
        {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}};
    uint32_t v[4] = {state[0], state[1], state[2], state[3]};
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 16; i++) { /* the four words take turns: a, d, c, b */
            uint32_t *a = &v[(16 - i) & 3];
            uint32_t b = v[(17 - i) & 3], c = v[(18 - i) & 3], d = v[(19 - i) & 3];
            uint32_t x = load(block + 4 * order[round][i]);
            *a = rotate(*a + mix(round, b, c, d) + x + constants[round], shifts[round][i & 3]);
        }
    }
    for (int i = 0; i < 4; i++) {
        state[i] += v[i];
    }
}

void br_md4(br_str text, uint8_t ret[BR_MD4_BYTES])
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    uint8_t last[2 * BLOCK] = {0};
    size_t whole = text.n / BLOCK * BLOCK, rest = text.n - whole;
    for (size_t at = 0; at < whole; at += BLOCK) {
        add_block(state, (const uint8_t *) text.p + at);
    }
    if (rest > 0) {
        memcpy(last, text.p + whole, rest);
    }
    last[rest] = 0x80;
    size_t end = rest + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
    store(last + end - 8, (uint32_t) (text.n << 3));
    store(last + end - 4, (uint32_t) ((uint64_t) text.n >> 29));
    for (size_t at = 0; at < end; at += BLOCK) {
        add_block(state, last + at);
    }
    for (int i = 0; i < 4; i++) {
        store(ret + 4 * i, state[i]);
    }
}
