# JS_TakeInterruptPlace() of src/script/quickjs_extra.h: where a script was when it was interrupted. Changes
# `quickjs_small`, the copy of quickjs.c; js_place_interrupt() is in quickjs_extra.c.

# The innermost function of a script that an interrupt meets says where that was; nothing of the script runs for it.
string(REPLACE [[
static void JS_ThrowInterrupted(JSContext *ctx)
{
]] [[
static void JS_ThrowInterrupted(JSContext *ctx)
{
    ctx->rt->interrupt_unplaced = !ctx->rt->interrupt_place;
]] quickjs_small "${quickjs_small}")
string(REPLACE [[
 exception:
    if (needs_backtrace(rt->current_exception)
]] [[
 exception:
    if (unlikely(rt->interrupt_unplaced)) {
        sf->cur_pc = pc;
        js_place_interrupt(ctx, NULL, JS_UNDEFINED);
    }
    if (needs_backtrace(rt->current_exception)
]] quickjs_small "${quickjs_small}")
string(REPLACE [[
static const char *get_func_name(JSContext *ctx, JSValueConst func)
{
]] [[
static void js_place_interrupt(JSContext *ctx, const JSStackFrame *resumed, JSValueConst called);
static const char *get_func_name(JSContext *ctx, JSValueConst func)
{
]] quickjs_small "${quickjs_small}")
string(REPLACE [[
    if (js_poll_interrupts(caller_ctx))
        return JS_EXCEPTION;
    if (unlikely(JS_VALUE_GET_TAG(func_obj) != JS_TAG_OBJECT)) {
]] [[
    if (js_poll_interrupts(caller_ctx)) {
        if (JS_VALUE_GET_TAG(func_obj) == JS_TAG_OBJECT)
            js_place_interrupt(caller_ctx, NULL, func_obj);
        else if (flags & JS_CALL_FLAG_GENERATOR)
            js_place_interrupt(caller_ctx, &((JSAsyncFunctionState *)JS_VALUE_GET_PTR(func_obj))->frame, JS_UNDEFINED);
        return JS_EXCEPTION;
    }
    if (unlikely(JS_VALUE_GET_TAG(func_obj) != JS_TAG_OBJECT)) {
]] quickjs_small "${quickjs_small}")
if(NOT quickjs_small MATCHES "static void js_place_interrupt.*interrupt_unplaced = .*interrupt\\(caller_ctx.*interrupt\\(ctx, NULL")
    message(FATAL_ERROR "this QuickJS-ng interrupts in another way: adapt JS_TakeInterruptPlace()")
endif()
# A jump asks when it has been made: the place is that of its target, not of what is before it.
string(REPLACE "if (unlikely(js_poll_interrupts(ctx)))\n" "if (unlikely(js_poll_interrupts(ctx)) && pc++)\n"
    quickjs_small "${quickjs_small}")
string(REGEX MATCHALL "interrupts.ctx.. && pc" quickjs_jumps "${quickjs_small}")
list(LENGTH quickjs_jumps quickjs_jumps)
if(NOT quickjs_jumps EQUAL 7)
    message(FATAL_ERROR "this QuickJS-ng has ${quickjs_jumps} jumps that ask for interrupts, not 7: adapt their places")
endif()
# Loops have a place of their own: one without a call or an access in it would be told as what is before it.
string(REPLACE [[
            int label_cont, label_break;
            BlockEnv break_entry;

]] [[
            int label_cont, label_break;
            BlockEnv break_entry;

            emit_source_loc(s);
]] quickjs_small "${quickjs_small}")
string(REPLACE [[
            int label_cont, label_break, label1;
            BlockEnv break_entry;

]] [[
            int label_cont, label_break, label1;
            BlockEnv break_entry;

            emit_source_loc(s);
]] quickjs_small "${quickjs_small}")
string(REPLACE [[
            source_col_num = s->token.col_num;
            if (next_token(s))
]] [[
            source_col_num = s->token.col_num;
            emit_source_loc(s);
            if (next_token(s))
]] quickjs_small "${quickjs_small}")
if(NOT quickjs_small MATCHES "label_break.\n.*\n\n +emit_source_loc.s.*label1.\n.*\n\n +emit_source_loc.s.*col_num.\n +emit_source_loc.s")
    message(FATAL_ERROR "this QuickJS-ng reads loops in another way: adapt their places")
endif()
