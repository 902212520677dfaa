/* Modules from https:// URLs: the network, folders in its place, the cache, the lock file. */
#include <sys/stat.h>
#include <unistd.h>
#include "env.h"
#include "base/file.h"
#include "script/module_lock.h"
#include "support/tls_env.h"
#include "support/tls_server.h"

typedef struct remote_world {
    world w;
    tls_server_options options;
    tls_server *server;
    br_remote_config config;
    char origin[64], cache[80];
} remote_world;

static void setup(remote_world *r)
{
    *r = (remote_world){0};
    world_init(&r->w, NULL, 0);
    snprintf(r->cache, sizeof(r->cache), "%s/cache/modules", r->w.dir);
    r->config.cache_dir = r->cache;
    setenv("SSL_CERT_FILE", pki.ca_path, 1);
}

static void serve(remote_world *r, const tls_script *scripts, size_t count)
{
    if (r->server) tls_server_stop(r->server);
    r->options.cert = &pki.good;
    r->server = tls_server_start(&r->options, scripts, count);
    snprintf(r->origin, sizeof(r->origin), "https://localhost:%u", tls_server_port(r->server));
}

static void teardown(remote_world *r)
{
    if (r->server) tls_server_stop(r->server);
    unsetenv("SSL_CERT_FILE");
    world_deinit(&r->w);
}

/* main.js with every @ replaced by the server's origin. */
static br_code load(remote_world *r, const char *source)
{
    char text[2000], path[160];
    size_t n = 0;
    for (const char *c = source; *c; c++) {
        size_t bytes = *c == '@' ? strlen(r->origin) : 1;
        assert_true(n + bytes < sizeof(text));
        memcpy(text + n, *c == '@' ? r->origin : c, bytes);
        n += bytes;
    }
    text[n] = 0;
    world_file(&r->w, "main.js", text);
    snprintf(path, sizeof(path), "%s/main.js", r->w.dir);
    br_program_config c = {.path = path, .metrics = r->w.metrics, .remote = &r->config};
    br_vu_free(r->w.vu);
    r->w.vu = NULL;
    br_program_free(r->w.program);
    r->w.program = NULL;
    r->w.err = (br_err){0};
    return br_program_load(&c, &r->w.program, &r->w.err);
}

static void gives(remote_world *r, const char *source, const char *json)
{
    if (load(r, source) != BR_OK) fail_msg("%s\n%s", source, r->w.err.msg);
    r->w.vu = world_vu(&r->w, 1); /* needs nothing but the bytecode */
    assert_int_equal(world_call(&r->w, r->w.vu, "default", NULL), BR_OK);
    assert_string_equal(r->w.json, json);
}

static void fails(remote_world *r, const char *source, const char *part)
{
    br_code code = load(r, source);
    if (code == BR_OK || strstr(r->w.err.msg, part) == NULL)
        fail_msg("%s\n%s \"%s\"\nwant \"%s\"", source, br_code_name(code), r->w.err.msg, part);
}

#define ANSWER(head, body)                                                                                   \
    {                                                                                                        \
        .steps = {                                                                                           \
            STEP(TLS_SHAKE),                                                                                 \
            STEP(TLS_REQUEST),                                                                               \
            STEP(TLS_SEND, .text = "HTTP/1.1 " head "\r\nConnection: close\r\n\r\n" body),                   \
            STEP(TLS_NOTIFY)                                                                                 \
        }                                                                                                    \
    }
#define IMPORT_X "import { x } from '@/x.js'; export default () => x"

static void modules_come_from_the_network(void **state)
{
    (void) state;
    remote_world r;
    setup(&r);
    const tls_script scripts[] = {
        ANSWER("200 OK",
            "import { b } from '../lib/b.ts?v=1'; import c from '/c.js'; export const a = 'a' + b + c.c"),
        ANSWER("200 OK", "export const b: string = 'b'"),
        ANSWER("200 OK", "module.exports = {c: require('./d.js')}"),
        ANSWER("200 OK", "module.exports = 'd'")};
    serve(&r, scripts, 4);
    gives(&r, "import { a } from '@/dir/a.js'; export default () => a", "\"abd\"");
    assert_int_equal(tls_server_connections(r.server), 4);
    r.config.offline = true;
    gives(&r, "import { a } from '@/dir/a.js'; export default () => a", "\"abd\"");
    assert_int_equal(tls_server_connections(r.server), 4);
    fails(&r, IMPORT_X, "is not in the cache");
    r.config.cache_dir = NULL;
    fails(&r, IMPORT_X, "there is none");
    teardown(&r);
}

static void a_server_that_minds_the_mark_is_asked_again(void **state)
{
    (void) state;
    remote_world r;
    setup(&r);
    const tls_script scripts[] = {
        ANSWER("404 Not Found", ""), ANSWER("200 OK", "export const x = 1"), ANSWER("500 No", "")};
    serve(&r, scripts, 3);
    gives(&r, IMPORT_X, "1");
    assert_int_equal(tls_server_requests(r.server), 2);
    /* From here on the server fails: what was kept is better than nothing, and said so. */
    gives(&r, IMPORT_X, "1");
    assert_true(
        log_has(&r.w, "comes from the cache of an earlier run: the server answered with the status 500"));
    fails(&r, "import '@/y.js'; export default () => 1", "/y.js\" couldn't be retrieved");
    assert_non_null(strstr(r.w.err.msg, "status 500"));
    teardown(&r);
}

static void says_what_failed(void **state)
{
    (void) state;
    remote_world r;
    setup(&r);
    const tls_script away[] = {ANSWER("302 Found\r\nLocation: http://127.0.0.1:1/x.js", "")};
    serve(&r, away, 1);
    fails(&r, IMPORT_X, "127.0.0.1:1");
    const tls_script packed[] = {ANSWER("200 OK\r\nContent-Encoding: gzip", "x")};
    serve(&r, packed, 1);
    fails(&r, IMPORT_X, "error decompressing");
    const tls_script bad[] = {ANSWER("200 OK", "export const x = ;")};
    serve(&r, bad, 1);
    fails(&r, IMPORT_X, "/x.js: Line 1:");
    const tls_script other[] = {ANSWER("200 OK", "export const y = 1")};
    serve(&r, other, 1);
    fails(&r, IMPORT_X, "/x.js\" does not provide an export named \"x\"");
    const tls_script local[] = {ANSWER("200 OK", "import 'file:///etc/passwd'")};
    serve(&r, local, 1);
    fails(&r, IMPORT_X, "not allowed to load local file: file:///etc/passwd");
    r.options.cert = &pki.unknown;
    const tls_script fine[] = {ANSWER("200 OK", "export const x = 1")};
    tls_server_stop(r.server);
    r.server = tls_server_start(&r.options, fine, 1);
    snprintf(r.origin, sizeof(r.origin), "https://localhost:%u", tls_server_port(r.server));
    fails(&r, IMPORT_X, "certificate signed by unknown authority");
    fails(&r, "import 'http://localhost/x.js'; export default () => 1",
        "only supported schemes for imports are file and https");
    fails(&r, "import 'https://'; export default () => 1", "no Host in request URL");
    teardown(&r);
}

static void folders_stand_for_urls(void **state)
{
    (void) state;
    remote_world r;
    char vendor[100], special[120];
    setup(&r);
    snprintf(vendor, sizeof(vendor), "%s/vendor", r.w.dir);
    snprintf(special, sizeof(special), "%s/special", r.w.dir);
    assert_int_equal(mkdir(vendor, 0700), 0);
    assert_int_equal(mkdir(special, 0700), 0);
    world_file(&r.w, "vendor/index.js", "export { x } from './x.js?v=2'");
    world_file(&r.w, "vendor/x.js", "export const x = 'vendored'");
    world_file(&r.w, "special/y.js", "export const y = 'longest prefix'");
    const br_module_map maps[] = {{"https://jslib.k6.io/", vendor}, {"https://jslib.k6.io/special", special}};
    r.config.maps = maps;
    r.config.map_count = 2;
    r.config.offline = true;
    gives(&r,
        "import { x } from 'https://jslib.k6.io/index.js?a#b'; import { y } from 'https://jslib.k6.io/special/y.js'; export default () => [x, y]",
        "[\"vendored\",\"longest prefix\"]");
    fails(&r, "import 'https://jslib.k6.io/none.js'; export default () => 1",
        "https://jslib.k6.io/ is mapped to the folder");
    fails(&r, "import 'https://jslib.k6.io/a/../../main.js'; export default () => 1",
        "does not stay in the folder");
    teardown(&r);
}

static void the_lock_file_knows_what_was_loaded(void **state)
{
    (void) state;
    remote_world r;
    setup(&r);
    const tls_script scripts[] = {
        ANSWER("200 OK", "export const x = 1"), ANSWER("200 OK", "export const x = 2")};
    serve(&r, scripts, 2);
    r.config.lock_write = true;
    gives(&r, IMPORT_X, "1");
    assert_int_equal(tls_server_connections(r.server), 1);
    r.config.lock_write = false;
    gives(&r, IMPORT_X, "1"); /* from the cache: the lock file says that it cannot be newer */
    assert_int_equal(tls_server_connections(r.server), 1);
    r.config.cache_dir = NULL;
    fails(&r, IMPORT_X, "the module has changed");
    fails(&r, "import '@/other.js'; export default () => 1", "does not list it");
    r.config.lock_write = true;
    gives(&r, IMPORT_X, "2");
    r.config.lock_write = false;
    gives(&r, IMPORT_X, "2");
    world_file(&r.w, BR_MODULE_LOCK_NAME, "{\"version\": 2}");
    fails(&r, IMPORT_X, "is no lock file");
    world_file(&r.w, BR_MODULE_LOCK_NAME, "{");
    fails(&r, IMPORT_X, "it is no JSON");
    world_file(&r.w, BR_MODULE_LOCK_NAME, "{\"version\": 1, \"modules\": {\"https://a/\": 5}}");
    fails(&r, IMPORT_X, "is no lock file");
    teardown(&r);
}

static void an_unwritable_cache_is_no_obstacle(void **state)
{
    (void) state;
    remote_world r;
    setup(&r);
    const tls_script scripts[] = {ANSWER("200 OK", "export const x = 1")};
    serve(&r, scripts, 1);
    world_file(&r.w, "cache", "a file");
    gives(&r, IMPORT_X, "1");
    assert_true(log_has(&r.w, "is not kept for later runs"));
    teardown(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(modules_come_from_the_network),
        cmocka_unit_test(a_server_that_minds_the_mark_is_asked_again), cmocka_unit_test(says_what_failed),
        cmocka_unit_test(folders_stand_for_urls), cmocka_unit_test(the_lock_file_knows_what_was_loaded),
        cmocka_unit_test(an_unwritable_cache_is_no_obstacle)};
    return cmocka_run_group_tests(tests, test_pki_make, test_pki_free);
}
