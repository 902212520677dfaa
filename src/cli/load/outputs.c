#include "cli/load/outputs.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/log.h"
#include "report/out_csv.h"
#include "report/out_json.h"

#define OUTPUTS_MAX 32

typedef struct output {
    br_sample_fn *tap;
    void *ctx;
    br_code (*close)(void *ctx, br_err *err); /* NULL: nothing to close */
    br_str name;                              /* empty: not shown */
} output;

struct br_outputs {
    br_arena arena;
    output list[OUTPUTS_MAX + 1]; /* and one of br_outputs_add() */
    size_t count;
};

br_outputs *br_outputs_new(void)
{
    br_outputs *o = BR_NEW(br_outputs);
    br_arena_init(&o->arena, 1024);
    return o;
}

static br_code add(br_outputs *o, output one, br_err *err)
{
    if (o->count == OUTPUTS_MAX) {
        (void) one.close(one.ctx, err);
        return br_fail(err, BR_EINVAL, "more than %d outputs", OUTPUTS_MAX);
    }
    o->list[o->count++] = one;
    return BR_OK;
}

static br_str described(br_outputs *o, const char *type, br_str path)
{
    bool to_stdout = path.n == 0 || br_str_is(path, "-");
    return br_str_of(to_stdout ? br_arena_printf(&o->arena, "%s (stdout)", type)
                               : br_arena_printf(&o->arena, "%s (" BR_FMT ")", type, BR_ARG(path)));
}

/* json --------------------------------------------------------------------------------------------- */

static br_code close_json(void *ctx, br_err *err)
{
    return br_out_json_close(ctx, err);
}

static br_code open_json(br_outputs *o, br_str path, br_err *err)
{
    br_out_json *out = NULL;
    br_code code = br_out_json_open(path, &out, err);
    if (code != BR_OK) return code;
    return add(o, (output){br_out_json_tap, out, close_json, described(o, "json", path)}, err);
}

/* csv ---------------------------------------------------------------------------------------------- */

static br_code close_csv(void *ctx, br_err *err)
{
    return br_out_csv_close(ctx, err);
}

/* k6's levels: configuration file, environment, the argument. */
static br_code csv_from_file(const br_outputs_config *c, br_out_csv_config *csv, br_err *err)
{
    const char *key;
    json_t *value, *own = json_object_get(json_object_get(c->config_file, "collectors"), "csv");
    json_object_foreach(own, key, value)
    {
        const char *text = json_string_value(value);
        if (json_is_null(value)) continue;
        if (!text) return br_fail(err, BR_EINVAL, "collectors.csv.%s: a text is expected", key);
        br_code code = br_out_csv_set(csv, br_str_of(key), br_str_of(text), err);
        if (code != BR_OK) return code;
    }
    return BR_OK;
}

static br_code csv_from_env(br_out_csv_config *csv, br_err *err)
{
    static const char *const variables[][2] = {{"K6_CSV_FILENAME", "fileName"},
        {"K6_CSV_SAVE_INTERVAL", "saveInterval"}, {"K6_CSV_TIME_FORMAT", "timeFormat"}};
    br_code code = BR_OK;
    for (size_t i = 0; i < BR_COUNT_OF(variables) && code == BR_OK; i++) {
        const char *value = getenv(variables[i][0]);
        if (value && *value) code = br_out_csv_set(csv, br_str_of(variables[i][1]), br_str_of(value), err);
    }
    return code;
}

static br_code csv_from_arg(br_str arg, br_out_csv_config *csv, br_err *err)
{
    br_str item, key;
    if (br_str_find_char(arg, '=') < 0) {
        if (arg.n) csv->path = arg;
        return BR_OK;
    }
    br_code code = BR_OK;
    while (code == BR_OK && br_str_cut(&arg, ',', &item)) {
        if (!br_str_cut(&item, '=', &key) || !item.p)
            return br_fail(
                err, BR_EINVAL, "couldn't parse \"" BR_FMT "\" as argument for csv output", BR_ARG(key));
        code = br_out_csv_set(csv, key, item, err);
    }
    return code;
}

static br_code open_csv(br_outputs *o, const br_outputs_config *c, br_str arg, br_err *err)
{
    br_out_csv_config csv = br_out_csv_defaults;
    csv.system_tags = c->system_tags;
    br_out_csv *out = NULL;
    br_code code = csv_from_file(c, &csv, err);
    if (code == BR_OK) code = csv_from_env(&csv, err);
    if (code == BR_OK) code = csv_from_arg(arg, &csv, err);
    if (code == BR_OK) code = br_out_csv_open(&csv, &out, err);
    if (code != BR_OK) return code;
    return add(o, (output){br_out_csv_tap, out, close_csv, described(o, "csv", csv.path)}, err);
}

/* All ---------------------------------------------------------------------------------------------- */

static br_code unknown_type(br_str type, br_err *err)
{
    static const char *const of_k6[] = {"cloud", "experimental-opentelemetry", "experimental-prometheus-rw",
        "influxdb", "opentelemetry", "web-dashboard"};
    for (size_t i = 0; i < BR_COUNT_OF(of_k6); i++) {
        if (br_str_is(type, of_k6[i]))
            return br_fail(err, BR_EUNSUPPORTED,
                "the output '%s' is not supported yet: use json or csv, and load the file", of_k6[i]);
    }
    return br_fail(
        err, BR_EINVAL, "invalid output type '" BR_FMT "', available types are: csv, json", BR_ARG(type));
}

static br_code open_one(br_outputs *o, const br_outputs_config *c, br_str spec, br_err *err)
{
    br_str arg = br_arena_str(&o->arena, spec), type;
    if (!br_str_cut(&arg, '=', &type)) type = BR_STR("");
    if (!arg.p) arg = BR_STR("");
    if (br_str_is(type, "json")) return open_json(o, arg, err);
    if (br_str_is(type, "csv")) return open_csv(o, c, arg, err);
    return unknown_type(type, err);
}

static br_code open_from_file(br_outputs *o, const br_outputs_config *c, br_err *err)
{
    const json_t *out = json_object_get(c->config_file, "out");
    br_code code = BR_OK;
    if (json_is_string(out)) return open_one(o, c, br_str_of(json_string_value(out)), err);
    if (out && !json_is_null(out) && !json_is_array(out))
        return br_fail(err, BR_EINVAL, "`out` of the configuration file must be a list of texts");
    for (size_t i = 0; i < json_array_size(out) && code == BR_OK; i++) {
        const char *spec = json_string_value(json_array_get(out, i));
        code = spec ? open_one(o, c, br_str_of(spec), err)
                    : br_fail(err, BR_EINVAL, "`out` of the configuration file must be a list of texts");
    }
    return code;
}

br_code br_outputs_open(br_outputs *o, const br_outputs_config *c, br_err *err)
{
    br_code code = BR_OK;
    bool given = false;
    for (size_t i = 0; i < c->args->values.len && code == BR_OK; i++) {
        const br_arg_value *v = &c->args->values.data[i];
        if (strcmp(v->arg->name, "out") != 0) continue;
        given = true;
        code = open_one(o, c, br_str_of(v->value), err);
    }
    const char *variable = getenv("K6_OUT");
    if (given) return code;
    if (!variable || !*variable) return open_from_file(o, c, err);
    br_str rest = br_str_of(variable), spec;
    while (code == BR_OK && br_str_cut(&rest, ',', &spec))
        code = open_one(o, c, spec, err);
    return code;
}

void br_outputs_add(br_outputs *o, br_sample_fn *tap, void *ctx)
{
    BR_ASSERT(o->count <= OUTPUTS_MAX);
    o->list[o->count++] = (output){.tap = tap, .ctx = ctx};
}

static void tap_all(void *ctx, const br_sample *samples, size_t count)
{
    const br_outputs *o = ctx;
    for (size_t i = 0; i < o->count; i++)
        o->list[i].tap(o->list[i].ctx, samples, count);
}

br_sample_fn *br_outputs_tap(const br_outputs *o, void **ret_ctx)
{
    *ret_ctx = o->count == 1 ? o->list[0].ctx : (void *) (uintptr_t) o;
    if (o->count == 0) return NULL;
    return o->count == 1 ? o->list[0].tap : tap_all;
}

void br_outputs_describe(const br_outputs *o, br_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < o->count; i++) {
        if (o->list[i].name.n == 0) continue;
        if (any) (void) br_buf_puts(out, ", ");
        (void) br_buf_put(out, o->list[i].name);
        any = true;
    }
    if (!any) (void) br_buf_puts(out, "-");
}

bool br_outputs_close(br_outputs *o)
{
    bool complete = true;
    if (!o) return true;
    for (size_t i = 0; i < o->count; i++) {
        br_err err = {0};
        if (!o->list[i].close || o->list[i].close(o->list[i].ctx, &err) == BR_OK) continue;
        br_error("%s", err.msg);
        complete = false;
    }
    br_arena_deinit(&o->arena);
    br_free(o);
    return complete;
}
