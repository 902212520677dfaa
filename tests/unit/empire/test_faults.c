/* empire/faults/faults.h: reading and writing; the faults themselves are tested end to end
 * (tests/e2e/empire). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "empire/faults/faults.h"

static void reads_what_it_writes(void **state)
{
    (void) state;
    static const char all[] =
        "n-plus-one=on,missing-indexes=on,pool=2,leak-connections=1m30s,lock-contention=5ms,rate-limit=10,"
        "memory-leak=600MB/h,cpu-burn=0.5,slow-start=10s,slow-provider=3s,failing-provider=30%,breaker-off=on,"
        "worker-slots=4";
    emp_faults faults = {0};
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    assert_int_equal(emp_faults_parse(br_str_of(all), &faults, NULL), BR_OK);
    emp_faults_put(&out, &faults);
    assert_string_equal(out.data, all);
    assert_int_equal(emp_fault_get(&faults, EMP_FAULT_POOL), 2);
    assert_int_equal(emp_fault_get(&faults, EMP_FAULT_LEAK_CONNECTIONS), 90 * BR_SEC);
    assert_int_equal(emp_fault_get(&faults, EMP_FAULT_CPU_BURN), 500);
    assert_true(emp_fault_metric(&faults, EMP_FAULT_FAILING_PROVIDER) == 0.3);
    assert_true(emp_fault_metric(&faults, EMP_FAULT_SLOW_PROVIDER) == 3);
    assert_true(emp_fault_metric(&faults, EMP_FAULT_MEMORY_LEAK) == 600);
    br_buf_reset(&out);
    emp_faults_put_json(&out, &faults);
    assert_non_null(strstr(out.data, "\"memory-leak\":\"600MB/h\""));
    br_buf_deinit(&out);
}

static void what_is_not_named_is_off(void **state)
{
    (void) state;
    emp_faults faults = {0};
    assert_int_equal(emp_faults_parse(BR_STR(" pool = 2 , n-plus-one=on"), &faults, NULL), BR_OK);
    assert_int_equal(emp_faults_parse(BR_STR("pool=off,cpu-burn=0.01"), &faults, NULL), BR_OK);
    assert_int_equal(emp_fault_get(&faults, EMP_FAULT_POOL), 0);
    assert_int_equal(emp_fault_get(&faults, EMP_FAULT_N_PLUS_ONE), 0);
    assert_int_equal(emp_fault_get(&faults, EMP_FAULT_CPU_BURN), 10);
    assert_int_equal(emp_faults_parse(BR_STR(""), &faults, NULL), BR_OK);
    assert_int_equal(emp_fault_get(&faults, EMP_FAULT_CPU_BURN), 0);
    assert_int_equal(emp_fault_get(NULL, EMP_FAULT_POOL), 0);
}

static void refuses_and_leaves_what_was(void **state)
{
    (void) state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"pool", "fault pool: '' is neither off nor a number of connections from 1 to 64"},
        {"pool=65", "'65' is neither"},
        {"pool=2x", "'2x' is neither"},
        {"pool=-1", "'-1' is neither"},
        {"pool=1,pool=2", "fault pool: named twice"},
        {"pool=off,pool=2", "named twice"},
        {"n-plus-one=yes", "'yes' is neither off nor on"},
        {"slow-provider=3", "'3' is neither off nor a time"},
        {"slow-provider=0s", "'0s' is neither"},
        {"slow-provider=2m", "'2m' is neither"},
        {"failing-provider=30", "'30' is neither off nor from 1% to 100%"},
        {"failing-provider=101%", "'101%' is neither"},
        {"memory-leak=50", "'50' is neither off nor from 1MB/h"},
        {"cpu-burn=0", "'0' is neither"},
        {"cpu-burn=nan", "'nan' is neither"},
        {"cpu-burn=1e300", "'1e300' is neither"},
        {"gremlins=on", "there is no fault 'gremlins': there are n-plus-one, missing-indexes, pool"},
        {"pool=1,,rate-limit=5", "there is no fault ''"},
        {"=", "there is no fault ''"},
    };
    emp_faults faults = {0};
    assert_int_equal(emp_faults_parse(BR_STR("pool=7"), &faults, NULL), BR_OK);
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_err err = {0};
        assert_int_equal(emp_faults_parse(br_str_of(cases[i].text), &faults, &err), BR_EINVAL);
        if (!strstr(err.msg, cases[i].says)) fail_msg("%s: %s", cases[i].text, err.msg);
        assert_int_equal(emp_fault_get(&faults, EMP_FAULT_POOL), 7);
    }
    char long_text[EMP_FAULTS_TEXT_MAX + 2];
    memset(long_text, ' ', sizeof(long_text));
    assert_int_equal(emp_faults_parse((br_str){long_text, sizeof(long_text)}, &faults, NULL), BR_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(what_is_not_named_is_off),
        cmocka_unit_test(refuses_and_leaves_what_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
