/*
 * base/sha256.h - SHA-256 of texts and files.
 *
 * What: digests as 64 hexadecimal digits.
 * Why here: the history tells by them whether two runs had the same script and load. empire keeps
 *     API keys as such. Other cryptography (TLS, k6/crypto) is OpenSSL's, whose home is not every layer.
 * Threads: values.
 * Source: FIPS 180-4.
 */
#pragma once
#include <stdint.h>
#include "base/str.h"

#define BR_SHA256_HEX 64

typedef struct br_sha256 {
    uint32_t _state[8];
    uint64_t _bytes; /* taken so far */
    uint8_t _block[64];
} br_sha256;

void br_sha256_init(br_sha256 *h);
void br_sha256_feed(br_sha256 *h, br_str bytes);
/* Lower-case digits and a NUL. `h` must be init'ed anew afterwards. */
void br_sha256_finish(br_sha256 *h, char ret_hex[BR_SHA256_HEX + 1]);
