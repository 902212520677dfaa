#include "report/json_int.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include "base/assert.h"
#include "base/num.h"

void br_json_init(br_json *j, br_buf *out, int indent)
{
    *j = (br_json){.out = out, .indent = indent};
}

static void new_line(br_json *j)
{
    if (j->indent > 0) (void) br_buf_printf(j->out, "\n%*s", j->indent * j->depth, "");
}

/* Whatever comes before a value or a key: a comma, a line break. */
static void separate(br_json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->has_member[j->depth]) (void) br_buf_putc(j->out, ',');
    j->has_member[j->depth] = true;
    if (j->depth > 0) new_line(j);
}

void br_json_open(br_json *j, char bracket)
{
    BR_ASSERT(j->depth < BR_JSON_DEPTH_MAX);
    separate(j);
    (void) br_buf_putc(j->out, bracket);
    j->has_member[++j->depth] = false;
}

void br_json_close(br_json *j, char bracket)
{
    BR_ASSERT(j->depth > 0 && !j->after_key);
    bool any = j->has_member[j->depth--];
    if (any) new_line(j);
    (void) br_buf_putc(j->out, bracket);
}

void br_json_key(br_json *j, br_str key)
{
    BR_ASSERT(!j->after_key);
    separate(j);
    (void) br_buf_put_json_str(j->out, key);
    (void) br_buf_puts(j->out, j->indent > 0 ? ": " : ":");
    j->after_key = true;
}

void br_json_str(br_json *j, br_str value)
{
    separate(j);
    (void) br_buf_put_json_str(j->out, value);
}

void br_json_f64(br_json *j, double value)
{
    separate(j);
    isfinite(value) ? (void) br_buf_put_f64(j->out, value) : (void) br_buf_puts(j->out, "null");
}

void br_json_u64(br_json *j, uint64_t value)
{
    separate(j);
    (void) br_buf_put_u64(j->out, value);
}

void br_json_bool(br_json *j, bool value)
{
    separate(j);
    (void) br_buf_puts(j->out, value ? "true" : "false");
}

static void put_tree(br_json *j, json_t *v);

static void put_object(br_json *j, json_t *v)
{
    const char *key;
    json_t *member;
    br_json_open(j, '{');
    json_object_foreach(v, key, member)
    {
        br_json_key(j, br_str_of(key));
        put_tree(j, member);
    }
    br_json_close(j, '}');
}

static void put_array(br_json *j, json_t *v)
{
    br_json_open(j, '[');
    for (size_t i = 0; i < json_array_size(v); i++) {
        put_tree(j, json_array_get(v, i));
    }
    br_json_close(j, ']');
}

static void put_tree(br_json *j, json_t *v)
{
    switch (json_typeof(v)) {
        case JSON_OBJECT: put_object(j, v); break;
        case JSON_ARRAY: put_array(j, v); break;
        case JSON_STRING: br_json_str(j, (br_str){json_string_value(v), json_string_length(v)}); break;
        case JSON_INTEGER:
        case JSON_REAL: br_json_f64(j, json_number_value(v)); break;
        case JSON_TRUE: br_json_bool(j, true); break;
        case JSON_FALSE: br_json_bool(j, false); break;
        case JSON_NULL: br_json_f64(j, NAN); break;
    }
}

static int depth_of(br_str text)
{
    int depth = 0, deepest = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '[' || text.p[i] == '{') depth++;
        if (text.p[i] == ']' || text.p[i] == '}') depth--;
        if (depth > deepest) deepest = depth;
    }
    return deepest;
}

/* Numbers are doubles, as they are in scripts. */
static json_t *parse(br_str text)
{
    return json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
}

void br_json_raw(br_json *j, br_str value)
{
    /* Brackets in strings count too: that refuses too much rather than too little. */
    bool lay_out = j->indent > 0 && depth_of(value) + j->depth < BR_JSON_DEPTH_MAX;
    json_t *tree = lay_out ? parse(value) : NULL;
    if (!tree) {
        separate(j);
        (void) br_buf_put(j->out, value);
        return;
    }
    put_tree(j, tree);
    json_decref(tree);
}

void br_json_put_str(br_json *j, const char *key, br_str value)
{
    br_json_key(j, br_str_of(key));
    br_json_str(j, value);
}

void br_json_put_f64(br_json *j, const char *key, double value)
{
    br_json_key(j, br_str_of(key));
    br_json_f64(j, value);
}

void br_json_put_u64(br_json *j, const char *key, uint64_t value)
{
    br_json_key(j, br_str_of(key));
    br_json_u64(j, value);
}

void br_json_put_bool(br_json *j, const char *key, bool value)
{
    br_json_key(j, br_str_of(key));
    br_json_bool(j, value);
}

double br_json_rounded(double value, int decimals)
{
    double step = pow(10, decimals);
    return fabs(value) < 1e15 / step ? round(value * step) / step : value;
}
