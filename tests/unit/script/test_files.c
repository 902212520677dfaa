/* Files, comma-separated values and streams: the modules k6/experimental/fs, csv and streams. */
#include "env.h"

#define IMPORTS                                                                                              \
    "import { open as openFile, SeekMode } from 'k6/experimental/fs';\n"                                     \
    "import csv from 'k6/experimental/csv';\n"                                                               \
    "import { ReadableStream, WritableStream, CountQueuingStrategy } from 'k6/experimental/streams';\n"      \
    "const outcome = async (f) => { try { return await f() } catch (e) { return e.name } };\n"

static void gives(const char *name, const char *content, const char *source, const char *json)
{
    world w;
    world_init(&w, NULL, 0);
    if (name) world_file(&w, name, content);
    world_open(&w, source);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, json);
    world_deinit(&w);
}

static void files_are_read_and_sought_in(void **state)
{
    (void) state;
    gives("f.txt", "0123456789",
        IMPORTS
        "const f = await openFile('f.txt'); const b = new Uint8Array(4), out = [];\n"
        "const text = (n) => n === null ? null : String.fromCharCode(...b.subarray(0, n));\n"
        "export default async function () {\n"
        "  for (let i = 0; i < 4; i++) out.push(text(await f.read(b)));\n"
        "  for (const [o, m] of [[1, SeekMode.Start], [2, SeekMode.Current], [-1, SeekMode.End], [0, SeekMode.End]]) { out.push(await f.seek(o, m), text(await f.read(b))) }\n"
        "  for (const [o, m] of [[10, 0], [-1, 0], [1, 2], [0, 3], ['0', 0], [1e300, 1]]) out.push(await outcome(() => f.seek(o, m)));\n"
        "  const s = await f.stat(); out.push(s.name, s.size, f.path.endsWith('/f.txt'), await outcome(() => f.read([])), await outcome(() => openFile('f.txt')));\n"
        "  return out\n}",
        "[\"0123\",\"4567\",\"89\",null,1,\"1234\",7,\"789\",8,\"89\",9,\"9\","
        "\"TypeError\",\"TypeError\",\"TypeError\",\"TypeError\",\"TypeError\",\"TypeError\","
        "\"f.txt\",10,true,\"TypeError\",\"ForbiddenError\"]");
}

/* Each handle and each virtual user has a place of its own. */
static void places_are_not_shared(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "f.txt", "abc");
    world_open(&w,
        IMPORTS "const f = await openFile('f.txt'), g = await openFile('f.txt'), b = new Uint8Array(2);\n"
                "export default async function () { return [await f.read(b), await g.read(b), b[0]] }");
    br_vu *other = world_vu(&w, 2);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[2,2,97]");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[1,1,99]");
    assert_int_equal(world_call(&w, other, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[2,2,97]");
    br_vu_free(other);
    world_deinit(&w);
}

static void records_become_a_shared_array(void **state)
{
    (void) state;
    gives("u.csv", "id;name\n1;\"a \"\"b\"\"\"\n2;c\n3;d\n",
        IMPORTS
        "const f = await openFile('u.csv'), o = { delimiter: ';' };\n"
        "const all = [await csv.parse(f, o), await csv.parse(f, { ...o, skipFirstLine: true, toLine: 2 }), await csv.parse(f, { ...o, fromLine: 2, toLine: 2 }), await csv.parse(f, { ...o, asObjects: true, toLine: 1 })];\n"
        "export default function () { return [all, Array.isArray(all[0]), Object.isFrozen(all[0][0])] }",
        "[[[[\"id\",\"name\"],[\"1\",\"a \\\"b\\\"\"],[\"2\",\"c\"],[\"3\",\"d\"]],[[\"1\",\"a \\\"b\\\"\"],[\"2\",\"c\"]],"
        "[[\"2\",\"c\"]],[{\"id\":\"1\",\"name\":\"a \\\"b\\\"\"}]],true,true]");
    gives("u.csv", "a,b\n1\n",
        IMPORTS
        "const f = await openFile('u.csv'), why = [];\n"
        "for (const o of [{}, { asObjects: true, skipFirstLine: true }, { asObjects: true, fromLine: 1 }, { fromLine: 2, toLine: 1 }, { fromLine: -1 }, { delimiter: '' }, 5]) { try { await csv.parse(f, o); why.push('no') } catch (e) { why.push(e.name) } }\n"
        "try { await csv.parse('u.csv'); why.push('no') } catch (e) { why.push(e.name) }\n"
        "export default async function () { return [why, await outcome(() => csv.parse(f)), await outcome(() => new csv.Parser(f))] }",
        "[[\"GoError\",\"GoError\",\"GoError\",\"GoError\",\"GoError\",\"GoError\",\"GoError\",\"GoError\"],\"GoError\",\"GoError\"]");
}

static void a_parser_gives_one_record_each(void **state)
{
    (void) state;
    gives("u.csv", "id,name\n1,a\n2,b\n",
        IMPORTS
        "const f = await openFile('u.csv'); const p = new csv.Parser(f, { skipFirstLine: true }), q = new csv.Parser(f, { asObjects: true, toLine: 1 });\n"
        "export default async function () { return [await p.next(), await p.next(), await p.next(), await q.next(), await q.next()] }",
        "[{\"done\":false,\"value\":[\"1\",\"a\"]},{\"done\":false,\"value\":[\"2\",\"b\"]},{\"done\":true,\"value\":[]},"
        "{\"done\":false,\"value\":{\"id\":\"1\",\"name\":\"a\"}},{\"done\":true,\"value\":[]}]");
}

static void streams_are_read(void **state)
{
    (void) state;
    gives(NULL, NULL,
        IMPORTS
        "export default async function () {\n"
        "  const out = []; let n = 0, why;\n"
        "  const s = new ReadableStream({ pull(c) { c.enqueue(++n); if (n === 3) c.close() } }, new CountQueuingStrategy({ highWaterMark: 1 }));\n"
        "  const r = s.getReader(); for (let x; !(x = await r.read()).done;) out.push(x.value);\n"
        "  await r.closed; out.push(s.locked, await outcome(() => s.getReader())); r.releaseLock(); out.push(s.locked, await outcome(() => r.read()));\n"
        "  const e = new ReadableStream({ start(c) { c.error(new RangeError('x')) } }); out.push(await outcome(() => e.getReader().read()));\n"
        "  const d = new ReadableStream({ cancel(x) { why = x } }); const reading = d.getReader(); const pending = reading.read(); await reading.cancel('enough'); out.push(why, (await pending).done);\n"
        "  out.push(await outcome(() => new ReadableStream({ type: 'bytes' })), await outcome(() => new ReadableStream({}, { highWaterMark: -1 })), await outcome(() => new CountQueuingStrategy()));\n"
        "  return out\n}",
        "[1,2,3,true,\"TypeError\",false,\"TypeError\",\"RangeError\",\"enough\",true,\"RangeError\",\"RangeError\",\"TypeError\"]");
}

static void streams_are_written(void **state)
{
    (void) state;
    gives(NULL, NULL,
        IMPORTS
        "export default async function () {\n"
        "  const out = []; const s = new WritableStream({ write(c) { out.push(c) }, close() { out.push('closed') } });\n"
        "  const w = s.getWriter(); out.push(w.desiredSize, s.locked); await w.ready; const p = w.write('a'); out.push(w.desiredSize); await p; await w.close(); await w.closed;\n"
        "  out.push(await outcome(() => w.write('b')), await outcome(() => s.getWriter()));\n"
        "  const bad = new WritableStream({ write() { throw new RangeError('x') } }).getWriter(); out.push(await outcome(() => bad.write(1)), await outcome(() => bad.closed), bad.desiredSize);\n"
        "  const gone = new WritableStream({ abort(x) { out.push(x) } }).getWriter(); await gone.abort('why'); out.push(await outcome(() => gone.closed.catch((e) => { throw { name: e } })));\n"
        "  return out\n}",
        "[1,true,\"a\",0,\"closed\",\"TypeError\",\"TypeError\",\"RangeError\",\"RangeError\",null,\"why\",\"why\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_and_sought_in),
        cmocka_unit_test(places_are_not_shared),
        cmocka_unit_test(records_become_a_shared_array),
        cmocka_unit_test(a_parser_gives_one_record_each),
        cmocka_unit_test(streams_are_read),
        cmocka_unit_test(streams_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
