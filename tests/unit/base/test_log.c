#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Lines go into memory; take() gives what has been written since the last take(). */
static FILE *out;
static char *text;
static size_t text_len;
static char taken[70000];

static const char *take(void)
{
    fflush(out);
    snprintf(taken, sizeof(taken), "%s", text);
    rewind(out);
    memset(text, 0, text_len);
    return taken;
}

static void set_up_log(br_log_format format, br_log_level level)
{
    br_log_setup(&(br_log_config){.level = level, .format = format, .out = out});
}

static int open_out(void **state)
{
    (void) state;
    setenv("TZ", "UTC0", 1);
    out = open_memstream(&text, &text_len);
    return out ? 0 : -1;
}

static int close_out(void **state)
{
    (void) state;
    br_log_set_hooks(NULL, NULL, NULL);
    fclose(out);
    free(text);
    return 0;
}

/* `line` is "time=..." with a good time; returns what follows the time. */
static const char *behind_time(const char *line, const char *before, const char *after)
{
    assert_memory_equal(line, before, strlen(before));
    const char *t = line + strlen(before);
    assert_memory_equal(t + 4, "-", 1);
    assert_memory_equal(t + 10, "T", 1);
    assert_memory_equal(t + 19, "Z", 1);
    assert_memory_equal(t + 20, after, strlen(after));
    return t + 20 + strlen(after);
}

static const char *text_rest(void)
{
    return behind_time(take(), "time=\"", "\" ");
}

static void test_text_lines(void **state)
{
    (void) state;
    set_up_log(BR_LOG_TEXT, BR_LOG_DEBUG);
    br_info("hello %s", "world");
    assert_string_equal(text_rest(), "level=info msg=\"hello world\"\n");
    br_warn("bare");
    assert_string_equal(text_rest(), "level=warning msg=bare\n");
    br_error("e");
    assert_string_equal(text_rest(), "level=error msg=e\n");
    br_debug("d");
    assert_string_equal(text_rest(), "level=debug msg=d\n");
    br_log_line(BR_LOG_INFO, BR_STR(""), NULL, 0); /* an empty message is left out */
    assert_string_equal(text_rest(), "level=info\n");
}

static void test_fields_are_sorted_and_quoted_when_needed(void **state)
{
    (void) state;
    set_up_log(BR_LOG_TEXT, BR_LOG_INFO);
    const br_log_field fields[] = {
        {"vu", BR_STR("17")},
        {"source", BR_STR("console")},
        {"error", BR_STR("no such \"host\"")},
        {"empty", BR_STR("")},
        {"path", BR_STR("/a/b-c_d.e@f^g+h")},
        {"time", BR_STR("mine")},
    };
    br_log_line(BR_LOG_INFO, BR_STR("m"), fields, BR_COUNT_OF(fields));
    assert_string_equal(text_rest(),
        "level=info msg=m empty= error=\"no such \\\"host\\\"\" fields.time=mine "
        "path=/a/b-c_d.e@f^g+h source=console vu=17\n");
}

static void check_quoted(br_str msg, const char *want)
{
    br_log_line(BR_LOG_INFO, msg, NULL, 0);
    char line[256];
    snprintf(line, sizeof(line), "level=info msg=%s\n", want);
    assert_string_equal(text_rest(), line);
}

static void test_quoting_is_that_of_go(void **state)
{
    (void) state;
    set_up_log(BR_LOG_TEXT, BR_LOG_INFO);
    check_quoted(BR_STR("a=b"), "\"a=b\"");
    check_quoted(BR_STR("x:y"), "\"x:y\"");
    check_quoted(BR_STR("\a\b\f\n\r\t\v"), "\"\\a\\b\\f\\n\\r\\t\\v\"");
    check_quoted(BR_STR("\\ \""), "\"\\\\ \\\"\"");
    check_quoted(BR_STR("\0\x1b\x7f"), "\"\\x00\\x1b\\x7f\"");
    check_quoted(BR_STR("h\xC3\xA9\xF0\x9F\x98\x80"), "\"h\xC3\xA9\xF0\x9F\x98\x80\"");
    check_quoted(BR_STR("\xff"
                        "a\xC3"),
        "\"\\xffa\\xc3\"");
    check_quoted(BR_STR("\xC2\xA0\xE2\x80\xA8\xEF\xBB\xBF"), "\"\\u00a0\\u2028\\ufeff\"");
    check_quoted(BR_STR("\xF3\xA0\x80\x81"), "\"\\U000e0001\"");
}

static void test_levels(void **state)
{
    (void) state;
    set_up_log(BR_LOG_RAW, BR_LOG_WARN);
    br_debug("no");
    br_info("no");
    br_warn("yes");
    br_error("yes");
    assert_string_equal(take(), "yes\nyes\n");
    assert_true(br_log_enabled(BR_LOG_ERROR));
    assert_true(br_log_enabled(BR_LOG_WARN));
    assert_false(br_log_enabled(BR_LOG_INFO));
    br_log_setup(&(br_log_config){.level = BR_LOG_DEBUG, .out = NULL});
    br_error("dropped");
    assert_string_equal(take(), "");
}

static void test_json_lines(void **state)
{
    (void) state;
    set_up_log(BR_LOG_JSON, BR_LOG_INFO);
    const br_log_field fields[] = {
        {"vu", BR_STR("1")},
        {"name", BR_STR("x\ny")},
        {"error", BR_STR("")},
        {"level", BR_STR("mine")},
    };
    br_log_line(BR_LOG_WARN, BR_STR("h\xC3\xA9 \"\xff\" \xE2\x82\xAC\0"), fields, BR_COUNT_OF(fields));
    const char *rest = behind_time(take(),
        "{\"error\":\"\",\"fields.level\":\"mine\",\"level\":\"warning\","
        "\"msg\":\"h\xC3\xA9 \\\"\xEF\xBF\xBD\\\" \xE2\x82\xAC\\u0000\",\"name\":\"x\\ny\",\"time\":\"",
        "\",\"vu\":\"1\"}\n");
    assert_string_equal(rest, "");
    br_info("plain");
    assert_string_equal(
        behind_time(take(), "{\"level\":\"info\",\"msg\":\"plain\",\"time\":\"", "\"}\n"), "");
}

static void test_raw_lines(void **state)
{
    (void) state;
    set_up_log(BR_LOG_RAW, BR_LOG_INFO);
    br_log_line(BR_LOG_INFO, BR_STR("as \"it\" is"), &(br_log_field){"k", BR_STR("v")}, 1);
    assert_string_equal(take(), "as \"it\" is\n");
}

/* A line for a terminal, with the seconds since the start, whatever they are, made 0000. */
static const char *take_terminal(void)
{
    char *at = strchr((char *) (uintptr_t) take(), '['); /* into `taken` */
    if (at && at[1] == '3') at = strchr(at + 1, '[');    /* that was a colour */
    if (at && at[1] == '0' && at[2] == 'm') at = strchr(at + 1, '[');
    assert_non_null(at);
    assert_memory_equal(at + 5, "] ", 2);
    memcpy(at + 1, "0000", 4);
    return taken;
}

static void test_terminal_lines(void **state)
{
    (void) state;
    br_log_setup(&(br_log_config){.level = BR_LOG_DEBUG, .out = out, .terminal = true});
    br_info("hello");
    assert_string_equal(take_terminal(), "INFO[0000] hello\n");
    const br_log_field field = {"source", BR_STR("a b")};
    br_log_line(BR_LOG_ERROR, BR_STR("hell\xC3\xB6\n"), &field, 1); /* width counts characters */
    assert_string_equal(
        take_terminal(), "ERRO[0000] hell\xC3\xB6                                         source=\"a b\"\n");
    br_log_line(BR_LOG_DEBUG, BR_STR("a message that is longer than forty-four columns"), &field, 1);
    assert_string_equal(
        take_terminal(), "DEBU[0000] a message that is longer than forty-four columns  source=\"a b\"\n");
    br_warn("w");
    assert_string_equal(take_terminal(), "WARN[0000] w\n");
}

static void test_colours(void **state)
{
    (void) state;
    br_log_setup(&(br_log_config){.level = BR_LOG_DEBUG, .out = out, .terminal = true, .colour = true});
    br_error("m");
    assert_string_equal(take_terminal(), "\x1b[31mERRO\x1b[0m[0000] m\n");
    br_warn("m");
    assert_string_equal(take_terminal(), "\x1b[33mWARN\x1b[0m[0000] m\n");
    br_debug("m");
    assert_string_equal(take_terminal(), "\x1b[37mDEBU\x1b[0m[0000] m\n");
    br_log_line(BR_LOG_INFO, BR_STR("m"), &(br_log_field){"k", BR_STR("v")}, 1);
    char want[128]; /* the message padded to 44, a blank, and a blank before each field */
    snprintf(want, sizeof(want), "\x1b[36mINFO\x1b[0m[0000] %-44s  \x1b[36mk\x1b[0m=v\n", "m");
    assert_string_equal(take_terminal(), want);
    br_log_line_to(out, BR_LOG_INFO, BR_STR("m"), NULL, 0); /* another stream gets no colour */
    assert_string_equal(text_rest(), "level=info msg=m\n");
}

static void test_long_messages_are_whole(void **state)
{
    (void) state;
    set_up_log(BR_LOG_RAW, BR_LOG_INFO);
    br_info("%*s", 60000, "end");
    const char *line = take();
    assert_int_equal(strlen(line), 60001);
    assert_string_equal(line + 59997, "end\n");
}

static void note_before(void *ctx)
{
    fputs(ctx, out);
}

static void note_after(void *ctx)
{
    (void) ctx;
    fputs(">\n", out);
}

static void test_hooks_surround_lines_of_the_sink(void **state)
{
    (void) state;
    static char mark[] = "<";
    set_up_log(BR_LOG_RAW, BR_LOG_INFO);
    br_log_set_hooks(note_before, note_after, mark);
    br_info("x");
    br_debug("not written, no hook");
    br_log_line_to(out, BR_LOG_INFO, BR_STR("elsewhere"), NULL, 0);
    assert_string_equal(take(), "<x\n>\nelsewhere\n");
}

enum { THREADS = 4, LINES = 500 };

static void *log_lines(void *arg)
{
    for (int i = 0; i < LINES; i++) {
        br_info("%s%s%s%s", (char *) arg, (char *) arg, (char *) arg, (char *) arg);
    }
    return NULL;
}

static void test_lines_of_threads_stay_whole(void **state)
{
    (void) state;
    static char words[THREADS][6] = {"aaaaa", "bbbbb", "ccccc", "ddddd"};
    set_up_log(BR_LOG_RAW, BR_LOG_INFO);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, log_lines, words[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    br_str rest = br_str_of(take()), line;
    int count = 0;
    while (br_str_cut(&rest, '\n', &line) && line.n) {
        assert_int_equal(line.n, 20);
        assert_int_equal(memcmp(line.p, line.p + 1, 19), 0);
        count++;
    }
    assert_int_equal(count, THREADS * LINES);
}

#define LOG_TEST(fn) cmocka_unit_test_setup_teardown(fn, open_out, close_out)

/* In every format, in messages and fields; of texts that begin alike the one that came first counts. */
static void test_secrets_are_hidden(void **state)
{
    (void) state;
    const br_log_field fields[] = {{"key", BR_STR("xs3cr3ty")}, {"plain", BR_STR("secret")}};
    br_log_hide(BR_STR(""));
    br_log_hide(BR_STR("s3cr3t"));
    br_log_hide(BR_STR("s3cr3t"));
    br_log_hide(BR_STR("s3cr3t-longer"));
    br_log_hide(BR_STR("q\"uote"));
    set_up_log(BR_LOG_RAW, BR_LOG_INFO);
    br_log_line(BR_LOG_INFO, BR_STR("s3cr3ts3cr3t a s3cr3t-longer q\"uote s3cr3"), fields, 2);
    assert_string_equal(take(), "***SECRET_REDACTED******SECRET_REDACTED*** a ***SECRET_REDACTED***-longer "
                                "***SECRET_REDACTED*** s3cr3\n");
    set_up_log(BR_LOG_JSON, BR_LOG_INFO);
    br_log_line(BR_LOG_INFO, BR_STR("q\"uote"), fields, 2);
    const char *line = take();
    assert_non_null(strstr(line, "\"key\":\"x***SECRET_REDACTED***y\""));
    assert_non_null(strstr(line, "\"msg\":\"***SECRET_REDACTED***\""));
    assert_non_null(strstr(line, "\"plain\":\"secret\""));
    br_log_line_to(out, BR_LOG_INFO, BR_STR("to s3cr3t"), NULL, 0);
    assert_non_null(strstr(take(), "to ***SECRET_REDACTED***"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_text_lines),
        LOG_TEST(test_fields_are_sorted_and_quoted_when_needed),
        LOG_TEST(test_quoting_is_that_of_go),
        LOG_TEST(test_levels),
        LOG_TEST(test_json_lines),
        LOG_TEST(test_raw_lines),
        LOG_TEST(test_terminal_lines),
        LOG_TEST(test_colours),
        LOG_TEST(test_long_messages_are_whole),
        LOG_TEST(test_hooks_surround_lines_of_the_sink),
        LOG_TEST(test_lines_of_threads_stay_whole),
        LOG_TEST(test_secrets_are_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
