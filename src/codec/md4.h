/*
 * codec/md4.h - the hash MD4, RFC 1320.
 *
 * What: NTLM makes its keys of passwords with it. It protects nothing else: MD4 is broken.
 * Why here: OpenSSL 3 has it in its legacy provider only, which a machine may lack.
 * Threads: values.
 */
#pragma once
#include <stdint.h>
#include "base/str.h"

#define BR_MD4_BYTES 16

void br_md4(br_str text, uint8_t ret[BR_MD4_BYTES]);
