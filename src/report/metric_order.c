#include "report/metric_order.h"
#include <ctype.h>
#include <stdlib.h>

/* The first row that fits decides, so that "browser_web_vital_" comes before "browser_". */
static const struct {
    br_str prefix;
    br_metric_category category;
} categories[] = {
    {BR_STR_INIT("checks"), BR_CATEGORY_HIDDEN},
    {BR_STR_INIT("group_duration"), BR_CATEGORY_HIDDEN},
    {BR_STR_INIT("http_req_blocked"), BR_CATEGORY_DETAIL},
    {BR_STR_INIT("http_req_connecting"), BR_CATEGORY_DETAIL},
    {BR_STR_INIT("http_req_receiving"), BR_CATEGORY_DETAIL},
    {BR_STR_INIT("http_req_sending"), BR_CATEGORY_DETAIL},
    {BR_STR_INIT("http_req_tls_handshaking"), BR_CATEGORY_DETAIL},
    {BR_STR_INIT("http_req_waiting"), BR_CATEGORY_DETAIL},
    {BR_STR_INIT("http_reqs"), BR_CATEGORY_HTTP},
    {BR_STR_INIT("http_req_duration"), BR_CATEGORY_HTTP},
    {BR_STR_INIT("http_req_failed"), BR_CATEGORY_HTTP},
    {BR_STR_INIT("http_res_time"), BR_CATEGORY_HTTP},
    {BR_STR_INIT("vus"), BR_CATEGORY_EXECUTION},
    {BR_STR_INIT("iterations"), BR_CATEGORY_EXECUTION},
    {BR_STR_INIT("iteration_duration"), BR_CATEGORY_EXECUTION},
    {BR_STR_INIT("dropped_iterations"), BR_CATEGORY_EXECUTION},
    {BR_STR_INIT("data_sent"), BR_CATEGORY_NETWORK},
    {BR_STR_INIT("data_received"), BR_CATEGORY_NETWORK},
    {BR_STR_INIT("browser_web_vital_"), BR_CATEGORY_WEB_VITALS},
    {BR_STR_INIT("browser_"), BR_CATEGORY_BROWSER},
    {BR_STR_INIT("grpc_"), BR_CATEGORY_GRPC},
    {BR_STR_INIT("ws_"), BR_CATEGORY_WEBSOCKET},
};

br_metric_category br_metric_category_of(br_str name)
{
    for (size_t i = 0; i < BR_COUNT_OF(categories); i++) {
        if (br_str_starts(name, categories[i].prefix)) return categories[i].category;
    }
    return BR_CATEGORY_CUSTOM;
}

const char *br_metric_category_name(br_metric_category category)
{
    static const char *const names[] = {"CUSTOM", "HTTP", "EXECUTION", "NETWORK", "BROWSER", "WEB_VITALS",
        "GRPC", "WEBSOCKET", "CHECKS", "HTTP DETAIL"};
    return names[category];
}

/* Classes of characters in the order in which a dictionary has them. */
static int class_of(unsigned char c)
{
    if (c >= 0x80) return 4;
    if (isalpha(c)) return 3;
    if (isdigit(c)) return 2;
    return c == ' ' ? 0 : 1;
}

int br_metric_order_names(br_str a, br_str b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        unsigned char x = (unsigned char) a.p[i], y = (unsigned char) b.p[i];
        int difference = class_of(x) != class_of(y) ? class_of(x) - class_of(y) : tolower(x) - tolower(y);
        if (difference != 0) return difference;
    }
    if (a.n != b.n) return a.n < b.n ? -1 : 1;
    return -br_str_cmp(a, b); /* equal but for capitals: small letters first */
}

static br_str parent_name(const br_result_metric *m)
{
    return m->suffix.n > 0 ? m->parent : m->name;
}

static int by_name(const void *a, const void *b)
{
    const br_result_metric *x = *(const br_result_metric *const *) a,
                           *y = *(const br_result_metric *const *) b;
    int order = br_metric_order_names(parent_name(x), parent_name(y));
    return order != 0 ? order : br_metric_order_names(x->suffix, y->suffix);
}

const br_result_metric **br_metric_order_sorted(const br_run_result *result, br_arena *arena)
{
    size_t n = result->metric_count;
    const br_result_metric **sorted = br_arena_alloc(arena, (n + 1) * sizeof(*sorted));
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &result->metrics[i];
    }
    qsort(sorted, n, sizeof(*sorted), by_name);
    return sorted;
}

const br_result_metric *br_metric_order_find(const br_run_result *result, br_str name)
{
    for (size_t i = 0; i < result->metric_count; i++) {
        const br_result_metric *m = &result->metrics[i];
        if (m->suffix.n == 0 && br_str_eq(m->name, name)) return m;
    }
    return NULL;
}
