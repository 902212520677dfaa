/* cli/quick_targets and cli/quick_request: what people write, and the requests that are made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/file.h"
#include "cli/quick/quick_request.h"
#include "cli/quick/quick_targets.h"

/* Lines ------------------------------------------------------------------------------------------ */

static void lines_are_told_apart(void **state)
{
    (void) state;
    br_str rest = BR_STR("# a comment\r\n"
                         "\n"
                         "http://a/b\r\n"
                         "localhost:8080/x\n"
                         "  POST \t http://a/c d \n"
                         "Content-Type: text/plain\n"
                         "X-Empty:\n"
                         "X-Tab:\tv\n"
                         "@ body.json \n"
                         "GET http://a/: x\n"
                         "not a header: x");
    static const struct {
        br_target_line_kind kind;
        size_t number;
        const char *method, *text;
    } want[] = {
        {BR_TARGET_URL, 3, NULL, "http://a/b"},
        {BR_TARGET_URL, 4, NULL, "localhost:8080/x"},
        {BR_TARGET_URL, 5, "POST", "http://a/c d"},
        {BR_TARGET_HEADER, 6, NULL, "Content-Type: text/plain"},
        {BR_TARGET_HEADER, 7, NULL, "X-Empty:"},
        {BR_TARGET_HEADER, 8, NULL, "X-Tab:\tv"},
        {BR_TARGET_BODY, 9, NULL, "body.json"},
        {BR_TARGET_URL, 10, "GET", "http://a/: x"},
        {BR_TARGET_URL, 11, "not", "a header: x"},
    };
    size_t number = 0;
    br_target_line line;
    for (size_t i = 0; i < BR_COUNT_OF(want); i++) {
        assert_true(br_target_line_next(&rest, &number, &line));
        assert_int_equal(line.kind, want[i].kind);
        assert_int_equal(line.number, want[i].number);
        assert_true(br_str_is(line.text, want[i].text));
        assert_int_equal(line.method.p != NULL, want[i].method != NULL);
        if (want[i].method) assert_true(br_str_is(line.method, want[i].method));
    }
    assert_false(br_target_line_next(&rest, &number, &line));
    assert_false(br_target_line_next(&rest, &number, &line));
}

/* Requests --------------------------------------------------------------------------------------- */

static br_request_set set;
static br_err err;

static int set_up(void **state)
{
    (void) state;
    br_request_set_init(&set);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    br_request_set_deinit(&set);
    return 0;
}

static const br_http_request *add(const br_quick_flags *f, const char *url)
{
    if (br_request_set_add(&set, f, br_str_of(url), &err) != BR_OK) fail_msg("%s", err.msg);
    return br_vec_last(&set.list);
}

/* "Name: value|Name: value" in the order of sending. */
static void expect_headers(const br_http_request *q, const char *want)
{
    char got[1024] = "";
    for (size_t i = 0, n = 0; i < q->header_count; i++)
        n += (size_t) snprintf(got + n, sizeof(got) - n, "%s" BR_FMT ": " BR_FMT, i ? "|" : "",
            BR_ARG(q->headers[i].name), BR_ARG(q->headers[i].value));
    assert_string_equal(got, want);
}

static void a_plain_url(void **state)
{
    (void) state;
    br_quick_flags f = {.timeout = 7};
    const br_http_request *q = add(&f, "localhost:3000/a?b");
    assert_true(br_str_is(q->method, "GET"));
    assert_true(br_str_is(q->url.text, "http://localhost:3000/a?b"));
    assert_true(q->drop_body);
    assert_int_equal(q->timeout_ns, 7);
    assert_null(q->host.p);
    expect_headers(q, "User-Agent: brunt/" BRUNT_VERSION);
}

static void all_flags(void **state)
{
    (void) state;
    static const br_str headers[] = {
        BR_STR_INIT("X-A: 1"), BR_STR_INIT("X-A:2"), BR_STR_INIT("Host: elsewhere"), BR_STR_INIT("X-Empty:")};
    br_quick_flags f = {.body = BR_STR("abc"),
        .content_type = BR_STR("text/plain"),
        .accept = BR_STR("*/*"),
        .user = BR_STR("Aladdin:open sesame"),
        .user_agent = BR_STR("me"),
        .headers = headers,
        .header_count = 4,
        .close = true};
    const br_http_request *q = add(&f, "https://u:p@h/");
    assert_true(br_str_is(q->method, "POST"));
    assert_true(br_str_is(q->host, "elsewhere"));
    expect_headers(q, "X-A: 1|X-A: 2|X-Empty: |User-Agent: me|Content-Length: 3|Content-Type: text/plain"
                      "|Accept: */*|Connection: close|Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_null(q->url.userinfo.p);
}

/* What -H says counts more than what follows from other flags. */
static void headers_go_before_flags(void **state)
{
    (void) state;
    static const br_str headers[] = {
        BR_STR_INIT("user-agent: own"), BR_STR_INIT("authorization: Bearer x"), BR_STR_INIT("Accept: a/b")};
    br_quick_flags f = {
        .accept = BR_STR("*/*"), .user = BR_STR("a:b"), .headers = headers, .header_count = 3};
    expect_headers(add(&f, "http://h/"), "user-agent: own|authorization: Bearer x|Accept: a/b");
}

static void credentials_in_the_url(void **state)
{
    (void) state;
    br_quick_flags f = {0};
    const br_http_request *q = add(&f, "http://a%40b:c@h/");
    expect_headers(q, "User-Agent: brunt/" BRUNT_VERSION "|Authorization: Basic YUBiOmM=");
    assert_null(q->url.userinfo.p);
}

static void a_put_without_body_says_so(void **state)
{
    (void) state;
    br_quick_flags f = {.method = BR_STR("PUT")};
    expect_headers(add(&f, "http://h/"), "User-Agent: brunt/" BRUNT_VERSION "|Content-Length: 0");
}

static void wrong_ones(void **state)
{
    (void) state;
    static const struct {
        br_quick_flags flags;
        const char *url, *part;
    } cases[] = {
        {{0}, "", "invalid URL ''"},
        {{0}, "ftp://h/", "unsupported protocol scheme \"ftp\""},
        {{0}, "http://h:99999/", "invalid URL"},
        {{0}, "http://h/\x01", "control characters"},
        {{.method = BR_STR_INIT("GE T")}, "http://h/", "invalid method 'GE T'"},
        {{.method = BR_STR_INIT("")}, "http://h/", "invalid method ''"},
        {{.accept = BR_STR_INIT("a\nb")}, "http://h/", "control characters"},
        {{.user_agent = BR_STR_INIT("a\rb")}, "http://h/", "control characters"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        assert_int_equal(br_request_set_add(&set, &cases[i].flags, br_str_of(cases[i].url), &err), BR_EINVAL);
        if (!strstr(err.msg, cases[i].part)) fail_msg("no \"%s\" in: %s", cases[i].part, err.msg);
    }
    assert_int_equal(set.list.len, 0);
}

static void wrong_headers(void **state)
{
    (void) state;
    static const char *const cases[] = {"", "x", ": a", "a b: c", "a\x01: b", "a: b\x02", "a: b\nc: d",
        "Content-Length: 3", "transfer-encoding: chunked"};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_str line = br_str_of(cases[i]);
        br_quick_flags f = {.headers = &line, .header_count = 1};
        assert_int_equal(br_request_set_add(&set, &f, BR_STR("http://h/"), &err), BR_EINVAL);
        assert_non_null(strstr(err.msg, "header '"));
    }
}

/* Files ------------------------------------------------------------------------------------------ */

static br_code read_file(const br_quick_flags *f, const char *text)
{
    err.msg[0] = 0;
    return br_request_set_add_file(&set, f, br_str_of(text), "targets.txt", &err);
}

static void a_file(void **state)
{
    (void) state;
    static const br_str headers[] = {BR_STR_INIT("X-A: flag"), BR_STR_INIT("X-B: flag")};
    br_quick_flags f = {.headers = headers, .header_count = 2, .host = BR_STR("vhost")};
    assert_int_equal(
        read_file(&f, "http://h/1\n\nPOST http://h/2\nx-a: own\n\nDELETE http://h/3\nHost: other\n"), BR_OK);
    assert_int_equal(set.list.len, 3);
    const br_http_request *q = set.list.data;
    assert_true(br_str_is(q[0].method, "GET"));
    assert_true(br_str_is(q[0].host, "vhost"));
    expect_headers(&q[0], "X-A: flag|X-B: flag|User-Agent: brunt/" BRUNT_VERSION);
    assert_true(br_str_is(q[1].method, "POST"));
    assert_true(br_str_is(q[1].url.text, "http://h/2"));
    expect_headers(&q[1], "x-a: own|X-B: flag|User-Agent: brunt/" BRUNT_VERSION "|Content-Length: 0");
    assert_true(br_str_is(q[2].method, "DELETE"));
    assert_true(br_str_is(q[2].host, "other"));
}

static void bodies_of_files(void **state)
{
    (void) state;
    char dir[] = "/tmp/brunt-targets-XXXXXX", path[64], list[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/body", dir);
    snprintf(list, sizeof(list), "%s/list", dir);
    assert_int_equal(br_file_write(path, BR_STR("content"), &err), BR_OK);
    br_quick_flags f = {.body = BR_STR("of the flags")};
    const char *text = "http://h/1\n@body\nPUT http://h/2\n@body\nhttp://h/3\n";
    assert_int_equal(br_request_set_add_file(&set, &f, br_str_of(text), list, &err), BR_OK);
    assert_int_equal(set.bodies.len, 1);
    assert_true(br_str_is(set.list.data[0].body, "content"));
    assert_true(br_str_is(set.list.data[0].method, "POST"));
    assert_true(br_str_is(set.list.data[1].method, "PUT"));
    assert_ptr_equal(set.list.data[0].body.p, set.list.data[1].body.p);
    assert_true(br_str_is(set.list.data[2].body, "of the flags"));
    unlink(path);
    rmdir(dir);
}

static void wrong_files(void **state)
{
    (void) state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "targets.txt: there is no target in it"},
        {"# nothing\n", "targets.txt: there is no target in it"},
        {"X-A: b\nhttp://h/\n", "targets.txt, line 1: a header before the first target"},
        {"\n@body\n", "targets.txt, line 2: a body before the first target"},
        {"http://h/\n\nhttp://h:x/\n", "targets.txt, line 3: invalid URL 'http://h:x/'"},
        {"http://h/\nContent-Length: 1\nhttp://h/2\n", "targets.txt, line 1: header 'Content-Length: 1'"},
        {"http://h/\n@\n", "targets.txt, line 2: '@' without the name of a file"},
        {"http://h/\n@/none/such\n", "targets.txt, line 2: "},
        {"G(T http://h/\n", "targets.txt, line 1: invalid method 'G(T'"},
    };
    br_quick_flags f = {0};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        assert_int_not_equal(read_file(&f, cases[i].text), BR_OK);
        if (strncmp(err.msg, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("not \"%s...\": %s", cases[i].message, err.msg);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_told_apart),
        TEST(a_plain_url),
        TEST(all_flags),
        TEST(headers_go_before_flags),
        TEST(credentials_in_the_url),
        TEST(a_put_without_body_says_so),
        TEST(wrong_ones),
        TEST(wrong_headers),
        TEST(a_file),
        TEST(bodies_of_files),
        TEST(wrong_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
