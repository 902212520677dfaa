/* The list of faults that empire is given, EMPIRE_FAULTS or a PUT: what is accepted can be written and read
 * again. */
#include "base/assert.h"
#include "empire/faults/faults.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    emp_faults faults = {0}, again = {0};
    br_err err;
    br_buf text;
    if (emp_faults_parse((br_str){(const char *) data, size}, &faults, &err) != BR_OK) {
        BR_ASSERT(err.msg[0] != '\0');
        for (int i = 0; i < EMP_FAULT_COUNT; i++) {
            BR_ASSERT(emp_fault_get(&faults, (emp_fault) i) == 0);
        }
        return 0;
    }
    br_buf_init(&text, EMP_FAULTS_TEXT_MAX);
    emp_faults_put(&text, &faults);
    BR_ASSERT(emp_faults_parse(br_buf_view(&text), &again, &err) == BR_OK);
    for (int i = 0; i < EMP_FAULT_COUNT; i++) {
        BR_ASSERT(emp_fault_get(&faults, (emp_fault) i) == emp_fault_get(&again, (emp_fault) i));
        BR_ASSERT(emp_fault_get(&faults, (emp_fault) i) >= 0);
    }
    br_buf_deinit(&text);
    return 0;
}
