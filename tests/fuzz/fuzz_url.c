/*
 * URLs from text. Besides not crashing: slices lie inside the text, and the target that is sent is clean and,
 * as part of a URL, gives itself again.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "codec/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_slice(br_str text, br_str part)
{
    BR_ASSERT(part.n == 0 || (part.p >= text.p && part.p + part.n <= text.p + text.n));
}

static void check_again(br_str target)
{
    br_buf text, again;
    br_url u;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_buf_init(&again, BR_BUF_NO_LIMIT);
    BR_ASSERT(br_buf_puts(&text, "http://h") == BR_OK && br_buf_put(&text, target) == BR_OK);
    if (text.len <= BR_URL_MAX_BYTES) {
        BR_ASSERT(br_url_parse(br_buf_view(&text), &u, NULL) == BR_OK);
        BR_ASSERT(br_url_put_target(&u, &again) == BR_OK);
        BR_ASSERT(br_str_eq(br_buf_view(&again), target));
    }
    br_buf_deinit(&text);
    br_buf_deinit(&again);
}

static void check_url(br_str text, const br_url *u)
{
    br_str parts[] = {u->scheme, u->userinfo, u->host, u->authority, u->target, u->fragment};
    for (size_t i = 0; i < BR_COUNT_OF(parts); i++)
        check_slice(text, parts[i]);
    BR_ASSERT(u->host.n > 0 && u->scheme.n > 0);
    br_buf target;
    br_buf_init(&target, BR_BUF_NO_LIMIT);
    BR_ASSERT(br_url_put_target(u, &target) == BR_OK);
    BR_ASSERT(target.len > 0 && target.data[0] == '/');
    bool query = false;
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char) target.data[i];
        query = query || c == '?';
        BR_ASSERT(c >= 0x20 && c != 0x7f && c != '#');
        BR_ASSERT(query || (c > 0x20 && c < 0x7f));
    }
    check_again(br_buf_view(&target));
    br_buf_deinit(&target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str text = {(const char *) data, size};
    br_url u = {.port = 4711};
    br_err err = {0};
    if (br_url_parse(text, &u, &err) == BR_OK) {
        check_url(text, &u);
    } else {
        BR_ASSERT(u.port == 4711 && err.msg[0] != 0);
    }
    return 0;
}
