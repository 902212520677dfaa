/* CommonJS and UMD files among ES modules, require(). */
#include "env.h"

static void gives(world *w, const char *source, const char *json)
{
    world_open(w, source);
    assert_int_equal(world_call(w, w->vu, "default", NULL), BR_OK);
    assert_string_equal(w->json, json);
}

static void fails(world *w, const char *source, br_code code, const char *part)
{
    br_code got = world_load(w, source);
    if (got != code || strstr(w->err.msg, part) == NULL)
        fail_msg(
            "%s\n%s \"%s\"\nwant %s \"%s\"", source, br_code_name(got), w->err.msg, br_code_name(code), part);
}

static void main_scripts(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    gives(&w,
        "exports.default = function () { return [typeof this, options.vus, arguments.length] }; var options = exports.options = {vus: 3};",
        "[\"object\",3,1]");
    assert_true(br_str_is(br_program_options_json(w.program), "{\"vus\":3}"));
    gives(&w,
        "#!/usr/bin/env k6\nvar k6 = require('k6'); module.exports = {default: function () { return typeof k6.check }, setup: function () {} }",
        "\"function\"");
    assert_true(br_program_has_export(w.program, BR_STR("setup")));
    gives(&w,
        "var self = this === exports && this === module.exports; exports.default = function () { return self }",
        "true");
    gives(&w, "exports.default = function () { with ({a: 7}) { return a } } // no newline", "7");
    fails(&w, "module.exports = function () {}", BR_EINVAL, "no exported functions in script");
    fails(&w, "module.exports = 5", BR_EINVAL, "no exported functions in script");
    fails(&w, "exports.default = function () {};\nthrow new TypeError('here')", BR_EEXCEPTION, "main.js:2:");
    fails(&w, "throw new TypeError('here')", BR_EEXCEPTION, "main.js:1:"); /* the wrapper is not counted */
    fails(&w, "exports.x = 1;\n\nvar a = ;", BR_ESYNTAX, "main.js: Line 3:");
    fails(&w, "with ({}) {}\nvar a = ;", BR_ESYNTAX, "main.js: Line 2:");
    fails(&w, "import http from 'k6/http';\nexports.x = 1", BR_EEXCEPTION, "identifier \"exports\"");
    fails(&w, "export default function () {}\nmodule.exports = 1", BR_EEXCEPTION, "identifier \"module\"");
    world_deinit(&w);
}

/* Bundlers keep what libraries ask: a bundle that is an ES module has `typeof exports` in it. */
static void libraries_may_ask_for_commonjs(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "both.js",
        "var isNode = typeof exports == 'object' && exports && !exports.nodeType && exports, m = isNode && typeof  module == 'object' && module;\n"
        "export default [isNode, typeof module, typeof exports]");
    gives(
        &w, "import both from './both.js'; export default () => both", "[false,\"undefined\",\"undefined\"]");
    world_file(&w, "sets.js", "if (typeof exports === 'undefined') exports = 1; export default 1");
    fails(&w, "import './sets.js'; export default () => 1", BR_EEXCEPTION, "exports is not defined");
    fails(&w, "export default () => typeof modules && typeof exported; exports.x = 1", BR_EEXCEPTION,
        "identifier \"exports\"");
    world_file(&w, "umd.js", "if (typeof exports === 'object') exports.x = 1");
    fails(&w, "import './umd.js'; export default () => 1; module.exports = 1", BR_EEXCEPTION,
        "identifier \"module\"");
    world_deinit(&w);
}

static void es_modules_import_commonjs(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "object.js", "module.exports = { a: 1, f: function () { return 'f' } };");
    world_file(
        &w, "function.js", "module.exports = function () { return 'called' }; module.exports.extra = 2;");
    world_file(&w, "babel.js",
        "Object.defineProperty(exports, '__esModule', {value: true}); exports.default = 'd'; exports.n = 3;");
    world_file(&w, "reexport.js",
        "export { a as b } from './object.js'; export * from './function.js'; export * as all from './babel.js'");
    world_file(&w, "number.js", "module.exports = 5");
    gives(&w,
        "import object, { a, f, none } from './object.js'; import * as ns from './object.js'; import fn, { extra } from './function.js';"
        "import d, { n } from './babel.js'; import number from './number.js'; import { b, extra as e2, all } from './reexport.js';"
        "import { check, nosuch } from 'k6';"
        "export default function () { return [object.a, a, f(), none === undefined, Object.keys(ns), fn(), extra, d, n, number, b, e2, all.n, nosuch] }",
        "[1,1,\"f\",true,[\"a\",\"f\"],\"called\",2,\"d\",3,5,1,2,3,null]");
    fails(&w,
        "import { b, c } from './reexport.js'; import { nope } from './es.js'; export default function () {}",
        BR_ESYNTAX, "es.js");
    world_file(&w, "es.js", "export const yes = 1");
    fails(&w, "import { nope } from './es.js'; export default function () {}", BR_EEXCEPTION,
        "SyntaxError: The requested module \"./es.js\" does not provide an export named \"nope\"");
    /* The order is that of the imports, and each file runs once. */
    world_file(&w, "first.js", "globalThis.order = ['first']; export {}");
    world_file(&w, "second.js", "order.push('second')");
    world_file(&w, "third.js", "order.push('third'); export {}");
    gives(&w,
        "import './first.js'; import './second.js'; import './third.js'; require('./second.js'); export default () => order",
        "[\"first\",\"second\",\"third\"]");
    world_file(&w, "throws.js", "\n  throw new RangeError('inside')");
    fails(&w, "import x from './throws.js'; export default function () {}", BR_EEXCEPTION, "throws.js:2:");
    world_deinit(&w);
}

static void require_gives_modules(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "es.js", "export const b = 'B'; export default 7; export let runs = 0; runs++;");
    world_file(&w, "cjs.js", "exports.value = 'C'; exports.es = require('./es.js')");
    gives(&w,
        "import { b } from './es.js'; const c = require('./cjs.js'), http = require('k6/http'), { check } = require('k6'); const again = require('./cjs.js');"
        "export default function () { return [b, c.value, c.es.default, c.es.runs, again === c, typeof http.get, typeof check] }",
        "[\"B\",\"C\",7,1,true,\"function\",\"function\"]");
    /* A circle of CommonJS sees what was exported so far. */
    world_file(
        &w, "x.js", "exports.early = 1; var y = require('./y.js'); exports.seen = y.seen; exports.late = 2");
    world_file(&w, "y.js", "var x = require('./x.js'); exports.seen = Object.keys(x)");
    gives(&w, "import { seen, late } from './x.js'; export default () => [seen, late]", "[[\"early\"],2]");
    /* Functions resolve against the file that they are written in. */
    world_file(&w, "helper.js", "export function get() { return require('./cjs.js').value }");
    gives(&w, "import { get } from './helper.js'; const v = get(); export default () => v", "\"C\"");
    /* A name that is only asked for later. */
    world_file(&w, "later.js",
        "import { value, nothing } from './cjs.js'; import { sleep, unknown } from 'k6'; export const all = [value, nothing === undefined, typeof sleep, unknown]");
    gives(&w,
        "import 'k6'; import './cjs.js'; const { all } = require('./later.js'); export default () => all",
        "[\"C\",true,\"function\",null]");
    world_deinit(&w);
}

static void require_fails(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "tla.js", "await null; export const x = 1");
    world_file(&w, "bad.js", "export const = 1");
    world_file(&w, "half.js", "import { main } from './main.js'; export const half = 1");
    world_file(&w, "deep.js", "import './deep2.js'; import './nope.js'; export {}");
    world_file(&w, "deep2.js", "import './deep.js'; export {}");
    world_file(&w, "throws.js", "export {}; throw new Error('es')");
    fails(&w, "require('')", BR_EEXCEPTION, "empty specifier");
    fails(&w, "require('lodash')", BR_EEXCEPTION, "couldn't be recognised");
    fails(&w, "require('./nope.js')", BR_EEXCEPTION, "nope.js\" couldn't be found");
    fails(&w, "require('k6/x/a')", BR_EEXCEPTION, "brunt has no extensions");
    fails(&w, "require('./tla.js')", BR_EEXCEPTION, "await at its top level");
    fails(&w, "require('./bad.js')", BR_EEXCEPTION, "SyntaxError");
    fails(&w, "require('./throws.js')", BR_EEXCEPTION, "Error: es");
    fails(&w, "import 'k6'; require('./half.js'); export const main = 1", BR_EEXCEPTION, "just being loaded");
    gives(&w,
        "const out = []; for (const f of ['./deep.js', './deep2.js', './nope.js', './bad.js', './throws.js', './deep2.js', './throws.js'])"
        " try { require(f); out.push(f) } catch (e) { out.push(e.name) } exports.default = () => out",
        "[\"GoError\",\"GoError\",\"GoError\",\"GoError\",\"Error\",\"GoError\",\"Error\"]");
    gives(&w,
        "export default function () { try { require('k6') } catch (e) { return e.message.slice(0, 50) } }",
        "\"the \\\"require\\\" function is only available in the in\"");
    /* What VU 0 did not load cannot be loaded later. */
    world_file(&w, "only1.js", "exports.a = 1");
    gives(&w,
        "let m = ''; if (__VU > 0) try { require('./only1.js') } catch (e) { m = e.message } export default () => m.replace(/\"[^\"]*\"/, 'X')",
        "\"the module X was not previously resolved during initialization (__VU==0)\"");
    world_deinit(&w);
}

/* The shapes of what bundlers make. */
static void bundles(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "umd.js",
        "(function (root, factory) { if (typeof define === 'function' && define.amd) define([], factory);"
        " else if (typeof module === 'object' && typeof exports !== 'undefined') module.exports = factory(); else root.Papa = factory(); })"
        "(this, function s() { 'use strict'; var f = 'undefined' != typeof self ? self : 'undefined' != typeof window ? window : void 0 !== f ? f : {};"
        " return { parse: function (t) { return { data: t.split('\\n').map(function (l) { return l.split(',') }) } } } });");
    world_file(&w, "webpack.js",
        "(()=>{var t={347:t=>{\"use strict\";t.exports=require(\"k6/crypto\")},12:function(t,e,r){t.exports=r(347)}},e={};"
        "function r(n){var o=e[n];if(void 0!==o)return o.exports;var i=e[n]={exports:{}};return t[n].call(i.exports,i,i.exports,r),i.exports}"
        "r.n=t=>{var e=t&&t.__esModule?()=>t.default:()=>t;return r.d(e,{a:e}),e};"
        "r.d=(t,e)=>{for(var n in e)r.o(e,n)&&!r.o(t,n)&&Object.defineProperty(t,n,{enumerable:!0,get:e[n]})};"
        "r.o=(t,e)=>Object.prototype.hasOwnProperty.call(t,e);r.r=t=>{Object.defineProperty(t,\"__esModule\",{value:!0})};"
        "r.g=function(){if('object'==typeof globalThis)return globalThis;try{return this||new Function('return this')()}catch(t){}}();"
        "var n={};(()=>{r.r(n),r.d(n,{randomIntBetween:()=>i,sha:()=>u});var o=r.n(r(12));function i(t,e){return Math.floor(Math.random()*(e-t+1)+t)}"
        "function u(t){return o().sha256(t,'hex').slice(0,8)}})();"
        "var o=exports;for(var i in n)o[i]=n[i];n.__esModule&&Object.defineProperty(o,\"__esModule\",{value:!0})})();");
    world_file(&w, "ejs.js",
        "var root = Function('return this')(); exports.isGlobal = root === globalThis && root === global;"
        "exports.render = function (data) { return new Function('locals', 'with (locals) { return name.toUpperCase() }')(data) }");
    gives(&w,
        "import papaparse from './umd.js'; import { parse } from './umd.js'; import { randomIntBetween, sha } from './webpack.js';"
        "import { render, isGlobal } from './ejs.js'; import * as utils from './webpack.js';"
        "export default function () { return [papaparse.parse('a,b\\nc').data, parse === papaparse.parse, randomIntBetween(3, 3), sha('x'), render({name: 'n'}), isGlobal, Object.keys(utils)] }",
        "[[[\"a\",\"b\"],[\"c\"]],true,3,\"2d711642\",\"N\",true,[\"randomIntBetween\",\"sha\"]]");
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(main_scripts),
        cmocka_unit_test(libraries_may_ask_for_commonjs), cmocka_unit_test(es_modules_import_commonjs),
        cmocka_unit_test(require_gives_modules), cmocka_unit_test(require_fails), cmocka_unit_test(bundles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
