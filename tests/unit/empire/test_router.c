/* empire/api/router.h and the table of api/routes.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "empire/api/routes.h"

static br_code find(emp_method method, const char *path, emp_match *match)
{
    return emp_router_find(emp_routes, EMP_ROUTE_COUNT, method, br_str_of(path), match);
}

static void finds_every_route(void **state)
{
    (void) state;
    for (size_t i = 0; i < EMP_ROUTE_COUNT; i++) {
        emp_match match;
        br_str path = br_str_of(emp_routes[i].path);
        if (path.p[path.n - 1] == ':') continue;
        assert_int_equal(find(emp_routes[i].method, emp_routes[i].path, &match), BR_OK);
        assert_ptr_equal(match.route, &emp_routes[i]);
        assert_null(match.segment.p);
    }
}

static void head_is_get(void **state)
{
    (void) state;
    emp_match match;
    assert_int_equal(find(EMP_HEAD, "/products", &match), BR_OK);
    assert_int_equal(match.route->method, EMP_GET);
    assert_int_equal(find(EMP_HEAD, "/orchestrator/start", &match), BR_EUNSUPPORTED);
}

static void tells_404_from_405(void **state)
{
    (void) state;
    emp_match match = {0};
    assert_int_equal(find(EMP_POST, "/products", &match), BR_EUNSUPPORTED);
    assert_int_equal(find(EMP_METHOD_OTHER, "/health", &match), BR_EUNSUPPORTED);
    static const char *const absent[] = {"", "/", "/product", "/products/", "/productss", "/Products",
        "//products", "/orchestrator", "/orchestrator/workflows", "/orchestrator/workflows/",
        "/orchestrator/workflows/a/b"};
    for (size_t i = 0; i < BR_COUNT_OF(absent); i++) {
        if (find(EMP_GET, absent[i], &match) != BR_ENOTFOUND) fail_msg("found \"%s\"", absent[i]);
    }
    assert_null(match.route);
}

static void takes_a_segment(void **state)
{
    (void) state;
    emp_match match;
    assert_int_equal(find(EMP_GET, "/orchestrator/workflows/x-1", &match), BR_OK);
    assert_true(br_str_is(match.segment, "x-1"));
}

static void says_what_is_allowed(void **state)
{
    (void) state;
    static const char noop_path[] = "/x";
    const emp_route routes[] = {
        {.method = EMP_GET, .path = noop_path}, {.method = EMP_POST, .path = noop_path}};
    br_buf out;
    br_buf_init(&out, 64);
    emp_router_allow(routes, 2, BR_STR("/x"), &out);
    assert_string_equal(out.data, "GET, HEAD, POST");
    br_buf_deinit(&out);
}

static void reads_methods(void **state)
{
    (void) state;
    assert_int_equal(emp_method_parse("GET"), EMP_GET);
    assert_int_equal(emp_method_parse("HEAD"), EMP_HEAD);
    assert_int_equal(emp_method_parse("POST"), EMP_POST);
    assert_int_equal(emp_method_parse("get"), EMP_METHOD_OTHER);
    assert_int_equal(emp_method_parse("PATCH"), EMP_METHOD_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_route),
        cmocka_unit_test(head_is_get),
        cmocka_unit_test(tells_404_from_405),
        cmocka_unit_test(takes_a_segment),
        cmocka_unit_test(says_what_is_allowed),
        cmocka_unit_test(reads_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
