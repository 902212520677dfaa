/*
 * engine/resources.h - what the generator takes from its machine: descriptors, ports, processor.
 *
 * What: reads the kernel's counters of this process.
 * Why here: a generator that runs out of descriptors or local ports, or that waits for a processor that
 * others use, measures itself; the control thread and the workers look at that while a run lasts. Threads:
 * any. Sources: proc(5): /proc/self/fd (its size is the number of descriptors since Linux 6.2),
 *     /proc/thread-self/schedstat, /proc/net/sockstat, /proc/sys/net/ipv4/ip_local_port_range.
 */
#pragma once
#include "base/str.h"
#include "stat/run_result.h"

/* Descriptors and ports in use now; keeps the highest of each. Limits are read at the first call. */
void br_resources_sample(br_generator_resources *r);

/* How long the calling thread was ready to run and had no processor, since it began; -1: unknown. */
br_ns br_resources_run_delay(void);

/* Parsers, for tests. The number of TCP sockets that may hold a port: in use or in TIME-WAIT; 0: unknown. */
uint32_t br_resources_parse_sockets(br_str sockstat);
/* How many ports "32768 60999" are; 0: unknown. */
uint32_t br_resources_parse_ports(br_str range);
