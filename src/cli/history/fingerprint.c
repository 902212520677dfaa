#include "cli/history/fingerprint.h"
#include <stdlib.h>
#include "base/sha256.h"
#include "cli/history/machine.h"

static br_str digest_of(br_str text, br_arena *arena)
{
    char hex[BR_SHA256_HEX + 1];
    br_sha256 h;
    br_sha256_init(&h);
    br_sha256_feed(&h, text);
    br_sha256_finish(&h, hex);
    return br_arena_str(arena, br_str_of(hex));
}

static int by_text(const void *a, const void *b)
{
    return br_str_cmp(*(const br_str *) a, *(const br_str *) b);
}

/*
 * Of a script alone the digest of its file, as sha256sum says; of several files that of their digests in
 * order. Where they lie does not count: another checkout of the same tests is the same script.
 */
static br_str script_digest(const br_program *program, br_arena *arena)
{
    const br_map *files = br_program_sources(program);
    br_str *list = br_arena_alloc(arena, (files->len + 1) * sizeof(*list));
    br_buf all;
    br_buf_init(&all, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < files->len; i++)
        list[i] = digest_of(br_buf_view(files->entries[i].value), arena);
    qsort(list, files->len, sizeof(*list), by_text);
    for (size_t i = 0; i < files->len; i++)
        (void) br_buf_printf(&all, BR_FMT "\n", BR_ARG(list[i]));
    br_str digest = files->len == 1 ? list[0] : digest_of(br_buf_view(&all), arena);
    br_buf_deinit(&all);
    return digest;
}

/* Options that shape the requests. Thresholds, tags and summaries do not. */
static const char *const shaping[] = {"scenarios", "executionSegment", "executionSegmentSequence", "rps",
    "batch", "batchPerHost", "maxRedirects", "userAgent", "minIterationDuration", "noConnectionReuse",
    "noVUConnectionReuse", "noCookiesReset", "discardResponseBodies", "insecureSkipTLSVerify", "tlsVersion",
    "tlsCipherSuites", "hosts", "dns"};

static void put_options(const br_options *o, br_buf *out)
{
    json_error_t why;
    json_t *all = json_loads(o->derived_json, JSON_ALLOW_NUL, &why), *chosen = json_object();
    for (size_t i = 0; i < BR_COUNT_OF(shaping); i++) {
        json_t *value = json_object_get(all, shaping[i]);
        if (value && !json_is_null(value)) json_object_set(chosen, shaping[i], value);
    }
    char *text = json_dumps(chosen, JSON_SORT_KEYS | JSON_COMPACT);
    (void) br_buf_puts(out, text ? text : "");
    free(text); /* from jansson */
    json_decref(chosen);
    json_decref(all);
}

static br_str load_digest(const br_record *r, br_arena *arena)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    put_options(r->job->options, &text);
    for (size_t i = 0; i < r->variable_count; i++)
        (void) br_buf_printf(
            &text, "\n" BR_FMT "=" BR_FMT, BR_ARG(r->variables[i].name), BR_ARG(r->variables[i].value));
    (void) br_buf_printf(&text, "\nworkers %u", r->workers);
    br_str digest = digest_of(br_buf_view(&text), arena);
    br_buf_deinit(&text);
    return digest;
}

void br_fingerprint(const br_record *r, br_arena *arena, br_stored_run *run)
{
    run->script_hash = script_digest(r->job->program, arena);
    run->load_hash = load_digest(r, arena);
    run->machine = br_machine_text(arena);
    run->tool_version = br_str_of(BRUNT_VERSION);
    run->fingerprint = digest_of(
        br_str_of(br_arena_printf(arena,
            "script " BR_FMT "\nload " BR_FMT "\nenvironment " BR_FMT "\ntarget " BR_FMT "\nmachine " BR_FMT
            "\nbrunt " BR_FMT "\n",
            BR_ARG(run->script_hash), BR_ARG(run->load_hash), BR_ARG(run->environment), BR_ARG(run->target),
            BR_ARG(run->machine), BR_ARG(run->tool_version))),
        arena);
}
