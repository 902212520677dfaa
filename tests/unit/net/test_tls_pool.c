/* net/tls_pool.h: blocks of OpenSSL's large buffers. */
#include "net/tls_pool.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RECORD 16709
#define MANY   (4 * BR_TLS_POOL_KEPT)

static void which_sizes_are_blocks(void **state)
{
    (void) state;
    static const struct {
        size_t size;
        bool block;
    } cases[] = {{1, false}, {3072, false}, {3073, true}, {4096, true}, {4097, false}, {12288, false},
        {12289, true}, {RECORD, true}, {24576, true}, {24577, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *p = br_tls_pool_alloc(cases[i].size);
        assert_int_equal(br_tls_pool_owns(p), cases[i].block);
        memset(p, 'x', cases[i].size);
        br_tls_pool_free(p);
    }
    assert_null(br_tls_pool_alloc(0));
    br_tls_pool_free(NULL);
    assert_false(br_tls_pool_owns(NULL));
}

static void the_last_one_comes_first(void **state)
{
    (void) state;
    void *a = br_tls_pool_alloc(RECORD), *b = br_tls_pool_alloc(RECORD);
    br_tls_pool_free(a);
    br_tls_pool_free(b);
    assert_ptr_equal(br_tls_pool_alloc(20000), b);
    assert_ptr_equal(br_tls_pool_alloc(20000), a);
    br_tls_pool_free(a);
    br_tls_pool_free(b);
}

/* More than a thread keeps: none is given out twice, and those that went back are empty again. */
static void many_at_once(void **state)
{
    (void) state;
    static char *blocks[MANY];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < MANY; i++) {
            blocks[i] = br_tls_pool_alloc(RECORD);
            memset(blocks[i], (int) i, RECORD);
        }
        for (size_t i = 0; i < MANY; i++) {
            assert_int_equal((unsigned char) blocks[i][0], i % 256);
            assert_int_equal((unsigned char) blocks[i][RECORD - 1], i % 256);
        }
        for (size_t i = 0; i < MANY; i++)
            br_tls_pool_free(blocks[i]);
    }
    /* Those kept are the first ones; the next one has lost its pages. */
    for (size_t i = 0; i <= BR_TLS_POOL_KEPT; i++)
        blocks[i] = br_tls_pool_alloc(RECORD);
    assert_int_equal(blocks[BR_TLS_POOL_KEPT][100], 0);
    for (size_t i = 0; i <= BR_TLS_POOL_KEPT; i++)
        br_tls_pool_free(blocks[i]);
}

static void growing_keeps_what_is_in_it(void **state)
{
    (void) state;
    char *p = br_tls_pool_realloc(NULL, 100);
    static const size_t sizes[] = {200, 4000, 4096, 5000, 13000, 24000, 50000, 60000, 70};
    memcpy(p, "begin", 6);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        p = br_tls_pool_realloc(p, sizes[i]);
        assert_string_equal(p, "begin");
        memset(p + 6, 'x', sizes[i] - 6);
    }
    assert_null(br_tls_pool_realloc(p, 0));
    char *small = br_tls_pool_alloc(4000);
    memcpy(small, "begin", 6);
    small = br_tls_pool_realloc(small, 20000); /* from one size to the other */
    assert_true(br_tls_pool_owns(small));
    assert_string_equal(small, "begin");
    br_tls_pool_free(small);
}

static void *take_some(void *arg)
{
    void **blocks = arg;
    for (size_t i = 0; i < MANY; i++)
        blocks[i] = br_tls_pool_alloc(RECORD);
    br_tls_pool_free(br_tls_pool_alloc(4000));
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (void *const *) a, y = (uintptr_t) * (void *const *) b;
    return x < y ? -1 : x > y;
}

static void threads_share(void **state)
{
    (void) state;
    static void *blocks[4 * MANY];
    pthread_t threads[4];
    for (size_t t = 0; t < 4; t++)
        pthread_create(&threads[t], NULL, take_some, blocks + t * MANY);
    for (size_t t = 0; t < 4; t++)
        pthread_join(threads[t], NULL);
    qsort(blocks, 4 * MANY, sizeof(blocks[0]), compare);
    for (size_t i = 1; i < 4 * MANY; i++) {
        assert_true((char *) blocks[i] - (char *) blocks[i - 1] >= (ptrdiff_t) BR_TLS_POOL_LARGE);
    }
    for (size_t i = 0; i < 4 * MANY; i++)
        br_tls_pool_free(blocks[i]); /* by another thread */
}

static void openssl_uses_it(void **state)
{
    (void) state;
    void *p = OPENSSL_malloc(RECORD);
    assert_true(br_tls_pool_owns(p));
    p = OPENSSL_realloc(p, 30000);
    assert_false(br_tls_pool_owns(p));
    OPENSSL_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_sizes_are_blocks),
        cmocka_unit_test(the_last_one_comes_first),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(growing_keeps_what_is_in_it),
        cmocka_unit_test(threads_share),
        cmocka_unit_test(openssl_uses_it),
    };
    if (!br_tls_pool_install()) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
