/* Loading: modules, their errors, open(), options and what is written back. */
#include <sys/stat.h>
#include "env.h"

static void assert_load_fails(world *w, const char *source, br_code code, const char *part)
{
    br_code got = world_load(w, source);
    if (got != code || strstr(w->err.msg, part) == NULL) {
        fail_msg(
            "%s\n%s \"%s\"\nwant %s \"%s\"", source, br_code_name(got), w->err.msg, br_code_name(code), part);
    }
}

static void reports_bad_scripts(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_load_fails(&w, "export default function () {\n  let x = ;\n}", BR_ESYNTAX, "main.js: Line 2:");
    assert_load_fails(&w, "export const a = 1;\nconst b = /(/;\nexport default function () {}", BR_ESYNTAX,
        "main.js: Line 2:11 Invalid regular expression: expecting ')'");
    assert_load_fails(&w, "import http from 'k6/http';\nexport default function () { return /a/gg; }",
        BR_ESYNTAX, "main.js: Line 2:37 Invalid regular expression: invalid regular expression flags");
    assert_load_fails(&w, "export default function () {}\nthrow new Error('at init')", BR_EEXCEPTION,
        "Error: at init\n\tat ");
    assert_non_null(strstr(w.err.msg, "main.js:2:"));
    assert_load_fails(&w, "await Promise.reject(new Error('awaited')); export default function () {}",
        BR_EEXCEPTION, "Error: awaited");
    assert_load_fails(&w, "Promise.reject(new Error('nobody')); export default function () {}", BR_EEXCEPTION,
        "Error: nobody");
    assert_load_fails(
        &w, "await new Promise(() => {}); export default function () {}", BR_EEXCEPTION, "never happens");
    assert_load_fails(&w, "export const x = 1", BR_EINVAL, "no exported functions in script");
    assert_load_fails(&w, "", BR_EINVAL, "no exported functions in script");
    assert_load_fails(&w, "export function setup() {}", BR_EINVAL, "no exported functions in script");
    assert_load_fails(
        &w, "export const setup = 1; export default function () {}", BR_EINVAL, "'setup' must be a function");
    assert_load_fails(&w, "export const teardown = {}; export default function () {}", BR_EINVAL,
        "'teardown' must be a function");
    assert_load_fails(&w,
        "export const options = { get vus() { throw new Error('getter') } }; export default function () {}",
        BR_EEXCEPTION, "getter");
    assert_load_fails(&w, "\x80\xff", BR_ESYNTAX, "main.js");
    world_deinit(&w);
}

static void reports_missing_files(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    br_program_config c = {.path = "/nonexistent/x.js", .metrics = w.metrics};
    assert_int_equal(br_program_load(&c, &w.program, &w.err), BR_ENOTFOUND);
    assert_non_null(strstr(w.err.msg, "/nonexistent/x.js"));
    c.path = w.dir;
    assert_int_equal(br_program_load(&c, &w.program, &w.err), BR_EINVAL);
    assert_non_null(strstr(w.err.msg, "folder"));
    assert_null(w.program);
    world_deinit(&w);
}

static void imports_files(void **state)
{
    (void) state;
    world w;
    char sub[128];
    world_init(&w, NULL, 0);
    snprintf(sub, sizeof(sub), "%s/sub", w.dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    world_file(&w, "sub/a.js", "import { b } from '../b.js'; export const a = 'a' + b; export default 5;");
    world_file(
        &w, "b.js", "import * as again from './././sub/../b.js'; export const b = 'b'; export { again };");
    /* A cycle: each sees the other's functions. */
    world_file(&w, "c.js", "import { d } from './d.js'; export function c(n) { return n ? d(n - 1) : 'c' }");
    world_file(&w, "d.js", "import { c } from './c.js'; export function d(n) { return n ? c(n - 1) : 'd' }");
    char source[600];
    snprintf(source, sizeof(source),
        "import five, { a } from './sub/a.js'; import { b } from '%s/b.js'; import { c } from 'file://%s/c.js';\n"
        "import http, { get } from 'k6/http'; import * as k6 from 'k6';\n"
        "export default function () { return [five, a, b, c(3), http.get === get, typeof k6.check, typeof http.del] }",
        w.dir, w.dir);
    world_open(&w, source);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[5,\"ab\",\"b\",\"d\",true,\"function\",\"function\"]");
    world_deinit(&w);
}

static void reports_bad_imports(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "bad.js", "export const x = 1;\nexport const = 2;");
    world_file(&w, "throws.js", "\nthrow new RangeError('inside');");
    world_file(&w, "fine.js", "export const x = 1;");
    world_file(&w, "p.js", "import { q } from './q.js'; export const p = q + 1;");
    world_file(&w, "q.js", "import { p } from './p.js'; export const q = p + 1;");
#define IMPORT(x) "import '" x "'; export default function () {}"
    assert_load_fails(&w, IMPORT("./nope.js"), BR_ESYNTAX, "nope.js");
    assert_load_fails(&w, IMPORT("./bad.js"), BR_ESYNTAX, "bad.js: Line 2:");
    assert_load_fails(&w, IMPORT("./throws.js"), BR_EEXCEPTION, "RangeError: inside\n\tat ");
    assert_load_fails(&w, IMPORT("lodash"), BR_ESYNTAX, "\"lodash\" couldn't be recognised");
    assert_load_fails(&w, IMPORT("ftp://x.test/y.js"), BR_ESYNTAX, "only supported schemes for imports");
    assert_load_fails(&w, IMPORT("k6/browser"), BR_ESYNTAX,
        "\"k6/browser\" is a k6 module that brunt does not support yet");
    assert_load_fails(&w, IMPORT("k6/x/sql"), BR_ESYNTAX, "brunt has no extensions");
    assert_load_fails(&w, IMPORT("k6/nope"), BR_ESYNTAX, "is not a module of k6");
    assert_load_fails(&w, IMPORT(""), BR_ESYNTAX, "couldn't be recognised");
    assert_load_fails(&w, IMPORT("."), BR_ESYNTAX, "couldn't be recognised");
    assert_load_fails(&w, IMPORT("./"), BR_ESYNTAX, "cannot load");
    assert_load_fails(
        &w, "import { nope } from './fine.js'; export default function () {}", BR_EEXCEPTION, "nope");
    assert_load_fails(&w, "import './p.js'; export default function () {}", BR_EEXCEPTION, "ReferenceError");
    world_deinit(&w);
}

static void dynamic_import_cannot_add_modules(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "late.js", "export const x = 1;");
    world_open(&w, "export default async function () { await import('./late.js') }");
    assert_call_fails(&w, "default", BR_EEXCEPTION, "dynamic modules not enabled in the host program");
    world_deinit(&w);
}

/* open() ---------------------------------------------------------------------------------------------- */

static void opens_files_in_init_code(void **state)
{
    (void) state;
    world w;
    char path[256];
    world_init(&w, NULL, 0);
    snprintf(path, sizeof(path), "%s/lib", w.dir);
    assert_int_equal(mkdir(path, 0700), 0);
    world_file(&w, "data.txt", "root ü");
    world_file(&w, "lib/data.txt", "lib");
    world_file(&w, "lib/m.js", "export const here = open('./data.txt'); export const read = (p) => open(p);");
    snprintf(path, sizeof(path),
        "import { here, read } from './lib/m.js';\n"
        "const t = open('data.txt'), b = new Uint8Array(open('./data.txt', 'b')), r = read('./data.txt'), f = open('file://%s/data.txt');",
        w.dir);
    char source[800];
    snprintf(source, sizeof(source),
        "%s\nexport default function () { return [t, b.length, here, r, f] }\n"
        "export function late() { open('data.txt') }",
        path);
    world_open(&w, source);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[\"root ü\",7,\"lib\",\"root ü\",\"root ü\"]");
    assert_call_fails(&w, "late", BR_EEXCEPTION, "only available in the init stage");
    world_deinit(&w);
}

static void refuses_bad_open(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "data.txt", "x");
    assert_load_fails(&w, "open('nope.txt'); export default function () {}", BR_EEXCEPTION, "nope.txt");
    assert_load_fails(&w, "open(''); export default function () {}", BR_EEXCEPTION, "empty filename");
    assert_load_fails(&w, "open(); export default function () {}", BR_EEXCEPTION, "empty filename");
    assert_load_fails(&w, "open('/'); export default function () {}", BR_EEXCEPTION, "GoError");
    assert_load_fails(&w, "open({ toString() { throw new Error('s') } }); export default function () {}",
        BR_EEXCEPTION, "Error: s");
    /* An argument whose text opens another file. */
    assert_int_equal(
        world_load(&w, "open({ toString() { open('data.txt'); open('data.txt'); return 'data.txt' } });\n"
                       "export default function () {}"),
        BR_OK);
    /* Files that only a later user wants. */
    assert_int_equal(world_load(&w, "if (__VU > 0) open('data.txt'); export default function () {}"), BR_OK);
    br_vu_config c = {
        .program = w.program, .settings = &w.settings, .loop = w.loop, .id = 1, .run_tags = w.run_tags};
    br_vu *vu = NULL;
    assert_int_equal(br_vu_new(&c, &vu, &w.err), BR_EEXCEPTION);
    assert_null(vu);
    assert_non_null(strstr(w.err.msg, "weren't previously opened during initialization"));
    world_deinit(&w);
}

static void empty_files_can_be_opened(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "empty", "");
    world_open(&w,
        "const a = open('empty'), b = open('empty', 'b'); export default function () { return [a, b.byteLength] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[\"\",0]");
    world_deinit(&w);
}

/* Options --------------------------------------------------------------------------------------------- */

static void exports_options_as_json(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_int_equal(
        world_load(&w, "export const options = { vus: 3, f() {}, u: undefined, thresholds: { a: ['b'] } };\n"
                       "export default function () {}"),
        BR_OK);
    br_str json = br_program_options_json(w.program);
    assert_true(br_str_is(json, "{\"vus\":3,\"thresholds\":{\"a\":[\"b\"]}}"));
    assert_int_equal(world_load(&w, "export default function () {}"), BR_OK);
    assert_null(br_program_options_json(w.program).p);
    assert_int_equal(world_load(&w, "export const options = null; export default function () {}"), BR_OK);
    world_deinit(&w);
}

static void writes_options_back(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    w.settings.consolidated_options_json =
        "{\"vus\":9,\"scenarios\":{\"default\":{\"executor\":\"constant-vus\"}}}";
    world_open(&w,
        "export const options = { vus: 3, duration: '1s', mine: 1 }; const atInit = options.vus;\n"
        "export default function () { return [atInit, options.vus, options.mine, options.scenarios.default.executor] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[3,9,1,\"constant-vus\"]");
    world_open(&w,
        "export const options = Object.freeze({ vus: 3 }); export default function () { return options }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "{\"vus\":3}");
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_bad_scripts),
        cmocka_unit_test(reports_missing_files),
        cmocka_unit_test(imports_files),
        cmocka_unit_test(reports_bad_imports),
        cmocka_unit_test(dynamic_import_cannot_add_modules),
        cmocka_unit_test(opens_files_in_init_code),
        cmocka_unit_test(refuses_bad_open),
        cmocka_unit_test(empty_files_can_be_opened),
        cmocka_unit_test(exports_options_as_json),
        cmocka_unit_test(writes_options_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
