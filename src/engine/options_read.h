/*
 * engine/options_read.h - typed values out of JSON, with k6's conversions.
 *
 * What: numbers may be numeric strings, durations are milliseconds or text, tags are flat objects.
 * Why here: options.c and scenario.c read the same kinds of value.
 * Errors: BR_EINVAL; the message names the option and what it may be.
 */
#pragma once
#include <jansson.h>
#include "engine/options.h"

typedef struct br_option_reader {
    br_arena *arena;
    br_err *err;
    const json_t
        *script; /* the script's own options: mistakes there are BR_ESYNTAX, k6 fails to load it; or NULL */
} br_option_reader;

/*
 * Names of fields are taken in any case, as Go's JSON and with it k6 does (`preAllocatedVus`): gives those of
 * `object` that are in `names`, which ends with NULL, the spelling there. Of several the last one counts.
 */
void br_fold_names(const json_t *object, const char *const names[]);
void br_fold_stages(const json_t *list);

/* What a value that cannot be read fails with: in the script's own options (BR_ESYNTAX) k6 fails to load the
 * script. */
br_code br_unreadable(const br_option_reader *r, const json_t *v);

/* Each leaves *ret alone when `v` is NULL or JSON null. */
br_code br_read_int(const br_option_reader *r, const char *name, const json_t *v, int64_t *ret);
br_code br_read_bool(const br_option_reader *r, const char *name, const json_t *v, bool *ret);
br_code br_read_duration(const br_option_reader *r, const char *name, const json_t *v, br_ns *ret);
br_code br_read_text(const br_option_reader *r, const char *name, const json_t *v, br_str *ret);
br_code br_read_tags(
    const br_option_reader *r, const char *name, const json_t *v, br_tag **ret, size_t *ret_count);
br_code br_read_strings(
    const br_option_reader *r, const char *name, const json_t *v, br_str **ret, size_t *ret_count);
br_code br_read_stages(const br_option_reader *r, const char *name, const json_t *v, br_stage **ret,
    size_t *ret_count, br_buf *problems);

/* Options of TLS (options_tls.c). BR_ESYNTAX: a name that k6 refuses when it loads the script. */
br_code br_options_read_tls(const br_option_reader *r, const json_t *j, br_tls_options *tls);
/* Go's switch for k6, the variable GODEBUG (NULL: unset): false if it has http2client=0. */
bool br_options_http2_wanted(const char *godebug);

/* Cuts scenarios down to the share of executionSegment; drops those of which nothing is left. */
br_code br_options_segment(const br_option_reader *r, br_options *o, const json_t *j);

/* Options about names and addresses (options_net.c). */
br_code br_options_read_net(const br_option_reader *r, const json_t *j, br_options *o);

/* The options as scripts see them in exec.test.options, as JSON in the arena of `o` (options_json.c). */
char *br_options_show(br_options *o, const json_t *consolidated);
/* The same as `inspect` prints them, with the shortcuts; defaults: of system tags and trend statistics. */
char *br_options_inspect(br_options *o, const json_t *options, bool with_defaults);

/* Scenarios (scenario.c): reads one; problems of the configuration are appended as "a, b". */
br_code br_scenario_read(
    const br_option_reader *r, br_str name, const json_t *v, br_scenario *ret, br_buf *problems);
/* Checks k6's rules, appends what is wrong, and fills in what follows from other fields. */
void br_scenario_validate(br_scenario *s, br_buf *problems);
void br_problem_add(br_buf *problems, const char *fmt, ...) BR_PRINTF(2, 3);
