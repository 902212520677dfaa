/* The line of the generator's health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "report/generator_text.h"
#include "unit/report/fixture.h"

static void assert_text(const br_run_result *r, bool colour, const char *want)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_generator_view view = br_generator_view_of(r);
    br_report_generator_text(&view, colour, &out);
    assert_string_equal(out.data ? out.data : "", want);
    br_buf_deinit(&out);
}

static void a_healthy_generator_takes_a_line(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    r->workers[0].starts.p99 = 250 * BR_US;
    r->workers[0].timers.p99 = 120 * BR_US;
    r->workers[0].held.p99 = 31 * BR_US;
    assert_text(r, false, "  ✓ generator: CPU 12%; p99 lag 0.25 ms (timers 0.12, loop 0.031)\n");
    r->generator.resources = (br_generator_resources){40, 1024, 300, 28232};
    assert_text(r, true,
        "  \x1b[32m✓\x1b[0m generator: CPU 12%; p99 lag 0.25 ms (timers 0.12, loop 0.031); descriptors 40/1024, "
        "ports left 27932\n");
    r->worker_count = 0;
    assert_text(r, false, "");
    br_run_result_free(r);
}

static void a_limit_is_named(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    r->workers[0].cpu_share = 0.97;
    assert_text(r, false,
        "  ✗ generator: CPU 97%; p99 lag 0 ms (timers 0, loop 0)\n"
        "      ↳ the busiest worker used 97 % of a core (limit 80 %): the generator was the bottleneck. Give "
        "brunt more cores, spread the load over machines, or ask for less.\n"
        "    This run is no evidence about its target: the generator was the limit, or the load was not the "
        "planned one.\n");
    br_run_result_free(r);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_generator_takes_a_line),
        cmocka_unit_test(a_limit_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
