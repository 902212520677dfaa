#include "empire/db/query.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/assert.h"

void emp_query_reset(emp_query *q, size_t statement)
{
    emp_result_free(q->result);
    q->statement = statement;
    q->param_count = 0;
    q->outcome = EMP_DB_PENDING;
    q->result = NULL;
    q->is_optional = q->_in_flight = q->_sent_again = false;
}

static char *next_param(emp_query *q, bool is_null)
{
    BR_ASSERT(q->param_count < EMP_QUERY_PARAMS_MAX);
    q->is_null[q->param_count] = is_null;
    return q->params[q->param_count++];
}

void emp_query_add_i64(emp_query *q, int64_t v)
{
    snprintf(next_param(q, false), EMP_QUERY_PARAM_BYTES, "%" PRId64, v);
}

void emp_query_add_text(emp_query *q, br_str v)
{
    BR_ASSERT(v.n < EMP_QUERY_PARAM_BYTES);
    char *to = next_param(q, false);
    if (v.n) memcpy(to, v.p, v.n);
    to[v.n] = '\0';
}

void emp_query_add_null(emp_query *q)
{
    next_param(q, true)[0] = '\0';
}
