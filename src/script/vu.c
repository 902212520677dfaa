#include "script/vu.h"

#include <stdatomic.h>
#include "script/js.h"

/* Part of a fiber's stack that JavaScript may not use: our own C frames below it need some. One frame of the
 * interpreter takes half a kilobyte, but 11 under the address sanitizer. */
#ifdef BR_ASAN
#define BR_VU_STACK_RESERVE ((size_t) 96 << 10)
#else
#define BR_VU_STACK_RESERVE ((size_t) 24 << 10)
#endif
/* Who was further down than this gives the stack's pages back at the end of the call. */
#define BR_VU_DEEP_BYTES    ((size_t) 256 << 10)
#define BR_INIT_STACK_BYTES ((size_t) 1 << 20)
/* Rejected promises that are remembered until somebody handles them; the first one is what is reported. */
#define BR_REJECTED_MAX 1000

static const char *const atom_names[] = {
#define BR_JS_ATOM_NAME(n) #n,
    BR_JS_ATOMS(BR_JS_ATOM_NAME)
#undef BR_JS_ATOM_NAME
};

static br_ns clock_of(const br_vu *vu)
{
    return vu->config.loop ? br_loop_clock(vu->config.loop) : br_clock_now();
}

static int interrupt(br_vu *vu, br_ns now)
{
    if (!vu->cancelled) vu->stuck = now - vu->busy_since;
    vu->cancelled = true;
    return 1;
}

bool br_vu_init_stopped(const br_vu *vu)
{
    const _Atomic bool *flag = vu->config.stop_flag;
    const br_fiber *fiber = br_vu_init_fiber(vu);
    return (flag && atomic_load_explicit(flag, memory_order_relaxed)) || (fiber && br_fiber_cancelled(fiber));
}

/* Init code, and what is read of the exports behind it. */
static int on_init_interrupt(br_vu *vu)
{
    br_ns now = clock_of(vu);
    br_fiber *fiber = br_vu_init_fiber(vu);
    if (fiber && now - vu->slice_start > BR_VU_SLICE) {
        (void) br_fiber_sleep_until(fiber, br_loop_now(vu->config.loop)); /* a cancel is seen below */
        vu->slice_start = clock_of(vu);
    }
    return br_vu_init_stopped(vu) ? interrupt(vu, now) : 0;
}

/* QuickJS asks this every few thousand steps: is the call to end, or has it had the worker for too long? */
static int on_interrupt(JSRuntime *rt, void *opaque)
{
    (void) rt;
    br_vu *vu = opaque;
    if (vu->phase != BR_VU_RUNNING) return on_init_interrupt(vu);
    const char *low, *high;
    br_fiber_stack_bounds(vu->fiber, &low, &high);
    vu->deep |= (size_t) (high - (const char *) __builtin_frame_address(0)) > BR_VU_DEEP_BYTES;
    br_ns now = br_loop_clock(vu->config.loop);
    bool stop = (vu->stop_flag && atomic_load_explicit(vu->stop_flag, memory_order_relaxed)) ||
                now > vu->deadline;
    if (!stop && now - vu->slice_start > BR_VU_SLICE) {
        stop = br_fiber_sleep_until(vu->fiber, br_loop_now(vu->config.loop)) != BR_OK;
        vu->slice_start = br_loop_clock(vu->config.loop);
        vu->lag += vu->slice_start - now; /* it would have gone on */
    }
    return stop ? interrupt(vu, now) : 0;
}

static void on_rejection(
    JSContext *ctx, JSValueConst promise, JSValueConst reason, bool is_handled, void *opaque)
{
    (void) reason;
    br_vu *vu = opaque;
    if (is_handled)
        br_vu_rejection_taken(vu, promise);
    else if (vu->rejected.len < BR_REJECTED_MAX)
        *br_vec_push(&vu->rejected) = JS_DupValue(ctx, promise);
}

void br_vu_rejection_taken(br_vu *vu, JSValueConst promise)
{
    for (size_t i = vu->rejected.len; i-- > 0;) {
        if (JS_VALUE_GET_PTR(vu->rejected.data[i]) != JS_VALUE_GET_PTR(promise)) continue;
        JS_FreeValue(vu->ctx, vu->rejected.data[i]);
        vu->rejected.len--;
        memmove(&vu->rejected.data[i], &vu->rejected.data[i + 1], (vu->rejected.len - i) * sizeof(JSValue));
        return;
    }
}

static void forget_rejections(br_vu *vu)
{
    for (size_t i = 0; i < vu->rejected.len; i++)
        JS_FreeValue(vu->ctx, vu->rejected.data[i]);
    vu->rejected.len = 0;
}

bool br_vu_throw_rejection(br_vu *vu)
{
    if (vu->rejected.len == 0) return false;
    JSValue reason = JS_PromiseResult(vu->ctx, vu->rejected.data[0]);
    forget_rejections(vu);
    JS_Throw(vu->ctx, reason);
    return true;
}

/* Lowest address of the thread's own stack. */
static const char *thread_stack_low(void)
{
    static _Thread_local const char *low;
    pthread_attr_t attributes;
    if (low || pthread_getattr_np(pthread_self(), &attributes) != 0) return low;
    void *at;
    size_t bytes;
    if (pthread_attr_getstack(&attributes, &at, &bytes) == 0) low = at;
    pthread_attr_destroy(&attributes);
    return low;
}

/* QuickJS measures its depth from here down. `fiber` is the running one; NULL: a thread's own stack. */
static void limit_stack(br_vu *vu, br_fiber *fiber)
{
    const char *here = __builtin_frame_address(0), *low, *high;
    size_t most = SIZE_MAX, asked = vu->config.settings->stack_bytes;
    JS_UpdateStackTop(vu->rt);
    if (fiber) {
        br_fiber_stack_bounds(fiber, &low, &high);
    } else {
        low = thread_stack_low();
        most = asked ? asked : BR_INIT_STACK_BYTES;
    }
    size_t left = low ? (size_t) (here - low) : BR_INIT_STACK_BYTES;
    size_t usable = left > 2 * BR_VU_STACK_RESERVE ? left - BR_VU_STACK_RESERVE : left / 2;
    JS_SetMaxStackSize(vu->rt, usable < most ? usable : most);
}

static JSContext *new_context(JSRuntime *rt)
{
    JSContext *ctx = JS_NewContextRaw(rt);
    if (!ctx) return NULL;
    bool ok = JS_AddIntrinsicBaseObjects(ctx) >= 0 && JS_AddIntrinsicDate(ctx) >= 0 &&
              JS_AddIntrinsicEval(ctx) >= 0 && JS_AddIntrinsicRegExp(ctx) >= 0 &&
              JS_AddIntrinsicJSON(ctx) >= 0 && JS_AddIntrinsicProxy(ctx) >= 0 &&
              JS_AddIntrinsicPromise(ctx) >= 0 && JS_AddIntrinsicBigInt(ctx) >= 0 &&
              JS_AddLazyIntrinsics(ctx) >= 0;
    if (ok) return ctx;
    JS_FreeContext(ctx);
    return NULL;
}

static br_code make_runtime(br_vu *vu, br_err *err)
{
    vu->rt = JS_NewRuntime();
    if (!vu->rt) return br_fail(err, BR_ELIMIT, "no memory for another JavaScript runtime");
    limit_stack(vu, br_fiber_current()); /* setup() and teardown() are made on a fiber */
    if (vu->config.settings->memory_limit_bytes)
        JS_SetMemoryLimit(vu->rt, vu->config.settings->memory_limit_bytes);
    JS_SetInterruptHandler(vu->rt, on_interrupt, vu);
    JS_SetHostPromiseRejectionTracker(vu->rt, on_rejection, vu);
    vu->ctx = new_context(vu->rt);
    if (!vu->ctx) return br_fail(err, BR_ELIMIT, "no memory for another JavaScript context");
    JS_SetContextOpaque(vu->ctx, vu);
    for (int i = 0; i < BR_ATOM_COUNT; i++)
        vu->atoms[i] = JS_NewAtom(vu->ctx, atom_names[i]);
    if (vu->discovering) {
        br_js_response_class_id(vu->rt);
        br_js_metrics_class_id(vu->rt);
        br_js_execution_class_id(vu->rt);
        br_js_data_class_id(vu->rt);
        br_js_crypto_class_id(vu->rt);
        br_js_text_class_id(vu->rt);
        br_js_webcrypto_class_id(vu->rt);
        br_js_fs_class_id(vu->rt);
        br_js_env_class_id(vu->rt);
        br_js_csv_class_id(vu->rt);
        br_js_ws_class_id(vu->rt);
        br_js_websockets_class_id(vu->rt);
        br_js_html_class_id(vu->rt);
        br_js_http_values_class_id(vu->rt);
        br_js_http_cookies_class_id(vu->rt);
        br_js_http_file_class_id(vu->rt);
    }
    if (br_js_globals_init(vu) < 0 || br_js_response_class_init(vu) < 0 || br_js_metrics_class_init(vu) < 0) {
        return br_fail(err, BR_ELIMIT, "no memory for the globals of a virtual user");
    }
    br_js_loader_init(vu);
    return BR_OK;
}

static void init_values(br_vu *vu)
{
    vu->streams = vu->main_ns = vu->data = vu->go_error_ctor = vu->response_callback = vu->function =
        JS_UNDEFINED;
    if (vu->config.loop) vu->wall_offset = br_clock_wall() - br_loop_clock(vu->config.loop);
    vu->origin = (br_origin){.tags = vu->config.run_tags, .vu = vu->config.id, .iter = -1};
    vu->iteration = -1;
    vu->deadline = BR_NS_MAX;
    vu->phase = BR_VU_INIT;
    vu->busy_since = vu->slice_start = clock_of(vu);
    br_buf_init(&vu->url_text, BR_BUF_NO_LIMIT);
    vu->jar = br_jar_new();
    br_arena_init(&vu->scratch, 2048);
}

/* k6 writes the consolidated options back onto the exported object, where scripts read them. */
static void write_back_options(br_vu *vu)
{
    const char *json = vu->config.settings->consolidated_options_json;
    if (!json) return;
    JSValue options = JS_GetPropertyStr(vu->ctx, vu->main_ns, "options");
    if (JS_IsObject(options)) {
        JSValue parsed = JS_ParseJSON(vu->ctx, json, strlen(json), "options");
        JSPropertyEnum *keys;
        uint32_t n;
        if (!JS_IsException(parsed) && br_js_keys(vu->ctx, parsed, &keys, &n) == 0) {
            for (uint32_t i = 0; i < n; i++) {
                JS_SetProperty(vu->ctx, options, keys[i].atom, JS_GetProperty(vu->ctx, parsed, keys[i].atom));
            }
            JS_FreePropertyEnum(vu->ctx, keys, n);
        }
        JS_FreeValue(vu->ctx, parsed);
    }
    JS_FreeValue(vu->ctx, options);
    if (JS_HasException(vu->ctx)) JS_FreeValue(vu->ctx, JS_GetException(vu->ctx)); /* frozen options: leave */
}

static void make_client(br_vu *vu)
{
    br_http_client_config http = vu->config.settings->http;
    http.local = br_local_ips_pick(vu->config.settings->local_ips, vu->config.id);
    http.tls = vu->config.tools->tls;
    http.coder = vu->config.tools->coder;
    http.heads = vu->config.tools->heads;
    vu->http = br_http_client_new(vu->config.loop, vu->config.tools->dns, &http);
}

br_code br_vu_new(const br_vu_config *config, br_vu **ret, br_err *err)
{
    br_vu *vu = BR_NEW(br_vu);
    vu->config = *config;
    init_values(vu);
    /* The program is written to by its first run only, which br_program_load() makes. */
    if (!config->program->sealed) vu->discovering = (br_program *) (uintptr_t) config->program;
    br_code code = make_runtime(vu, err);
    if (code == BR_OK) code = br_js_load_main(vu, err);
    if (code == BR_OK) {
        write_back_options(vu);
        if (config->tools) make_client(vu);
        vu->phase = BR_VU_IDLE;
        *ret = vu;
    } else {
        br_vu_free(vu);
    }
    return code;
}

void br_vu_attach(br_vu *vu, const br_http_tools *tools, br_recorder *recorder)
{
    BR_ASSERT(!vu->config.tools && vu->phase == BR_VU_IDLE);
    vu->config.tools = tools;
    vu->config.recorder = recorder;
    make_client(vu);
}

void br_vu_free(br_vu *vu)
{
    if (!vu) return;
    br_vu_events_free(vu);
    br_http_client_free(vu->http);
    br_http_fetch_deinit(&vu->fetch);
    br_jar_unref(vu->jar);
    if (vu->ctx) {
        JSContext *ctx = vu->ctx;
        JSValue values[] = {vu->main_ns, vu->data, vu->go_error_ctor, vu->response_callback, vu->function,
            vu->html_protos, vu->streams};
        forget_rejections(vu);
        for (size_t i = 0; i < BR_COUNT_OF(values); i++)
            JS_FreeValue(ctx, values[i]);
        for (int i = 0; i < BR_ATOM_COUNT; i++)
            JS_FreeAtom(ctx, vu->atoms[i]);
        JS_FreeContext(ctx);
    }
    if (vu->rt) {
        JS_DropInterruptPlace(vu->rt);
        JS_FreeRuntime(vu->rt);
    }
    br_js_response_pool_free(vu);
    br_buf_deinit(&vu->url_text);
    br_arena_deinit(&vu->scratch);
    br_vec_deinit(&vu->rejected);
    br_free(vu->random);
    br_free(vu);
}

br_group *br_vu_group(br_vu *vu)
{
    br_recorder *r = vu->config.recorder;
    if (vu->group || !r) return vu->group;
    bool grouped = vu->config.settings->system_tags & BR_SYSTEM_TAG(GROUP);
    vu->group = br_recorder_root(r);
    if (grouped && vu->group_path.n > 2)
        vu->group = br_recorder_group(r, vu->group, br_str_sub(vu->group_path, 2, vu->group_path.n));
    return vu->group;
}

/* Calls --------------------------------------------------------------------------------------------- */

/* A new jar; the script may have kept the old one. */
static void renew_jar(br_vu *vu)
{
    if (BR_LIKELY(!vu->jar->count && vu->jar->refs == 1) || vu->config.settings->no_cookies_reset) return;
    br_jar_unref(vu->jar);
    vu->jar = br_jar_new();
}

static void enter(br_vu *vu, br_fiber *fiber, const br_vu_call *call)
{
    vu->fiber = fiber;
    vu->phase = BR_VU_RUNNING;
    vu->cancelled = false;
    vu->stuck = 0;
    vu->deadline = call->deadline;
    vu->stop_flag = call->stop_flag;
    vu->slice_start = call->now ? call->now : br_loop_clock(vu->config.loop);
    vu->busy_since = vu->slice_start;
    vu->lag = call->meant && call->meant < vu->slice_start ? vu->slice_start - call->meant : 0;
    vu->abort_text[0] = 0;
    renew_jar(vu);
    vu->owner = call->owner;
    vu->sees_instance = call->owner || br_str_is(call->function, "setup");
    if (vu->call_tags != call->tags) { /* another scenario: what the script set is gone */
        vu->call_tags = vu->origin.tags = call->tags;
        vu->origin.metadata = NULL;
    }
    if (vu->env != call->env) {
        vu->env = call->env;
        vu->env_count = call->env_count;
        if (br_js_env_reset(vu) < 0)
            JS_FreeValue(vu->ctx, JS_GetException(vu->ctx)); /* __ENV made read-only: leave */
    }
    vu->origin.iter = vu->iteration;
    vu->group_path = call->group;
    vu->group = NULL;
    limit_stack(vu, fiber);
}

static void leave(br_vu *vu)
{
    br_vu_events_clear(vu);
    vu->phase = BR_VU_IDLE;
    (void) JS_TakeEndOfMemory(vu->rt);
    JS_DropInterruptPlace(vu->rt);
    if (JS_TakeStackOverflow(vu->rt) || vu->deep) br_fiber_trim(vu->fiber);
    vu->deep = false;
    vu->fiber = NULL;
    vu->owner = NULL;
    if (vu->cancelled) JS_DropPendingJobs(vu->rt); /* an endless chain of jobs would go on in the next call */
    forget_rejections(vu);
    if (vu->config.settings->no_vu_connection_reuse && vu->http) br_http_client_close_idle(vu->http);
}

br_code br_vu_fail_interrupted(br_vu *vu, br_err *err)
{
    if (vu->abort_text[0]) return br_fail(err, BR_EABORT, "%s", vu->abort_text);
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    if (vu->stuck >= BR_VU_STUCK) br_js_put_interruption(vu, &text);
    (void) br_fail(err, BR_ECANCEL, "%s", text.data ? text.data : "");
    br_buf_deinit(&text);
    return BR_ECANCEL;
}

static br_code fail_pending(br_vu *vu, const char *prefix, br_err *err)
{
    br_buf text;
    br_buf_init(&text, 1 << 20);
    (void) br_buf_puts(&text, prefix);
    br_code code = br_js_take_exception(vu->ctx, &text);
    if (vu->cancelled) code = BR_ECANCEL;
    if (code == BR_ECANCEL) {
        code = br_vu_fail_interrupted(vu, err);
    } else {
        (void) br_fail(
            err, code, BR_FMT, (int) (text.len < 1000 ? text.len : 1000), text.data ? text.data : "");
    }
    br_buf_deinit(&text);
    return code;
}

/* Runs the promise jobs that are due; then looks at the promise and at rejections that nobody handles. */
static br_code run_jobs(br_vu *vu, JSValue *value, br_err *err)
{
    JSContext *job_ctx;
    int rc;
    /* An interruption ends the chain too: a job may have put the next one into the queue before it. */
    while ((rc = JS_ExecutePendingJob(vu->rt, &job_ctx)) > 0 && !vu->cancelled)
        continue;
    if (rc < 0) return fail_pending(vu, "", err);
    if (JS_IsPromise(*value) && JS_PromiseState(vu->ctx, *value) != JS_PROMISE_PENDING) {
        bool rejected = JS_PromiseState(vu->ctx, *value) == JS_PROMISE_REJECTED;
        JSValue result = JS_PromiseResult(vu->ctx, *value);
        JS_FreeValue(vu->ctx, *value);
        *value = rejected ? JS_UNDEFINED : result;
        if (rejected) {
            JS_Throw(vu->ctx, result);
            return fail_pending(vu, "Uncaught (in promise) ", err);
        }
    }
    return br_vu_throw_rejection(vu) ? fail_pending(vu, "Uncaught (in promise) ", err) : BR_OK;
}

/* Runs the VU's own event loop until nothing is left that could run. */
static br_code settle(br_vu *vu, JSValue *value, br_err *err)
{
    br_code code = run_jobs(vu, value, err);
    while (code == BR_OK && vu->events) {
        br_code event = br_vu_events_turn(vu);
        if (event == BR_EOF) break;
        if (event == BR_EEXCEPTION)
            code = fail_pending(vu, "", err);
        else if (event != BR_OK)
            code = br_vu_fail_interrupted(vu, err);
        else
            code = run_jobs(vu, value, err);
    }
    return code;
}

static JSValue parse_argument(br_vu *vu, br_str json)
{
    char *text = br_strndup(json.p, json.n); /* the parser needs a NUL behind the end */
    JSValue v = JS_ParseJSON(vu->ctx, text, json.n, "data");
    br_free(text);
    return v;
}

/* Borrowed; JS_EXCEPTION if there is no memory for it. */
static JSValueConst setup_data(br_vu *vu, br_str json)
{
    if (json.p && !vu->data_parsed) {
        JSValue data = br_js_setup_data(vu->ctx, json);
        if (JS_IsException(data)) return JS_EXCEPTION;
        vu->data = data;
        vu->data_parsed = true;
    }
    return vu->data;
}

static br_code to_json(br_vu *vu, JSValueConst value, br_str *ret, br_err *err)
{
    if (JS_IsUndefined(value)) {
        *ret = BR_STR_NONE;
        return BR_OK;
    }
    br_buf json;
    br_buf_init(&json, BR_BUF_NO_LIMIT);
    br_code code = br_js_to_go_json(vu->ctx, value, &json, err);
    if (code == BR_EEXCEPTION) code = fail_pending(vu, "", err);
    if (code == BR_OK) *ret = (br_str){br_strndup(json.data, json.len), json.len};
    br_buf_deinit(&json);
    return code;
}

/* Puts the exported function into vu->function; a VU calls the same one again and again. */
static bool find_function(br_vu *vu, br_str name)
{
    if (vu->function_name.p == name.p && vu->function_name.n == name.n && name.p) return true;
    JSAtom atom = JS_NewAtomLen(vu->ctx, name.p, name.n);
    JSValue function = JS_GetProperty(vu->ctx, vu->main_ns, atom);
    JS_FreeAtom(vu->ctx, atom);
    JS_FreeValue(vu->ctx, vu->function);
    bool found = JS_IsFunction(vu->ctx, function);
    if (!found) JS_FreeValue(vu->ctx, function);
    vu->function = found ? function : JS_UNDEFINED;
    vu->function_name = found ? name : BR_STR_NONE;
    return found;
}

/* Calls the function and settles its promise. *ret is the caller's, JS_UNDEFINED on failure. */
static br_code call_function(br_vu *vu, br_str name, JSValueConst argument, JSValue *ret, br_err *err)
{
    *ret = JS_UNDEFINED;
    if (!find_function(vu, name))
        return br_fail(err, BR_ENOTFOUND, "function '" BR_FMT "' not found in exports", BR_ARG(name));
    JSValue value = JS_Call(vu->ctx, vu->function, JS_UNDEFINED, 1, &argument);
    br_code code = JS_IsException(value) ? fail_pending(vu, "", err) : settle(vu, &value, err);
    if (code == BR_OK && vu->cancelled) code = br_vu_fail_interrupted(vu, err);
    if (code == BR_OK) {
        *ret = value;
    } else if (!JS_IsException(value)) {
        JS_FreeValue(vu->ctx, value);
    }
    return code;
}

br_code br_vu_run(
    br_vu *vu, br_fiber *fiber, const br_vu_call *call, br_str argument, br_str *ret_json, br_err *err)
{
    enter(vu, fiber, call);
    JSValue value = JS_UNDEFINED;
    JSValueConst data = setup_data(vu, argument);
    br_code code = JS_IsException(data) ? fail_pending(vu, "", err)
                                        : call_function(vu, call->function, data, &value, err);
    if (code == BR_OK && ret_json) code = to_json(vu, value, ret_json, err);
    JS_FreeValue(vu->ctx, value);
    leave(vu);
    return code;
}

static br_code summary_entries(
    br_vu *vu, JSValueConst object, br_summary_entry_fn *fn, void *ctx, br_err *err)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (br_js_keys(vu->ctx, object, &keys, &n) < 0) return fail_pending(vu, "", err);
    br_code code = BR_OK;
    for (uint32_t i = 0; i < n && code == BR_OK; i++) {
        size_t key_len;
        const char *key = JS_AtomToCStringLen(vu->ctx, &key_len, keys[i].atom);
        JSValue value = JS_GetProperty(vu->ctx, object, keys[i].atom);
        br_str content;
        if (JS_IsString(value)) {
            content = br_js_str(vu->ctx, value);
            fn(ctx, (br_str){key, key_len}, content);
            JS_FreeCString(vu->ctx, content.p);
        } else if (br_js_bytes(vu->ctx, value, &content)) {
            fn(ctx, (br_str){key, key_len}, content);
        } else if (JS_IsException(value)) {
            code = fail_pending(vu, "", err);
        } else {
            code = br_fail(
                err, BR_EINVAL, "handleSummary() must return strings or ArrayBuffers: '%s' is neither", key);
        }
        JS_FreeCString(vu->ctx, key);
        JS_FreeValue(vu->ctx, value);
    }
    JS_FreePropertyEnum(vu->ctx, keys, n);
    return code;
}

br_code br_vu_handle_summary(
    br_vu *vu, br_fiber *fiber, br_str data_json, br_summary_entry_fn *fn, void *ctx, br_err *err)
{
    br_vu_call call = {
        .function = BR_STR("handleSummary"), .tags = vu->config.run_tags, .deadline = BR_NS_MAX};
    enter(vu, fiber, &call);
    JSValue value = JS_UNDEFINED;
    JSValue data = parse_argument(vu, data_json);
    br_code code = JS_IsException(data) ? fail_pending(vu, "", err)
                                        : call_function(vu, call.function, data, &value, err);
    if (code == BR_OK && !JS_ToBool(vu->ctx, value)) code = BR_AGAIN;
    if (code == BR_OK && !JS_IsObject(value))
        code = br_fail(err, BR_EINVAL, "handleSummary() must return an object");
    if (code == BR_OK) code = summary_entries(vu, value, fn, ctx, err);
    JS_FreeValue(vu->ctx, data);
    JS_FreeValue(vu->ctx, value);
    leave(vu);
    return code;
}

void br_vu_set_iteration(br_vu *vu, int64_t iteration)
{
    vu->iteration = iteration;
}

void br_vu_take_bytes(br_vu *vu, uint64_t *ret_sent, uint64_t *ret_received)
{
    static const br_http_totals none;
    const br_http_totals *totals = vu->http ? br_http_client_totals(vu->http) : &none;
    *ret_sent = totals->sent_bytes - vu->taken_sent;
    *ret_received = totals->received_bytes - vu->taken_received;
    vu->taken_sent = totals->sent_bytes;
    vu->taken_received = totals->received_bytes;
}

int64_t br_vu_id(const br_vu *vu)
{
    return vu->config.id;
}

br_origin br_vu_origin(const br_vu *vu)
{
    return vu->origin;
}

size_t br_vu_heap_bytes(const br_vu *vu)
{
    JSMemoryUsage usage;
    JS_ComputeMemoryUsage(vu->rt, &usage);
    return (size_t) usage.malloc_size;
}
