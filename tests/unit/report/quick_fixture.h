/*
 * quick_fixture.h - results of loads without a script for tests of judge/ and report/.
 */
#pragma once
#include "stat/quick_result.h"

/* 1,000 answers in 10 s on 10 connections, service times of 1 to 1,000 ms in equal steps; all in order. */
br_quick_result quick_fixture_closed(void);
/* The same in the open model at 100/s, where 900 of them were queued: response times are 1 s longer. */
br_quick_result quick_fixture_open(void);
