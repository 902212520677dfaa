#include "empire/domain/insights.h"

#include <inttypes.h>

#include "base/assert.h"
#include "base/num.h"
#include "empire/domain/rows.h"
#include "empire/domain/statements.h"

/* Top products ----------------------------------------------------------------------------------- */

const char emp_sql_top_products[] =
    "SELECT p.id, p.external_id, p.name, p.category, t.views, t.clicks, t.conversions, t.revenue"
    " FROM (SELECT a.product_id, sum(a.views) AS views, sum(a.clicks) AS clicks,"
    " sum(a.conversions) AS conversions, sum(a.revenue) AS revenue FROM analytics a,"
    " (SELECT max(day) AS last FROM analytics_daily) b"
    " WHERE a.created_at >= (b.last - ($1::int - 1))::timestamp AT TIME ZONE 'UTC'"
    " AND ($2::text IS NULL OR a.platform = $2) GROUP BY a.product_id"
    " ORDER BY revenue DESC, a.product_id LIMIT $3::bigint) t"
    " JOIN products p ON p.id = t.product_id ORDER BY t.revenue DESC, p.id";

static const emp_column top_columns[] = {
    {"id", EMP_CELL_NUMBER},
    {"externalId", EMP_CELL_TEXT},
    {"name", EMP_CELL_TEXT},
    {"category", EMP_CELL_TEXT},
    {"views", EMP_CELL_NUMBER},
    {"clicks", EMP_CELL_NUMBER},
    {"conversions", EMP_CELL_NUMBER},
    {"revenue", EMP_CELL_NUMBER},
};

void emp_top_products_query(emp_query *q, int64_t days, br_str platform, int64_t limit)
{
    emp_query_reset(q, EMP_ST_TOP_PRODUCTS);
    emp_query_add_i64(q, days);
    if (platform.p) {
        emp_query_add_text(q, platform);
    } else {
        emp_query_add_null(q);
    }
    emp_query_add_i64(q, limit);
}

void emp_top_products_put(br_buf *out, const emp_result *r, int64_t days, br_str platform, int64_t limit)
{
    br_buf_puts(out, "{\"data\":[");
    for (size_t row = 0; row < emp_result_rows(r); row++) {
        if (row > 0) br_buf_putc(out, ',');
        emp_row_put(out, r, row, 0, top_columns, BR_COUNT_OF(top_columns));
    }
    br_buf_printf(out, "],\"meta\":{\"period\":\"%" PRId64 "d\",\"platform\":", days);
    br_buf_put_json_str(out, platform.p ? platform : BR_STR("all"));
    br_buf_printf(out, ",\"limit\":%" PRId64 "}}", limit);
}

/* Comparison ------------------------------------------------------------------------------------- */

/* `advice` is empty without a period before; see emp_analysis_put() for what it means. */
const char emp_sql_platform_comparison[] =
    "SELECT first, last, platform, views, clicks, conversions, revenue,"
    " round(coalesce(clicks / nullif(views, 0), 0), 4),"
    " round(coalesce(conversions / nullif(clicks, 0), 0), 4),"
    " round(coalesce(revenue * 1000 / nullif(views, 0), 0), 2),"
    " round(coalesce(revenue / nullif(sum(revenue) OVER (), 0), 0), 4),"
    " round(revenue / nullif(before, 0) - 1, 4),"
    " CASE WHEN before = 0 OR before IS NULL THEN 'observe'"
    " WHEN revenue < before * 0.9 THEN 'review'"
    " WHEN revenue / nullif(views, 0) >= sum(revenue) OVER () / nullif(sum(views) OVER (), 0) THEN 'increase'"
    " ELSE 'keep' END"
    " FROM (SELECT b.last - ($1::int - 1) AS first, b.last, d.platform,"
    " sum(d.views) FILTER (WHERE d.day > b.last - $1::int)::numeric AS views,"
    " sum(d.clicks) FILTER (WHERE d.day > b.last - $1::int)::numeric AS clicks,"
    " sum(d.conversions) FILTER (WHERE d.day > b.last - $1::int)::numeric AS conversions,"
    " coalesce(sum(d.revenue) FILTER (WHERE d.day > b.last - $1::int), 0.00) AS revenue,"
    " coalesce(sum(d.revenue) FILTER (WHERE d.day <= b.last - $1::int), 0.00) AS before"
    " FROM (SELECT max(day) AS last FROM analytics_daily) b"
    " JOIN analytics_daily d ON d.day BETWEEN b.last - (2 * $1::int - 1) AND b.last"
    " GROUP BY b.last, d.platform) x ORDER BY revenue DESC, platform";

enum { COMPARISON_ADVICE = 12 };

static const emp_column comparison_columns[] = {
    {"platform", EMP_CELL_TEXT},
    {"views", EMP_CELL_NUMBER},
    {"clicks", EMP_CELL_NUMBER},
    {"conversions", EMP_CELL_NUMBER},
    {"revenue", EMP_CELL_NUMBER},
    {"clickRate", EMP_CELL_NUMBER},
    {"conversionRate", EMP_CELL_NUMBER},
    {"revenuePerThousandViews", EMP_CELL_NUMBER},
    {"share", EMP_CELL_NUMBER},
    {"change", EMP_CELL_NUMBER},
};

void emp_comparison_query(emp_query *q, int64_t days)
{
    emp_query_reset(q, EMP_ST_PLATFORM_COMPARISON);
    emp_query_add_i64(q, days);
}

/* {"data":{"period":...,"startDate":...,"endDate":... */
static void put_period(br_buf *out, const emp_result *r, int64_t days)
{
    br_buf_printf(out, "{\"data\":{\"period\":\"%" PRId64 "d\"", days);
    bool any = emp_result_rows(r) > 0;
    br_buf_puts(out, ",\"startDate\":");
    if (any) emp_cell_put(out, r, 0, 0, EMP_CELL_TEXT);
    br_buf_puts(out, any ? ",\"endDate\":" : "null,\"endDate\":null");
    if (any) emp_cell_put(out, r, 0, 1, EMP_CELL_TEXT);
}

void emp_comparison_put(br_buf *out, const emp_result *r, int64_t days)
{
    put_period(out, r, days);
    br_buf_puts(out, ",\"platforms\":[");
    for (size_t row = 0; row < emp_result_rows(r); row++) {
        if (row > 0) br_buf_putc(out, ',');
        emp_row_put(out, r, row, 2, comparison_columns, BR_COUNT_OF(comparison_columns));
    }
    br_buf_puts(out, "]}}");
}

/* Analysis --------------------------------------------------------------------------------------- */

static const char *reason_of(br_str advice)
{
    if (br_str_is(advice, "increase")) return "earns at least the average per view and does not shrink";
    if (br_str_is(advice, "review")) return "earns over 10 % less than in the period before";
    if (br_str_is(advice, "keep")) return "steady, but earns less per view than the average";
    return "there is no period before to compare with";
}

void emp_analysis_put(br_buf *out, const emp_result *r, int64_t days)
{
    put_period(out, r, days);
    br_buf_puts(out, ",\"recommendations\":[");
    for (size_t row = 0; row < emp_result_rows(r); row++) {
        br_str advice = emp_result_cell(r, row, COMPARISON_ADVICE);
        br_buf_puts(out, row ? ",{\"platform\":" : "{\"platform\":");
        emp_cell_put(out, r, row, 2, EMP_CELL_TEXT);
        br_buf_puts(out, ",\"action\":");
        emp_cell_put(out, r, row, COMPARISON_ADVICE, EMP_CELL_TEXT);
        br_buf_printf(out, ",\"reason\":\"%s\",\"figures\":", reason_of(advice));
        emp_row_put(out, r, row, 6, comparison_columns + 4, BR_COUNT_OF(comparison_columns) - 4);
        br_buf_putc(out, '}');
    }
    br_buf_puts(out, "]}}");
}
