/*
 * Options from JSON text: as the only source, then once more as a higher source over a plain one. Besides not
 * crashing: a refusal has a message; what was accepted can be planned and described, and its consolidated
 * form is accepted again and gives the same plan.
 */
#include "base/assert.h"
#include "base/log.h"
#include "engine/run_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VUS_PLANNED 64 /* per scenario; numbers of a million are fine but slow */

static void describe(const br_options *o, br_buf *out)
{
    for (size_t i = 0; i < o->scenario_count; i++) {
        (void) br_buf_put(out, o->scenarios[i].name);
        br_scenario_describe(&o->scenarios[i], out);
    }
}

static void check_plan(const br_options *o)
{
    BR_ASSERT(br_options_max_vus(o) >= 1 && br_options_max_vus(o) <= BR_VUS_MAX);
    for (size_t i = 0; i < o->scenario_count; i++) {
        const br_scenario *s = &o->scenarios[i];
        BR_ASSERT(br_scenario_end(s) >= s->start_time && br_scenario_hard_end(s) >= br_scenario_end(s));
        int64_t n = br_scenario_max_vus(s);
        for (int64_t v = 0; v < n && v < VUS_PLANNED; v++) {
            br_interval *list;
            size_t count = br_slot_intervals(s, v, &list);
            for (size_t k = 0; k < count; k++)
                BR_ASSERT(list[k].start < list[k].stop && list[k].stop <= s->duration);
            br_free(list);
        }
    }
}

static void check_again(const br_options *o)
{
    json_t *j = json_loads(o->consolidated_json, 0, NULL);
    BR_ASSERT(j);
    json_object_del(j, "vus"); /* the shortcut would win over the scenarios that it stands for */
    br_options_source source = {.what = "script", .json = j};
    br_options *again = NULL;
    br_err err = {0};
    BR_ASSERT(br_options_build(&source, 1, &again, &err) == BR_OK);
    br_buf a, b;
    br_buf_init(&a, BR_BUF_NO_LIMIT);
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    describe(o, &a);
    describe(again, &b);
    BR_ASSERT(br_str_eq(br_buf_view(&a), br_buf_view(&b)));
    br_buf_deinit(&a);
    br_buf_deinit(&b);
    br_options_free(again);
    json_decref(j);
}

static void build(const br_options_source *sources, size_t count, bool again)
{
    br_options *o = NULL;
    br_err err = {0};
    if (br_options_build(sources, count, &o, &err) != BR_OK) {
        BR_ASSERT(o == NULL && err.msg[0] != 0);
        return;
    }
    check_plan(o);
    if (again) check_again(o);
    br_options_free(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_log_setup(&(br_log_config){.level = BR_LOG_ERROR, .out = NULL});
    json_t *j = json_loadb((const char *) data, size, JSON_DECODE_ANY, NULL);
    if (!j) {
        json_t *stages = NULL;
        br_err err = {0};
        br_str text = {(const char *) data, size};
        if (br_options_parse_stages(text, 0, &stages, &err) == BR_OK) json_decref(stages);
        return 0;
    }
    json_t *plain = json_pack("{s:i,s:s}", "vus", 3, "duration", "5s");
    br_options_source sources[] = {
        {.what = "script", .json = j}, {.what = "environment", .json = plain}, {.what = "cli", .json = j}};
    build(sources, 1, true);
    build(sources + 1, 2, false);
    json_decref(plain);
    json_decref(j);
    return 0;
}
