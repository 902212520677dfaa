/* Module "k6": check, group, sleep, fail, randomSeed. */
#include <math.h>
#include "script/js.h"

static JSValue need_running(JSContext *ctx, const char *what)
{
    return br_js_throw(ctx, "Using %s in the init context is not supported", what);
}

static JSValue k6_sleep(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    double seconds = 0;
    if (argc < 1) return JS_UNDEFINED; /* no argument and what is no number are no time at all, as in k6 */
    if (JS_ToFloat64(ctx, &seconds, argv[0]) < 0) return JS_EXCEPTION;
    if (!(seconds > 0)) return JS_UNDEFINED;
    if (br_vu_in_init(vu)) return need_running(ctx, "sleep()");
    if (seconds > 1e9) seconds = 1e9;
    br_ns until = br_loop_clock(vu->config.loop) + (br_ns) (seconds * 1e9);
    br_code code = br_fiber_sleep_until(vu->fiber, until);
    br_vu_resumed(vu, until);
    return code == BR_OK ? JS_UNDEFINED : br_js_interrupt(ctx);
}

static JSValue k6_fail(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    if (argc == 0) return br_js_throw(ctx, "%s", "");
    br_str text = br_js_str(ctx, argv[0]);
    if (!text.p) return JS_EXCEPTION;
    br_js_throw_str(ctx, text);
    JS_FreeCString(ctx, text.p);
    return JS_EXCEPTION;
}

/* Groups ------------------------------------------------------------------------------------------ */

typedef struct group_state {
    br_group *group;
    br_str path;
    const br_tagset *tags;
} group_state;

static void enter_group(br_vu *vu, br_str name)
{
    bool grouped = vu->config.settings->system_tags & BR_SYSTEM_TAG(GROUP);
    br_group *outer = name.n && grouped ? br_vu_group(vu) : NULL;
    if (!outer) return;
    br_recorder *r = vu->config.recorder;
    br_group *inner = br_recorder_group(r, outer, name);
    if (!inner) return; /* over the limit: counted in the outer group */
    vu->group = inner;
    vu->group_path = inner->path;
    br_tag tag = {BR_STR("group"), inner->path};
    vu->origin.tags = br_tags_with(br_recorder_tag_store(r), vu->origin.tags, &tag, 1);
}

static void record_group_duration(br_vu *vu, br_ns start)
{
    if (!vu->config.recorder) return;
    double ms = (double) (br_loop_clock(vu->config.loop) - start) / 1e6;
    const br_metric *metric = br_metrics_at(vu->config.settings->metrics, BR_M_GROUP_DURATION);
    br_recorder_add(vu->config.recorder, metric, ms, &vu->origin, NULL, 0, br_clock_wall());
}

/* After the call the group is the outer one again; tags that the function set stay. */
static void leave_group(br_vu *vu, const group_state *outer, const br_tagset *inner_tags)
{
    vu->group = outer->group;
    vu->group_path = outer->path;
    if (vu->origin.tags == inner_tags) {
        vu->origin.tags = outer->tags;
    } else if (br_tags_get(outer->tags, BR_STR("group")).p) {
        br_tag tag = {BR_STR("group"), br_tags_get(outer->tags, BR_STR("group"))};
        vu->origin.tags = br_tags_with(br_recorder_tag_store(vu->config.recorder), vu->origin.tags, &tag, 1);
    }
}

static JSValue k6_group(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu)) return need_running(ctx, "group()");
    if (argc < 2 || !JS_IsFunction(ctx, argv[1]))
        return br_js_throw(ctx, "group() requires a callback as a second argument");
    if (JS_IsAsyncFunction(argv[1]))
        return br_js_throw(ctx, "group() does not support async functions as arguments, please see "
                                "https://grafana.com/docs/k6/latest/javascript-api/k6/group/ for more info");
    br_str name = br_js_str(ctx, argv[0]);
    if (!name.p) return JS_EXCEPTION;
    if (br_str_find(name, BR_STR("::")) >= 0) {
        JS_FreeCString(ctx, name.p);
        return br_js_throw(ctx, "group and check names may not contain '::'");
    }
    group_state outer = {vu->group, vu->group_path, vu->origin.tags};
    enter_group(vu, name);
    const br_tagset *inner_tags = vu->origin.tags;
    JS_FreeCString(ctx, name.p);
    br_ns start = br_loop_clock(vu->config.loop);
    JSValue result = JS_Call(ctx, argv[1], JS_UNDEFINED, 0, NULL);
    if (!vu->cancelled) record_group_duration(vu, start);
    leave_group(vu, &outer, inner_tags);
    return result;
}

/* Checks ------------------------------------------------------------------------------------------ */

typedef struct check_run {
    br_vu *vu;
    JSValueConst value;
    br_tag *tags;
    size_t tag_count;
    br_ns wall;
    bool all_passed;
} check_run;

static void record_check(const check_run *c, br_str name, bool passed)
{
    br_vu *vu = c->vu;
    if (!vu->config.recorder || vu->cancelled) return;
    bool kept = vu->config.settings->system_tags & BR_SYSTEM_TAG(CHECK);
    br_recorder_check(vu->config.recorder, kept ? br_vu_group(vu) : NULL, name, passed, &vu->origin, c->tags,
        c->tag_count, c->wall);
}

/* Evaluates one entry of the set. -1: exception (recorded as failed). */
static int check_one(JSContext *ctx, check_run *c, JSValueConst set, JSAtom key)
{
    size_t n;
    const char *text = JS_AtomToCStringLen(ctx, &n, key);
    if (!text) return -1;
    br_str name = {text, n};
    JSValue predicate = JS_GetProperty(ctx, set, key), result = JS_UNDEFINED;
    int rc = JS_IsException(predicate) ? -1 : 0;
    if (rc == 0 && br_str_find(name, BR_STR("::")) >= 0) {
        br_js_throw(ctx, "group and check names may not contain '::'");
        JS_FreeValue(ctx, predicate);
        JS_FreeCString(ctx, text);
        return -1;
    }
    if (rc == 0 && JS_IsAsyncFunction(predicate)) {
        br_js_throw(ctx, "checks cannot be async functions: '" BR_FMT "'", BR_ARG(name));
        rc = -1;
    }
    if (rc == 0) {
        result = JS_IsFunction(ctx, predicate) ? JS_Call(ctx, predicate, JS_UNDEFINED, 1, &c->value)
                                               : JS_DupValue(ctx, predicate);
        rc = JS_IsException(result) ? -1 : 0;
    }
    bool passed = rc == 0 && JS_ToBool(ctx, result) == 1;
    record_check(c, name, passed);
    c->all_passed = c->all_passed && passed;
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, predicate);
    JS_FreeCString(ctx, text);
    return rc;
}

static JSValue k6_check(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu)) return need_running(ctx, "check()");
    if (argc < 2) return br_js_throw(ctx, "no checks provided to `check`");
    if (br_js_nullish(argv[1])) return JS_ThrowTypeError(ctx, "Cannot convert undefined or null to object");
    JSValue set = JS_ToObject(ctx, argv[1]); /* a text has its letters, a number no checks at all */
    if (JS_IsException(set)) return set;
    check_run c = {.vu = vu,
        .value = argv[0],
        .wall = br_vu_wall(vu, br_loop_clock(vu->config.loop)),
        .all_passed = true};
    br_arena own;
    br_arena_init(&own, 512);
    JSValue ret = JS_EXCEPTION;
    if (argc < 3 || br_js_tags(ctx, argv[2], &own, &c.tags, &c.tag_count) == 0) {
        JSPropertyEnum *keys;
        uint32_t n;
        if (br_js_keys(ctx, set, &keys, &n) == 0) {
            int rc = 0;
            for (uint32_t i = 0; i < n && rc == 0; i++)
                rc = check_one(ctx, &c, set, keys[i].atom);
            JS_FreePropertyEnum(ctx, keys, n);
            if (rc == 0) ret = JS_NewBool(ctx, c.all_passed);
        }
    }
    br_arena_deinit(&own);
    JS_FreeValue(ctx, set);
    return ret;
}

/* randomSeed() ------------------------------------------------------------------------------------ */

static JSValue seeded_random(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val, (void) argc, (void) argv;
    return JS_NewFloat64(ctx, br_go_random_f64(br_vu_of(ctx)->random));
}

/* From then on Math.random() of this VU gives Go's numbers. */
static JSValue k6_random_seed(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    int64_t seed = 0;
    if (argc && JS_ToInt64(ctx, &seed, argv[0]) < 0) return JS_EXCEPTION;
    if (vu->random) {
        br_go_random_seed(vu->random, seed);
        return JS_UNDEFINED;
    }
    JSValue global = JS_GetGlobalObject(ctx), math = JS_GetPropertyStr(ctx, global, "Math");
    JSValue random = JS_NewCFunction(ctx, seeded_random, "random", 0);
    JS_FreeValue(ctx, global);
    vu->random = BR_NEW(br_go_random);
    br_go_random_seed(vu->random, seed);
    int rc = JS_DefinePropertyValueStr(
        ctx, math, "random", random, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE | JS_PROP_THROW);
    JS_FreeValue(ctx, math);
    return rc < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("check", 2, k6_check),
    JS_CFUNC_DEF("fail", 1, k6_fail),
    JS_CFUNC_DEF("group", 2, k6_group),
    JS_CFUNC_DEF("randomSeed", 1, k6_random_seed),
    JS_CFUNC_DEF("sleep", 1, k6_sleep),
};

const br_js_module br_js_module_k6 = {.name = "k6", .entries = entries, .entry_count = BR_COUNT_OF(entries)};
