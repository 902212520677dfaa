#include "cli/config/config_schema.h"
#include <stdio.h>
#include "cli/config/config.h"
#include "cli/config/config_table.h"

/* Alternatives of a pattern: a text with a variable may become anything. */
#define VARIABLE "\\$\\{"
#define DAYS     "[A-Za-z]{3}( *- *[A-Za-z]{3})?"
#define SPAN     "([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d)"

static const char name_pattern[] = "^(?!all$)[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$";
static const char duration_pattern[] = VARIABLE "|^0$|^[+]?(" SPAN ")+$";
static const char rate_pattern[] = VARIABLE "|^ *[0-9.eE+]+ */ *(s|min) *$";
static const char window_pattern[] = VARIABLE "|^ *(" DAYS "( *, *" DAYS
                                              ")* *)?[0-9]{2}:[0-9]{2} *- *[0-9]{2}:[0-9]{2} *UTC *$";
/* Names in any case: a pattern has no flags. */
static const char criterion_pattern[] = VARIABLE
    "|[<>]|^ *([Ss][Tt][Aa][Bb][Ll][Ee]|"
    "[Dd][Ee][Gg][Rr][Aa][Dd][Ee][Ss][ _-][Gg][Rr][Aa][Cc][Ee][Ff][Uu][Ll][Ll][Yy]) *$";

static json_t *pattern(const char *text)
{
    return json_pack("{s:s,s:s}", "type", "string", "pattern", text);
}

/* A value of another type, or a text with a variable in it. */
static json_t *or_variable(json_t *value)
{
    return json_pack("{s:[o,o]}", "anyOf", value, pattern(VARIABLE));
}

static json_t *words_schema(const br_config_key *key)
{
    json_t *words = json_array();
    for (size_t i = 0; key->words[i]; i++)
        json_array_append_new(words, json_string(key->words[i]));
    return or_variable(json_pack("{s:o}", "enum", words));
}

static json_t *reference(const br_config_shape *shape)
{
    char text[64];
    snprintf(text, sizeof(text), "#/definitions/%s", shape->id);
    return json_pack("{s:s}", "$ref", text);
}

/* YAML makes numbers and booleans of what is meant as text: FOO: 1. */
static json_t *text_schema(void)
{
    return json_pack("{s:[s,s,s],s:i}", "type", "string", "number", "boolean", "minLength", 1);
}

static json_t *number_schema(const br_config_key *key)
{
    return or_variable(json_pack("{s:s,s:I,s:I}", "type", "integer", "minimum", (json_int_t) key->min,
        "maximum", (json_int_t) key->max));
}

static json_t *duration_schema(void)
{
    return json_pack("{s:[o,{s:i}]}", "anyOf", pattern(duration_pattern), "const", 0);
}

static json_t *criterion_schema(void)
{
    json_t *c = pattern(criterion_pattern);
    json_object_set_new(c, "maxLength", json_integer(BR_CONFIG_CRITERION_MAX));
    return c;
}

static json_t *value_schema(const br_config_key *key)
{
    switch (key->kind) {
        case BR_KEY_TEXT: return text_schema();
        case BR_KEY_URL: return pattern(VARIABLE "|^[Hh][Tt][Tt][Pp][Ss]?://");
        case BR_KEY_HOOK: return pattern(VARIABLE "|^(slack\\+)?[Hh][Tt][Tt][Pp][Ss]?://");
        case BR_KEY_PATH: return pattern(VARIABLE "|^/");
        case BR_KEY_NUMBER: return number_schema(key);
        case BR_KEY_DURATION: return duration_schema();
        case BR_KEY_RATE: return pattern(rate_pattern);
        case BR_KEY_SWITCH: return or_variable(json_pack("{s:s}", "type", "boolean"));
        case BR_KEY_WORD: return words_schema(key);
        case BR_KEY_WINDOW: return pattern(window_pattern);
        case BR_KEY_CRITERION: return criterion_schema();
        case BR_KEY_SHAPE: return reference(key->shape);
    }
    return NULL;
}

static json_t *list_schema(json_t *value, bool filled)
{
    json_t *list = json_pack("{s:s,s:o}", "type", "array", "items", value);
    if (filled) json_object_set_new(list, "minItems", json_integer(1));
    return list;
}

static json_t *named_schema(const br_config_key *key, json_t *value)
{
    json_t *map = json_pack("{s:s,s:o}", "type", "object", "additionalProperties", value);
    if (key->kind == BR_KEY_SHAPE) {
        json_object_set_new(map, "propertyNames", json_pack("{s:s}", "pattern", name_pattern));
        json_object_set_new(map, "minProperties", json_integer(1));
    }
    return map;
}

static json_t *form_schema(const br_config_key *key)
{
    json_t *value = value_schema(key);
    switch (key->form) {
        case BR_FORM_ONE: return value;
        case BR_FORM_LIST: return list_schema(value, key->required);
        case BR_FORM_ONE_OR_LIST: return json_pack("{s:[O,o]}", "anyOf", value, list_schema(value, true));
        case BR_FORM_NAMED: return named_schema(key, value);
        case BR_FORM_NAMED_LISTS: return named_schema(key, list_schema(value, false));
    }
    return NULL;
}

/* Beside "$ref" other members would be ignored. */
static json_t *key_schema(const br_config_key *key)
{
    char doc[512];
    snprintf(doc, sizeof(doc), "%s E.g. %s", key->doc, key->example);
    json_t *schema = form_schema(key), *ret = json_pack("{s:s}", "description", doc);
    if (json_object_get(schema, "$ref")) {
        json_object_set_new(ret, "allOf", json_pack("[o]", schema));
    } else {
        json_object_update_missing(ret, schema);
        json_decref(schema);
    }
    return ret;
}

/* One schema per key: that it is required. */
static json_t *each_required(const char *const *keys)
{
    json_t *list = json_array();
    for (size_t i = 0; keys[i]; i++)
        json_array_append_new(list, json_pack("{s:[s]}", "required", keys[i]));
    return list;
}

static void add_rules(json_t *schema, const br_config_shape *shape)
{
    if (shape->one_of) json_object_set_new(schema, "oneOf", each_required(shape->one_of));
    if (shape->at_least_one) json_object_set_new(schema, "anyOf", each_required(shape->at_least_one));
    if (!shape->at_most_one) return;
    json_t *all = json_array();
    for (size_t i = 0; shape->at_most_one[i]; i++)
        json_array_append_new(all, json_string(shape->at_most_one[i]));
    json_object_set_new(schema, "not", json_pack("{s:o}", "required", all));
}

static json_t *shape_schema(const br_config_shape *shape)
{
    json_t *properties = json_object(), *required = json_array();
    for (size_t i = 0; i < shape->count; i++) {
        json_object_set_new(properties, shape->keys[i].name, key_schema(&shape->keys[i]));
        if (shape->keys[i].required) json_array_append_new(required, json_string(shape->keys[i].name));
    }
    json_t *schema = json_pack("{s:s,s:s,s:o,s:b}", "description", shape->doc, "type", "object", "properties",
        properties, "additionalProperties", 0);
    json_object_set_new(schema, "required", required);
    add_rules(schema, shape);
    return schema;
}

json_t *br_config_schema(void)
{
    static const br_config_shape *const shapes[] = {&br_shape_environment, &br_shape_notify, &br_shape_watch,
        &br_shape_preflight, &br_shape_test, &br_shape_load, &br_shape_stage, &br_shape_writes,
        &br_shape_spike};
    json_t *definitions = json_object(), *root = json_object();
    for (size_t i = 0; i < BR_COUNT_OF(shapes); i++)
        json_object_set_new(definitions, shapes[i]->id, shape_schema(shapes[i]));
    json_object_set_new(root, "$schema", json_string("http://json-schema.org/draft-07/schema#"));
    json_object_set_new(root, "title", json_string("brunt.yaml"));
    json_t *file = shape_schema(&br_shape_root);
    json_object_update(root, file);
    json_decref(file);
    json_object_set_new(root, "definitions", definitions);
    return root;
}
