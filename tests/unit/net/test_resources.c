/* What the kernel tells of this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>
#include "net/resources.h"

static void sockets_are_counted(void **state)
{
    (void) state;
    br_str text = BR_STR("sockets: used 21\nTCP: inuse 4 orphan 0 tw 2 alloc 4 mem 83\nUDP: inuse 9 mem 0\n");
    assert_int_equal(br_resources_parse_sockets(text), 6);
    assert_int_equal(br_resources_parse_sockets(BR_STR("")), 0);
    assert_int_equal(br_resources_parse_sockets(BR_STR("UDP: inuse 9\nTCP: inuse x tw")), 0);
    assert_int_equal(br_resources_parse_sockets(BR_STR("TCP: inuse 99999999999999 tw 1")), UINT32_MAX);
}

static void ports_are_counted(void **state)
{
    (void) state;
    assert_int_equal(br_resources_parse_ports(BR_STR("32768\t60999\n")), 28232);
    assert_int_equal(br_resources_parse_ports(BR_STR("7 7")), 1);
    assert_int_equal(br_resources_parse_ports(BR_STR("8 7")), 0);
    assert_int_equal(br_resources_parse_ports(BR_STR("1 65536")), 0);
    assert_int_equal(br_resources_parse_ports(BR_STR("")), 0);
}

static void samples_keep_the_peak(void **state)
{
    (void) state;
    br_resources r = {0};
    br_resources_sample(&r);
    uint64_t before = r.descriptors_peak;
    assert_in_range(before, 3, 1000);
    assert_true(r.descriptors_limit >= before);
    int fds[10];
    for (int i = 0; i < 10; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    br_resources_sample(&r);
    for (int i = 0; i < 10; i++)
        close(fds[i]);
    assert_int_equal(r.descriptors_peak, before + 10);
    br_resources_sample(&r);
    assert_int_equal(r.descriptors_peak, before + 10);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_are_counted),
        cmocka_unit_test(ports_are_counted),
        cmocka_unit_test(samples_keep_the_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
