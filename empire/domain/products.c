#include "empire/domain/products.h"

#include <inttypes.h>

#include "base/assert.h"
#include "base/num.h"
#include "empire/domain/rows.h"
#include "empire/domain/statements.h"

#define COLUMNS                                                                                              \
    "id, external_id, name, category, price, commission_rate, rating, sales_count, score, created_at,"       \
    " updated_at"

static const emp_column columns[] = {
    {"id", EMP_CELL_NUMBER},
    {"externalId", EMP_CELL_TEXT},
    {"name", EMP_CELL_TEXT},
    {"category", EMP_CELL_TEXT},
    {"price", EMP_CELL_NUMBER},
    {"commissionRate", EMP_CELL_NUMBER},
    {"rating", EMP_CELL_NUMBER},
    {"salesCount", EMP_CELL_NUMBER},
    {"score", EMP_CELL_NUMBER},
    {"createdAt", EMP_CELL_TIME},
    {"updatedAt", EMP_CELL_TIME},
};

/* The outer join keeps the total on a page behind the last one, which has no rows. */
const char emp_sql_products_page[] =
    "SELECT t.total, p.* FROM (SELECT coalesce(sum(n), 0) AS total FROM counters WHERE name = 'products') t"
    " LEFT JOIN LATERAL (SELECT " COLUMNS " FROM products ORDER BY created_at DESC, id DESC"
    " LIMIT $1::bigint OFFSET $2::bigint) p ON true ORDER BY p.created_at DESC, p.id DESC";

const char emp_sql_products_top[] = "SELECT " COLUMNS
                                    " FROM products ORDER BY score DESC, id LIMIT $1::bigint";

void emp_products_page_query(emp_query *q, const emp_page *page)
{
    emp_query_reset(q, EMP_ST_PRODUCTS_PAGE);
    emp_query_add_i64(q, page->limit);
    emp_query_add_i64(q, (page->page - 1) * page->limit);
}

static void put_rows(br_buf *out, const emp_result *r, size_t first_column)
{
    br_buf_puts(out, "{\"data\":[");
    for (size_t row = 0; row < emp_result_rows(r); row++) {
        if (emp_result_is_null(r, row, first_column)) break; /* the empty row of the outer join */
        if (row > 0) br_buf_putc(out, ',');
        emp_row_put(out, r, row, first_column, columns, BR_COUNT_OF(columns));
    }
    br_buf_putc(out, ']');
}

/* From the total in the first cell to the end of the answer. */
static void put_page_meta(br_buf *out, const emp_result *r, const emp_page *page)
{
    int64_t total = 0;
    BR_ASSERT(
        br_parse_i64(emp_result_cell(r, 0, 0), &total) == BR_OK); /* sum() of bigint is a whole number */
    int64_t pages = (total + page->limit - 1) / page->limit;
    br_buf_printf(out,
        ",\"meta\":{\"page\":%" PRId64 ",\"limit\":%" PRId64 ",\"total\":%" PRId64 ",\"pages\":%" PRId64 "}}",
        page->page, page->limit, total, pages);
}

void emp_products_page_put(br_buf *out, const emp_result *r, const emp_page *page)
{
    put_rows(out, r, 1);
    put_page_meta(out, r, page);
}

/* Row by row ------------------------------------------------------------------------------------- */

const char emp_sql_products_list[] =
    "SELECT t.total, p.id FROM (SELECT coalesce(sum(n), 0) AS total FROM counters WHERE name = 'products') t"
    " LEFT JOIN LATERAL (SELECT id, created_at FROM products ORDER BY created_at DESC, id DESC"
    " LIMIT $1::bigint OFFSET $2::bigint) p ON true ORDER BY p.created_at DESC, p.id DESC";

void emp_products_list_query(emp_query *q, const emp_page *page)
{
    emp_query_reset(q, EMP_ST_PRODUCTS_LIST);
    emp_query_add_i64(q, page->limit);
    emp_query_add_i64(q, (page->page - 1) * page->limit);
}

size_t emp_products_list_count(const emp_result *list)
{
    return emp_result_is_null(list, 0, 1) ? 0 : emp_result_rows(list);
}

int64_t emp_products_list_id(const emp_result *list, size_t row)
{
    int64_t id = 0;
    BR_ASSERT(br_parse_i64(emp_result_cell(list, row, 1), &id) == BR_OK); /* a bigint */
    return id;
}

void emp_products_list_begin(br_buf *out)
{
    br_buf_puts(out, "{\"data\":[");
}

void emp_products_list_add(br_buf *out, const emp_result *product)
{
    if (emp_result_rows(product) == 0) return;
    if (!br_str_ends(br_buf_view(out), BR_STR("["))) br_buf_putc(out, ',');
    emp_row_put(out, product, 0, 0, columns, BR_COUNT_OF(columns));
}

void emp_products_list_end(br_buf *out, const emp_result *list, const emp_page *page)
{
    br_buf_putc(out, ']');
    put_page_meta(out, list, page);
}

const char emp_sql_product_get[] = "SELECT " COLUMNS " FROM products WHERE id = $1::bigint";

void emp_product_get_query(emp_query *q, int64_t id)
{
    emp_query_reset(q, EMP_ST_PRODUCT_GET);
    emp_query_add_i64(q, id);
}

void emp_product_put(br_buf *out, const emp_result *r)
{
    br_buf_puts(out, "{\"data\":");
    emp_row_put(out, r, 0, 0, columns, BR_COUNT_OF(columns));
    br_buf_putc(out, '}');
}

void emp_products_top_query(emp_query *q, int64_t limit)
{
    emp_query_reset(q, EMP_ST_PRODUCTS_TOP);
    emp_query_add_i64(q, limit);
}

void emp_products_top_put(br_buf *out, const emp_result *r, int64_t limit)
{
    put_rows(out, r, 0);
    br_buf_printf(out, ",\"meta\":{\"limit\":%" PRId64 "}}", limit);
}
