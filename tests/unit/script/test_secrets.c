/* Sources of secrets: the forms of --secret-source, files, and what scripts and logs see. */
#include "env.h"
#include "base/log.h"
#include "script/secrets_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static br_secrets *open_lines(const char *const *lines, size_t count)
{
    br_secrets *s = NULL;
    br_err err = {0};
    if (br_secrets_new(lines, count, &s, &err) != BR_OK) fail_msg("%s", err.msg);
    return s;
}

static void assert_value(br_secrets *s, const char *source, const char *key, const char *value)
{
    br_str got;
    br_err err = {0};
    if (br_secrets_get(s, br_str_of(source), br_str_of(key), &got, &err) != BR_OK) fail_msg("%s", err.msg);
    assert_true(br_str_is(got, value));
}

static void assert_missing(br_secrets *s, const char *source, const char *key, const char *message)
{
    br_str got;
    br_err err = {0};
    assert_int_equal(br_secrets_get(s, br_str_of(source), br_str_of(key), &got, &err), BR_ENOTFOUND);
    assert_string_equal(err.msg, message);
}

static void assert_refused(const char *const *lines, size_t count, const char *part)
{
    br_secrets *s = NULL;
    br_err err = {0};
    assert_int_not_equal(br_secrets_new(lines, count, &s, &err), BR_OK);
    if (!strstr(err.msg, part)) fail_msg("\"%s\" has no \"%s\"", err.msg, part);
    assert_null(s);
}

static void a_single_source_is_the_default(void **state)
{
    (void) state;
    static const char *const lines[] = {"mock=name=m,a=one,b=x=y,c=,a=two"};
    br_secrets *s = open_lines(lines, COUNT(lines));
    assert_value(s, "default", "a", "two");
    assert_value(s, "m", "b", "x=y");
    assert_value(s, "default", "c", "");
    assert_missing(s, "default", "d", "no value");
    assert_missing(s, "other", "a", "no secret source with name \"other\" is configured");
    br_secrets_free(s);
}

static void of_several_one_may_be_the_default(void **state)
{
    (void) state;
    static const char *const lines[] = {"mock=name=m,a=1", "mock=a=2,default", "mock=name=n,a=3"};
    br_secrets *s = open_lines(lines, COUNT(lines));
    assert_value(s, "default", "a", "2");
    assert_value(s, "", "a", "2");
    assert_value(s, "n", "a", "3");
    br_secrets_free(s);
    s = open_lines(lines, 1);
    br_secrets_free(s);
    static const char *const none[] = {"mock=name=m,a=1", "mock=name=n,a=3"};
    s = open_lines(none, COUNT(none));
    assert_missing(s, "default", "a", "no secret source with name \"default\" is configured");
    br_secrets_free(s);
    assert_missing(NULL, "default", "a", "no secret sources are configured");
}

static void files_have_a_secret_a_line(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "s", "a=one\nb=two=2\r\nempty=\n=nameless");
    world_file(&w, "bad", "a=one\nnonsense\n");
    char line[256], named[256], bad[256];
    snprintf(line, sizeof(line), "file=%s/s", w.dir);
    snprintf(named, sizeof(named), "file=name=f,filename=%s/s", w.dir);
    snprintf(bad, sizeof(bad), "file=%s/bad", w.dir);
    const char *const lines[] = {line, named};
    br_secrets *s = open_lines(lines, COUNT(lines));
    assert_value(s, "", "a", "one");
    assert_value(s, "f", "b", "two=2");
    assert_value(s, "f", "empty", "");
    assert_value(s, "f", "", "nameless");
    br_secrets_free(s);
    assert_refused((const char *const[]){bad}, 1, "line 2 needs =");
    world_deinit(&w);
}

static void mistakes_are_named(void **state)
{
    (void) state;
    assert_refused((const char *const[]){"mock"}, 1, "couldn't parse secret source configuration \"mock\"");
    assert_refused((const char *const[]){"vault=x"}, 1, "no secret source for type \"vault\"");
    assert_refused((const char *const[]){"mock=a"}, 1, "item 1 of a mock secret source needs =");
    assert_refused((const char *const[]){"mock=a=1", "mock=b=2"}, 2, "already registered");
    assert_refused((const char *const[]){"mock=default,a=1", "mock=name=x,default,b=2"}, 2, "can't have two");
    assert_refused((const char *const[]){"file=/nonexistent/file"}, 1, "/nonexistent/file");
    assert_refused(
        (const char *const[]){"file=path=x"}, 1, "unknown configuration key for file secret source \"path\"");
    assert_refused((const char *const[]){"file="}, 1, "needs the name of its file");
}

static void scripts_get_promises_and_logs_get_stars(void **state)
{
    (void) state;
    static const char *const lines[] = {"mock=name=one,k=s3cr3t-one", "mock=default,k=s3cr3t-two,odd=\"q\""};
    world w;
    world_init(&w, NULL, 0);
    w.secrets = open_lines(lines, COUNT(lines));
    world_open(&w,
        "import secrets from 'k6/secrets';\n"
        "const fails = async (p) => { try { await p; return 'no error' } catch (e) { return e.message } };\n"
        "export default async function () { console.log('before s3cr3t-two');\n"
        "  const p = secrets.get('k'), two = await p, one = await secrets.source('one').get('k');\n"
        "  console.log('after', two, { one }, one + two);\n"
        "  return [p instanceof Promise, two, one, Object.keys(secrets), await fails(secrets.get('x')), await fails(secrets.source('nix').get('k')), await fails(secrets.get())] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[true,\"s3cr3t-two\",\"s3cr3t-one\",[\"get\",\"source\"],\"no value\",\"no secret source with name \\\"nix\\\" is configured\",\"no value\"]");
    assert_true(log_has(&w, "before s3cr3t-two"));
    assert_true(log_has(&w,
        "after ***SECRET_REDACTED*** { one: \\\"***SECRET_REDACTED***\\\" } ***SECRET_REDACTED******SECRET_REDACTED***"));
    world_deinit(&w);
}

static void without_sources_get_is_refused(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(
        &w, "import secrets from 'k6/secrets'; export default async function () { return secrets.get('k') }");
    assert_call_fails(&w, "default", BR_EEXCEPTION, "no secret sources are configured");
    world_deinit(&w);
}

/* Sources of the type url ----------------------------------------------------------------------------- */

#define FETCH                                                                                                \
    "import secrets from 'k6/secrets';\n"                                                                    \
    "const fails = async (p) => { try { await p; return 'no error' } catch (e) { return e.message } };\n"

/* A world whose only source asks its server. */
static void open_url(world *w, const mini_script *script, const char *more)
{
    char line[512];
    world_init(w, script, 1);
    snprintf(line, sizeof(line), "url=urlTemplate=%s/s/{key},retryBackoff=10ms%s", w->base, more);
    w->secrets = open_lines((const char *const[]){line}, 1);
}

static void a_secret_is_fetched_once(void **state)
{
    (void) state;
    static const mini_script answers = ANSWERS(
        "HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n{\"data\":{\"value\":\"f3tch3d!\"}}");
    world w;
    open_url(&w, &answers, ",responsePath=data.value,headers.X-Key=k,method=POST");
    world_open(&w, FETCH
        "export default async function () { const a = await secrets.get('one'); console.log('got ' + a); return [a, await secrets.get('one'), await fails(secrets.source('nix').get('x'))] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(
        w.json, "[\"f3tch3d!\",\"f3tch3d!\",\"no secret source with name \\\"nix\\\" is configured\"]");
    assert_int_equal(mini_server_requests(w.server), 1);
    char request[512];
    mini_server_last_request(w.server, request, sizeof(request));
    assert_memory_equal(request, "POST /s/one HTTP/1.1\r\n", 22);
    assert_non_null(strstr(request, "\r\nX-Key: k\r\n"));
    assert_true(log_has(&w, "got ***SECRET_REDACTED***"));
    assert_int_equal(samples_with(&w, "http_req"), 0);
    world_deinit(&w);
}

static void failures_of_the_server_are_tried_again(void **state)
{
    (void) state;
    static const mini_script answers = {
        .steps = {{.op = MINI_REQUEST},
            {.op = MINI_SEND, .text = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"}, {.op = MINI_END}}};
    static const mini_script gone = ANSWERS("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    static const char *const script = FETCH
        "export default async function () { return fails(secrets.get('one')) }";
    world w;
    open_url(&w, &answers, ",maxRetries=1");
    world_open(&w, script);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "\"status code 503: failed to get secret\"");
    assert_int_equal(mini_server_requests(w.server), 2);
    world_deinit(&w);
    open_url(&w, &gone, "");
    world_open(&w, script);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "\"status code 404: failed to get secret\"");
    assert_int_equal(mini_server_requests(w.server), 1);
    world_deinit(&w);
}

static void answers_without_the_secret_are_refused(void **state)
{
    (void) state;
    static const mini_script answers = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\":[5]}");
    static const mini_script big = {
        .steps = {{.op = MINI_REQUEST},
            {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n"},
            {.op = MINI_SEND, .fill = 30000}, {.op = MINI_AGAIN}}};
    static const char *const script = FETCH
        "export default async function () { return fails(secrets.get('one')) }";
    static const struct {
        const mini_script *answers;
        const char *more, *json;
    } cases[] = {{&answers, ",responsePath=a.1",
                     "\"failed to extract secret: path \\\"a.1\\\" not found in response\""},
        {&answers, ",responsePath=a.0",
            "\"failed to extract secret: secret value at path \\\"a.0\\\" is not a string\""},
        {&answers, ",responsePath=b", "\"failed to extract secret: path \\\"b\\\" not found in response\""},
        {&big, ",maxRetries=0", "\"failed to get secret: "}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        world w;
        open_url(&w, cases[i].answers, cases[i].more);
        world_open(&w, script);
        assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
        assert_memory_equal(w.json, cases[i].json, strlen(cases[i].json));
        world_deinit(&w);
    }
}

static void a_call_that_ends_drops_its_questions(void **state)
{
    (void) state;
    static const mini_script silent = {.steps = {{.op = MINI_REQUEST}, {.op = MINI_WAIT}}};
    world w;
    open_url(&w, &silent, "");
    world_open(&w,
        FETCH "export default async function () { await Promise.all([secrets.get('a'), secrets.get('b')]) }\n"
              "export function leaves() { secrets.get('c'); throw new Error('at once') }");
    w.cancel_after = 30 * BR_MS;
    assert_call_fails(&w, "default", BR_ECANCEL, "");
    assert_string_equal(w.err.msg, ""); /* it waited: nothing is stuck */
    w.cancel_after = 0;
    assert_call_fails(&w, "leaves", BR_EEXCEPTION, "at once");
    world_deinit(&w);
}

static void init_code_asks_a_url_and_waits(void **state)
{
    (void) state;
    static const mini_script answers = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ninit");
    world w;
    open_url(&w, &answers, "");
    world_open(&w, "import secrets from 'k6/secrets'; const x = await secrets.get('x');\n"
                   "export default function () { return x }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "\"init\"");
    assert_int_equal(mini_server_requests(w.server), 1);
    world_deinit(&w);
}

static void turns_come_in_bursts_and_then_by_rate(void **state)
{
    (void) state;
    static const char *const lines[] = {
        "url=urlTemplate=http://h/{key},requestsPerMinuteLimit=60,requestsBurst=3"};
    br_secrets *s = open_lines(lines, 1);
    br_str name = BR_STR("default");
    br_ns now = 1000 * BR_SEC;
    for (int i = 0; i < 3; i++)
        assert_int_equal(br_secrets_take_turn(s, name, now), now);
    assert_int_equal(br_secrets_take_turn(s, name, now), now + BR_SEC);
    assert_int_equal(br_secrets_take_turn(s, name, now), now + 2 * BR_SEC);
    now += 100 * BR_SEC;
    for (int i = 0; i < 3; i++)
        assert_int_equal(br_secrets_take_turn(s, name, now), now);
    assert_int_equal(br_secrets_take_turn(s, name, now), now + BR_SEC);
    br_secrets_free(s);
}

/* Default < variables < file < flag. */
static void url_settings_come_from_four_places(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "c.json",
        "{\"urlTemplate\":\"http://file/{key}\",\"headers\":{\"A\":\"file\",\"b\":\"file\"},\"maxRetries\":7,\"timeout\":\"1m\"}");
    char line[256];
    snprintf(line, sizeof(line), "url=timeout=5s,config=%s/c.json,headers.a=flag", w.dir);
    setenv("K6_SECRET_SOURCE_URL_URL_TEMPLATE", "http://variable/{key}", 1);
    setenv("K6_SECRET_SOURCE_URL_MAX_RETRIES", "9", 1);
    setenv("K6_SECRET_SOURCE_URL_METHOD", "PUT", 1);
    setenv("K6_SECRET_SOURCE_URL_HEADER_X-V", "variable", 1);
    const char *const plain[] = {"url"}, *const all[] = {line};
    br_secrets *s = open_lines(plain, 1);
    const br_secret_url *u = br_secrets_url(s, BR_STR("default"));
    assert_true(br_str_is(u->url, "http://variable/{key}") && u->max_retries == 9 &&
                u->timeout == 30 * BR_SEC && u->header_count == 1);
    br_secrets_free(s);
    s = open_lines(all, 1);
    u = br_secrets_url(s, BR_STR("default"));
    assert_true(br_str_is(u->url, "http://file/{key}") && u->max_retries == 7 && u->timeout == 5 * BR_SEC &&
                br_str_is(u->method, "PUT"));
    assert_int_equal(u->header_count, 3);
    assert_true(br_str_is(u->headers[0].value, "variable") && br_str_is(u->headers[1].value, "flag") &&
                br_str_is(u->headers[2].value, "file"));
    br_secrets_free(s);
    unsetenv("K6_SECRET_SOURCE_URL_URL_TEMPLATE");
    unsetenv("K6_SECRET_SOURCE_URL_MAX_RETRIES");
    unsetenv("K6_SECRET_SOURCE_URL_METHOD");
    unsetenv("K6_SECRET_SOURCE_URL_HEADER_X-V");
    assert_refused(plain, 1, "urlTemplate is required");
    assert_refused((const char *const[]){"url=urlTemplate=http://h/"}, 1, "must contain {key}");
    assert_refused((const char *const[]){"url=urlTemplate={key}"}, 1, "not a valid URL");
    assert_refused((const char *const[]){"url=urlTemplate=http://h/{key},timeout=0s"}, 1,
        "timeout must be greater than 0");
    assert_refused(
        (const char *const[]){"url=urlTemplate=http://h/{key},requestsBurst=0"}, 1, "requestsBurst must be");
    assert_refused(
        (const char *const[]){"url=urlTemplate=http://h/{key},maxRetries=x"}, 1, "maxRetries must be");
    assert_refused((const char *const[]){"url=urlTemplate=http://h/{key},bogus=1"}, 1,
        "unknown configuration key: \"bogus\"");
    assert_refused((const char *const[]){"url=config=/nonexistent/c.json"}, 1, "/nonexistent/c.json");
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: what the others ask for is hidden from then on, even single digits. */
        cmocka_unit_test(scripts_get_promises_and_logs_get_stars),
        cmocka_unit_test(a_single_source_is_the_default),
        cmocka_unit_test(of_several_one_may_be_the_default),
        cmocka_unit_test(files_have_a_secret_a_line),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(without_sources_get_is_refused),
        cmocka_unit_test(a_secret_is_fetched_once),
        cmocka_unit_test(failures_of_the_server_are_tried_again),
        cmocka_unit_test(answers_without_the_secret_are_refused),
        cmocka_unit_test(a_call_that_ends_drops_its_questions),
        cmocka_unit_test(init_code_asks_a_url_and_waits),
        cmocka_unit_test(turns_come_in_bursts_and_then_by_rate),
        cmocka_unit_test(url_settings_come_from_four_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
