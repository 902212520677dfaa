#include "empire/domain/analytics.h"

#include "empire/api/routes.h"
#include "empire/domain/date.h"
#include "empire/domain/insights.h"

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

/* Where the answer for a period and a platform is kept. */
static size_t slot_of(emp_kept kind, int64_t days, br_str platform)
{
    static const int64_t periods[EMP_KEPT_PERIODS] = {1, 7, 30, 90};
    size_t period = 0, place = 0;
    while (periods[period] != days)
        period++; /* emp_period_parse() gives no others */
    while (platform.p && place < EMP_KEPT_PLATFORMS - 1 && !br_str_is(platform, emp_platforms[place]))
        place++;
    if (!platform.p) place = EMP_KEPT_PLATFORMS - 1;
    return ((size_t) kind * EMP_KEPT_PERIODS + period) * EMP_KEPT_PLATFORMS + place;
}

emp_step emp_overview_begin(emp_request *r)
{
    br_err err;
    br_str platform = r->params.value[0];
    if (check_platform(platform, &err) != BR_OK ||
        read_period(r->params.value[1], &r->state.period.days, &err) != BR_OK) {
        return emp_answer_problem(r, 400, "%s", err.msg);
    }
    r->state.period.slot = slot_of(EMP_KEPT_OVERVIEW, r->state.period.days, platform);
    if (emp_answer_kept(r, r->state.period.slot)) return EMP_STEP_ANSWERED;
    emp_overview_query(&r->query, r->state.period.days, platform);
    return EMP_STEP_QUERY;
}

void emp_overview_finish(emp_request *r)
{
    emp_answer_json(r);
    emp_overview_put(&r->out, r->query.result, r->state.period.days, r->params.value[0]);
    emp_answer_keep(r, r->state.period.slot);
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
        br_code rc = read_period(period, &r->state.period.days, err);
        if (rc == BR_OK) emp_revenue_period_query(&r->query, r->state.period.days);
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

/* Top products, comparison ----------------------------------------------------------------------- */

static const emp_int_range top_range = {"limit", 1, 100, 10};

emp_step emp_top_products_begin(emp_request *r)
{
    br_err err;
    br_str platform = r->params.value[0];
    int64_t days = 0, limit = 0;
    if (check_platform(platform, &err) != BR_OK || read_period(r->params.value[1], &days, &err) != BR_OK ||
        emp_param_int(r->params.value[2], &top_range, &limit, &err) != BR_OK) {
        return emp_answer_problem(r, 400, "%s", err.msg);
    }
    r->state.period.days = days;
    r->state.period.limit = limit;
    r->state.period.slot = slot_of(EMP_KEPT_TOP_PRODUCTS, days, platform);
    if (limit == top_range.otherwise && emp_answer_kept(r, r->state.period.slot)) return EMP_STEP_ANSWERED;
    emp_top_products_query(&r->query, days, platform, limit);
    return EMP_STEP_QUERY;
}

void emp_top_products_finish(emp_request *r)
{
    int64_t limit = r->state.period.limit;
    emp_answer_json(r);
    emp_top_products_put(&r->out, r->query.result, r->state.period.days, r->params.value[0], limit);
    if (limit == top_range.otherwise) emp_answer_keep(r, r->state.period.slot); /* the usual one is kept */
}

emp_step emp_comparison_begin(emp_request *r)
{
    br_err err;
    if (read_period(r->params.value[0], &r->state.period.days, &err) != BR_OK)
        return emp_answer_problem(r, 400, "%s", err.msg);
    emp_comparison_query(&r->query, r->state.period.days);
    return EMP_STEP_QUERY;
}

void emp_comparison_finish(emp_request *r)
{
    emp_answer_json(r);
    emp_comparison_put(&r->out, r->query.result, r->state.period.days);
    emp_answer_tag(r);
}

void emp_analysis_finish(emp_request *r)
{
    emp_answer_json(r);
    emp_analysis_put(&r->out, r->query.result, r->state.period.days);
    emp_answer_tag(r);
}
