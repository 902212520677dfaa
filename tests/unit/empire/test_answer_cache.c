/* empire/api/answer_cache.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"
#include "empire/api/answer_cache.h"

#define KEEP (300 * BR_SEC)

typedef struct got {
    bool hit;
    char body[32], etag[EMP_ETAG_BYTES];
    br_ns age;
} got;

static got get(emp_answer_cache *c, size_t slot, br_ns now)
{
    got g = {0};
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    g.hit = emp_answer_cache_get(c, slot, now, &out, g.etag, &g.age);
    if (g.hit) memcpy(g.body, out.data, out.len + 1);
    br_buf_deinit(&out);
    return g;
}

static void keeps_a_body_for_its_time(void **state)
{
    (void) state;
    emp_answer_cache *c = emp_answer_cache_new(2, KEEP);
    assert_false(get(c, 0, BR_SEC).hit);
    emp_answer_cache_put(c, 0, BR_SEC, BR_STR("{\"a\":1}"));
    got g = get(c, 0, 100 * BR_SEC);
    assert_true(g.hit);
    assert_string_equal(g.body, "{\"a\":1}");
    assert_int_equal(g.age, 99 * BR_SEC);
    assert_int_equal(strlen(g.etag), 18);
    assert_false(get(c, 1, 100 * BR_SEC).hit);
    assert_true(get(c, 0, KEEP).hit);
    assert_false(get(c, 0, KEEP + BR_SEC).hit);
    emp_cache_stats s = emp_answer_cache_stats(c);
    assert_int_equal(s.hits, 2);
    assert_int_equal(s.misses, 3);
    emp_answer_cache_free(c);
}

/* While one request makes the next body, the others get the old one; if it never comes, another one tries. */
static void makes_an_answer_once(void **state)
{
    (void) state;
    emp_answer_cache *c = emp_answer_cache_new(1, KEEP);
    emp_answer_cache_put(c, 0, 0, BR_STR("old"));
    br_ns now = KEEP + BR_MS;
    assert_false(get(c, 0, now).hit);
    assert_true(get(c, 0, now + BR_SEC).hit);
    assert_false(get(c, 0, now + EMP_CACHE_GRACE).hit);
    emp_answer_cache_put(c, 0, now + EMP_CACHE_GRACE, BR_STR("new"));
    assert_string_equal(get(c, 0, now + EMP_CACHE_GRACE).body, "new");
    emp_answer_cache_free(c);
}

static void keeps_nothing_when_told_so_or_too_large(void **state)
{
    (void) state;
    emp_answer_cache *c = emp_answer_cache_new(1, 0);
    emp_answer_cache_put(c, 0, 0, BR_STR("x"));
    assert_false(get(c, 0, 0).hit);
    emp_answer_cache_free(c);
    c = emp_answer_cache_new(1, KEEP);
    char *large = br_calloc(1, EMP_CACHED_BYTES_MAX + 1);
    emp_answer_cache_put(c, 0, 0, (br_str){large, EMP_CACHED_BYTES_MAX + 1});
    assert_false(get(c, 0, 0).hit);
    br_free(large);
    emp_answer_cache_free(c);
}

static void tags_tell_bodies_apart(void **state)
{
    (void) state;
    char a[EMP_ETAG_BYTES], b[EMP_ETAG_BYTES];
    emp_etag_of(BR_STR(""), a);
    assert_string_equal(a, "\"cbf29ce484222325\""); /* FNV-1a of nothing is its offset basis */
    emp_etag_of(BR_STR("a"), b);
    assert_string_equal(b, "\"af63dc4c8601ec8c\""); /* published vector */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_body_for_its_time),
        cmocka_unit_test(makes_an_answer_once),
        cmocka_unit_test(keeps_nothing_when_told_so_or_too_large),
        cmocka_unit_test(tags_tell_bodies_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
