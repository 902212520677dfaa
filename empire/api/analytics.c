#include "empire/domain/analytics.h"

#include "empire/api/routes.h"
#include "empire/domain/date.h"

#define PERIOD_DEFAULT BR_STR("30d")

static br_code read_period(br_str value, int64_t *ret_days, br_err *err)
{
    if (emp_period_parse(value.p ? value : PERIOD_DEFAULT, ret_days) == BR_OK) return BR_OK;
    return br_fail(err, BR_EINVAL, "parameter 'period' must be 1d, 7d, 30d or 90d");
}

/* Overview ------------------------------------------------------------------------------------- */

static br_code check_platform(br_str value, br_err *err)
{
    if (!value.p) return BR_OK;
    for (size_t i = 0; emp_platforms[i]; i++) {
        if (br_str_is(value, emp_platforms[i])) return BR_OK;
    }
    return br_fail(err, BR_EINVAL, "parameter 'platform' must be tiktok, youtube, instagram or facebook");
}

emp_step emp_overview_begin(emp_request *r)
{
    br_err err;
    br_str platform = r->params.value[0];
    if (check_platform(platform, &err) != BR_OK ||
        read_period(r->params.value[1], &r->state.days, &err) != BR_OK) {
        return emp_answer_problem(r, 400, "%s", err.msg);
    }
    emp_overview_query(&r->query, r->state.days, platform);
    return EMP_STEP_QUERY;
}

void emp_overview_finish(emp_request *r)
{
    emp_answer_json(r);
    emp_overview_put(&r->out, r->query.result, r->state.days, r->params.value[0]);
}

/* Revenue -------------------------------------------------------------------------------------- */

static br_code read_date(const char *name, br_str value, int64_t *ret_day, br_err *err)
{
    br_code rc = emp_date_parse(value, ret_day);
    if (rc == BR_ESYNTAX) return br_fail(err, BR_EINVAL, "parameter '%s' must be a date, YYYY-MM-DD", name);
    if (rc != BR_OK) return br_fail(err, BR_EINVAL, "parameter '%s': there is no such day", name);
    return BR_OK;
}

static br_code check_range(br_str first, br_str last, br_err *err)
{
    int64_t from = 0, to = 0;
    br_code rc = read_date("startDate", first, &from, err);
    if (rc == BR_OK) rc = read_date("endDate", last, &to, err);
    if (rc != BR_OK) return rc;
    if (from > to) return br_fail(err, BR_EINVAL, "parameter 'startDate' must not be after 'endDate'");
    if (to - from >= EMP_RANGE_DAYS_MAX) {
        return br_fail(err, BR_EINVAL, "parameters 'startDate' and 'endDate' span more than %d days",
            EMP_RANGE_DAYS_MAX);
    }
    return BR_OK;
}

/* A period, or both dates; neither means the default period. */
static br_code read_revenue(emp_request *r, br_err *err)
{
    br_str period = r->params.value[0], first = r->params.value[1], last = r->params.value[2];
    if (!first.p && !last.p) {
        br_code rc = read_period(period, &r->state.days, err);
        if (rc == BR_OK) emp_revenue_period_query(&r->query, r->state.days);
        return rc;
    }
    if (period.p)
        return br_fail(err, BR_EINVAL, "parameter 'period' does not go with 'startDate' and 'endDate'");
    if (!first.p || !last.p) {
        return br_fail(err, BR_EINVAL, "parameters 'startDate' and 'endDate' go together: '%s' is missing",
            first.p ? "endDate" : "startDate");
    }
    br_code rc = check_range(first, last, err);
    if (rc == BR_OK) emp_revenue_range_query(&r->query, first, last);
    return rc;
}

emp_step emp_revenue_begin(emp_request *r)
{
    br_err err;
    if (read_revenue(r, &err) != BR_OK) return emp_answer_problem(r, 400, "%s", err.msg);
    return EMP_STEP_QUERY;
}

void emp_revenue_finish(emp_request *r)
{
    emp_answer_json(r);
    emp_revenue_put(&r->out, r->query.result);
}
