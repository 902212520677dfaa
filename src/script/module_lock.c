#include "script/module_lock.h"
#include <jansson.h>
#include <openssl/evp.h>
#include "base/assert.h"
#include "base/file.h"
#include "base/mem.h"

#define LOCK_BYTES_MAX ((size_t) 4 << 20)

struct br_module_lock {
    char *path;
    json_t *root, *modules;
    bool write, changed;
};

void br_module_hash(br_str content, char *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    int ok = EVP_Digest(content.p ? content.p : "", content.n, digest, &n, EVP_sha256(), NULL);
    BR_ASSERT(ok == 1 && n == 32); /* fails for want of memory only */
    for (unsigned int i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static br_code check_form(br_module_lock *l, br_err *err)
{
    json_t *version = json_object_get(l->root, "version");
    l->modules = json_object_get(l->root, "modules");
    bool ok = json_is_integer(version) && json_integer_value(version) == 1 && json_is_object(l->modules);
    const char *url;
    json_t *hash;
    if (ok)
        json_object_foreach(l->modules, url, hash)
            ok = ok && json_is_string(hash) && json_string_length(hash) == 64;
    return ok ? BR_OK
              : br_fail(err, BR_EINVAL,
                    "%s is no lock file: {\"version\": 1, \"modules\": {URL: SHA-256}} is expected; make it anew with --lock",
                    l->path);
}

static br_code parse(br_module_lock *l, br_str text, br_err *err)
{
    json_error_t why;
    l->root = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &why);
    if (!l->root)
        return br_fail(
            err, BR_ESYNTAX, "%s:%d:%d: it is no JSON: %s", l->path, why.line, why.column, why.text);
    return check_form(l, err);
}

br_code br_module_lock_open(const char *path, bool write, br_module_lock **ret, br_err *err)
{
    br_module_lock *l = BR_NEW(br_module_lock);
    l->path = br_strdup(path);
    l->write = write;
    br_buf text;
    br_buf_init(&text, LOCK_BYTES_MAX);
    br_code code = br_file_read(path, &text, err);
    if (code == BR_ENOTFOUND && write) {
        code = BR_OK;
        l->root = json_pack("{s:i, s:{}}", "version", 1, "modules");
        l->modules = json_object_get(l->root, "modules");
    } else if (code == BR_OK) {
        code = parse(l, br_buf_view(&text), err);
    }
    br_buf_deinit(&text);
    if (code != BR_OK) {
        br_module_lock_free(l);
        return code;
    }
    *ret = l;
    return BR_OK;
}

void br_module_lock_free(br_module_lock *l)
{
    if (!l) return;
    json_decref(l->root);
    br_free(l->path);
    br_free(l);
}

bool br_module_lock_fits(const br_module_lock *l, br_str url, br_str content)
{
    char hash[65];
    br_module_hash(content, hash);
    const json_t *known = json_object_getn(l->modules, url.p, url.n);
    return known && strcmp(json_string_value(known), hash) == 0;
}

br_code br_module_lock_check(br_module_lock *l, br_str url, br_str content, br_err *err)
{
    if (br_module_lock_fits(l, url, content)) return BR_OK;
    char hash[65];
    br_module_hash(content, hash);
    const json_t *known = json_object_getn(l->modules, url.p, url.n);
    if (l->write) {
        json_object_setn_new(l->modules, url.p, url.n, json_string(hash));
        l->changed = true;
        return BR_OK;
    }
    if (!known)
        return br_fail(err, BR_EINVAL,
            "%s does not list it: look at the module, then run once with --lock to add it", l->path);
    return br_fail(err, BR_EINVAL,
        "its SHA-256 is %s, but %s has %s: the module has changed; look at it, then run once with --lock",
        hash, l->path, json_string_value(known));
}

br_code br_module_lock_save(br_module_lock *l, br_err *err)
{
    if (!l->changed) return BR_OK;
    char *text = json_dumps(l->root, JSON_INDENT(2) | JSON_SORT_KEYS);
    BR_ASSERT(text); /* fails for want of memory only */
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&out, text);
    (void) br_buf_puts(&out, "\n");
    free(text); // from json_dumps
    br_code code = br_file_write(l->path, br_buf_view(&out), err);
    br_buf_deinit(&out);
    l->changed = code != BR_OK;
    return code;
}
