/*
 * cli/config/config_schema.h - brunt.yaml as a JSON schema (draft-07), for editors and validators.
 *
 * What: made from the table of keys, so it allows what the reader allows. It cannot say everything that the
 *     reader checks: names of metrics in criteria, sums of stages, files. What it refuses, the reader
 * refuses. Threads: any; pure.
 */
#pragma once
#include <jansson.h>

json_t *br_config_schema(void); /* new reference */
