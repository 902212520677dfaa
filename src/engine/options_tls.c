/* Options of TLS: versions, cipher suites, client certificates. */
#include "engine/options_read.h"

static br_code read_version(const br_option_reader *r, const char *name, const json_t *v, br_tls_version *ret)
{
    br_str text = BR_STR("");
    br_code code = br_read_text(r, name, v, &text);
    if (code != BR_OK || text.n == 0) return code;
    *ret = br_tls_version_of(text);
    return *ret != BR_TLS_ANY
               ? BR_OK
               : br_fail(r->err, BR_ESYNTAX,
                     "unknown TLS version '" BR_FMT "', use tls1.0, tls1.1, tls1.2 or tls1.3", BR_ARG(text));
}

/* One text for both ends, or {min, max}. */
static br_code read_versions(const br_option_reader *r, const json_t *v, br_tls_options *tls)
{
    if (!json_is_object(v)) {
        br_code code = read_version(r, "tlsVersion", v, &tls->min);
        tls->max = tls->min;
        return code;
    }
    br_fold_names(v, (const char *const[]){"min", "max", NULL});
    br_code code = read_version(r, "tlsVersion.min", json_object_get(v, "min"), &tls->min);
    if (code == BR_OK) code = read_version(r, "tlsVersion.max", json_object_get(v, "max"), &tls->max);
    if (code == BR_OK && tls->max != BR_TLS_ANY && tls->min > tls->max)
        return br_fail(r->err, BR_EINVAL, "tlsVersion: min (%s) is above max (%s)",
            br_tls_version_name(tls->min), br_tls_version_name(tls->max));
    return code;
}

static br_code read_ciphers(const br_option_reader *r, const json_t *v, br_tls_options *tls)
{
    br_str *names = NULL;
    br_code code = br_read_strings(r, "tlsCipherSuites", v, &names, &tls->cipher_count);
    for (size_t i = 0; i < tls->cipher_count && code == BR_OK; i++) {
        if (!br_tls_cipher_known(names[i]))
            code = br_fail(r->err, BR_ESYNTAX, "unknown cipher suite '" BR_FMT "'", BR_ARG(names[i]));
    }
    tls->ciphers = names;
    return code;
}

static br_code read_cert(const br_option_reader *r, const json_t *v, br_tls_client_cert *ret)
{
    br_str *domains = NULL;
    if (!json_is_object(v))
        return br_fail(r->err, BR_EINVAL, "tlsAuth: each entry is an object with cert and key");
    br_fold_names(v, (const char *const[]){"cert", "key", "password", "domains", NULL});
    br_code code = br_read_text(r, "tlsAuth.cert", json_object_get(v, "cert"), &ret->cert);
    if (code == BR_OK) code = br_read_text(r, "tlsAuth.key", json_object_get(v, "key"), &ret->key);
    if (code == BR_OK)
        code = br_read_text(r, "tlsAuth.password", json_object_get(v, "password"), &ret->password);
    if (code == BR_OK)
        code = br_read_strings(
            r, "tlsAuth.domains", json_object_get(v, "domains"), &domains, &ret->domain_count);
    ret->domains = domains;
    return code;
}

static br_code read_certs(const br_option_reader *r, const json_t *v, br_tls_options *tls)
{
    if (!v || json_is_null(v)) return BR_OK;
    if (!json_is_array(v)) return br_fail(r->err, BR_EINVAL, "tlsAuth must be a list of objects");
    size_t n = json_array_size(v);
    br_tls_client_cert *list = br_arena_zalloc(r->arena, (n + 1) * sizeof(*list));
    br_code code = BR_OK;
    for (size_t i = 0; i < n && code == BR_OK; i++)
        code = read_cert(r, json_array_get(v, i), &list[i]);
    tls->certs = list;
    tls->cert_count = n;
    return code;
}

br_code br_options_read_tls(const br_option_reader *r, const json_t *j, br_tls_options *tls)
{
    br_code code = br_read_bool(
        r, "insecureSkipTLSVerify", json_object_get(j, "insecureSkipTLSVerify"), &tls->insecure);
    if (code == BR_OK) code = read_versions(r, json_object_get(j, "tlsVersion"), tls);
    if (code == BR_OK) code = read_ciphers(r, json_object_get(j, "tlsCipherSuites"), tls);
    if (code == BR_OK) code = read_certs(r, json_object_get(j, "tlsAuth"), tls);
    if (code == BR_OK) code = br_tls_options_check(tls, r->err);
    return code;
}

bool br_options_http2_wanted(const char *godebug)
{
    br_str rest = br_str_of(godebug), setting;
    bool wanted = true;
    while (br_str_cut(&rest, ',', &setting)) {
        if (br_str_starts(setting, BR_STR("http2client="))) wanted = !br_str_is(setting, "http2client=0");
    }
    return wanted;
}
