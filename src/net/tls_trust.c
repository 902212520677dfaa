/*
 * Whom to trust: a file of the user's, or the system's authorities with Go's variables SSL_CERT_FILE and
 * SSL_CERT_DIR.
 */
#include <dirent.h>
#include <openssl/err.h>
#include <stdlib.h>
#include "net/tls_int.h"

/* Every file of a folder that holds certificates; OpenSSL by itself would look for hashes as names. */
static void load_folder(X509_STORE *store, br_str folder)
{
    char path[4096];
    snprintf(path, sizeof(path), BR_FMT, BR_ARG(folder));
    DIR *dir = opendir(path);
    for (const struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        int n = snprintf(path, sizeof(path), BR_FMT "/%s", BR_ARG(folder), e->d_name);
        if (e->d_name[0] != '.' && n > 0 && (size_t) n < sizeof(path)) {
            (void) X509_STORE_load_file(store, path); /* Go passes over what it cannot read, too */
        }
    }
    if (dir != NULL) {
        (void) closedir(dir);
    }
}

static bool load_system(SSL_CTX *ssl)
{
    const char *folders = getenv("SSL_CERT_DIR");
    if (folders == NULL || folders[0] == 0) {
        return SSL_CTX_set_default_verify_paths(ssl) == 1; /* it knows SSL_CERT_FILE */
    }
    br_str rest = br_str_of(folders), folder;
    while (br_str_cut(&rest, ':', &folder)) {
        load_folder(SSL_CTX_get_cert_store(ssl), folder);
    }
    return SSL_CTX_set_default_verify_file(ssl) == 1;
}

/* Any certificate that is trusted ends a chain, not only one that signed itself: as in Go. */
bool br_tls_set_trust(br_tls_context *c, SSL_CTX *ssl)
{
    const br_tls_options *o = c->options;
    SSL_CTX_set_verify(ssl, o->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (o->insecure) {
        return true;
    }
    SSL_CTX_set_cert_verify_callback(ssl, br_tls_verify, c);
    X509_STORE_set_flags(SSL_CTX_get_cert_store(ssl), X509_V_FLAG_PARTIAL_CHAIN);
    return o->ca_file != NULL ? SSL_CTX_load_verify_locations(ssl, o->ca_file, NULL) == 1 : load_system(ssl);
}
