#include "empire/api/keys.h"

#include <string.h>
#include <sys/random.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/sha256.h"

#define KEY_BYTES 32

typedef struct key {
    char name[EMP_KEY_NAME_MAX + 1];
    char hash[EMP_KEY_HASH_HEX + 1]; /* lower case */
} key;

struct emp_keys {
    key keys[EMP_KEYS_MAX];
    size_t count;
};

static bool read_hash(br_str hex, char ret[EMP_KEY_HASH_HEX + 1])
{
    if (hex.n != EMP_KEY_HASH_HEX) return false;
    for (size_t i = 0; i < EMP_KEY_HASH_HEX; i++) {
        char c = hex.p[i];
        if (c >= 'A' && c <= 'F') c = (char) (c - 'A' + 'a');
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return false;
        ret[i] = c;
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
            "API key %zu is not NAME:HASH with a SHA-256 of 64 hexadecimal digits: "
            "'empire key --name NAME' makes one",
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

static void hash_of(br_str text, char ret_hex[EMP_KEY_HASH_HEX + 1])
{
    br_sha256 h;
    br_sha256_init(&h);
    br_sha256_feed(&h, text);
    br_sha256_finish(&h, ret_hex);
}

/* Looks at all of both, whatever differs. */
static bool is_same(const char *a, const char *b)
{
    volatile unsigned char differs = 0;
    for (size_t i = 0; i < EMP_KEY_HASH_HEX; i++) {
        differs = (unsigned char) (differs | (unsigned char) (a[i] ^ b[i]));
    }
    return differs == 0;
}

const char *emp_keys_find(const emp_keys *k, br_str presented)
{
    char hash[EMP_KEY_HASH_HEX + 1];
    const char *found = NULL;
    if (presented.n == 0 || presented.n > EMP_KEY_TEXT_MAX) return NULL;
    hash_of(presented, hash);
    for (size_t i = 0; i < k->count; i++) { /* all of them, whichever fits */
        if (is_same(hash, k->keys[i].hash)) found = k->keys[i].name;
    }
    return found;
}

void emp_key_make(br_buf *ret_key, char ret_hash[EMP_KEY_HASH_HEX + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[KEY_BYTES + 1] = {0};
    ssize_t n = getrandom(bytes, KEY_BYTES, 0);
    BR_ASSERT(n == KEY_BYTES); /* up to 256 bytes come whole (getrandom(2)) */
    (void) br_buf_puts(ret_key, "emp_");
    for (size_t bit = 0; bit < (size_t) KEY_BYTES * 8; bit += 6) {
        unsigned two = (unsigned) bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
        (void) br_buf_putc(ret_key, digits[two >> (10 - bit % 8) & 63]);
    }
    hash_of(br_buf_view(ret_key), ret_hash);
}
