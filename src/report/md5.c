#include "report/md5_int.h"

typedef struct md5 {
    uint32_t a, b, c, d;
} md5;

/* floor(2^32 * |sin(i + 1)|), RFC 1321 section 3.4. */
static const uint32_t sines[64] = {
    0xd76aa478,
    0xe8c7b756,
    0x242070db,
    0xc1bdceee,
    0xf57c0faf,
    0x4787c62a,
    0xa8304613,
    0xfd469501,
    0x698098d8,
    0x8b44f7af,
    0xffff5bb1,
    0x895cd7be,
    0x6b901122,
    0xfd987193,
    0xa679438e,
    0x49b40821,
    0xf61e2562,
    0xc040b340,
    0x265e5a51,
    0xe9b6c7aa,
    0xd62f105d,
    0x02441453,
    0xd8a1e681,
    0xe7d3fbc8,
    0x21e1cde6,
    0xc33707d6,
    0xf4d50d87,
    0x455a14ed,
    0xa9e3e905,
    0xfcefa3f8,
    0x676f02d9,
    0x8d2a4c8a,
    0xfffa3942,
    0x8771f681,
    0x6d9d6122,
    0xfde5380c,
    0xa4beea44,
    0x4bdecfa9,
    0xf6bb4b60,
    0xbebfbc70,
    0x289b7ec6,
    0xeaa127fa,
    0xd4ef3085,
    0x04881d05,
    0xd9d4d039,
    0xe6db99e5,
    0x1fa27cf8,
    0xc4ac5665,
    0xf4292244,
    0x432aff97,
    0xab9423a7,
    0xfc93a039,
    0x655b59c3,
    0x8f0ccc92,
    0xffeff47d,
    0x85845dd1,
    0x6fa87e4f,
    0xfe2ce6e0,
    0xa3014314,
    0x4e0811a1,
    0xf7537e82,
    0xbd3af235,
    0x2ad7d2bb,
    0xeb86d391,
};
static const uint8_t shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t rotated(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static uint32_t word(const uint8_t *p)
{
    return (uint32_t) p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}

static void mix_block(md5 *state, const uint8_t *block)
{
    md5 s = *state;
    for (unsigned i = 0; i < 64; i++) {
        unsigned round = i / 16;
        static const unsigned factor[4] = {1, 5, 3, 7}, offset[4] = {0, 1, 5, 0};
        uint32_t f = round == 0   ? (s.b & s.c) | (~s.b & s.d)
                     : round == 1 ? (s.d & s.b) | (~s.d & s.c)
                     : round == 2 ? s.b ^ s.c ^ s.d
                                  : s.c ^ (s.b | ~s.d);
        f += s.a + sines[i] + word(block + 4 * ((factor[round] * i + offset[round]) % 16));
        s = (md5){s.d, s.b + rotated(f, shifts[round][i % 4]), s.b, s.c};
    }
    state->a += s.a;
    state->b += s.b;
    state->c += s.c;
    state->d += s.d;
}

/* The last block or two: the rest of the text, 0x80, zeros, the length in bits. */
static void mix_tail(md5 *state, br_str text)
{
    uint8_t tail[128] = {0};
    size_t rest = text.n % 64, length = rest < 56 ? 64 : 128;
    if (rest > 0) memcpy(tail, text.p + text.n - rest, rest);
    tail[rest] = 0x80;
    uint64_t bits = (uint64_t) text.n * 8;
    for (unsigned i = 0; i < 8; i++) {
        tail[length - 8 + i] = (uint8_t) (bits >> (8 * i));
    }
    mix_block(state, tail);
    if (length == 128) mix_block(state, tail + 64);
}

void br_md5_hex(br_str text, char out[BR_MD5_HEX + 1])
{
    md5 state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    for (size_t at = 0; at + 64 <= text.n; at += 64) {
        mix_block(&state, (const uint8_t *) text.p + at);
    }
    mix_tail(&state, text);
    const uint32_t words[4] = {state.a, state.b, state.c, state.d};
    for (unsigned i = 0; i < 16; i++) {
        unsigned byte = words[i / 4] >> (8 * (i % 4)) & 0xff;
        out[2 * i] = "0123456789abcdef"[byte >> 4];
        out[2 * i + 1] = "0123456789abcdef"[byte & 15];
    }
    out[BR_MD5_HEX] = 0;
}
