/*
 * engine/exit_code.h - exit codes of `brunt run`, k6's numbers.
 */
#pragma once

typedef enum br_exit_code {
    BR_EXIT_OK = 0,
    BR_EXIT_THRESHOLDS = 99,
    BR_EXIT_SETUP_TIMEOUT = 100,
    BR_EXIT_TEARDOWN_TIMEOUT = 101,
    BR_EXIT_CONFIG = 104,
    BR_EXIT_INTERRUPTED = 105,
    BR_EXIT_EXCEPTION = 107,
    BR_EXIT_ABORTED = 108,
    BR_EXIT_MARKED_FAILED = 110,
    BR_EXIT_OTHER = 255,
} br_exit_code;
