/* empire/options.h: the command line and the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "empire/options.h"

#define URL "postgresql://u@h/d"

static char *no_env(const char *name)
{
    (void) name;
    return NULL;
}

static char *full_env(const char *name)
{
    static char url[] = "postgresql://env@h/d", port[] = "4000", host[] = "0.0.0.0";
    if (strcmp(name, "DATABASE_URL") == 0) return url;
    if (strcmp(name, "PORT") == 0) return port;
    return strcmp(name, "HOST") == 0 ? host : NULL;
}

static char *bad_port_env(const char *name)
{
    static char port[] = "x", empty[] = "";
    return strcmp(name, "PORT") == 0 ? port : empty;
}

/* Splits a line at blanks and parses it. */
static br_code parse(const char *line, char *(*env)(const char *), emp_options *o, br_err *err)
{
    static char text[512]; /* options borrow from it */
    char *argv[16];
    int argc = 0;
    assert_true(strlen(line) < sizeof(text));
    memcpy(text, line, strlen(line) + 1);
    for (char *at = text; at && argc < 16;) {
        char *blank = strchr(at, ' ');
        argv[argc++] = at;
        if (blank) *blank++ = '\0';
        at = blank;
    }
    return emp_options_parse(argc, argv, env, o, err);
}

static void defaults_and_flags(void **state)
{
    (void) state;
    emp_options o;
    assert_int_equal(parse("empire api --database-url " URL, no_env, &o, NULL), BR_OK);
    assert_int_equal(o.command, EMP_CMD_API);
    assert_string_equal(o.database_url, URL);
    assert_string_equal(o.host, "127.0.0.1");
    assert_int_equal(o.port, 3000);
    assert_int_equal(o.connections, 50);
    assert_int_equal(o.kept, 8);
    assert_int_equal(o.depth, 8);
    assert_int_equal(o.query_timeout, 5 * BR_SEC);
    assert_false(o.access_log);
    assert_int_equal(parse("empire api --database-url=" URL " --port=0 --query-timeout 250ms --access-log",
                         no_env, &o, NULL),
        BR_OK);
    assert_int_equal(o.port, 0);
    assert_int_equal(o.query_timeout, 250 * BR_MS);
    assert_true(o.access_log);
    assert_int_equal(
        parse("empire seed --database-url " URL " --products 7 --days=3 --reset", no_env, &o, NULL), BR_OK);
    assert_int_equal(o.products, 7);
    assert_int_equal(o.days, 3);
    assert_true(o.reset);
}

static void flags_go_before_the_environment(void **state)
{
    (void) state;
    emp_options o;
    assert_int_equal(parse("empire api", full_env, &o, NULL), BR_OK);
    assert_int_equal(o.port, 4000);
    assert_string_equal(o.host, "0.0.0.0");
    assert_string_equal(o.database_url, "postgresql://env@h/d");
    assert_int_equal(parse("empire api --port 5000 --database-url " URL, full_env, &o, NULL), BR_OK);
    assert_int_equal(o.port, 5000);
    assert_string_equal(o.database_url, URL);
    /* PORT is nothing to migrate. */
    assert_int_equal(parse("empire migrate --database-url " URL, bad_port_env, &o, NULL), BR_OK);
}

static void names_what_is_wrong(void **state)
{
    (void) state;
    static const struct {
        const char *line, *in_message;
    } cases[] = {
        {"empire", "no command"},
        {"empire serve", "unknown command 'serve'"},
        {"empire api", "set DATABASE_URL"},
        {"empire api extra", "unexpected argument 'extra'"},
        {"empire api -p", "unexpected argument '-p'"},
        {"empire api --nope=3", "unknown flag '--nope'"},
        {"empire migrate --port 1", "unknown flag '--port'"},
        {"empire api --port", "--port needs a value"},
        {"empire api --port 65536", "'65536' is not a whole number from 0 to 65535"},
        {"empire api --port 80x", "'80x' is not a whole number"},
        {"empire api --db-connections 0", "from 1 to 64"},
        {"empire api --query-timeout 5", "'5' is not a duration from 100ms to 60s"},
        {"empire api --query-timeout 99ms", "is not a duration"},
        {"empire api --access-log=yes", "--access-log takes no value"},
        {"empire api --database-url=", "the value is empty"},
        {"empire seed --products 0", "from 1 to 1000000"},
        {"empire schedule", "what? Use list, set, pause, resume, trigger or delete"},
        {"empire schedule frob x", "'frob' is unknown: use list, set"},
        {"empire workflow frob", "'frob' is unknown: use list, show"},
        {"empire schedule pause", "of which? Give the id ('empire schedule list')"},
        {"empire workflow terminate", "of which? Give the id ('empire workflow list')"},
        {"empire schedule pause a b", "unexpected argument 'b'"},
        {"empire schedule pause -a", "unexpected argument '-a'"},
        {"empire schedule list a", "unexpected argument 'a'"},
        {"empire schedule set a --database-url " URL, "--cron '0 4 * * *'"},
        {"empire schedule set a --catch-up 9s", "from 10000ms to 31536000s"},
        {"empire schedule set a --videos 1001", "from 1 to 1000"},
        {"empire schedule pause a --cron x", "unknown flag '--cron': 'empire schedule pause --help'"},
        {"empire workflow show a --reason x", "unknown flag '--reason'"},
        {"empire workflow list --limit 1001", "from 1 to 1000"},
        {"empire workflow cancel a", "set DATABASE_URL"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        emp_options o = {.port = 42};
        br_err err = {0};
        assert_int_equal(parse(cases[i].line, no_env, &o, &err), BR_EINVAL);
        if (!strstr(err.msg, cases[i].in_message)) fail_msg("%s: %s", cases[i].line, err.msg);
        assert_int_equal(o.port, 42);
    }
    br_err err = {0};
    emp_options o;
    assert_int_equal(parse("empire api", bad_port_env, &o, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "PORT: 'x'"));
}

static char *worker_env(const char *name)
{
    static char url[] = URL, key[] = "secret", hook[] = "https://hook.example/x", four[] = "2", bad[] = "0";
    if (strcmp(name, "DATABASE_URL") == 0) return url;
    if (strcmp(name, "AI_API_KEY") == 0) return key;
    if (strcmp(name, "PUBLISH_URL_TIKTOK") == 0) return hook;
    if (strcmp(name, "WORKERS") == 0) return four;
    return strcmp(name, "MAX_ACTIVITIES") == 0 ? bad : NULL;
}

static void reads_those_of_a_worker(void **state)
{
    (void) state;
    emp_options o;
    br_err err = {0};
    assert_int_equal(parse("empire worker --database-url " URL, no_env, &o, NULL), BR_OK);
    assert_int_equal(o.processes, 4);
    assert_int_equal(o.max_workflow_tasks, 100);
    assert_int_equal(o.max_activities, 100);
    assert_int_equal(o.niceness, 10);
    assert_true(o.provider_timeout == 10 * BR_SEC && o.breaker_pause == 60 * BR_SEC);
    assert_null(o.ai_url);
    assert_int_equal(parse("empire worker --max-activities 7", worker_env, &o, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "MAX_ACTIVITIES: '0' is not"));
    assert_int_equal(parse("empire worker --ai-api-key x --database-url " URL, no_env, &o, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "unknown flag '--ai-api-key'")); /* secrets have no flag */
    assert_int_equal(
        parse("empire worker --publish-tiktok x --database-url " URL, no_env, &o, &err), BR_EINVAL);
    assert_int_equal(
        parse("empire stub --latency 20ms --fail-every=3", no_env, &o, NULL), BR_OK); /* no database */
    assert_int_equal(o.port, 3900);
    assert_int_equal(o.products, 100);
    assert_int_equal(o.fail_every, 3);
}

static void reads_those_of_operators(void **state)
{
    (void) state;
    emp_options o;
    assert_int_equal(parse("empire schedule set a --cron @daily", full_env, &o, NULL), BR_OK);
    assert_int_equal(o.command, EMP_CMD_SCHEDULE_SET);
    assert_string_equal(o.id, "a");
    assert_string_equal(o.cron, "@daily");
    assert_null(o.type);
    assert_int_equal(o.videos, 50);
    assert_true(o.catch_up == 12 * 3600 * BR_SEC && !o.dry_run);
    assert_int_equal(parse("empire schedule set --dry-run --videos=3 --type t --catch-up 1h a --cron=x",
                         full_env, &o, NULL),
        BR_OK);
    assert_string_equal(o.id, "a");
    assert_string_equal(o.type, "t");
    assert_true(o.videos == 3 && o.dry_run && o.catch_up == 3600 * BR_SEC);
    assert_int_equal(parse("empire workflow terminate a --reason stuck", full_env, &o, NULL), BR_OK);
    assert_int_equal(o.command, EMP_CMD_WORKFLOW_TERMINATE);
    assert_string_equal(o.reason, "stuck");
    assert_int_equal(parse("empire workflow list --status running", full_env, &o, NULL), BR_OK);
    assert_string_equal(o.status, "running");
    assert_int_equal(o.limit, 20);
    assert_int_equal(parse("empire schedule --help", no_env, &o, NULL), BR_OK);
    assert_int_equal(o.command, EMP_CMD_HELP);
    assert_non_null(strstr(emp_usage(o.help_for), "usage: empire schedule list"));
    assert_int_equal(parse("empire workflow cancel -h", no_env, &o, NULL), BR_OK);
    assert_non_null(strstr(emp_usage(o.help_for), "usage: empire workflow list"));
}

static void helps(void **state)
{
    (void) state;
    emp_options o;
    assert_int_equal(parse("empire --help", no_env, &o, NULL), BR_OK);
    assert_int_equal(o.command, EMP_CMD_HELP);
    assert_int_equal(o.help_for, EMP_CMD_HELP);
    assert_int_equal(parse("empire seed --days 3 --help", no_env, &o, NULL), BR_OK);
    assert_int_equal(o.help_for, EMP_CMD_SEED);
    assert_int_equal(parse("empire --version", no_env, &o, NULL), BR_OK);
    assert_int_equal(o.command, EMP_CMD_VERSION);
    for (int c = EMP_CMD_API; c <= EMP_CMD_HELP; c++) {
        assert_non_null(strstr(emp_usage((emp_command) c), "usage: empire"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_flags),
        cmocka_unit_test(flags_go_before_the_environment),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(reads_those_of_a_worker),
        cmocka_unit_test(reads_those_of_operators),
        cmocka_unit_test(helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
