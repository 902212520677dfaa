/*
 * Flags of secret sources, and answers of their servers. The first line is a flag of the type mock or url (no
 * files are read), the rest an answer, from which a secret is taken as that flag says.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "script/secrets_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool names_a_file(br_str line)
{
    return br_str_starts(line, BR_STR("file")) || br_str_find(line, BR_STR("config=")) >= 0;
}

static void try_answer(const br_secret_url *url, br_str body)
{
    br_arena arena;
    br_str secret;
    br_err err;
    br_arena_init(&arena, 1024);
    if (br_secret_url_extract(&arena, url, body, &secret, &err) == BR_OK)
        BR_ASSERT(secret.n <= BR_SECRET_MAX_BYTES);
    BR_ASSERT(
        br_str_find(br_secret_url_for(&arena, url, BR_STR("k")), BR_STR("{key}")) < 0 || url->url.n > 8);
    br_arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str rest = {(const char *) data, size}, line;
    if (!br_str_cut(&rest, '\n', &line) || names_a_file(line)) return 0;
    char *text = br_strndup(line.p, line.n);
    const char *lines[] = {text};
    br_secrets *s = NULL;
    br_err err;
    br_str value;
    if (br_secrets_new(lines, 1, &s, &err) == BR_OK) {
        br_code code = br_secrets_get(s, BR_STR(BR_SECRET_DEFAULT), BR_STR("a"), &value, &err);
        const br_secret_url *url = br_secrets_url(s, BR_STR(BR_SECRET_DEFAULT));
        BR_ASSERT(code == BR_OK || (code == BR_AGAIN) == (url != NULL));
        if (url) try_answer(url, rest);
    }
    br_secrets_free(s);
    br_free(text);
    return 0;
}
