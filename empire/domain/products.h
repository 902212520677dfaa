/*
 * domain/products.h - the catalogue.
 *
 * What: the queries of /products, /products/:id and /products/top and their answers.
 * Why here: SQL and the JSON made of its result stand side by side.
 * Threads: any. Memory: answers are appended to the caller's buffer.
 */
#pragma once
#include "base/buf.h"
#include "empire/db/query.h"

typedef struct emp_page {
    int64_t page, limit; /* page counts from 1 */
} emp_page;

/* Newest first; the rows of the page and the number of all products in one statement and one snapshot. */
void emp_products_page_query(emp_query *q, const emp_page *page);
void emp_products_page_put(br_buf *out, const emp_result *r, const emp_page *page);

/*
 * The same page the slow way (the fault n-plus-one): its ids by one query, then a query for each product. The
 * list's rows are in the order of the page; none when the page is behind the last.
 */
void emp_products_list_query(emp_query *q, const emp_page *page);
size_t emp_products_list_count(const emp_result *list);
int64_t emp_products_list_id(const emp_result *list, size_t row);
void emp_products_list_begin(br_buf *out);
/* The next product of the page; one that was deleted meanwhile has no row, and is left out. */
void emp_products_list_add(br_buf *out, const emp_result *product);
void emp_products_list_end(br_buf *out, const emp_result *list, const emp_page *page);

/* One by its id; no row in the result if there is none. */
void emp_product_get_query(emp_query *q, int64_t id);
void emp_product_put(br_buf *out, const emp_result *r);

/* By commission earned, highest first. */
void emp_products_top_query(emp_query *q, int64_t limit);
void emp_products_top_put(br_buf *out, const emp_result *r, int64_t limit);
