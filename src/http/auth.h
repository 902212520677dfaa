/*
 * http/auth.h - the Authorization field of Basic authentication.
 *
 * What: RFC 7617. Why here: fetch.h follows challenges by itself; callers that send credentials with every
 * request write the field once.
 * Threads: any.
 * Memory: results live in the arena.
 */
#pragma once
#include "base/arena.h"

/* "Basic ..." of "user:password", as they are; at most 1 GiB. */
br_str br_http_basic_of(br_arena *arena, br_str plain);
/* The same of the credentials in a URL, which are percent-encoded. */
br_str br_http_basic(br_arena *arena, br_str userinfo);
