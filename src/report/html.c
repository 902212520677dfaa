#include "report/html.h"
#include <jansson.h>
#include "base/assert.h"

/* web/'s page, put into the program by br_embed(). */
extern const char br_web_report_html[];
extern const uint64_t br_web_report_html_size;

static const br_str placeholder = BR_STR_INIT("@@BRUNT_RESULT@@");

/* JSON text in which no byte means anything to an HTML parser; only strings can hold these. */
static void put_escaped(br_buf *out, br_str json)
{
    size_t done = 0;
    for (size_t i = 0; i < json.n; i++) {
        unsigned char c = (unsigned char) json.p[i];
        bool separator = c == 0xe2 && i + 2 < json.n && (unsigned char) json.p[i + 1] == 0x80 &&
                         ((unsigned char) json.p[i + 2] & 0xfe) == 0xa8;
        if (c != '<' && c != '>' && c != '&' && !separator) continue;
        (void) br_buf_append(out, json.p + done, i - done);
        unsigned code = separator ? 0x2000u | (0x28u + ((unsigned char) json.p[i + 2] & 1u)) : c;
        (void) br_buf_printf(out, "\\u%04x", code);
        if (separator) i += 2;
        done = i + 1;
    }
    (void) br_buf_append(out, json.p + done, json.n - done);
}

/* The page with that JSON in it. */
static br_code put_page(br_str json, br_buf *out, br_err *err)
{
    br_str page = {br_web_report_html, (size_t) br_web_report_html_size};
    ptrdiff_t at = br_str_find(page, placeholder);
    BR_ASSERT(at >= 0);
    br_buf made;
    br_buf_init(&made, BR_BUF_NO_LIMIT);
    (void) br_buf_put(&made, br_str_sub(page, 0, (size_t) at));
    put_escaped(&made, json);
    (void) br_buf_put(&made, br_str_sub(page, (size_t) at + placeholder.n, page.n));
    br_code rc = br_buf_append(out, made.data, made.len);
    if (rc != BR_OK) rc = br_fail(err, rc, "the page does not fit into %zu bytes", out->max_bytes);
    br_buf_deinit(&made);
    return rc;
}

static size_t escaped_bytes(br_str json)
{
    br_buf escaped;
    br_buf_init(&escaped, BR_BUF_NO_LIMIT);
    put_escaped(&escaped, json);
    size_t n = escaped.len;
    br_buf_deinit(&escaped);
    return n;
}

/* Less of what there may be much of; what says most about a run is cut last. */
static bool reduce(br_result_limits *l)
{
    if (l->samples_max > BR_HTML_SAMPLES_MAX / 4) {
        l->samples_max /= 2;
        return true;
    }
    l->endpoints_max /= 2;
    l->checks_max /= 2;
    l->metrics_max /= 2;
    l->rows_max /= 2;
    return l->endpoints_max >= BR_HTML_ENDPOINTS_LEAST;
}

/* The result's JSON, so short that the page stays small. */
static br_code put_result(const br_run_result *result, const br_result_info *info, br_buf *json, br_err *err)
{
    br_result_limits limits = {.endpoints_max = BR_HTML_ENDPOINTS_MAX,
        .checks_max = BR_HTML_CHECKS_MAX,
        .metrics_max = BR_HTML_METRICS_MAX,
        .series_max = BR_HTML_SERIES_MAX,
        .samples_max = BR_HTML_SAMPLES_MAX,
        .rows_max = BR_HTML_ROWS_MAX};
    for (;;) {
        br_result_limits next = limits;
        br_buf_reset(json);
        br_code rc = br_report_result_json(result, info, &limits, json, err);
        if (rc != BR_OK || br_web_report_html_size + escaped_bytes(br_buf_view(json)) <= BR_HTML_BYTES_MAX ||
            !reduce(&next))
            return rc;
        limits = next;
    }
}

br_code br_report_html(const br_run_result *result, const br_result_info *info, br_buf *out, br_err *err)
{
    br_buf json;
    br_buf_init(&json, BR_BUF_NO_LIMIT);
    br_code rc = put_result(result, info, &json, err);
    if (rc == BR_OK) rc = put_page(br_buf_view(&json), out, err);
    br_buf_deinit(&json);
    return rc;
}

br_code br_report_html_of_document(br_str document, br_buf *out, br_err *err)
{
    json_error_t why;
    json_t *json = json_loadb(document.p, document.n, JSON_ALLOW_NUL, &why);
    const char *schema = json_string_value(json_object_get(json, "schema"));
    bool known = schema && strcmp(schema, "brunt.result/1") == 0;
    json_decref(json);
    if (!known) return br_fail(err, BR_ESYNTAX, "it is no document of the schema brunt.result/1");
    return put_page(document, out, err);
}
