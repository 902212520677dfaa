/* The times of a schedule. What is accepted has a next time, which is one of its times. */
#include "base/assert.h"
#include "empire/workflow/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    emp_cron c;
    br_err err;
    if (emp_cron_parse((br_str){(const char *) data, size}, &c, &err) != BR_OK) {
        BR_ASSERT(err.msg[0] != '\0');
        return 0;
    }
    br_ns after = 1700000000 * BR_SEC;
    for (int i = 0; i < 3; i++) {
        br_ns next = emp_cron_next(&c, after);
        BR_ASSERT(next > after && next % (60 * BR_SEC) == 0);
        BR_ASSERT(c.minutes >> (next / (60 * BR_SEC) % 60) & 1);
        BR_ASSERT(c.hours >> (next / (3600 * BR_SEC) % 24) & 1);
        BR_ASSERT(emp_cron_next(&c, next - 1) == next); /* none before it */
        after = next;
    }
    return 0;
}
