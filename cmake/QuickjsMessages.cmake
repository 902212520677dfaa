# What QuickJS's errors say, in the words of k6's JavaScript engine: scripts print them, search them, and people read
# them in logs. Replaces texts in `quickjs_small`, the copy of quickjs.c. Each line says how often its text occurs, and
# the build fails where another QuickJS-ng has it more or less often: then look at what became of the place.

# quickjs_says(COUNT OLD NEW): COUNT times OLD becomes NEW.
function(quickjs_says count old new)
    string(REPLACE "${old}" "" without "${quickjs_small}")
    string(LENGTH "${quickjs_small}" before)
    string(LENGTH "${without}" after)
    string(LENGTH "${old}" size)
    math(EXPR times "(${before} - ${after}) / ${size}")
    if(NOT times EQUAL count)
        message(FATAL_ERROR "this QuickJS-ng has ${times} times, not ${count}: ${old}\nadapt cmake/QuickjsMessages.cmake")
    endif()
    string(REPLACE "${old}" "${new}" replaced "${quickjs_small}")
    set(quickjs_small "${replaced}" PARENT_SCOPE)
endfunction()

# Reading and writing where there is no object. A call reads its function with OP_get_field2.
quickjs_says(2 [["cannot read property '%s' of null"]] [["Cannot read property '%s' of undefined"]])
quickjs_says(2 [["cannot read property '%s' of undefined"]] [["Cannot read property '%s' of undefined"]])
quickjs_says(1 [["cannot set property '%s' of null"]] [["Cannot convert undefined or null to object"]])
quickjs_says(1 [["cannot set property '%s' of undefined"]] [["Cannot convert undefined or null to object"]])
quickjs_says(1 [["value has no property"]] [["Cannot convert undefined or null to object"]])
quickjs_says(4 [["cannot convert to object"]] [["Value is not object coercible"]])
quickjs_says(1 [["null or undefined are forbidden"]] [["Value is not object coercible"]])
quickjs_says(1 [[
                ret_val = JS_ToObject(ctx, sp[-1]);
]] [[
                if (JS_IsUndefined(sp[-1]) || JS_IsNull(sp[-1])) {
                    JS_ThrowTypeError(ctx, "Value is not object coercible");
                    goto exception;
                }
                ret_val = JS_ToObject(ctx, sp[-1]);
]])

# Calls. What a member call did not find is remembered until the call, which is where k6 says so.
quickjs_says(1 [[
                    val = JS_GetPropertyInternal(ctx, obj, atom, sp[-1], false);
                    if (unlikely(JS_IsException(val)))
                        goto exception;
                }
                *sp++ = val;
]] [[
                    if (unlikely(JS_IsUndefined(sp[-1]) || JS_IsNull(sp[-1]))) {
                        JS_ThrowTypeErrorAtom(ctx, "Cannot read property '%s' of undefined or null", atom);
                        goto exception;
                    }
                    val = JS_GetPropertyInternal(ctx, obj, atom, sp[-1], false);
                    if (unlikely(JS_IsException(val)))
                        goto exception;
                }
                if (unlikely(JS_IsUndefined(val)))
                    js_remember_missing(ctx, JS_DupAtom(ctx, atom), sp);
                *sp++ = val;
]])
quickjs_says(1 [[
                val = JS_GetPropertyValue(ctx, sp[-2], sp[-1]);
                sp[-1] = val;
                if (unlikely(JS_IsException(val)))
                    goto exception;
            }
            BREAK;

        CASE(OP_get_ref_value):
]] [[
                JSValue key = js_dup(sp[-1]);
                val = JS_GetPropertyValue(ctx, sp[-2], sp[-1]);
                sp[-1] = val;
                if (unlikely(JS_IsUndefined(val)))
                    js_remember_missing(ctx, JS_ValueToAtom(ctx, key), sp - 1);
                JS_FreeValue(ctx, key);
                if (unlikely(JS_IsException(val)))
                    goto exception;
            }
            BREAK;

        CASE(OP_get_ref_value):
]])
quickjs_says(1 [[
                call_argv = sp - call_argc;
                sf->cur_pc = pc;
                ret_val = JS_CallInternal(ctx, call_argv[-1], call_argv[-2],
]] [[
                call_argv = sp - call_argc;
                sf->cur_pc = pc;
                if (unlikely(JS_IsUndefined(call_argv[-1]))) {
                    js_throw_no_member(ctx, call_argv);
                    goto exception;
                }
                ret_val = JS_CallInternal(ctx, call_argv[-1], call_argv[-2],
]])
quickjs_says(1 "return JS_ThrowTypeErrorNotAFunction(caller_ctx);"
    [[return js_throw_value(caller_ctx, "Not a function: %s", func_obj);]])
quickjs_says(1 [[
        not_a_function:
            return JS_ThrowTypeErrorNotAFunction(ctx);
]] [[
        not_a_function:
            return js_throw_value(ctx, "Value is not a constructor", func_obj);
]])
quickjs_says(1 [[
        return 0;
    JS_ThrowTypeErrorNotAFunction(ctx);
    return -1;
]] [[
        return 0;
    js_throw_value(ctx, "Value is not callable: %s", obj);
    return -1;
]])
quickjs_says(1 [[
        this_arg = argv[1];

    if (check_function(ctx, func))
        goto exception;
]] [[
        this_arg = argv[1];

    if (js_check_callback(ctx, func))
        goto exception;
]])
quickjs_says(1 [[
    }
    func = argv[0];

    if (check_function(ctx, func))
        goto exception;
]] [[
    }
    func = argv[0];

    if (js_check_callback(ctx, func))
        goto exception;
]])
quickjs_says(1 [["empty array"]] [["No initial value"]])
quickjs_says(1 [["%s is not a constructor"]] [["Value is not a constructor"]])
quickjs_says(1 [["not a constructor"]] [["Value is not a constructor"]])
quickjs_says(1 [["class constructors must be invoked with 'new'"]] [["Class constructor cannot be invoked without 'new'"]])
quickjs_says(1 [["parent class must be constructor"]] [["Class extends value is not a constructor or null"]])
quickjs_says(1 [["parent prototype must be an object or null"]]
    [["Class extends value does not have valid prototype property"]])
quickjs_says(1 [["derived class constructor must return an object or undefined"]]
    [["Derived constructors may only return object or undefined"]])
quickjs_says(1 [["'this' can be initialized only once"]] [["Super constructor may only be called once"]])

# Names
quickjs_says(1 [[
    char buf[ATOM_GET_STR_BUF_SIZE];
    return JS_ThrowReferenceError(ctx, "%s is not initialized",
                                  name == JS_ATOM_NULL ? "lexical variable" :
                                  JS_AtomGetStr(ctx, buf, sizeof(buf), name));
]] [[
    return JS_ThrowReferenceError(ctx, name == JS_ATOM_this
                                  ? "Must call super constructor in derived class before accessing 'this'"
                                  : "Cannot access a variable before initialization");
]])
quickjs_says(2 "return JS_ThrowTypeErrorReadOnly(ctx, JS_PROP_THROW, prop);"
    [[return JS_ThrowTypeError(ctx, "Assignment to constant variable."), -1;]])
quickjs_says(1 "JS_ThrowTypeErrorReadOnly(ctx, JS_PROP_THROW, atom);"
    [[JS_ThrowTypeError(ctx, "Assignment to constant variable.");]])
quickjs_says(1 [["redeclaration of '%s'"]] [["Identifier '%s' has already been declared"]])

# Properties
quickjs_says(1 [["'%s' is read-only"]] [["Cannot assign to read only property '%s'"]])
quickjs_says(1 [[
        JS_FreeValue(ctx, val);
        if ((flags & JS_PROP_THROW) ||
            ((flags & JS_PROP_THROW_STRICT) && is_strict_mode(ctx))) {
            JS_ThrowTypeError(ctx, "no setter for property");
            return -1;
        }
        return false;
]] [[
        JS_FreeValue(ctx, val);
        return JS_ThrowTypeErrorReadOnly(ctx, flags, prop);
]])
quickjs_says(1 [[
static int call_setter(JSContext *ctx, JSObject *setter,
                       JSValueConst this_obj, JSValue val, int flags)
]] [[
static int call_setter(JSContext *ctx, JSObject *setter,
                       JSValueConst this_obj, JSValue val, int flags, JSAtom prop)
]])
quickjs_says(2 "call_setter(ctx, pr->u.getset.setter, this_obj, val, flags)"
    "call_setter(ctx, pr->u.getset.setter, this_obj, val, flags, prop)")
quickjs_says(1 "call_setter(ctx, setter, this_obj, val, flags)" "call_setter(ctx, setter, this_obj, val, flags, prop)")
quickjs_says(1 [[
    not_extensible:
        return JS_ThrowTypeErrorOrFalse(ctx, flags, "object is not extensible");
]] [[
    not_extensible:
        return js_throw_atom_or_false(ctx, flags, "Cannot define property %s, object is not extensible", prop);
]])
quickjs_says(2 [[ret = JS_ThrowTypeErrorOrFalse(ctx, flags, "object is not extensible");]]
    [[ret = js_throw_atom_or_false(ctx, flags, "Cannot add property %s, object is not extensible", prop);]])
quickjs_says(2 [[return JS_ThrowTypeErrorOrFalse(ctx, flags, "property is not configurable");]]
    [[return js_throw_atom_or_false(ctx, flags, "Cannot redefine property: %s", prop);]])
quickjs_says(1 [[
        JS_ThrowTypeError(ctx, "could not delete property");
        return -1;
]] [[
        js_throw_undeletable(ctx, obj, prop);
        return -1;
]])

# Values of the wrong kind
quickjs_says(1 [[
    if (JS_VALUE_GET_TAG(op2) != JS_TAG_OBJECT) {
        JS_ThrowTypeError(ctx, "invalid 'in' operand");
]] [[
    if (JS_VALUE_GET_TAG(op2) != JS_TAG_OBJECT) {
        js_throw_value(ctx, "", op2);
]])
quickjs_says(1 [[JS_ThrowTypeError(ctx, "invalid 'instanceof' right operand");]]
    [[js_throw_value(ctx, "Expecting a function in instanceof check, but got %s", obj);]])
quickjs_says(1 [[
        method = JS_GetProperty(ctx, obj, JS_ATOM_Symbol_iterator);
        if (JS_IsException(method))
            return method;
    }
    if (!JS_IsFunction(ctx, method)) {
        JS_FreeValue(ctx, method);
        return JS_ThrowTypeError(ctx, "value is not iterable");
]] [[
        if (JS_IsUndefined(obj) || JS_IsNull(obj))
            return JS_ThrowTypeError(ctx, "Cannot convert undefined or null to object");
        method = JS_GetProperty(ctx, obj, JS_ATOM_Symbol_iterator);
        if (JS_IsException(method))
            return method;
    }
    if (!JS_IsFunction(ctx, method)) {
        JS_FreeValue(ctx, method);
        return JS_ThrowTypeError(ctx, "object is not iterable");
]])
quickjs_says(1 [[
    iterator = JS_GetProperty(ctx, sp[-1], JS_ATOM_Symbol_iterator);
]] [[
    if (JS_IsUndefined(sp[-1]) || JS_IsNull(sp[-1])) {
        JS_ThrowTypeError(ctx, "Cannot convert undefined or null to object");
        return -1;
    }
    iterator = JS_GetProperty(ctx, sp[-1], JS_ATOM_Symbol_iterator);
]])
quickjs_says(4 [["invalid array length"]] [["Invalid array length"]])
quickjs_says(1 [["cannot convert symbol to number"]] [["Cannot convert a Symbol value to a number"]])
quickjs_says(1 [["cannot convert symbol to string"]] [["Cannot convert a Symbol value to a string"]])
quickjs_says(1 [["BigInt operands are forbidden for >>>"]]
    [["BigInts have no unsigned right shift, use >> instead"]])
quickjs_says(1 [["BigInt division by zero"]] [["Division by zero"]])
quickjs_says(1 [["BigInt negative exponent"]] [["exponent must be positive"]])
quickjs_says(1 [["Date value is NaN"]] [["Invalid time value"]])
quickjs_says(1 [["invalid repeat count"]] [["Invalid count value"]])
quickjs_says(1 [["expecting hex digit"]] [["Malformed URI"]])
quickjs_says(1 [["malformed UTF-8"]] [["Malformed URI"]])
quickjs_says(1 [["private class field '%s' does not exist"]]
    [["Cannot read private member %s from an object whose class did not declare it"]])
quickjs_says(1 [[
        JS_ThrowTypeErrorPrivateNotFound(ctx, prop);
    fail:
]] [[
        JS_ThrowTypeErrorAtom(ctx, "Cannot write private member %s from an object whose class did not declare it",
                              prop);
    fail:
]])

# JSON
quickjs_says(1 [[JS_ThrowTypeError(ctx, "circular reference");]]
    [[JS_ThrowTypeError(ctx, "Converting circular structure to JSON");]])
quickjs_says(1 [[
        obj = JS_ParseJSON_internal(ctx, str, len, "<input>", pr1);
        if (JS_IsException(obj))
            goto fail1;
]] [[
        obj = JS_ParseJSON_internal(ctx, str, len, "<input>", pr1);
        if (JS_IsException(obj)) {
            js_throw_json_error(ctx, str, len);
            goto fail1;
        }
]])
quickjs_says(1 [[
        obj = JS_ParseJSON_internal(ctx, str, len, "<input>", NULL);
    }
    JS_FreeCString(ctx, str);
]] [[
        obj = JS_ParseJSON_internal(ctx, str, len, "<input>", NULL);
        if (JS_IsException(obj))
            js_throw_json_error(ctx, str, len);
    }
    JS_FreeCString(ctx, str);
]])

# A regular expression of a script that cannot be: with the place, which the engine leaves out.
quickjs_says(1 [[
                build_backtrace(s->ctx, s->ctx->rt->current_exception, JS_UNDEFINED,
                                s->filename,
                                s->token.line_num,
                                s->token.col_num,
                                backtrace_flags);
                return -1;
]] [[
                return js_parse_bad_regexp(s);
]])
quickjs_says(1 [[
            int ret, backtrace_flags;
            if (!s->ctx->compile_regexp)
]] [[
            int ret;
            if (!s->ctx->compile_regexp)
]])
quickjs_says(1 [[
                /* add the line number info */
                backtrace_flags = 0;
                if (s->cur_func && s->cur_func->backtrace_barrier)
                    backtrace_flags = JS_BACKTRACE_FLAG_SINGLE_LEVEL;
                return js_parse_bad_regexp(s);
]] [[
                return js_parse_bad_regexp(s);
]])

# The functions that the replacements call: cmake/quickjs_messages.c
quickjs_says(1 "\nstruct JSRuntime {\n" [[

static JSValue js_throw_value(JSContext *ctx, const char *fmt, JSValueConst value);
static int js_throw_atom_or_false(JSContext *ctx, int flags, const char *fmt, JSAtom atom);
static void js_throw_undeletable(JSContext *ctx, JSValueConst obj, JSAtom prop);
static int js_check_callback(JSContext *ctx, JSValueConst func);
static void js_throw_no_member(JSContext *ctx, JSValue *argv);
static void js_remember_missing(JSContext *ctx, JSAtom atom, const JSValue *slot);
static void js_throw_json_error(JSContext *ctx, const char *text, size_t len);
struct JSParseState;
static int js_parse_bad_regexp(struct JSParseState *s);
struct JSRuntime {
    JSAtom missing_member;
    const JSValue *missing_slot;
]])
