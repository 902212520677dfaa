/*
 * net/resources.h - descriptors and local ports: how many there are, and how many are used.
 *
 * What: reads the kernel's counters.
 * Why here: a generator that runs out of either measures itself; the control thread looks once a second.
 * Threads: any.
 * Sources: proc(5): /proc/self/fd (its size is the number of descriptors since Linux 6.2),
 * /proc/net/sockstat, /proc/sys/net/ipv4/ip_local_port_range.
 */
#pragma once
#include "base/str.h"

typedef struct br_resources { /* 0: unknown */
    uint64_t descriptors_peak, descriptors_limit;
    uint32_t ports_peak, ports_limit; /* peak: TCP sockets of the whole machine */
} br_resources;

/* Descriptors and ports in use now; keeps the highest of each. Limits are read at the first call. */
void br_resources_sample(br_resources *r);

/* Parsers, for tests. The number of TCP sockets that may hold a port: in use or in TIME-WAIT; 0: unknown. */
uint32_t br_resources_parse_sockets(br_str sockstat);
/* How many ports "32768 60999" are; 0: unknown. */
uint32_t br_resources_parse_ports(br_str range);
