/* Scripts that do not end, recurse for ever, or want all memory: an error of the script, never a crash. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include "env.h"

#define SHORT (60 * BR_MS)

static void assert_interrupted(world *w, const char *body)
{
    char source[700];
    snprintf(source, sizeof(source),
        PRELUDE "let after = 0;\nexport default function () { %s }\n"
                "export function seen() { return after }",
        body);
    world_open(w, source);
    br_ns start = br_clock_now();
    w->timeout = SHORT;
    br_code code = world_call(w, w->vu, "default", NULL);
    if (code != BR_ECANCEL) fail_msg("%s: %s %s", body, br_code_name(code), w->err.msg);
    assert_true(br_clock_now() - start < 2 * BR_SEC);
    w->timeout = 0;
    assert_int_equal(world_call(w, w->vu, "seen", NULL), BR_OK); /* the user is still usable */
    if (strcmp(w->json, "0") != 0) fail_msg("%s: code ran after the interruption: %s", body, w->json);
}

static void interrupts_at_the_deadline(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_interrupted(&w, "while (true) {}");
    assert_interrupted(&w, "try { while (true) {} } catch (e) { after = 1 }");
    assert_interrupted(&w, "try { while (true) {} } finally { after = 1 }");
    assert_interrupted(
        &w, "for (;;) { try { while (true) {} } catch (e) { after = 1 } finally { after = 2 } }");
    assert_interrupted(&w, "Promise.resolve().then(() => { while (true) {} }).catch(() => { after = 1 })");
    assert_interrupted(&w, "(async () => { await null; try { while (true) {} } finally { after = 1 } })()");
    assert_interrupted(&w, "function f() { Promise.resolve().then(f) } f()");
    assert_interrupted(&w, "function f() { Promise.resolve().then(f).catch(f) } f()");
    assert_interrupted(&w, "[1, 2].sort(() => { while (true) {} })");
    assert_interrupted(&w, "check(1, { a: () => { while (true) {} } }); after = 1");
    assert_interrupted(&w, "group('g', () => { while (true) {} }); after = 1");
    assert_interrupted(&w, "/(a+)+$/.test('a'.repeat(100) + 'b'); after = 1");
    assert_interrupted(&w, "new Counter.constructor('while (true) {}')()");
    assert_interrupted(&w, "setTimeout(() => { while (true) {} }, 1)");
    assert_interrupted(&w, "setInterval(() => { for (let i = 0; i < 1e5; i++); }, 0)");
    assert_interrupted(&w,
        "return new Promise((done) => setTimeout(() => { try { while (true) {} } finally { after = 1 } }, 1))");
    assert_sample(&w, "checks ", 0); /* k6: what ends after the interruption is lost */
    assert_sample(&w, "group_duration ", 0);
    world_deinit(&w);
}

/* What only waits is woken by the engine's cancel; nothing of it is left for the next call. */
static void cancels_what_waits(void **state)
{
    (void) state;
    static const char *const bodies[] = {"setInterval(() => {}, 5)", "setTimeout(() => { after = 1 }, 60000)",
        "return new Promise((done) => setTimeout(done, 60000))", "sleep(60)",
        "setTimeout(() => { try { sleep(60) } finally { after = 1 } }, 1)",
        "group('g', () => sleep(60)); after = 1"};
    for (size_t i = 0; i < BR_COUNT_OF(bodies); i++) {
        char source[500];
        world w;
        world_init(&w, NULL, 0);
        snprintf(source, sizeof(source),
            PRELUDE
            "let after = 0;\nexport default function () { %s }\nexport function seen() { sleep(0.02); return after }",
            bodies[i]);
        world_open(&w, source);
        w.cancel_after = 30 * BR_MS;
        br_code code = world_call(&w, w.vu, "default", NULL);
        if (code != BR_ECANCEL) fail_msg("%s: %s %s", bodies[i], br_code_name(code), w.err.msg);
        assert_int_equal(world_call(&w, w.vu, "seen", NULL), BR_OK);
        if (strcmp(w.json, "0") != 0) fail_msg("%s: code ran after it", bodies[i]);
        world_deinit(&w);
    }
}

static void *raise_flag(void *arg)
{
    usleep(50000);
    atomic_store((_Atomic bool *) arg, true);
    return NULL;
}

static void interrupts_by_the_flag(void **state)
{
    (void) state;
    static _Atomic bool flag;
    pthread_t thread;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w, "export default function () { for (;;) { try { while (true) {} } catch (e) {} } }");
    w.stop_flag = &flag;
    pthread_create(&thread, NULL, raise_flag, &flag);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_ECANCEL);
    pthread_join(thread, NULL);
    world_deinit(&w);
}

/* A long computation lets the loop turn, so that other users and timers get on. */
typedef struct ticker {
    br_timer timer;
    br_loop *loop;
    int ticks;
} ticker;

static void tick(br_timer *timer, void *ctx)
{
    ticker *t = ctx;
    t->ticks++;
    br_timer_start(t->loop, timer, br_loop_now(t->loop) + 10 * BR_MS, tick, t);
}

static void shares_the_thread(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "export default function () { const end = Date.now() + 150; while (Date.now() < end) {} return 1 }");
    ticker t = {.loop = w.loop};
    br_timer_start(w.loop, &t.timer, br_loop_now(w.loop), tick, &t);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_in_range(t.ticks, 4, 100);
    br_timer_stop(w.loop, &t.timer);
    world_deinit(&w);
}

/* Stack --------------------------------------------------------------------------------------------- */

static void assert_too_deep(world *w, const char *body)
{
    char source[900];
    snprintf(source, sizeof(source),
        PRELUDE "export default function () { %s }\nexport function fine() { return 1 }", body);
    world_open(w, source);
    br_code code = world_call(w, w->vu, "default", NULL);
    if (code != BR_EEXCEPTION || strstr(w->err.msg, "call stack") == NULL) {
        fail_msg("%s: %s %s", body, br_code_name(code), w->err.msg);
    }
    assert_int_equal(world_call(w, w->vu, "fine", NULL), BR_OK);
}

static void endless_recursion_is_an_exception(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_too_deep(&w, "(function f() { f() })()");
    assert_too_deep(&w, "(function f(a, b, c, d) { const x = [a, b, c, d]; f(...x); return x })(1, 2, 3, 4)");
    assert_too_deep(&w, "(function f() { check(1, { a: f }) })()");
    assert_too_deep(&w, "(function f() { group('g', f) })()");
    assert_too_deep(&w, "(function f() { [1].map(f) })()");
    assert_too_deep(&w, "(function f() { [3, 2, 1].sort(f); return 0 })()");
    assert_too_deep(
        &w, "let s = '['.repeat(1e6); try { JSON.parse(s) } catch (e) { (function f() { f() })() }");
    assert_too_deep(&w, "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)");
    assert_too_deep(&w, "const o = { get a() { return this.a } }; o.a");
    assert_too_deep(&w, "(function f() { new Proxy({}, { get: f }).x })()");
    assert_too_deep(&w, "(function f() { return eval('f()') })()");
    world_deinit(&w);
}

/* At the edge of the stack our own functions still need room. */
static void natives_have_room_at_the_edge(void **state)
{
    (void) state;
    static const mini_script answer = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    static const char *const calls[] = {
        "console.log('x', {a: 1})",
        "console.log(deep)",
        "http.get(base + '/', {headers: {a: 'b', c: 'd'}, tags: {x: 'y'}, timeout: '3s'})",
        "http.post(base, {a: 1, b: [1, 2]})",
        "http.get('http://bad host/')",
        "http.get('http://127.0.0.1:1/').body",
        "res.headers; res.json(); res.timings; res.request; res.body",
        "JSON.stringify(res)",
        "check(1, {a: true}, {t: 'x'})",
        "c.add(1, {t: 'x'})",
        "sleep(0.00001)",
        "try { fail('text') } catch (e) { if (!('' + e).startsWith('GoError')) throw e }",
        "new Date().toString(); [1.5, 1e100].join(); 'x'.normalize(); /a.*b/.exec('aaab'); 2n ** 300n",
        "http.get({})",
    };
    for (size_t i = 0; i < BR_COUNT_OF(calls); i++) {
        char source[1200];
        world w;
        world_init(&w, &answer, 1);
        snprintf(source, sizeof(source),
            PRELUDE
            "const c = new Counter('edge'); let deep = {}; for (let i = 0; i < 300; i++) deep = {a: [deep]};\n"
            "let n = 0, res; function f() { n++; try { f() } catch (e) { if (n++ > 5000) throw e }\n if (n < 9000 && n %% 3 == 0) { try { %s } catch (e) { } } }\n"
            "export default function () { res = http.get(base); n = 0; f(); return n > 0 }",
            calls[i]);
        world_open(&w, source);
        w.timeout = 3 * BR_SEC;
        br_code code = world_call(&w, w.vu, "default", NULL);
        if (code != BR_OK && code != BR_EEXCEPTION && code != BR_ECANCEL)
            fail_msg("%s: %s", calls[i], w.err.msg);
        world_deinit(&w);
    }
}

static void endless_recursion_of_async_functions(void **state)
{
    (void) state;
    static const char *const bodies[] = {
        "async function f() { return f() } return f()",
        "async function f() { await f() } f(); (function g() { g() })()",
        "async function f() { try { await f() } catch (e) { await f() } } return f()",
        "let n = 0; async function f() { await 0 } function r() { f(); r() } r()",
        "function* g() { yield* g() } [...g()]",
        "async function* g() { yield* g() } return g().next()",
    };
    for (size_t i = 0; i < BR_COUNT_OF(bodies); i++) {
        char source[500];
        world w;
        world_init(&w, NULL, 0);
        snprintf(source, sizeof(source), "export default function () { %s }", bodies[i]);
        world_open(&w, source);
        w.timeout = 2 * BR_SEC;
        br_code code = world_call(&w, w.vu, "default", NULL);
        if (code != BR_EEXCEPTION && code != BR_ECANCEL) fail_msg("%s: %s", bodies[i], br_code_name(code));
        world_deinit(&w);
    }
}

static void endless_recursion_in_init_code(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_int_equal(
        world_load(&w, "(function f() { f() })(); export default function () {}"), BR_EEXCEPTION);
    assert_non_null(strstr(w.err.msg, "call stack"));
    world_deinit(&w);
}

/* setup() and teardown() have users that are made on a fiber. */
static void make_on_fiber(br_fiber *self, void *arg)
{
    (void) self;
    world *w = arg;
    w->vu = world_vu(w, 3);
    br_loop_stop(w->loop);
}

static void a_user_made_on_a_fiber_knows_its_stack(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_int_equal(
        world_load(&w, "let caught = 0; (function f() { try { f() } catch (e) { caught = 1 } })();\n"
                       "export default function () { return caught }"),
        BR_OK);
    assert_int_equal(br_fiber_start(w.fibers, make_on_fiber, &w, NULL, NULL), BR_OK);
    br_loop_run(w.loop);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "1");
    world_deinit(&w);
}

/* Memory -------------------------------------------------------------------------------------------- */

static void assert_out_of_memory(world *w, const char *body)
{
    char source[500];
    snprintf(source, sizeof(source),
        PRELUDE "export default function () { %s }\nexport function fine() { return 1 }", body);
    world_open(w, source);
    w->timeout = 10 * BR_SEC;
    br_code code = world_call(w, w->vu, "default", NULL);
    if (code != BR_EEXCEPTION) fail_msg("%s: %s %s", body, br_code_name(code), w->err.msg);
    assert_int_equal(world_call(w, w->vu, "fine", NULL), BR_OK);
}

static void memory_has_a_limit(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    w.settings.memory_limit_bytes = 8 << 20;
    assert_out_of_memory(&w, "const a = []; for (;;) a.push({x: 'y'.repeat(100)})");
    assert_out_of_memory(&w, "return 'x'.repeat(1 << 29)");
    assert_out_of_memory(&w, "return new ArrayBuffer(100 << 20)");
    assert_out_of_memory(&w, "let s = 'ab'; for (;;) s += s");
    assert_out_of_memory(&w, "const m = new Map(); for (let i = 0; ; i++) m.set(i, [i])");
    assert_out_of_memory(&w, "return JSON.parse('[' + '[1],'.repeat(1e6) + '1]')");
    assert_out_of_memory(&w, "const a = []; return (async () => { for (;;) a.push([]) })()");
    assert_out_of_memory(
        &w, "const a = []; return (async () => { await 0; for (;;) a.push('' + a.length) })()");
    assert_out_of_memory(&w, "const a = []; async function f() { a.push(f()) } return f()");
    assert_out_of_memory(&w, "const a = []; return Promise.resolve().then(() => { for (;;) a.push({}) })");
    assert_out_of_memory(&w, "const a = []; function* g() { for (;;) yield a.push([]) } return [...g()]");
    assert_out_of_memory(&w, "const a = []; try { for (;;) a.push([]) } catch (e) { a.length = 0; throw e }");
    world_deinit(&w);
}

/* Memory may end at any instruction, also inside the engine's own promise machinery. */
static void memory_may_end_anywhere(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    for (size_t limit = 300000; limit < 310000; limit += 97) {
        w.settings.memory_limit_bytes = 0;
        assert_int_equal(
            world_load(&w, "async function f(a, n) { a.push([n]); await 0; a.push({}); return f(a, n + 1) }\n"
                           "export default function () { return f([], 0) }"),
            BR_OK);
        w.settings.memory_limit_bytes = limit;
        br_vu_free(w.vu);
        w.vu = world_vu(&w, 1);
        w.timeout = 5 * BR_SEC;
        br_code code = world_call(&w, w.vu, "default", NULL);
        if (code != BR_EEXCEPTION && code != BR_OK)
            fail_msg("%zu: %s %s", limit, br_code_name(code), w.err.msg);
    }
    world_deinit(&w);
}

static void data_larger_than_the_limit(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    w.settings.memory_limit_bytes = 2 << 20;
    world_open(&w, "export default function (d) { return d.length }");
    size_t n = 4 << 20;
    char *json = malloc(n + 3);
    memset(json, 'x', n + 2);
    json[0] = json[n + 1] = '"';
    json[n + 2] = 0;
    assert_int_equal(world_call(&w, w.vu, "default", json), BR_EEXCEPTION);
    free(json); // from malloc above
    world_deinit(&w);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupts_at_the_deadline),
        cmocka_unit_test(cancels_what_waits),
        cmocka_unit_test(interrupts_by_the_flag),
        cmocka_unit_test(shares_the_thread),
        cmocka_unit_test(endless_recursion_is_an_exception),
        cmocka_unit_test(natives_have_room_at_the_edge),
        cmocka_unit_test(endless_recursion_of_async_functions),
        cmocka_unit_test(endless_recursion_in_init_code),
        cmocka_unit_test(a_user_made_on_a_fiber_knows_its_stack),
        cmocka_unit_test(memory_has_a_limit),
        cmocka_unit_test(memory_may_end_anywhere),
        cmocka_unit_test(data_larger_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
