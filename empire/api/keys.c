#include "empire/api/keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"

#define KEY_BYTES 32

typedef struct key {
    char name[EMP_KEY_NAME_MAX + 1];
    unsigned char hash[SHA256_DIGEST_LENGTH];
} key;

struct emp_keys {
    key keys[EMP_KEYS_MAX];
    size_t count;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool read_hash(br_str hex, unsigned char *ret)
{
    if (hex.n != EMP_KEY_HASH_HEX) return false;
    for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        int high = hex_digit(hex.p[2 * i]), low = hex_digit(hex.p[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        ret[i] = (unsigned char) (high * 16 + low);
    }
    return true;
}

static bool is_name(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
        if (!ok) return false;
    }
    return s.n > 0 && s.n <= EMP_KEY_NAME_MAX;
}

static br_code add(emp_keys *k, br_str entry, br_err *err)
{
    br_str hash = entry, name;
    if (k->count == EMP_KEYS_MAX)
        return br_fail(err, BR_ELIMIT, "there are more than %d API keys", EMP_KEYS_MAX);
    key *to = &k->keys[k->count];
    if (!br_str_cut(&hash, ':', &name) || !is_name(name) || !read_hash(hash, to->hash)) {
        return br_fail(err, BR_EINVAL,
            "API key %zu is not NAME:HASH with a SHA-256 of 64 hexadecimal digits: 'empire key NAME' makes one",
            k->count + 1);
    }
    memcpy(to->name, name.p, name.n);
    k->count++;
    return BR_OK;
}

br_code emp_keys_parse(const char *text, emp_keys **ret_keys, br_err *err)
{
    emp_keys *k = BR_NEW(emp_keys);
    br_str rest = br_str_of(text), entry;
    br_code rc = BR_OK;
    while (rc == BR_OK && rest.n && br_str_cut(&rest, ',', &entry)) {
        rc = add(k, br_str_trim(entry), err);
    }
    if (rc == BR_OK) {
        *ret_keys = k;
    } else {
        emp_keys_free(k);
    }
    return rc;
}

void emp_keys_free(emp_keys *k)
{
    br_free(k);
}

static void hash_of(br_str text, unsigned char ret[SHA256_DIGEST_LENGTH])
{
    SHA256((const unsigned char *) text.p, text.n, ret);
}

const char *emp_keys_find(const emp_keys *k, br_str presented)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    const char *found = NULL;
    if (presented.n == 0 || presented.n > EMP_KEY_TEXT_MAX) return NULL;
    hash_of(presented, hash);
    for (size_t i = 0; i < k->count; i++) { /* all of them, whichever fits */
        if (CRYPTO_memcmp(hash, k->keys[i].hash, sizeof(hash)) == 0) found = k->keys[i].name;
    }
    return found;
}

void emp_key_make(br_buf *ret_key, char ret_hash[EMP_KEY_HASH_HEX + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[KEY_BYTES + 1] = {0}, hash[SHA256_DIGEST_LENGTH];
    int ok = RAND_bytes(bytes, KEY_BYTES);
    BR_ASSERT(ok == 1);
    (void) br_buf_puts(ret_key, "emp_");
    for (size_t bit = 0; bit < (size_t) KEY_BYTES * 8; bit += 6) {
        unsigned two = (unsigned) bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
        (void) br_buf_putc(ret_key, digits[two >> (10 - bit % 8) & 63]);
    }
    hash_of(br_buf_view(ret_key), hash);
    for (size_t i = 0; i < sizeof(hash); i++) {
        ret_hash[2 * i] = hex[hash[i] >> 4];
        ret_hash[2 * i + 1] = hex[hash[i] & 15];
    }
    ret_hash[EMP_KEY_HASH_HEX] = '\0';
}
