#include "support/tls_env.h"
#include <stdlib.h>
#include <unistd.h>

#define NAMES "DNS:localhost,DNS:*.wild.test,IP:127.0.0.1"

test_pki pki;

static test_cert server_cert(const char *name, const char *names, int from_s, int to_s, const test_cert *by)
{
    return test_cert_make(
        &(test_cert_spec){.name = name, .names = names, .from_s = from_s, .to_s = to_s}, by);
}

static void make_authorities(void)
{
    pki.ca = test_cert_make(&(test_cert_spec){.name = "Test CA", .authority = true}, NULL);
    pki.other_ca = test_cert_make(&(test_cert_spec){.name = "Other CA", .authority = true}, NULL);
    pki.sub_ca = test_cert_make(&(test_cert_spec){.name = "Sub CA", .authority = true}, &pki.ca);
    pki.late_ca = test_cert_make(
        &(test_cert_spec){.name = "Late CA", .authority = true, .from_s = -7200, .to_s = -3600}, &pki.ca);
}

int test_pki_make(void **state)
{
    (void) state;
    make_authorities();
    pki.good = server_cert("good", NAMES, 0, 0, &pki.ca);
    pki.rsa = test_cert_make(&(test_cert_spec){.name = "rsa", .names = NAMES, .rsa = true}, &pki.ca);
    pki.below = server_cert("below", NAMES, 0, 0, &pki.sub_ca);
    pki.below_late = server_cert("below late", NAMES, 0, 0, &pki.late_ca);
    pki.expired = server_cert("expired", NAMES, -7200, -3600, &pki.ca);
    pki.early = server_cert("early", NAMES, 3600, 7200, &pki.ca);
    pki.elsewhere = server_cert("elsewhere", "DNS:other.test,IP:192.0.2.1", 0, 0, &pki.ca);
    pki.nameless = server_cert("nameless", NULL, 0, 0, &pki.ca);
    pki.common_name = server_cert("localhost", NULL, 0, 0, &pki.ca);
    pki.unknown = server_cert("unknown", NAMES, 0, 0, &pki.other_ca);
    pki.wrong_use = test_cert_make(
        &(test_cert_spec){.name = "wrong use", .names = NAMES, .client = true}, &pki.ca);
    pki.client = test_cert_make(&(test_cert_spec){.name = "client one", .client = true}, &pki.ca);
    pki.other_client = test_cert_make(&(test_cert_spec){.name = "client two", .client = true}, &pki.other_ca);
    char *pem = test_cert_pem(&pki.ca);
    test_write_file(pem, pki.ca_path);
    free(pem);
    return 0;
}

int test_pki_free(void **state)
{
    (void) state;
    unlink(pki.ca_path);
    test_cert *all[] = {&pki.ca, &pki.other_ca, &pki.sub_ca, &pki.good, &pki.rsa, &pki.below, &pki.expired,
        &pki.early, &pki.elsewhere, &pki.nameless, &pki.common_name, &pki.wrong_use, &pki.unknown,
        &pki.late_ca, &pki.below_late, &pki.client, &pki.other_client};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        test_cert_free(all[i]);
    return 0;
}
