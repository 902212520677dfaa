/*
 * tests/support/tls_env.h - certificates that tests of TLS clients share, made once a program.
 */
#pragma once
#include "support/tls_certs.h"

typedef struct test_pki {
    test_cert ca;       /* "Test CA", in the file `ca_path` */
    test_cert other_ca; /* in no file */
    test_cert sub_ca;   /* below ca */
    test_cert good;     /* localhost, *.wild.test, 127.0.0.1; of ca */
    test_cert rsa;      /* the same with an RSA key */
    test_cert below;    /* localhost; of sub_ca */
    test_cert expired, early, elsewhere /* other.test */, nameless, common_name /* no SAN, CN localhost */;
    test_cert wrong_use;            /* for clients */
    test_cert unknown;              /* of other_ca */
    test_cert late_ca, below_late;  /* an expired authority, and a certificate of it */
    test_cert client, other_client; /* "client one" of ca, "client two" of other_ca */
    char ca_path[64];
} test_pki;

extern test_pki pki;
int test_pki_make(void **state); /* setup and teardown of a cmocka group */
int test_pki_free(void **state);
