/*
 * cli/config/config_show.h - an environment as it is used, for people: YAML with its secrets hidden.
 *
 * Threads: any; pure.
 */
#pragma once
#include "base/buf.h"
#include "cli/config/config.h"

/* Appends it. Hidden are the environment's secrets, and all of a value whose name sounds like one
 * (Authorization, ..._TOKEN, ...). */
void br_config_show(const br_environment *e, const br_config_notify *notify, br_buf *out);
