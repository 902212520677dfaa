/*
 * api/openapi.h - the API's description of itself.
 *
 * What: openapi.json, built into the program.
 * Why here: who uses the service finds its description at the service, of the version that runs. A unit test
 *     holds it against the table of routes, an end-to-end test holds answers against it.
 * Threads: constant.
 */
#pragma once
#include <stdint.h>

extern const char emp_openapi[]; /* JSON, with a NUL behind it */
extern const uint64_t emp_openapi_size;
