/* Life of a virtual user: calls, data, state between iterations, promises, summary, memory. */
#include "env.h"

static void returns_values(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w, "return [1, 'a', null, true, {b: 2}]", "[1,\"a\",null,true,{\"b\":2}]");
    assert_gives(&w, "", "undefined");
    assert_gives(&w, "return null", "null");
    assert_gives(&w, "return [typeof __ITER, this === undefined, typeof global, global === globalThis]",
        "[\"undefined\",true,\"object\",true]");
    assert_gives(&w, "return [__VU, __ENV.NAME, __ENV.NOPE === undefined]", "[1,\"second\",true]");
    assert_gives(&w, "__ENV.NAME = 'x'; __ENV.NEW = 'y'; return [__ENV.NAME, __ENV.NEW]", "[\"x\",\"y\"]");
    world_deinit(&w);
}

static void keeps_state_between_iterations(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w, "let n = 0; export default function () { return [++n, __ITER, __VU] }");
    br_vu *other = world_vu(&w, 7);
    for (int i = 0; i < 3; i++) {
        char want[32];
        snprintf(want, sizeof(want), "[%d,%d,1]", i + 1, i);
        br_vu_set_iteration(w.vu, i);
        assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
        assert_string_equal(w.json, want);
    }
    br_vu_set_iteration(other, 0);
    assert_int_equal(world_call(&w, other, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[1,0,7]");
    br_vu_free(other);
    world_deinit(&w);
}

static void calls_exports_by_name(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w, "export function setup() { return {a: [1, 'x', {b: null}]} }\n"
                   "export function other(d) { return d.a[1] }\n"
                   "export const arrow = (d) => d === undefined\n"
                   "export const notFunction = 5\n"
                   "function handleSummary() {}\nexport { handleSummary }");
    assert_int_equal(br_program_callable_count(w.program), 2);
    assert_true(br_program_has_export(w.program, BR_STR("setup")));
    assert_true(br_program_has_export(w.program, BR_STR("handleSummary")));
    assert_false(br_program_has_export(w.program, BR_STR("default")));
    assert_false(br_program_has_export(w.program, BR_STR("notFunction")));
    assert_int_equal(world_call(&w, w.vu, "arrow", NULL), BR_OK);
    assert_string_equal(w.json, "true");
    assert_call_fails(&w, "default", BR_ENOTFOUND, "function 'default' not found in exports");
    assert_call_fails(&w, "notFunction", BR_ENOTFOUND, "notFunction");
    world_deinit(&w);
}

/* k6: each virtual user reads the data once; what it changes stays, for itself. */
static void reads_setup_data_once(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w, "export function setup() { return {n: 1, t: 'ü\\u0000', o: {}, gone: undefined} }\n"
                   "export default function (d) { d.n++; return d }");
    br_vu *other = world_vu(&w, 2);
    assert_int_equal(world_call(&w, w.vu, "setup", NULL), BR_OK);
    assert_string_equal(w.json, "{\"gone\":null,\"n\":1,\"o\":{},\"t\":\"ü\\u0000\"}");
    char *data = strdup(w.json);
    assert_int_equal(world_call(&w, w.vu, "default", data), BR_OK);
    assert_non_null(strstr(w.json, "\"n\":2,\"o\":{},\"t\":\"ü\\u0000\""));
    assert_int_equal(world_call(&w, w.vu, "default", data), BR_OK);
    assert_non_null(strstr(w.json, "\"n\":3"));
    assert_int_equal(world_call(&w, other, "default", data), BR_OK);
    assert_non_null(strstr(w.json, "\"n\":2"));
    free(data); // from strdup
    br_vu_free(other);
    world_deinit(&w);
}

/* Arrays of setup data are slices in k6: their elements stay changed, their length does not. */
static void arrays_of_setup_data_keep_their_length(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "export default function (d) { d.o.list.push(3); d.o.list[0] = 'x'; d.o.list.pop(); return d.o }\n"
        "export function shorter(d) { d.o.list.length = 1; return d.o.list.length }\n"
        "export function replaced(d) { d.o.list = [1]; d.o.list.push(2); return [d.o.list, Object.keys(d.o)] }\n"
        "export function top(d) { d.push(1); return d }");
    static const char data[] = "{\"o\":{\"list\":[1,2]}}";
    assert_int_equal(world_call(&w, w.vu, "default", data), BR_OK);
    assert_string_equal(w.json, "{\"list\":[\"x\",null]}");
    assert_int_equal(world_call(&w, w.vu, "shorter", data), BR_OK);
    assert_string_equal(w.json, "2");
    assert_int_equal(world_call(&w, w.vu, "replaced", data), BR_OK);
    assert_string_equal(w.json, "[[1,2],[\"list\"]]");
    br_vu *other = world_vu(&w, 2);
    assert_int_equal(world_call(&w, other, "top", "[]"), BR_OK);
    assert_int_equal(world_call(&w, other, "top", "[]"), BR_OK);
    assert_string_equal(w.json, "[1,1]");
    br_vu_free(other);
    world_deinit(&w);
}

static void refuses_results_that_are_no_json(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w, "export default function () { return () => 1 }\n"
                   "export function cycle() { const a = {}; a.a = a; return a }\n"
                   "export function nan() { return {a: [NaN]} }");
    assert_call_fails(&w, "default", BR_EINVAL, "unsupported type");
    assert_call_fails(&w, "nan", BR_EINVAL, "unsupported value: NaN");
    static const char *const others[] = {"cycle"};
    for (size_t i = 0; i < BR_COUNT_OF(others); i++) {
        br_code code = world_call(&w, w.vu, others[i], NULL);
        if (code != BR_EINVAL && code != BR_EEXCEPTION)
            fail_msg("%s: %s %s", others[i], br_code_name(code), w.json ? w.json : "");
    }
    world_deinit(&w);
}

static void tells_where_an_exception_was_thrown(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "lib.js", "\n\nexport function boom() {\n  throw new Error('from lib');\n}");
    world_open(&w, "import { boom } from './lib.js';\n"
                   "export default function () {\n  boom();\n}\n"
                   "export function text() { throw 'just text' }\n"
                   "export function object() { throw {a: 1} }\n"
                   "export function nothing() { throw undefined }\n"
                   "export function evil() { throw {toString() { throw new Error('again') }} }\n"
                   "export function type() { null.x }\n"
                   "export function unknown() { nope() }\n"
                   "export function native() { JSON.parse('{') }");
    char want[300];
    assert_call_fails(&w, "default", BR_EEXCEPTION, "Error: from lib\n\tat boom (file://");
    snprintf(want, sizeof(want), "%s/lib.js:4:", w.dir);
    assert_non_null(strstr(w.err.msg, want));
    snprintf(want, sizeof(want), "\tat default (file://%s/main.js:3:", w.dir);
    assert_non_null(strstr(w.err.msg, want));
    assert_call_fails(&w, "text", BR_EEXCEPTION, "just text");
    assert_call_fails(&w, "object", BR_EEXCEPTION, "[object Object]");
    assert_call_fails(&w, "nothing", BR_EEXCEPTION, "undefined");
    assert_call_fails(&w, "evil", BR_EEXCEPTION, "no text");
    assert_call_fails(&w, "type", BR_EEXCEPTION, "TypeError: ");
    assert_call_fails(&w, "unknown", BR_EEXCEPTION, "nope is not defined");
    assert_call_fails(&w, "native", BR_EEXCEPTION, "SyntaxError: ");
    assert_call_fails(&w, "default", BR_EEXCEPTION, "from lib"); /* and the user is still usable */
    world_deinit(&w);
}

static void waits_for_promises(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import { sleep } from 'k6';\n"
        "export default async function () { await null; sleep(0.01); return await Promise.resolve(5) }\n"
        "export async function rejects() { await null; throw new TypeError('late') }\n"
        "export function unhandled() { Promise.reject(new Error('nobody')); return 1 }\n"
        "export function handled() { Promise.reject(1).catch(() => {}); return 2 }\n"
        "export function oneOfTwo() { const a = Promise.reject(new Error('lost')), b = Promise.reject(2);\n"
        "  b.catch(() => {}); return 3 }\n"
        "export function all() { return Promise.all([Promise.reject(1), Promise.reject(2)]).catch((e) => e) }\n"
        "export function never() { return new Promise(() => {}) }\n"
        "export function inJob() { Promise.resolve().then(() => { throw new Error('in a job') }) }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "5");
    assert_call_fails(&w, "rejects", BR_EEXCEPTION, "Uncaught (in promise) TypeError: late\n\tat ");
    assert_call_fails(&w, "unhandled", BR_EEXCEPTION, "Uncaught (in promise) Error: nobody");
    assert_int_equal(world_call(&w, w.vu, "handled", NULL), BR_OK);
    assert_string_equal(w.json, "2");
    assert_call_fails(&w, "oneOfTwo", BR_EEXCEPTION, "Uncaught (in promise) Error: lost");
    assert_int_equal(world_call(&w, w.vu, "all", NULL), BR_OK);
    assert_string_equal(w.json, "1");
    assert_int_equal(world_call(&w, w.vu, "never", NULL), BR_OK);
    assert_call_fails(&w, "inJob", BR_EEXCEPTION, "Uncaught (in promise) Error: in a job");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    world_deinit(&w);
}

/* Summary ------------------------------------------------------------------------------------------ */

typedef struct summary {
    world *world;
    br_buf entries;
    br_code code;
} summary;

static void on_entry(void *ctx, br_str key, br_str content)
{
    summary *s = ctx;
    (void) br_buf_printf(&s->entries, BR_FMT "=" BR_FMT ";", BR_ARG(key), BR_ARG(content));
}

static void summary_main(br_fiber *self, void *arg)
{
    summary *s = arg;
    world *w = s->world;
    s->code = br_vu_handle_summary(w->vu, self, BR_STR("{\"n\":7}"), on_entry, s, &w->err);
    br_loop_stop(w->loop);
}

static void assert_summary(world *w, const char *body, br_code code, const char *want)
{
    char source[500];
    summary s = {.world = w};
    snprintf(source, sizeof(source), "export default function () {} export %s", body);
    world_open(w, source);
    br_buf_init(&s.entries, BR_BUF_NO_LIMIT);
    assert_int_equal(br_fiber_start(w->fibers, summary_main, &s, NULL, NULL), BR_OK);
    br_loop_run(w->loop);
    const char *got = code == BR_OK ? s.entries.data : code == BR_AGAIN ? "" : w->err.msg;
    if (s.code != code || strstr(got, want) == NULL)
        fail_msg("%s: %s \"%s\"", body, br_code_name(s.code), got);
    br_buf_deinit(&s.entries);
}

static void hands_out_summary_entries(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_summary(&w,
        "function handleSummary(d) { return {stdout: 'n ' + d.n, 'a.bin': new Uint8Array([65, 66]).buffer,"
        " 'b.bin': new Uint8Array([67])} }",
        BR_OK, "stdout=n 7;a.bin=AB;b.bin=C;");
    assert_summary(&w, "async function handleSummary(d) { await null; return {x: 'y'} }", BR_OK, "x=y;");
    assert_summary(&w, "function handleSummary() {}", BR_AGAIN, "");
    assert_summary(&w, "function handleSummary() { return null }", BR_AGAIN, "");
    assert_summary(&w, "function handleSummary() { return 5 }", BR_EINVAL, "must return an object");
    assert_summary(&w, "function handleSummary() { return {a: 5} }", BR_EINVAL, "'a' is neither");
    assert_summary(&w, "function handleSummary() { throw new Error('no') }", BR_EEXCEPTION, "Error: no");
    world_deinit(&w);
}

/* Many ---------------------------------------------------------------------------------------------- */

static void makes_two_hundred_users(void **state)
{
    (void) state;
    enum { USERS = 200 };
    static br_vu *vus[USERS];
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "lib.js",
        "import { Counter } from 'k6/metrics'; export const c = new Counter('many'); export const big = { a: [1, 2, 3] };");
    world_open(&w, "import { c } from './lib.js'; export default function () { c.add(1); return __VU }");
    for (int i = 0; i < USERS; i++)
        vus[i] = world_vu(&w, i + 2);
    for (int i = 0; i < USERS; i += 20) {
        assert_int_equal(world_call(&w, vus[i], "default", NULL), BR_OK);
        char expected[16];
        snprintf(expected, sizeof(expected), "%d", i + 2);
        assert_string_equal(w.json, expected);
    }
    assert_sample(&w, "many 1 ", USERS / 20);
    assert_in_range(br_vu_heap_bytes(vus[5]), 20000, 400000);
    for (int i = 0; i < USERS; i++)
        br_vu_free(vus[i]);
    world_deinit(&w);
}

static void a_user_without_network_counts_no_bytes(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w, PRELUDE "export default function () { http.get('http://127.0.0.1:1/') }");
    br_vu_config c = {.program = w.program, .settings = &w.settings, .loop = w.loop, .run_tags = w.run_tags};
    br_vu *vu = NULL;
    assert_int_equal(br_vu_new(&c, &vu, &w.err), BR_OK);
    uint64_t sent = 1, received = 1;
    br_vu_take_bytes(vu, &sent, &received);
    assert_int_equal(sent + received, 0);
    assert_int_equal(world_call(&w, vu, "default", NULL), BR_EEXCEPTION);
    assert_non_null(strstr(w.err.msg, "handleSummary"));
    br_vu_free(vu);
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_values),
        cmocka_unit_test(keeps_state_between_iterations),
        cmocka_unit_test(calls_exports_by_name),
        cmocka_unit_test(reads_setup_data_once),
        cmocka_unit_test(arrays_of_setup_data_keep_their_length),
        cmocka_unit_test(refuses_results_that_are_no_json),
        cmocka_unit_test(tells_where_an_exception_was_thrown),
        cmocka_unit_test(waits_for_promises),
        cmocka_unit_test(hands_out_summary_entries),
        cmocka_unit_test(makes_two_hundred_users),
        cmocka_unit_test(a_user_without_network_counts_no_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
