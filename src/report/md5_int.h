/*
 * report/md5_int.h - MD5 of a short text, as hexadecimal digits.
 *
 * What: RFC 1321.
 * Why here: k6 names groups and checks in its summary data by the MD5 of their paths; nothing else may use
 * it. Threads: any.
 */
#pragma once
#include "base/str.h"

#define BR_MD5_HEX 32

/* Writes 32 digits and a NUL to out. */
void br_md5_hex(br_str text, char out[BR_MD5_HEX + 1]);
