#include "empire/domain/products.h"

#include <inttypes.h>

#include "base/assert.h"
#include "base/num.h"
#include "empire/domain/statements.h"

/*
 * Products come as documents that the database keeps (migration 6), a list of them as one text: the order of
 * an aggregate over a sorted subquery is the subquery's.
 */
#define LIST_OF(rows) "(SELECT string_agg(p.document, ',') FROM (SELECT document FROM products " rows ") p)"

const char emp_sql_products_page[] = "SELECT coalesce(sum(n), 0), " LIST_OF(
    "ORDER BY created_at DESC, id DESC LIMIT $1::bigint OFFSET $2::bigint") " FROM counters WHERE name = 'products'";

const char emp_sql_products_top[] = "SELECT " LIST_OF("ORDER BY score DESC, id LIMIT $1::bigint");

void emp_products_page_query(emp_query *q, const emp_page *page)
{
    emp_query_reset(q, EMP_ST_PRODUCTS_PAGE);
    emp_query_add_i64(q, page->limit);
    emp_query_add_i64(q, (page->page - 1) * page->limit);
}

static void put_list(br_buf *out, const emp_result *r, size_t column)
{
    br_buf_puts(out, "{\"data\":[");
    if (!emp_result_is_null(r, 0, column)) br_buf_put(out, emp_result_cell(r, 0, column));
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
    put_list(out, r, 1);
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
    br_buf_put(out, emp_result_cell(product, 0, 0));
}

void emp_products_list_end(br_buf *out, const emp_result *list, const emp_page *page)
{
    br_buf_putc(out, ']');
    put_page_meta(out, list, page);
}

const char emp_sql_product_get[] = "SELECT document FROM products WHERE id = $1::bigint";

void emp_product_get_query(emp_query *q, int64_t id)
{
    emp_query_reset(q, EMP_ST_PRODUCT_GET);
    emp_query_add_i64(q, id);
}

void emp_product_put(br_buf *out, const emp_result *r)
{
    br_buf_puts(out, "{\"data\":");
    br_buf_put(out, emp_result_cell(r, 0, 0));
    br_buf_putc(out, '}');
}

void emp_products_top_query(emp_query *q, int64_t limit)
{
    emp_query_reset(q, EMP_ST_PRODUCTS_TOP);
    emp_query_add_i64(q, limit);
}

void emp_products_top_put(br_buf *out, const emp_result *r, int64_t limit)
{
    put_list(out, r, 0);
    br_buf_printf(out, ",\"meta\":{\"limit\":%" PRId64 "}}", limit);
}
