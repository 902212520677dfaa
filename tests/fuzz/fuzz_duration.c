/*
 * Durations and numbers from text. Besides not crashing: what is accepted prints as Go's
 * Duration.String() would, and that text is the same duration in both syntaxes.
 */
#include "base/assert.h"
#include "base/num.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_syntax(br_str s, br_duration_syntax syntax)
{
    br_ns d = 42, again = 0;
    if (br_parse_duration(s, syntax, &d) != BR_OK) {
        BR_ASSERT(d == 42); /* outputs are untouched on failure */
        return;
    }
    br_buf text;
    br_buf_init(&text, 64);
    BR_ASSERT(br_buf_put_duration(&text, d) == BR_OK);
    BR_ASSERT(br_parse_duration(br_buf_view(&text), BR_DURATION_GO, &again) == BR_OK && again == d);
    BR_ASSERT(br_parse_duration(br_buf_view(&text), BR_DURATION_K6, &again) == BR_OK && again == d);
    br_buf_deinit(&text);
}

static void check_double(br_str s)
{
    double v, again;
    if (br_parse_f64(s, &v) != BR_OK) return;
    br_buf text;
    br_buf_init(&text, 64);
    BR_ASSERT(br_buf_put_f64(&text, v) == BR_OK);
    BR_ASSERT(br_parse_f64(br_buf_view(&text), &again) == BR_OK);
    BR_ASSERT(memcmp(&v, &again, sizeof(v)) == 0);
    br_buf_deinit(&text);
}

static void check_integers(br_str s)
{
    int64_t i;
    uint64_t u;
    br_code irc = br_parse_i64(s, &i), urc = br_parse_u64(s, &u);
    if (irc == BR_OK && urc == BR_OK) BR_ASSERT((uint64_t) i == u);
    if (urc == BR_OK && u <= INT64_MAX) BR_ASSERT(irc == BR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str s = {(const char *) data, size};
    check_syntax(s, BR_DURATION_GO);
    check_syntax(s, BR_DURATION_K6);
    check_double(s);
    check_integers(s);
    return 0;
}
