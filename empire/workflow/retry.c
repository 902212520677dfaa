#include "empire/workflow/retry.h"

br_ns emp_retry_delay(const emp_retry_policy *policy, int attempt)
{
    double delay = (double) policy->initial, most = (double) policy->max_interval;
    for (int i = 1; i < attempt && delay < most; i++) {
        delay *= policy->coefficient;
        if (policy->coefficient <= 1) break; /* it will not grow */
    }
    return delay < most ? (br_ns) delay : policy->max_interval;
}
