/*
 * cli/load/outputs.h - where every sample goes: --out, K6_OUT, the configuration file's `out`.
 *
 * What: opens the outputs that were asked for and hands each sample to all of them. Why here: which outputs
 *     exist and how they are named is the command line's business; their formats are report/'s.
 * Threads: br_outputs_tap() from any thread; the rest on the main thread.
 */
#pragma once
#include <jansson.h>
#include "base/buf.h"
#include "cli/terminal/args.h"
#include "stat/recorder.h"

typedef struct br_outputs br_outputs;

typedef struct br_outputs_config {
    const br_args *args;       /* --out, the highest level; then K6_OUT, then the file */
    const json_t *config_file; /* `out` and `collectors`; borrowed; may be NULL */
    uint32_t system_tags;
} br_outputs_config;

br_outputs *br_outputs_new(void);
/*
 * BR_EUNSUPPORTED: an output of k6 that this version lacks; BR_EINVAL: no such output, a bad setting; others:
 * the file. What was opened before stays open until br_outputs_close().
 */
BR_NODISCARD br_code br_outputs_open(br_outputs *o, const br_outputs_config *config, br_err *err);
/* One more that sees every sample; before the run. */
void br_outputs_add(br_outputs *o, br_sample_fn *tap, void *ctx);
/* The function for these outputs and its argument; NULL: there are none. */
br_sample_fn *br_outputs_tap(const br_outputs *o, void **ret_ctx);
/* "json (out.json), csv (file.csv)", "-" if none. */
void br_outputs_describe(const br_outputs *o, br_buf *out);
/* Writes what is left and frees; NULL is fine. False, after telling it, if samples were lost. */
bool br_outputs_close(br_outputs *o);
