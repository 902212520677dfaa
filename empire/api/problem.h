/*
 * api/problem.h - error answers.
 *
 * What: the body of an application/problem+json answer.
 * Why here: every error of the service has one shape: type, title, status, detail.
 * Threads: any.
 * Source: RFC 9457; with type "about:blank" the title is the status's own phrase.
 */
#pragma once
#include "base/buf.h"

#define EMP_PROBLEM_TYPE "application/problem+json"

/* The phrase of a status that the service uses; "Unknown" for others. */
const char *emp_status_title(int status);

void emp_problem_put(br_buf *out, int status, const char *detail);
