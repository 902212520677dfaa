/* TypeScript files: by themselves, and as modules of a script. */
#include "env.h"
#include "script/typescript.h"

/* What the translation of `source` says when it runs: `out` is JSON. */
static void gives(world *w, const char *source, const char *json)
{
    world_file(w, "m.ts", source);
    world_open(w, "import { out } from './m.ts'; export default () => out");
    assert_int_equal(world_call(w, w->vu, "default", NULL), BR_OK);
    if (strcmp(w->json, json) != 0) fail_msg("%s\n%s\nwant %s", source, w->json, json);
}

static void fails(world *w, const char *source, br_code code, const char *part)
{
    world_file(w, "m.ts", source);
    br_code got = world_load(w, "import './m.ts'; export default function () {}");
    if (got != code || strstr(w->err.msg, part) == NULL)
        fail_msg(
            "%s\n%s \"%s\"\nwant %s \"%s\"", source, br_code_name(got), w->err.msg, br_code_name(code), part);
}

static void types_vanish(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    gives(&w,
        "import http, { type Params, Response } from 'k6/http'; import { Options } from 'k6/options'; import type { A } from './nowhere';\n"
        "export const options: Options = {}; interface I { a: number } type T<X> = { [K in keyof X]?: X[K] };\n"
        "declare const outside: string; declare function f(): void; declare module 'm' { const x: number } declare global { interface Window {} }\n"
        "function over(a: string): string; function over(a: number): string; function over(this: void, a: any) { return typeof a }\n"
        "const g = <T,>(x: T): T => x, h = async <T extends object>(x: T): Promise<T> => x; let late!: number; abstract class B { abstract m(): void; abstract p: string; declare d: number }\n"
        "const s = { a: 1 } satisfies I, u = s as unknown as number, n = s!.a, is = (x: unknown): x is string => typeof x === 'string', k = <any>s;\n"
        "class C<T> extends B implements I { a = 1; private readonly r: T; static #n?: string = 'p'; override m(): void {} get v(): number { return 3 } [key: string]: any; static n() { return C.#n } }\n"
        "export const out = [over('a'), over(1), g<number>(5), new C<string>().v, C.n(), n, is('x'), Object.keys(new C()), typeof http.get, typeof h, k.a, late];",
        "[\"string\",\"number\",5,3,\"p\",1,true,[\"a\",\"r\"],\"function\",\"function\",1,null]");
    gives(&w, "const o: { v: number } = { v: 1 }; module.exports = { out: o.v }",
        "1"); /* CommonJS in TypeScript */
    world_file(&w, "kinds.ts",
        "export type Kind = 'a' | 'b'; export interface Shape { w: number } export const area = (s: Shape): number => s.w");
    gives(&w,
        "import { Kind, Shape, area } from './kinds.ts'; export type { Kind } from './kinds.ts'; const s: Shape = { w: 4 }; export const out = area(s)",
        "4");
    world_deinit(&w);
}

static void types_that_run(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    gives(&w,
        "enum E { A, B = 5, C } const enum F { X = 1 << 2, Y = X | 1, Z = 'z'.length } export enum S { Up = 'UP', 'with space' = 'w' }\n"
        "export const out: any[] = [E.A, E[5], E.C, F.Y, F.Z, S.Up, S['with space'], E[E.C]]",
        "[0,\"B\",6,5,1,\"UP\",\"w\",\"C\"]");
    gives(&w,
        "class P { x = 1; constructor(public a: number, private readonly b = 2, protected c?: string, d = 4) { this.x += d } }\n"
        "class Q extends P { constructor(readonly e: string) { super(7); } }\n"
        "export const out = [JSON.stringify(new P(1)), JSON.stringify(new Q('e')), Object.keys(new P(1))]",
        "[\"{\\\"a\\\":1,\\\"b\\\":2,\\\"x\\\":5}\",\"{\\\"a\\\":7,\\\"b\\\":2,\\\"x\\\":5,\\\"e\\\":\\\"e\\\"}\",[\"a\",\"b\",\"c\",\"x\"]]");
    /* Namespaces: nested, dotted, merged with themselves, functions and classes; those of types vanish. */
    gives(&w,
        "export namespace N { export const a = 1, c = 2; export let b: number = a; export function f<T>(x?: T) { return b++ } const hidden = 5;\n"
        "  export namespace D { export const z = a + hidden } export enum Q { X = 3 } export class K { v = D.z } export const { p, q: [r] } = { p: 8, q: [9] };\n"
        "  namespace Private { export const s = 's' } export const t = Private.s; export async function g() {} export interface I {} export type T = I; export abstract class L {} }\n"
        "export namespace N { export const more = f() + a; }\n"
        "namespace P.Q.R { export const x = N.a } namespace Types { export interface A {} } declare namespace Out { const y: number }\n"
        "function fn() { return 'fn' } namespace fn { export const extra = 1 } class Cl {} namespace Cl { export const extra = 2 } enum En { One = 1 } namespace En { export const twice = (e: En) => e * 2 }\n"
        "N.f(); N.b = N.b + 10;\n"
        "export const out = [N.a, N.c, N.b, N.D.z, N.Q.X, new N.K().v, N.p, N.r, N.t, N.more, P.Q.R.x, fn(), fn.extra, Cl.extra, En.twice(En.One), Object.keys(N).includes('hidden'), typeof N.g, typeof N.L]",
        "[1,2,13,6,3,6,8,9,\"s\",2,1,\"fn\",1,2,2,false,\"function\",\"function\"]");
    world_deinit(&w);
}

static void places_stay(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    fails(&w,
        "interface A {\n  a: number;\n}\nnamespace N {\n  export const\n    x = 1;\n}\nenum E {\n  A,\n  B\n}\nthrow new Error('here') as any;",
        BR_EEXCEPTION, "m.ts:12:");
    fails(&w, "const a: number = 1;\nexport const b: string = ;\n", BR_ESYNTAX,
        "m.ts: Line 2:25 Unexpected \";\"");
    fails(
        &w, "const a: number = 1;\nfunction f(: number) {}", BR_ESYNTAX, "m.ts: Line 2:11 Unexpected \":\"");
    fails(&w, "export const a: number = (1", BR_ESYNTAX, "m.ts: Line 1:27 Unexpected end of file");
    fails(&w, "const a: number = 1; export default a; const a = 2;", BR_ESYNTAX,
        "m.ts: Line 1:"); /* found by the engine */
    fails(&w, "import { x } from './nowhere.ts'; const a: number = x", BR_ESYNTAX,
        "nowhere.ts\" couldn't be found");
    /* JavaScript does not get its types removed. */
    assert_int_equal(world_load(&w, "const a: number = 1; export default function () {}"), BR_ESYNTAX);
    world_deinit(&w);
}

static void the_translation_survives_anything(void **state)
{
    (void) state;
    br_typescript *t = br_typescript_new();
    br_buf out;
    br_err err = {0};
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    char deep[20000];
    memset(deep, '(', sizeof(deep));
    assert_int_not_equal(br_typescript_strip(t, (br_str){deep, sizeof(deep)}, &out, &err), BR_OK);
    assert_int_equal(br_typescript_strip(t, BR_STR("namespace N { export"), &out, &err), BR_ESYNTAX);
    assert_int_equal(br_typescript_strip(t, BR_STR("namespace N {"), &out, &err), BR_ESYNTAX);
    assert_int_equal(br_typescript_strip(t, BR_STR("namespace"), &out, &err), BR_OK);
    assert_int_equal(br_typescript_strip(t, BR_STR("\x80\xff: number"), &out, &err), BR_OK);
    out.len = 0;
    assert_int_equal(br_typescript_strip(t, BR_STR("let a\0b: number"), &out, &err), BR_ESYNTAX);
    assert_int_equal(br_typescript_strip(t, BR_STR(""), &out, &err), BR_OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(br_typescript_strip(t, BR_STR("let \xC3\xA4: number = 1"), &out, &err), BR_OK);
    assert_true(br_str_is(br_buf_view(&out), "let \xC3\xA4 = 1"));
    br_buf_deinit(&out);
    br_typescript_free(t);
    br_typescript_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(types_vanish), cmocka_unit_test(types_that_run),
        cmocka_unit_test(places_stay), cmocka_unit_test(the_translation_survives_anything)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
