/*
 * Set-Cookie fields into a jar. Besides not crashing: slices lie inside the text, what is sent again can be
 * read again, and the jar keeps to its limits.
 */
#include "base/assert.h"
#include "codec/cookie.h"
#include "http/jar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_slice(br_str text, br_str part)
{
    BR_ASSERT(part.n == 0 || (part.p >= text.p && part.p + part.n <= text.p + text.n));
}

static void check_sent(void *ctx, const br_jar_cookie *c)
{
    br_buf out;
    br_cookie again;
    (void) ctx;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_cookie_put(&out, c->name, c->value, c->quoted);
    BR_ASSERT(br_cookie_parse(br_buf_view(&out), &again) == BR_OK);
    BR_ASSERT(br_str_eq(again.name, c->name) && br_str_eq(again.value, c->value));
    br_buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str rest = {(const char *) data, size}, line;
    br_url url;
    br_err err;
    br_jar *jar = br_jar_new();
    br_code code = br_url_parse(BR_STR("http://a.b.test/x/y%20z/"), &url, &err);
    BR_ASSERT(code == BR_OK);
    while (br_str_cut(&rest, '\n', &line)) {
        br_cookie c;
        if (br_cookie_parse(line, &c) != BR_OK) {
            continue;
        }
        check_slice(line, c.name);
        check_slice(line, c.value);
        check_slice(line, c.domain);
        check_slice(line, c.path);
        (void) br_jar_set(jar, &url, &c, 1000);
        BR_ASSERT(jar->count <= BR_JAR_COOKIES_MAX && jar->bytes <= BR_JAR_BYTES_MAX);
    }
    br_jar_each(jar, &url, 1000, check_sent, NULL);
    br_jar_remove(jar, &url, BR_STR_NONE, 1000);
    br_jar_unref(jar);
    return 0;
}
