/*
 * report/out_file_int.h - the file that an output of samples writes to.
 *
 * What: standard output for "-" and "", a file, or one packed with gzip when its name ends in ".gz".
 * Why here: the outputs differ in what they write, not in where. Threads: one at a time.
 */
#pragma once
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

typedef struct br_out_file br_out_file;

/* BR_EIO, BR_EACCESS, ... with the path in the message. */
BR_NODISCARD br_code br_out_file_open(br_str path, br_out_file **ret, br_err *err);
/* Bytes that cannot be written are remembered and told by close. A packed file is not flushed: every flush
 * would cost some of what packing saves. */
void br_out_file_write(br_out_file *f, br_str bytes);
/* Frees. BR_EIO if anything was lost. */
BR_NODISCARD br_code br_out_file_close(br_out_file *f, br_err *err);
