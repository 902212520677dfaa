/* What errors of the language say: the words of k6's JavaScript engine. See cmake/QuickjsMessages.cmake. */
#include "env.h"

typedef struct {
    const char *code, *message;
} mistake;

/* Each code is the body of a function in a module, where these names are. */
#define NAMES                                                                                                \
    "let und, nul = null, five = 5, obj = { u: undefined, n: 5, o: {} }; const k = 1;\n"                     \
    "const frozen = Object.freeze({ n: 1 }), list = Object.freeze([1]);\n"                                   \
    "class A { #p = 1; get g() { return 1; }\n"                                                              \
    "  static read(o) { return o.#p; } static write(o) { o.#p = 1; } }\n"                                    \
    "class B extends A { constructor() { this.x = 1; } }\n"

static const mistake of_objects[] = {
    {"und.x", "TypeError: Cannot read property 'x' of undefined"},
    {"nul.x", "TypeError: Cannot read property 'x' of undefined"},
    {"und['y']", "TypeError: Cannot read property 'y' of undefined"},
    {"obj.a.b.c()", "TypeError: Cannot read property 'b' of undefined"},
    {"und.foo()", "TypeError: Cannot read property 'foo' of undefined or null"},
    {"nul[five]()", "TypeError: Cannot read property '5' of undefined"},
    {"und.x = 1", "TypeError: Cannot convert undefined or null to object"},
    {"nul['x'] = 1", "TypeError: Cannot convert undefined or null to object"},
    {"Object.keys(und)", "TypeError: Cannot convert undefined or null to object"},
    {"const { a } = nul", "TypeError: Value is not object coercible"},
    {"(({ a }) => a)()", "TypeError: Value is not object coercible"},
    {"const [a] = nul", "TypeError: Cannot convert undefined or null to object"},
    {"for (const v of five) ;", "TypeError: object is not iterable"},
    {"[...obj]", "TypeError: object is not iterable"},
    {"Math.max(...und)", "TypeError: Cannot convert undefined or null to object"},
    {"'a' in 'b'", "TypeError: Value is not an object: b"},
    {"obj instanceof five", "TypeError: Value is not an object: 5"},
    {"obj instanceof obj", "TypeError: Expecting a function in instanceof check, but got [object Object]"},
    {"frozen.n = 2", "TypeError: Cannot assign to read only property 'n'"},
    {"frozen.m = 2", "TypeError: Cannot add property m, object is not extensible"},
    {"delete frozen.n", "TypeError: Cannot delete property 'n' of [object Object]"},
    {"list.push(2)", "TypeError: Cannot add property 1, object is not extensible"},
    {"list[0] = 2", "TypeError: Cannot assign to read only property '0'"},
    {"new A().g = 2", "TypeError: Cannot assign to read only property 'g'"},
    {"Object.defineProperty(frozen, 'n', { value: 3 })", "TypeError: Cannot redefine property: n"},
    {"Object.defineProperty(frozen, 'q', { value: 3 })",
        "TypeError: Cannot define property q, object is not extensible"},
    {"A.read({})", "TypeError: Cannot read private member #p from an object whose class did not declare it"},
    {"A.write({})",
        "TypeError: Cannot write private member #p from an object whose class did not declare it"},
};

static const mistake of_calls[] = {
    {"und()", "TypeError: Value is not an object: undefined"},
    {"five()", "TypeError: Value is not an object: 5"},
    {"obj()", "TypeError: Not a function: [object Object]"},
    {"obj.foo()", "TypeError: Object has no member 'foo'"},
    {"obj['bar']()", "TypeError: Object has no member 'bar'"},
    {"'abc'.foo()", "TypeError: Object has no member 'foo'"},
    {"obj.u()", "TypeError: Value is not an object: undefined"},
    {"obj.n()", "TypeError: Value is not an object: 5"},
    {"obj.o()", "TypeError: Not a function: [object Object]"},
    {"obj.foo?.(); und()", "TypeError: Value is not an object: undefined"},
    {"new und()", "TypeError: Value is not an object: undefined"},
    {"new obj()", "TypeError: Value is not a constructor"},
    {"new (() => 1)()", "TypeError: Value is not a constructor"},
    {"A()", "TypeError: Class constructor cannot be invoked without 'new'"},
    {"new B()", "ReferenceError: Must call super constructor in derived class before accessing 'this'"},
    {"class C extends five {}", "TypeError: Class extends value is not a constructor or null"},
    {"[1].map(und)", "TypeError: Cannot convert undefined or null to object"},
    {"[1].forEach(five)", "TypeError: 5 is not a function"},
    {"[1].find(obj)", "TypeError: Value is not callable: [object Object]"},
    {"[].reduce((a) => a)", "TypeError: No initial value"},
};

static const mistake of_names_and_values[] = {
    {"nope", "ReferenceError: nope is not defined"},
    {"nope = 1", "ReferenceError: nope is not defined"},
    {"k = 2", "TypeError: Assignment to constant variable."},
    {"x; let x = 1", "ReferenceError: Cannot access a variable before initialization"},
    {"new Array(-1)", "RangeError: Invalid array length"},
    {"[].length = -1", "RangeError: Invalid array length"},
    {"+Symbol('s')", "TypeError: Cannot convert a Symbol value to a number"},
    {"`${Symbol('s')}`", "TypeError: Cannot convert a Symbol value to a string"},
    {"1n / 0n", "RangeError: Division by zero"},
    {"new Date(NaN).toISOString()", "RangeError: Invalid time value"},
    {"'a'.repeat(-1)", "RangeError: Invalid count value"},
    {"decodeURIComponent('%')", "URIError: Malformed URI"},
    {"const c = {}; c.c = c; JSON.stringify(c)", "TypeError: Converting circular structure to JSON"},
};

/* As Go's decoder, which k6's engine reads JSON with, says it. */
static const mistake of_json[] = {
    {"", "SyntaxError: Unexpected end of JSON input (EOF)"},
    {"undefined", "SyntaxError: invalid character 'u' looking for beginning of value"},
    {"{", "SyntaxError: Unexpected end of JSON input (EOF)"},
    {"{\"a\":[1,2", "SyntaxError: Unexpected end of JSON input (EOF)"},
    {"{\"a", "SyntaxError: unexpected EOF"},
    {"{a:1}", "SyntaxError: invalid character 'a'"},
    {"{\"a\" 1}", "SyntaxError: invalid character '1' after object key"},
    {"{\"a\":1 2}", "SyntaxError: invalid character '2' after object key:value pair"},
    {"{\"a\":1,}", "SyntaxError: invalid character '}' looking for beginning of object key string"},
    {"[1,]", "SyntaxError: invalid character ']' looking for beginning of value"},
    {"[1 2]", "SyntaxError: invalid character '2' after array element"},
    {"[}", "SyntaxError: invalid character '}' looking for beginning of value"},
    {"nope", "SyntaxError: invalid character 'o' in literal null (expecting 'u')"},
    {"nul", "SyntaxError: unexpected EOF"},
    {"<html>", "SyntaxError: invalid character '<' looking for beginning of value"},
    {"-", "SyntaxError: unexpected EOF"},
    {"-x", "SyntaxError: invalid character 'x' in numeric literal"},
    {"1.x", "SyntaxError: invalid character 'x' after decimal point in numeric literal"},
    {"1ex", "SyntaxError: invalid character 'x' in exponent of numeric literal"},
    {"{} x", "SyntaxError: Unexpected token at the end: <nil>"},
    {"1 2", "SyntaxError: Unexpected token at the end: 2"},
};

static void says(world *w, const char *name, const mistake *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(world_call(w, w->vu, name, NULL), BR_OK);
        char want[256];
        snprintf(want, sizeof(want), "\"%s\"", m[i].message);
        if (strcmp(w->json, want)) fail_msg("%s: %s, not %s", m[i].code, w->json, want);
    }
}

static void expect(const mistake *m, size_t n)
{
    world w;
    char script[16384];
    int at = snprintf(script, sizeof(script), "%slet i = 0; const all = [", NAMES);
    for (size_t i = 0; i < n; i++)
        at += snprintf(script + at, sizeof(script) - (size_t) at, "() => { %s },\n", m[i].code);
    snprintf(script + at, sizeof(script) - (size_t) at,
        "];\nexport default function () {\n"
        "  try { all[i++]() } catch (e) { return `${e.name}: ${e.message}` }\n  return 'nothing'\n}");
    world_init(&w, NULL, 0);
    world_open(&w, script);
    says(&w, "default", m, n);
    world_deinit(&w);
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void objects(void **state)
{
    (void) state;
    expect(of_objects, COUNT(of_objects));
}

static void calls(void **state)
{
    (void) state;
    expect(of_calls, COUNT(of_calls));
}

static void names_and_values(void **state)
{
    (void) state;
    expect(of_names_and_values, COUNT(of_names_and_values));
}

static void json(void **state)
{
    (void) state;
    world w;
    char script[16384];
    int at = snprintf(script, sizeof(script), "let i = 0; const all = [");
    for (size_t i = 0; i < COUNT(of_json); i++)
        at += snprintf(script + at, sizeof(script) - (size_t) at, "'%s',\n", of_json[i].code);
    snprintf(script + at, sizeof(script) - (size_t) at,
        "];\nconst error = (f) => { try { f() } catch (e) { return `${e.name}: ${e.message}` } return 'nothing' };\n"
        "export default function () {\n"
        "  const a = error(() => JSON.parse(all[i])), b = error(() => JSON.parse(all[i++], (k, v) => v));\n"
        "  return a === b ? a : a + ' and ' + b\n}");
    world_init(&w, NULL, 0);
    world_open(&w, script);
    says(&w, "default", of_json, COUNT(of_json));
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects),
        cmocka_unit_test(calls),
        cmocka_unit_test(names_and_values),
        cmocka_unit_test(json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
