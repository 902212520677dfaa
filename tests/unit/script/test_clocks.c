/* The three clocks of a request: http_res_time counts from when it was meant to be asked for. */
#include "env.h"

static const mini_script hello = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
static const mini_script slow = {
    .steps = {{.op = MINI_REQUEST}, {.op = MINI_PAUSE, .ms = 80},
        {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"}, {.op = MINI_AGAIN}}};

/* The n-th value (from 0) of a metric, in milliseconds. */
static double value_of(const world *w, const char *metric, size_t n)
{
    const char *at = w->samples.data;
    size_t len = strlen(metric);
    for (; at && *at; at = strchr(at, '\n') + 1) {
        if (strncmp(at, metric, len) == 0 && at[len] == ' ' && n-- == 0) return strtod(at + len, NULL);
    }
    fail_msg("no such sample of %s in\n%s", metric, w->samples.data);
    return 0;
}

static void assert_between(double value, double low, double high)
{
    if (value < low || value > high) fail_msg("%f is not between %f and %f", value, low, high);
}

static void run_late(world *w, br_ns late, const char *body)
{
    char source[1000];
    snprintf(source, sizeof(source), PRELUDE "export default async function () { %s }", body);
    world_open(w, source);
    w->late = late;
    if (world_call(w, w->vu, "default", NULL) != BR_OK) fail_msg("%s", w->err.msg);
}

/* A late start is in the first request's time only: the next one is asked for when the answer is there. */
static void a_late_start_counts_once(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    run_late(&w, 500 * BR_MS, "http.get(base + '/a'); http.get(base + '/b')");
    assert_between(value_of(&w, "http_res_time", 0), 500, 800);
    assert_between(value_of(&w, "http_req_duration", 0), 0, 300);
    assert_between(value_of(&w, "http_res_time", 1), 0, 300);
    world_deinit(&w);
}

static void a_start_in_time_adds_nothing(void **state)
{
    (void) state;
    world w;
    world_init(&w, &slow, 1);
    run_late(&w, 0, "http.get(base)");
    double sum = value_of(&w, "http_req_duration", 0) + value_of(&w, "http_req_blocked", 0) +
                 value_of(&w, "http_req_connecting", 0);
    assert_between(value_of(&w, "http_res_time", 0), 80, sum + 20);
    world_deinit(&w);
}

/* Had the call begun in time, so had the pause: the first request is as late as the start. */
static void pauses_keep_the_lateness(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    run_late(&w, 500 * BR_MS, "sleep(0.05); http.get(base); sleep(0.05); http.get(base)");
    assert_between(value_of(&w, "http_res_time", 0), 500, 800);
    assert_between(value_of(&w, "http_res_time", 1), 0, 300);
    world_deinit(&w);
}

static void timers_keep_the_lateness(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    run_late(&w, 500 * BR_MS, "setTimeout(() => http.get(base), 20)");
    assert_between(value_of(&w, "http_res_time", 0), 500, 800);
    world_deinit(&w);
}

static void requests_side_by_side_are_all_late(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    run_late(&w, 500 * BR_MS,
        "await Promise.all([http.asyncRequest('GET', base), http.asyncRequest('GET', base)]); await http.asyncRequest('GET', base)");
    assert_between(value_of(&w, "http_res_time", 0), 500, 800);
    assert_between(value_of(&w, "http_res_time", 1), 500, 800);
    assert_between(value_of(&w, "http_res_time", 2), 0, 300);
    world_deinit(&w);
}

static const mini_script moved = {
    .steps = {{.op = MINI_REQUEST},
        {.op = MINI_SEND, .text = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"},
        {.op = MINI_REQUEST}, {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
        {.op = MINI_WAIT}}};

static void only_the_first_hop_is_late(void **state)
{
    (void) state;
    world w;
    world_init(&w, &moved, 1);
    run_late(&w, 500 * BR_MS, "if (http.get(base + '/a', { redirects: 5 }).status !== 200) fail('moved')");
    assert_between(value_of(&w, "http_res_time", 0), 500, 800);
    assert_between(value_of(&w, "http_res_time", 1), 0, 300);
    world_deinit(&w);
}

static void failed_requests_have_a_response_time(void **state)
{
    (void) state;
    int fd;
    world w;
    world_init(&w, NULL, 0);
    snprintf(w.base, sizeof(w.base), "http://127.0.0.1:%u/", mini_closed_port(&fd));
    run_late(&w, 500 * BR_MS, "http.get(base)");
    assert_between(value_of(&w, "http_res_time", 0), 500, 800);
    assert_true(value_of(&w, "http_req_duration", 0) == 0);
    world_deinit(&w);
    mini_closed_port_free(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_start_counts_once),
        cmocka_unit_test(a_start_in_time_adds_nothing),
        cmocka_unit_test(pauses_keep_the_lateness),
        cmocka_unit_test(timers_keep_the_lateness),
        cmocka_unit_test(requests_side_by_side_are_all_late),
        cmocka_unit_test(only_the_first_hop_is_late),
        cmocka_unit_test(failed_requests_have_a_response_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
