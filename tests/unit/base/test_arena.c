#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/random.h"

#ifdef BR_ASAN
#include <sanitizer/asan_interface.h>
#endif

static void test_blocks_are_aligned_and_apart(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 512);
    br_random r;
    br_random_seed(&r, 1);
    enum { COUNT = 2000 };
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = (size_t) br_random_below(&r, i % 50 == 0 ? 5000 : 100);
        blocks[i] = br_arena_alloc(&a, sizes[i]);
        assert_int_equal((uintptr_t) blocks[i] % 16, 0);
        memset(blocks[i], (int) (i & 0xFF), sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(blocks[i][k], i & 0xFF);
        }
    }
    br_arena_deinit(&a);
}

static void test_reset_reuses_the_first_chunk(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 1024);
    br_arena_reset(&a); /* of an empty one: nothing happens */
    char *first = br_arena_alloc(&a, 10);
    for (int i = 0; i < 100; i++) {
        br_arena_alloc(&a, 300);
    }
    br_arena_reset(&a);
    assert_ptr_equal(br_arena_alloc(&a, 10), first);
    br_arena_deinit(&a);
    br_arena_deinit(&a); /* a second time is harmless */
}

static void test_large_block_leaves_the_current_chunk_in_use(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 1024);
    char *before = br_arena_alloc(&a, 16);
    char *large = br_arena_alloc(&a, 1 << 20);
    memset(large, 1, 1 << 20);
    char *after = br_arena_alloc(&a, 16);
    assert_true(after > before && after - before <= 64);
    br_arena_reset(&a);
    assert_ptr_equal(br_arena_alloc(&a, 16), before);
    br_arena_deinit(&a);
}

static void test_first_block_may_be_large(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 0);
    memset(br_arena_alloc(&a, 100000), 1, 100000);
    br_arena_reset(&a);
    memset(br_arena_alloc(&a, 1), 1, 1);
    br_arena_deinit(&a);
}

static void test_zalloc_zeroes_reused_memory(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 1024);
    memset(br_arena_alloc(&a, 200), 0xFF, 200);
    br_arena_reset(&a);
    unsigned char *p = br_arena_zalloc(&a, 200);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(p[i], 0);
    }
    uint64_t *number = BR_ARENA_NEW(&a, uint64_t);
    assert_int_equal(*number, 0);
    br_arena_deinit(&a);
}

static void test_bytes_are_those_of_all_chunks(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 1024);
    assert_int_equal(br_arena_bytes(&a), 0);
    (void) br_arena_alloc(&a, 10);
    size_t one = br_arena_bytes(&a);
    assert_in_range(one, 1024, 1024 + 64);
    (void) br_arena_alloc(&a, 100000);
    assert_in_range(br_arena_bytes(&a), one + 100000, one + 110000);
    br_arena_deinit(&a);
}

static void test_strings(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 256);
    assert_string_equal(br_arena_cstr(&a, BR_STR("abc")), "abc");
    assert_string_equal(br_arena_cstr(&a, BR_STR_NONE), "");
    br_str copy = br_arena_str(&a, BR_STR("a\0b"));
    assert_int_equal(copy.n, 3);
    assert_memory_equal(copy.p, "a\0b\0", 4);
    assert_string_equal(br_arena_printf(&a, "%d-%s", 42, "x"), "42-x");
    char *wide = br_arena_printf(&a, "%*s", 3000, "end");
    assert_int_equal(strlen(wide), 3000);
    br_arena_deinit(&a);
}

static void test_asan_knows_what_is_dead(void **state)
{
    (void) state;
#ifdef BR_ASAN
    br_arena a;
    br_arena_init(&a, 1024);
    char *p = br_arena_alloc(&a, 13);
    assert_null(__asan_region_is_poisoned(p, 13));
    assert_true(__asan_address_is_poisoned(p + 13));
    assert_true(__asan_address_is_poisoned(p + 16)); /* nothing was allocated there */
    br_arena_reset(&a);
    assert_true(__asan_address_is_poisoned(p));
    char *again = br_arena_alloc(&a, 4);
    assert_ptr_equal(again, p);
    assert_false(__asan_address_is_poisoned(p + 3));
    assert_true(__asan_address_is_poisoned(p + 4));
    br_arena_deinit(&a);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_aligned_and_apart),
        cmocka_unit_test(test_reset_reuses_the_first_chunk),
        cmocka_unit_test(test_large_block_leaves_the_current_chunk_in_use),
        cmocka_unit_test(test_first_block_may_be_large),
        cmocka_unit_test(test_zalloc_zeroes_reused_memory),
        cmocka_unit_test(test_bytes_are_those_of_all_chunks),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_asan_knows_what_is_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
