#include "cli/target/target_version.h"
#include <jansson.h>
#include "cli/target/target_get.h"

#define TIMEOUT       (5 * BR_SEC)
#define VERSION_BYTES 200

br_str br_target_clean_text(const br_environment *e, br_str text, br_arena *arena)
{
    char *copy = br_arena_cstr(arena, br_config_redact(e, text, arena));
    br_str rest = br_str_of(copy);
    for (char *c = copy; *c;) {
        uint32_t rune;
        size_t n = br_utf8_decode(c, rest.n - (size_t) (c - copy), &rune);
        if (n == 0 || (unsigned char) *c < 0x20 || *c == 0x7F) {
            *c = ' ';
            n = 1;
        }
        c += n;
    }
    return rest;
}

/* A member of a mapping that names the version, else the first line of the text; p == NULL: none. */
static br_str find_version(br_str body, br_arena *arena)
{
    static const char *const members[] = {"version", "commit", "git_commit", "sha", "revision"};
    json_t *value = json_loadb(body.p ? body.p : "", body.n, 0, NULL);
    br_str found = BR_STR_NONE, line;
    for (size_t i = 0; i < BR_COUNT_OF(members) && !found.p; i++) {
        const char *text = json_string_value(json_object_get(value, members[i]));
        if (text) found = br_arena_str(arena, br_str_of(text));
    }
    if (!value && br_str_cut(&body, '\n', &line)) found = br_str_trim(line);
    json_decref(value);
    return found;
}

static br_code ask(const br_environment *e, br_arena *arena, br_str *ret, br_err *err)
{
    br_target_answer answer;
    br_code code = br_target_get(e, e->version_url.p, TIMEOUT, arena, &answer, err);
    if (code != BR_OK) return code;
    if (answer.status < 200 || answer.status > 299)
        return br_fail(err, BR_EPROTO, "GET %.1000s: status %d", e->version_url.p, answer.status);
    *ret = find_version(answer.body, arena);
    return ret->n ? BR_OK : br_fail(err, BR_ENOTFOUND, "the answer of %.1000s names none", e->version_url.p);
}

br_str br_target_version(const br_environment *e, br_arena *arena, br_err *err)
{
    br_str version = e->version;
    if (version.n == 0 && (e->version_url.n == 0 || ask(e, arena, &version, err) != BR_OK)) return BR_STR("");
    return br_target_clean_text(e, br_str_sub(version, 0, VERSION_BYTES), arena);
}
