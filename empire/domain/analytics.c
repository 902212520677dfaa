#include "empire/domain/analytics.h"

#include <inttypes.h>

#include "base/assert.h"
#include "base/num.h"
#include "empire/domain/rows.h"
#include "empire/domain/statements.h"

const char *const emp_platforms[] = {"tiktok", "youtube", "instagram", "facebook", NULL};

br_code emp_period_parse(br_str s, int64_t *ret_days)
{
    static const struct {
        const char *name;
        int64_t days;
    } periods[] = {{"1d", 1}, {"7d", 7}, {"30d", 30}, {"90d", 90}};
    for (size_t i = 0; i < BR_COUNT_OF(periods); i++) {
        if (!br_str_is(s, periods[i].name)) continue;
        *ret_days = periods[i].days;
        return BR_OK;
    }
    return BR_EINVAL;
}

/* Overview ------------------------------------------------------------------------------------- */

/* The first row is the sum of all (grouping = 1); without any data its platform row is empty. */
const char emp_sql_analytics_overview[] =
    "SELECT max(b.last - ($1::int - 1)), max(b.last), d.platform,"
    " coalesce(sum(d.views), 0), coalesce(sum(d.clicks), 0), coalesce(sum(d.conversions), 0),"
    " coalesce(sum(d.revenue), 0.00),"
    " round(coalesce(sum(d.clicks) / nullif(sum(d.views), 0), 0), 4),"
    " round(coalesce(sum(d.conversions) / nullif(sum(d.clicks), 0), 0), 4)"
    " FROM (SELECT max(day) AS last FROM analytics_daily) b LEFT JOIN analytics_daily d"
    " ON d.day BETWEEN b.last - ($1::int - 1) AND b.last AND ($2::text IS NULL OR d.platform = $2)"
    " GROUP BY GROUPING SETS ((d.platform), ()) ORDER BY grouping(d.platform) DESC, d.platform";

static const emp_column overview_columns[] = {
    {"platform", EMP_CELL_TEXT},
    {"views", EMP_CELL_NUMBER},
    {"clicks", EMP_CELL_NUMBER},
    {"conversions", EMP_CELL_NUMBER},
    {"revenue", EMP_CELL_NUMBER},
    {"clickRate", EMP_CELL_NUMBER},
    {"conversionRate", EMP_CELL_NUMBER},
};

void emp_overview_query(emp_query *q, int64_t days, br_str platform)
{
    emp_query_reset(q, EMP_ST_ANALYTICS_OVERVIEW);
    emp_query_add_i64(q, days);
    if (platform.p) {
        emp_query_add_text(q, platform);
    } else {
        emp_query_add_null(q);
    }
}

void emp_overview_put(br_buf *out, const emp_result *r, int64_t days, br_str platform)
{
    br_buf_printf(out, "{\"data\":{\"period\":\"%" PRId64 "d\",\"platform\":", days);
    br_buf_put_json_str(out, platform.p ? platform : BR_STR("all"));
    br_buf_puts(out, ",\"startDate\":");
    emp_cell_put(out, r, 0, 0, EMP_CELL_TEXT);
    br_buf_puts(out, ",\"endDate\":");
    emp_cell_put(out, r, 0, 1, EMP_CELL_TEXT);
    br_buf_puts(out, ",\"totals\":");
    emp_row_put(out, r, 0, 3, overview_columns + 1, BR_COUNT_OF(overview_columns) - 1);
    br_buf_puts(out, ",\"platforms\":[");
    const char *comma = "";
    for (size_t row = 1; row < emp_result_rows(r); row++) {
        if (emp_result_is_null(r, row, 2)) continue;
        br_buf_puts(out, comma);
        emp_row_put(out, r, row, 2, overview_columns, BR_COUNT_OF(overview_columns));
        comma = ",";
    }
    br_buf_puts(out, "]}}");
}

/* Revenue -------------------------------------------------------------------------------------- */

/* The first row is the sum of all days. Days come from generate_series, so that none is missing. */
#define REVENUE_OF(range)                                                                                    \
    "SELECT min(r.first), max(r.last), r.first + s.i, coalesce(sum(d.conversions), 0),"                      \
    " coalesce(sum(d.revenue), 0.00) FROM (" range ") r"                                                     \
    " LEFT JOIN LATERAL generate_series(0, r.last - r.first) s(i) ON true"                                   \
    " LEFT JOIN analytics_daily d ON d.day = r.first + s.i"                                                  \
    " GROUP BY GROUPING SETS ((r.first + s.i), ()) ORDER BY grouping(r.first + s.i) DESC, r.first + s.i"

const char emp_sql_revenue_period[] = REVENUE_OF(
    "SELECT max(day) - ($1::int - 1) AS first, max(day) AS last FROM analytics_daily");
const char emp_sql_revenue_range[] = REVENUE_OF("SELECT $1::date AS first, $2::date AS last");

static const emp_column revenue_columns[] = {
    {"date", EMP_CELL_TEXT},
    {"conversions", EMP_CELL_NUMBER},
    {"revenue", EMP_CELL_NUMBER},
};

void emp_revenue_period_query(emp_query *q, int64_t days)
{
    emp_query_reset(q, EMP_ST_REVENUE_PERIOD);
    emp_query_add_i64(q, days);
}

void emp_revenue_range_query(emp_query *q, br_str first, br_str last)
{
    emp_query_reset(q, EMP_ST_REVENUE_RANGE);
    emp_query_add_text(q, first);
    emp_query_add_text(q, last);
}

void emp_revenue_put(br_buf *out, const emp_result *r)
{
    br_buf_puts(out, "{\"data\":{\"startDate\":");
    emp_cell_put(out, r, 0, 0, EMP_CELL_TEXT);
    br_buf_puts(out, ",\"endDate\":");
    emp_cell_put(out, r, 0, 1, EMP_CELL_TEXT);
    br_buf_puts(out, ",\"currency\":\"USD\",\"conversions\":");
    emp_cell_put(out, r, 0, 3, EMP_CELL_NUMBER);
    br_buf_puts(out, ",\"revenue\":");
    emp_cell_put(out, r, 0, 4, EMP_CELL_NUMBER);
    br_buf_puts(out, ",\"days\":[");
    const char *comma = "";
    for (size_t row = 1; row < emp_result_rows(r); row++) {
        if (emp_result_is_null(r, row, 2)) continue; /* no data at all, hence no period */
        br_buf_puts(out, comma);
        emp_row_put(out, r, row, 2, revenue_columns, BR_COUNT_OF(revenue_columns));
        comma = ",";
    }
    br_buf_puts(out, "]}}");
}
