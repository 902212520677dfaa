#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include "report/html.h"
#include "unit/report/fixture.h"

static char *page_of(const br_run_result *r)
{
    br_result_info info = {.tool_version = BR_STR("1")};
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    assert_int_equal(br_report_html(r, &info, &out, NULL), BR_OK);
    return br_buf_detach(&out);
}

/* The JSON that stands in the page. */
static br_str data_of(const char *page)
{
    static const char open[] = "<script type=\"application/json\" id=\"result\">";
    const char *from = strstr(page, open);
    assert_non_null(from);
    from += sizeof open - 1;
    const char *to = strstr(from, "</script>");
    assert_non_null(to);
    return (br_str){from, (size_t) (to - from)};
}

static void the_page_needs_no_network(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(5, 20, 100, 0);
    char *page = page_of(r);
    assert_int_equal(strncmp(page, "<!doctype html>", 15), 0);
    assert_null(strstr(page, "@@"));
    assert_null(strstr(page, " src="));
    assert_null(strstr(page, "<link"));
    assert_null(strstr(page, "@import"));
    assert_null(strstr(page, "innerHTML"));
    assert_non_null(strstr(page, "default-src 'none'"));
    br_free(page);
    br_run_result_free(r);
}

static void hostile_texts_stay_texts(void **state)
{
    (void) state;
    static const char hostile[] =
        "/</script><script>alert(1)</script><!--&amp;\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7\xff";
    br_run_result *r = fixture_new(BR_SEC);
    fixture_requests(fixture_endpoint(r, "GET", hostile), 1, 1, 0, 1000, hostile);
    char *page = page_of(r);
    br_str data = data_of(page);
    for (size_t i = 0; i < data.n; i++) {
        assert_null(strchr("<>&", data.p[i]));
    }
    assert_int_equal(br_str_find(data, BR_STR("\xe2\x80\xa8")), -1);
    assert_int_equal(br_str_find(data, BR_STR("\xe2\x80\xa9")), -1);
    json_t *doc = json_loadb(data.p, data.n, 0, NULL);
    assert_non_null(doc);
    const char *name = json_string_value(
        json_object_get(json_array_get(json_object_get(doc, "endpoints"), 0), "name"));
    /* The same text, but for the byte that is no UTF-8. */
    assert_int_equal(strncmp(name, hostile, sizeof hostile - 2), 0);
    assert_string_equal(name + sizeof hostile - 2, "\xef\xbf\xbd");
    json_decref(doc);
    br_free(page);
    br_run_result_free(r);
}

static void the_page_stays_small(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(600 * BR_SEC);
    for (int i = 0; i < FIXTURE_ENDPOINTS_MAX; i++) {
        char name[100];
        (void) snprintf(
            name, sizeof name, "http://127.0.0.1:3000/a/rather/long/path/as/they/occur/in/practice/%d", i);
        br_endpoint *e = fixture_endpoint(r, "GET", name);
        for (int k = 0; k < 50; k++) {
            fixture_requests(e, 1, 1.2345678 * (i + k), k % 5 ? 200 : 500, 0, NULL);
        }
    }
    fixture_slices(r, BR_SLICES_MAX);
    for (size_t i = 0; i < BR_SLICES_MAX; i++) {
        fixture_slice_fill(&r->slices[i], 12345 + i, i, 123.456 + (double) i / 7, 123);
        r->slices[i].received_bytes = 1234567890 + i;
    }
    char *page = page_of(r);
    size_t bytes = strlen(page);
    if (bytes > 400 * 1000) fail_msg("%zu bytes", bytes);
    br_free(page);
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_needs_no_network),
        cmocka_unit_test(hostile_texts_stay_texts),
        cmocka_unit_test(the_page_stays_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
