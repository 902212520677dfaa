/* net/tls.h: what an idle connection holds. OpenSSL's memory is counted by thread: the client is alone on
 * this one. */
#include "tls_peer.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 16

static _Thread_local size_t live;

static void *count_alloc(size_t n, const char *file, int line)
{
    (void) file, (void) line;
    char *p = n > 0 ? malloc(n + HEAD) : NULL;
    if (p == NULL) return NULL;
    memcpy(p, &n, sizeof(n));
    live += n;
    return p + HEAD;
}

static void count_free(void *p, const char *file, int line)
{
    (void) file, (void) line;
    size_t n;
    if (p == NULL) return;
    memcpy(&n, (char *) p - HEAD, sizeof(n));
    live -= n;
    free((char *) p - HEAD);
}

static void *count_realloc(void *p, size_t n, const char *file, int line)
{
    size_t old = 0;
    char *moved = count_alloc(n, file, line);
    if (p != NULL) memcpy(&old, (char *) p - HEAD, sizeof(old));
    if (moved != NULL && p != NULL) memcpy(moved, p, old < n ? old : n);
    count_free(p, file, line);
    return moved;
}

/* By OpenSSL 3.0; later ones keep the certificates. */
static size_t idle_limit(void)
{
    return OPENSSL_version_major() == 3 && OPENSSL_version_minor() <= 1 ? 13000 : 26000;
}

static const tls_script answers = {{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .n = 100000),
    STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "second"), STEP(TLS_KEY_UPDATE), STEP(TLS_REQUEST),
    STEP(TLS_SEND, .text = "third"), STEP(TLS_WAIT)}};

/* An answer came, and nothing follows: only OpenSSL's own state of the connection is left. */
static void run_idle(int version, bool resume)
{
    peer p;
    peer_init(&p);
    p.server_options.max = version;
    p.options.resume = resume;
    p.send = A_REQUEST;
    p.stop_at = 100000;
    peer_serve(&p, &answers, 1);
    peer_run(&p); /* makes what all connections share */
    peer_close(&p);
    size_t before = live;
    peer_run(&p);
    assert_int_equal(p.received, 100000);
    size_t limit = resume ? 26000 : idle_limit();
    if (live - before > limit) fail_msg("%zu bytes, want at most %zu", live - before, limit);
    peer_close(&p);
    if (!resume) assert_int_equal(live, before); /* sessions differ in size */
    peer_deinit(&p);
}

static void idle_connections_are_small(void **state)
{
    (void) state;
    run_idle(TLS1_3_VERSION, false);
    run_idle(TLS1_2_VERSION, false);
    run_idle(TLS1_3_VERSION, true);
}

/* What was given back is not needed: requests and new keys after it. */
static void it_goes_on(void **state)
{
    (void) state;
    peer p;
    peer_init(&p);
    p.server_options.max = TLS1_3_VERSION;
    p.send = A_REQUEST;
    p.stop_at = 100000;
    peer_serve(&p, &answers, 1);
    peer_run(&p);
    p.stop_at = 100006;
    peer_write(&p, A_REQUEST);
    peer_again(&p);
    assert_string_equal(p.last, "second");
    p.stop_at = 100011;
    peer_write(&p, A_REQUEST);
    peer_again(&p);
    assert_string_equal(p.last, "third");
    assert_int_equal(p.closed, 0);
    assert_int_equal(p.tls.info.version, BR_TLS_1_3);
    assert_string_equal(p.tls.info.cipher, "TLS_AES_128_GCM_SHA256");
    peer_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_connections_are_small),
        cmocka_unit_test(it_goes_on),
    };
    if (CRYPTO_set_mem_functions(count_alloc, count_realloc, count_free) != 1) return 1;
    return cmocka_run_group_tests(tests, test_pki_make, test_pki_free);
}
