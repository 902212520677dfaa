#include "base/num.h"
#include "empire/api/routes.h"
#include "empire/domain/statements.h"

static const emp_int_range page_range = {"page", 1, 1000000, 1};
static const emp_int_range limit_range = {"limit", 1, 200, 50};
static const emp_int_range top_range = {"limit", 1, 100, 10};

emp_step emp_products_begin(emp_request *r)
{
    br_err err;
    emp_page page;
    if (emp_param_int(r->params.value[0], &page_range, &page.page, &err) != BR_OK ||
        emp_param_int(r->params.value[1], &limit_range, &page.limit, &err) != BR_OK) {
        return emp_answer_problem(r, 400, "%s", err.msg);
    }
    r->state.page = page;
    if (emp_fault_get(r->app->faults, EMP_FAULT_N_PLUS_ONE)) {
        emp_products_list_query(&r->query, &page);
    } else {
        emp_products_page_query(&r->query, &page);
    }
    return EMP_STEP_QUERY;
}

/* The fault n-plus-one: first the list of the page, then product by product, a query each. */
static void read_next_row(emp_request *r)
{
    if (!r->list) {
        r->list = r->query.result;
        r->query.result = NULL;
        emp_products_list_begin(&r->out);
    } else {
        emp_products_list_add(&r->out, r->query.result);
        r->list_row++;
    }
    if (r->list_row < emp_products_list_count(r->list)) {
        emp_product_get_query(&r->query, emp_products_list_id(r->list, r->list_row));
        return; /* without a status: again */
    }
    emp_answer_json(r);
    emp_products_list_end(&r->out, r->list, &r->state.page);
}

void emp_products_finish(emp_request *r)
{
    if (r->list || r->query.statement == EMP_ST_PRODUCTS_LIST) {
        read_next_row(r);
        return;
    }
    emp_answer_json(r);
    emp_products_page_put(&r->out, r->query.result, &r->state.page);
}

emp_step emp_product_begin(emp_request *r)
{
    uint64_t id = 0; /* digits only: no sign */
    if (br_parse_u64(r->segment, &id) != BR_OK || id < 1 || id > INT64_MAX)
        return emp_answer_problem(r, 404, "there is no such product: not an id");
    emp_product_get_query(&r->query, (int64_t) id);
    return EMP_STEP_QUERY;
}

void emp_product_finish(emp_request *r)
{
    if (emp_result_rows(r->query.result) == 0) {
        emp_answer_problem(r, 404, "there is no such product");
        return;
    }
    emp_answer_json(r);
    emp_product_put(&r->out, r->query.result);
    emp_answer_tag(r);
}

emp_step emp_products_top_begin(emp_request *r)
{
    br_err err;
    if (emp_param_int(r->params.value[0], &top_range, &r->state.limit, &err) != BR_OK) {
        return emp_answer_problem(r, 400, "%s", err.msg);
    }
    emp_products_top_query(&r->query, r->state.limit);
    return EMP_STEP_QUERY;
}

void emp_products_top_finish(emp_request *r)
{
    emp_answer_json(r);
    emp_products_top_put(&r->out, r->query.result, r->state.limit);
}
