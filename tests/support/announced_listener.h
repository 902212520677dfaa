/*
 * tests/support/announced_listener.h - where a test's server listens.
 *
 * What: a non-blocking listener on 127.0.0.1, whose port is printed on a line of its own.
 * Why here: servers that tests start as programs tell so when they are ready, and where.
 */
#pragma once
#include <stdint.h>

/* `port` 0: a free one. -1, with errno, if it cannot listen; nothing is printed then. */
int announced_listener(uint16_t port);
