/*
 * codec/credentials.h - user names and passwords in URLs and in header fields.
 *
 * What: the user part of a URL, decoded; and the value of Basic authentication.
 * Why here: RFC 3986 section 3.2.1 and RFC 7617; requests, proxies and flags all need them.
 * Threads: values.
 * Memory: results are in the caller's arena.
 */
#pragma once
#include "base/arena.h"
#include "base/str.h"

/* "user:pw%20d" -> "user" and "pw d"; without a colon the password is empty. */
void br_credentials_split(br_arena *arena, br_str userinfo, br_str *ret_user, br_str *ret_password);
/* "Basic dXNlcjpwdw==" of "user:pw", as it is; at most 1 GiB. */
br_str br_credentials_basic(br_arena *arena, br_str plain);
/* The same of the user part of a URL. */
br_str br_credentials_basic_of(br_arena *arena, br_str userinfo);
