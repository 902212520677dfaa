
/* Appended to QuickJS's quickjs.c by cmake/QuickjsMessages.cmake, whose replacements call it: errors in the words of
 * k6's JavaScript engine. */

/* `fmt` takes the text of an object that is not what it should be; other values are never it. */
static JSValue js_throw_value(JSContext *ctx, const char *fmt, JSValueConst value)
{
    const char *text = JS_ToCString(ctx, value);
    if (!text)
        return JS_EXCEPTION;
    JS_ThrowTypeError(ctx, JS_IsObject(value) ? fmt : "Value is not an object: %s", text);
    JS_FreeCString(ctx, text);
    return JS_EXCEPTION;
}

/* The function that forEach() and its like are given. */
static int js_check_callback(JSContext *ctx, JSValueConst func)
{
    if (JS_IsFunction(ctx, func))
        return 0;
    JSValue object = JS_ToObject(ctx, func);
    if (JS_IsException(object))
        return -1;
    JS_FreeValue(ctx, object);
    const char *text = JS_ToCString(ctx, func);
    if (text)
        JS_ThrowTypeError(ctx, "%s is not a function", text);
    JS_FreeCString(ctx, text);
    return -1;
}

static int js_throw_atom_or_false(JSContext *ctx, int flags, const char *fmt, JSAtom atom)
{
    char buf[ATOM_GET_STR_BUF_SIZE];
    return JS_ThrowTypeErrorOrFalse(ctx, flags, fmt, JS_AtomGetStr(ctx, buf, sizeof(buf), atom));
}

static void js_throw_undeletable(JSContext *ctx, JSValueConst obj, JSAtom prop)
{
    char buf[ATOM_GET_STR_BUF_SIZE];
    JSValue text = js_object_toString(ctx, obj, 0, NULL);
    const char *of = JS_ToCString(ctx, text);
    JS_FreeValue(ctx, text);
    if (!of)
        return;
    JS_ThrowTypeError(ctx, "Cannot delete property '%s' of %s", JS_AtomGetStr(ctx, buf, sizeof(buf), prop), of);
    JS_FreeCString(ctx, of);
}

/* `slot` of the stack got undefined from reading the property `atom`, which is taken. */
static void js_remember_missing(JSContext *ctx, JSAtom atom, const JSValue *slot)
{
    JSRuntime *rt = ctx->rt;
    JS_FreeAtom(ctx, rt->missing_member);
    rt->missing_member = atom;
    rt->missing_slot = slot;
}

/* A call of undefined as a member of argv[-2], with argv[-1] being that undefined. */
static void js_throw_no_member(JSContext *ctx, JSValue *argv)
{
    JSRuntime *rt = ctx->rt;
    JSValue this_obj = argv[-2];
    int has = 1;
    if (rt->missing_slot == &argv[-1] && rt->missing_member != JS_ATOM_NULL) {
        JSValue o = JS_ToObject(ctx, this_obj);
        if (JS_IsException(o))
            return;
        has = JS_HasProperty(ctx, o, rt->missing_member);
        JS_FreeValue(ctx, o);
        if (has < 0)
            return;
    }
    if (has)
        js_throw_value(ctx, "", JS_UNDEFINED);
    else
        JS_ThrowTypeErrorAtom(ctx, "Object has no member '%s'", rt->missing_member);
}

/* JSON as Go's decoder reads it, token by token: the first mistake in its words. */
typedef struct {
    const char *at, *end;
    char says[128]; /* "": none */
} JSJsonScan;

static bool json_scan_wrong(JSJsonScan *s, const char *where)
{
    uint8_t c = *s->at;
    char shown[8];
    if (c == '\'' || c == '\\')
        snprintf(shown, sizeof(shown), "\\%c", c);
    else if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f')
        snprintf(shown, sizeof(shown), "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f');
    else if (c < 0x20 || c == 0x7f)
        snprintf(shown, sizeof(shown), "\\x%02x", c);
    else if (c < 0x80)
        snprintf(shown, sizeof(shown), "%c", c);
    else /* a byte on its own stands for the character of that number */
        snprintf(shown, sizeof(shown), "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
    snprintf(s->says, sizeof(s->says), "invalid character '%s'%s%s", shown, *where ? " " : "", where);
    return false;
}

static bool json_scan_ended(JSJsonScan *s, const char *how)
{
    snprintf(s->says, sizeof(s->says), "%s", how);
    return false;
}

static bool json_scan_string(JSJsonScan *s)
{
    for (s->at++; s->at < s->end; s->at++) {
        if (*s->at == '"')
            return s->at++, true;
        if ((uint8_t)*s->at < 0x20)
            return json_scan_wrong(s, "in string literal");
        if (*s->at != '\\')
            continue;
        if (++s->at == s->end)
            break;
        if (!strchr("\"\\/bfnrtu", *s->at))
            return json_scan_wrong(s, "in string escape code");
        for (int hex = *s->at == 'u' ? 4 : 0; hex; hex--) {
            if (++s->at == s->end)
                return json_scan_ended(s, "unexpected EOF");
            if (!isxdigit((uint8_t)*s->at))
                return json_scan_wrong(s, "in \\u hexadecimal character escape");
        }
    }
    return json_scan_ended(s, "unexpected EOF");
}

static bool json_scan_digits(JSJsonScan *s, const char *where)
{
    if (s->at == s->end)
        return json_scan_ended(s, "unexpected EOF");
    if (!isdigit((uint8_t)*s->at))
        return json_scan_wrong(s, where);
    while (s->at < s->end && isdigit((uint8_t)*s->at))
        s->at++;
    return true;
}

static bool json_scan_number(JSJsonScan *s)
{
    if (*s->at == '-')
        s->at++;
    if (s->at < s->end && *s->at == '0')
        s->at++;
    else if (!json_scan_digits(s, "in numeric literal"))
        return false;
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (!json_scan_digits(s, "after decimal point in numeric literal"))
            return false;
    }
    if (s->at < s->end && (*s->at | 32) == 'e') {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
            s->at++;
        return json_scan_digits(s, "in exponent of numeric literal");
    }
    return true;
}

static bool json_scan_scalar(JSJsonScan *s)
{
    static const char *const literals[] = {"true", "false", "null"};
    char where[48];
    if (*s->at == '"')
        return json_scan_string(s);
    if (*s->at == '-' || isdigit((uint8_t)*s->at))
        return json_scan_number(s);
    for (int i = 0; i < 3; i++) {
        const char *p = literals[i];
        if (*s->at != *p)
            continue;
        for (s->at++, p++; *p; s->at++, p++) {
            if (s->at == s->end)
                return json_scan_ended(s, "unexpected EOF");
            if (*s->at == *p)
                continue;
            snprintf(where, sizeof(where), "in literal %s (expecting '%c')", literals[i], *p);
            return json_scan_wrong(s, where);
        }
        return true;
    }
    return json_scan_wrong(s, "looking for beginning of value");
}

static int json_scan_peek(JSJsonScan *s) /* -1: the end, which has been told */
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n'))
        s->at++;
    if (s->at < s->end)
        return (uint8_t)*s->at;
    json_scan_ended(s, "Unexpected end of JSON input (EOF)");
    return -1;
}

static bool json_scan_value(JSJsonScan *s, JSContext *ctx);

static bool json_scan_key(JSJsonScan *s, const char *where)
{
    if (*s->at != '"')
        return json_scan_wrong(s, where);
    if (!json_scan_string(s))
        return false;
    int c = json_scan_peek(s);
    if (c != ':')
        return c < 0 ? false : json_scan_wrong(s, "after object key");
    s->at++;
    return true;
}

/* An object or an array, which `close` ends. */
static bool json_scan_items(JSJsonScan *s, JSContext *ctx, int close)
{
    s->at++;
    int c = json_scan_peek(s);
    if (c == close)
        return s->at++, true;
    for (const char *key = "";; key = "looking for beginning of object key string") {
        if (c < 0 || (close == '}' && !json_scan_key(s, key)) || !json_scan_value(s, ctx))
            return false;
        c = json_scan_peek(s);
        if (c == close)
            return s->at++, true;
        if (c != ',')
            return c < 0 ? false
                         : json_scan_wrong(s, close == '}' ? "after object key:value pair" : "after array element");
        s->at++;
        c = json_scan_peek(s);
    }
}

static bool json_scan_value(JSJsonScan *s, JSContext *ctx)
{
    int c = json_scan_peek(s);
    if (c < 0 || js_check_stack_overflow(ctx->rt, 0))
        return false;
    if (c == '{' || c == '[')
        return json_scan_items(s, ctx, c == '{' ? '}' : ']');
    return json_scan_scalar(s);
}

/* What follows a whole value is told as the token that it is, or <nil> when it is none. */
static void json_scan_rest(JSJsonScan *s)
{
    if (json_scan_peek(s) < 0) {
        s->says[0] = '\0';
        return;
    }
    const char *from = s->at;
    bool is_open = *from == '{' || *from == '[', ok = is_open || json_scan_scalar(s);
    int n = is_open ? 1 : (int)(s->at - from);
    if (ok && *from == '"')
        from++, n -= 2;
    if (!ok || (n == 4 && !memcmp(from, "null", 4)))
        from = "<nil>", n = 5;
    snprintf(s->says, sizeof(s->says), "Unexpected token at the end: %.*s", n < 80 ? n : 80, from);
}

/* In place of the syntax error that is being thrown. Another one, such as the end of memory, stays. */
static void js_throw_json_error(JSContext *ctx, const char *text, size_t len)
{
    JSJsonScan s = {text, text + len, ""};
    JSValue error = JS_GetException(ctx);
    JSValue proto = JS_IsObject(error) ? JS_GetPrototype(ctx, error) : JS_UNDEFINED;
    bool is_syntax = JS_IsObject(proto)
        && JS_VALUE_GET_OBJ(proto) == JS_VALUE_GET_OBJ(ctx->native_error_proto[JS_SYNTAX_ERROR]);
    JS_FreeValue(ctx, proto);
    if (is_syntax && json_scan_value(&s, ctx))
        json_scan_rest(&s);
    if (!is_syntax || !s.says[0]) {
        JS_Throw(ctx, error);
        return;
    }
    JS_FreeValue(ctx, error);
    JS_ThrowSyntaxError(ctx, "%s", s.says);
}

/* What is wrong with the expression, as an error of the parser: those have the place. */
static int js_parse_bad_regexp(JSParseState *s)
{
    JSValue error = JS_GetException(s->ctx);
    if (JS_IsUncatchableError(error)) {
        JS_Throw(s->ctx, error);
        return -1;
    }
    JSValue message = JS_GetPropertyStr(s->ctx, error, "message");
    const char *text = JS_ToCString(s->ctx, message);
    JS_FreeValue(s->ctx, message);
    JS_FreeValue(s->ctx, error);
    if (!text)
        return -1;
    js_parse_error(s, "Invalid regular expression: %s", text);
    JS_FreeCString(s->ctx, text);
    return -1;
}
