#include "cli/target/target.h"

#include <stdio.h>
#include <string.h>
#include "cli/target/single_request.h"

static br_code judge_answer(const br_http_response *response, const char *url, br_err *err)
{
    const br_http_error *e = &response->error;
    if (e->code != BR_OK)
        return br_fail(
            err, e->code, "the target does not answer: GET %s: %s", url, e->raw[0] ? e->raw : e->text);
    if (response->status >= 500)
        return br_fail(
            err, BR_EPROTO, "the target is not well: GET %s answered with status %d", url, response->status);
    return BR_OK;
}

br_code br_target_check(const char *base_url, const char *path, br_ns timeout_ns, br_err *err)
{
    char url[2048];
    size_t n = strlen(base_url);
    bool slash = n && base_url[n - 1] == '/';
    snprintf(url, sizeof(url), "%.*s%s", (int) (slash ? n - 1 : n), base_url, path);
    br_http_request request = {.method = BR_STR("GET"), .timeout_ns = timeout_ns, .drop_body = true};
    br_code code = br_url_parse(br_str_of(url), &request.url, err);
    if (code != BR_OK) return br_wrap(err, code, "target %s", url);
    br_single *single;
    code = br_single_new(false, &single, err); /* the test itself verifies certificates */
    if (code != BR_OK) return code;
    br_http_response response;
    br_http_response_init(&response);
    br_single_send(single, &request, &response);
    code = judge_answer(&response, url, err);
    br_http_response_deinit(&response);
    br_single_free(single);
    return code;
}
