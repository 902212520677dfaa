#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/random.h"

static int values[64];

static void test_set_get_replace(void **state)
{
    (void) state;
    br_map m;
    br_map_init(&m);
    assert_null(br_map_get(&m, BR_STR("a")));
    assert_null(br_map_find(&m, BR_STR("a")));
    assert_null(br_map_remove(&m, BR_STR("a")));
    assert_null(br_map_set(&m, BR_STR("a"), &values[0]));
    assert_ptr_equal(br_map_set(&m, BR_STR("a"), &values[1]), &values[0]);
    assert_ptr_equal(br_map_get(&m, BR_STR("a")), &values[1]);
    assert_int_equal(m.len, 1);
    assert_null(br_map_set(&m, BR_STR("null"), NULL));
    assert_non_null(br_map_find(&m, BR_STR("null"))); /* there, with the value NULL */
    br_map_deinit(&m);
}

static void test_keys_are_copies_and_may_hold_anything(void **state)
{
    (void) state;
    br_map m;
    br_map_init(&m);
    char key[] = "key";
    br_map_set(&m, br_str_of(key), &values[0]);
    key[0] = 'X';
    assert_ptr_equal(br_map_get(&m, BR_STR("key")), &values[0]);
    br_map_set(&m, BR_STR(""), &values[1]);
    br_map_set(&m, BR_STR("a\0b"), &values[2]);
    assert_ptr_equal(br_map_get(&m, BR_STR_NONE), &values[1]);
    assert_ptr_equal(br_map_get(&m, BR_STR("a\0b")), &values[2]);
    assert_null(br_map_get(&m, BR_STR("a\0c")));
    assert_string_equal(m.entries[0].key.p, "key"); /* NUL-terminated */
    br_map_deinit(&m);
}

static void test_clear_keeps_the_map_usable(void **state)
{
    (void) state;
    br_map m;
    br_map_init(&m);
    br_map_clear(&m);
    for (int i = 0; i < 20; i++) {
        char key[8];
        snprintf(key, sizeof(key), "k%d", i);
        br_map_set(&m, br_str_of(key), &values[i]);
    }
    br_map_clear(&m);
    assert_int_equal(m.len, 0);
    assert_null(br_map_get(&m, BR_STR("k3")));
    br_map_set(&m, BR_STR("k3"), &values[3]);
    assert_ptr_equal(br_map_get(&m, BR_STR("k3")), &values[3]);
    br_map_deinit(&m);
}

/* The naive model: an array in insertion order. */
enum { KEYS = 300 };
typedef struct model {
    int keys[KEYS];
    void *vals[KEYS];
    size_t len;
} model;

static size_t model_find(const model *o, int key)
{
    size_t i = 0;
    while (i < o->len && o->keys[i] != key) {
        i++;
    }
    return i;
}

static void *model_set(model *o, int key, void *value)
{
    size_t i = model_find(o, key);
    void *former = i < o->len ? o->vals[i] : NULL;
    if (i == o->len) o->keys[o->len++] = key;
    o->vals[i] = value;
    return former;
}

static void *model_remove(model *o, int key)
{
    size_t i = model_find(o, key);
    if (i == o->len) return NULL;
    void *value = o->vals[i];
    o->len--;
    memmove(&o->keys[i], &o->keys[i + 1], (o->len - i) * sizeof(o->keys[0]));
    memmove(&o->vals[i], &o->vals[i + 1], (o->len - i) * sizeof(o->vals[0]));
    return value;
}

static br_str key_text(int key, char text[16])
{
    snprintf(text, 16, "key-%d", key);
    return br_str_of(text);
}

static void check_same(const br_map *m, const model *o)
{
    char text[16];
    assert_int_equal(m->len, o->len);
    for (size_t i = 0; i < o->len; i++) {
        assert_true(br_str_eq(m->entries[i].key, key_text(o->keys[i], text)));
        assert_ptr_equal(m->entries[i].value, o->vals[i]);
        assert_ptr_equal(br_map_find(m, key_text(o->keys[i], text)), &m->entries[i]);
    }
}

static void step(br_map *m, model *o, br_random *r, uint64_t remove_percent)
{
    char text[16];
    int key = (int) br_random_below(r, KEYS);
    void *value = &values[br_random_below(r, 64)];
    br_str k = key_text(key, text);
    if (br_random_below(r, 100) < remove_percent) {
        assert_ptr_equal(br_map_remove(m, k), model_remove(o, key));
    } else {
        assert_ptr_equal(br_map_set(m, k, value), model_set(o, key, value));
    }
    size_t at = model_find(o, key);
    assert_ptr_equal(br_map_get(m, k), at < o->len ? o->vals[at] : NULL);
}

static void test_against_a_naive_model(void **state)
{
    (void) state;
    br_random seeds;
    br_random_seed_os(&seeds);
    for (int run = 0; run < 20; run++) {
        uint64_t seed = br_random_u64(&seeds);
        print_message("seed %llu\n", (unsigned long long) seed);
        br_random r;
        br_random_seed(&r, seed);
        br_map m;
        br_map_init(&m);
        model o = {.len = 0};
        for (int i = 0; i < 3000; i++) {
            step(&m, &o, &r, i / 500 % 2 ? 70 : 20); /* grows, shrinks, grows */
            if (i % 100 == 0) check_same(&m, &o);
        }
        check_same(&m, &o);
        br_map_deinit(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_get_replace),
        cmocka_unit_test(test_keys_are_copies_and_may_hold_anything),
        cmocka_unit_test(test_clear_keeps_the_map_usable),
        cmocka_unit_test(test_against_a_naive_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
