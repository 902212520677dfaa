/* empire/api/openapi.json against the table of routes, in both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "empire/api/openapi.h"
#include "empire/api/routes.h"
#include "empire/api/start_body.h"

static json_t *document;

static int load(void **state)
{
    (void) state;
    json_error_t at;
    document = json_loadb(emp_openapi, (size_t) emp_openapi_size, JSON_REJECT_DUPLICATES, &at);
    if (!document) print_error("line %d: %s\n", at.line, at.text);
    return document ? 0 : -1;
}

static int unload(void **state)
{
    (void) state;
    json_decref(document);
    return 0;
}

/* The part of the document that "#/a/b" names. */
static json_t *resolved(json_t *part)
{
    const char *at = json_string_value(json_object_get(part, "$ref"));
    if (!at) return part;
    br_str rest = br_str_of(at), word;
    json_t *found = document;
    while (rest.n && br_str_cut(&rest, '/', &word)) {
        if (!br_str_is(word, "#")) found = json_object_getn(found, word.p, word.n);
    }
    if (!found) fail_msg("%s leads nowhere", at);
    return found;
}

static json_t *operation_of(const emp_route *route)
{
    char path[128];
    size_t n = strlen(route->path);
    bool variable = route->path[n - 1] == ':';
    snprintf(path, sizeof(path), "%.*s%s", (int) (variable ? n - 1 : n), route->path, variable ? "{id}" : "");
    json_t *found = json_object_get(
        json_object_get(json_object_get(document, "paths"), path), route->method == EMP_GET ? "get" : "post");
    if (!found) fail_msg("%s is not described", route->path);
    return found;
}

static bool route_takes(const emp_route *route, const char *param)
{
    for (size_t i = 0; route->params[i]; i++) {
        if (strcmp(route->params[i], param) == 0) return true;
    }
    return false;
}

static void every_route_is_described(void **state)
{
    (void) state;
    for (size_t i = 0; i < EMP_ROUTE_COUNT; i++) {
        const emp_route *route = &emp_routes[i];
        json_t *op = operation_of(route), *param;
        size_t at, queries = 0, wanted = 0;
        bool has_id = false, has_key = false;
        json_array_foreach(json_object_get(op, "parameters"), at, param)
        {
            json_t *p = resolved(param);
            const char *name = json_string_value(json_object_get(p, "name"));
            const char *in = json_string_value(json_object_get(p, "in"));
            assert_non_null(json_object_get(p, "schema"));
            if (strcmp(in, "path") == 0) has_id = true;
            if (strcmp(in, "header") == 0) has_key = strcmp(name, "Idempotency-Key") == 0;
            if (strcmp(in, "query") != 0) continue;
            queries++;
            if (!route_takes(route, name)) fail_msg("%s does not take %s", route->path, name);
        }
        while (route->params[wanted])
            wanted++;
        if (queries != wanted)
            fail_msg("%s takes %zu parameters, %zu are described", route->path, wanted, queries);
        assert_int_equal(has_id, route->path[strlen(route->path) - 1] == ':');
        assert_int_equal(has_key, route->method == EMP_POST);
        assert_int_equal(json_object_get(op, "requestBody") != NULL, (route->traits & EMP_ROUTE_BODY) != 0);
        assert_int_equal(json_object_get(op, "security") != NULL, (route->traits & EMP_ROUTE_WRITES) != 0);
        json_t *responses = json_object_get(op, "responses");
        assert_int_equal(
            json_object_get(responses, "429") == NULL, (route->traits & EMP_ROUTE_UNLIMITED) != 0);
        assert_int_equal(json_object_get(responses, "401") != NULL, (route->traits & EMP_ROUTE_WRITES) != 0);
        assert_int_equal(json_object_get(responses, "202") != NULL, (route->traits & EMP_ROUTE_WRITES) != 0);
        assert_non_null(json_object_get(responses, "400"));
    }
}

static void everything_described_is_a_route(void **state)
{
    (void) state;
    const char *path, *method;
    json_t *item, *op;
    size_t count = 0;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, op)
        {
            char text[128];
            snprintf(text, sizeof(text), "%s", path);
            char *variable = strstr(text, "{id}");
            if (variable) snprintf(variable, sizeof(text) - (size_t) (variable - text), "7");
            emp_match match;
            assert_true(strcmp(method, "get") == 0 || strcmp(method, "post") == 0);
            emp_method m = strcmp(method, "get") == 0 ? EMP_GET : EMP_POST;
            if (emp_router_find(emp_routes, EMP_ROUTE_COUNT, m, br_str_of(text), &match) != BR_OK)
                fail_msg("%s %s is no route", method, path);
            assert_ptr_equal(operation_of(match.route), op);
            count++;
        }
    }
    assert_int_equal(count, EMP_ROUTE_COUNT);
}

static bool lists(const json_t *array, const char *text)
{
    size_t i;
    const json_t *item;
    json_array_foreach(array, i, item)
    {
        if (strcmp(json_string_value(item), text) == 0) return true;
    }
    return false;
}

static void bodies_are_as_they_are_read(void **state)
{
    (void) state;
    static const struct {
        const char *path;
        emp_start_kind kind;
    } starts[] = {
        {"/orchestrator/start", EMP_START_WORKFLOW},
        {"/products/sync", EMP_START_SYNC},
        {"/content/generate-script", EMP_START_SCRIPT},
        {"/video/generate", EMP_START_VIDEO},
        {"/publisher/publish", EMP_START_PUBLISH},
        {"/optimizer/optimize", EMP_START_OPTIMIZE},
    };
    assert_int_equal(BR_COUNT_OF(starts), EMP_START_KINDS);
    for (size_t i = 0; i < BR_COUNT_OF(starts); i++) {
        emp_match match;
        assert_int_equal(
            emp_router_find(emp_routes, EMP_ROUTE_COUNT, EMP_POST, br_str_of(starts[i].path), &match), BR_OK);
        json_t *body = json_object_get(operation_of(match.route), "requestBody");
        json_t *schema = json_object_get(
            json_object_get(json_object_get(body, "content"), "application/json"), "schema");
        json_t *members = json_object_get(schema, "properties"),
               *needed = json_object_get(schema, "required");
        size_t taken = 0;
        for (size_t m = 0; m < EMP_START_MEMBERS; m++) {
            bool takes = emp_start_takes(starts[i].kind, m);
            if (takes != (json_object_get(members, emp_start_members[m]) != NULL))
                fail_msg("%s: %s", starts[i].path, emp_start_members[m]);
            assert_int_equal(emp_start_needs(starts[i].kind, m), lists(needed, emp_start_members[m]));
            taken += takes;
        }
        assert_int_equal(json_object_size(members), taken);
        assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
    }
}

static void check_references(json_t *part)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_object(part)) {
        (void) resolved(part);
        json_object_foreach(part, key, value) check_references(value);
    } else if (json_is_array(part)) {
        json_array_foreach(part, i, value) check_references(value);
    }
}

static void references_lead_somewhere(void **state)
{
    (void) state;
    check_references(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_described),
        cmocka_unit_test(everything_described_is_a_route),
        cmocka_unit_test(bodies_are_as_they_are_read),
        cmocka_unit_test(references_lead_somewhere),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
