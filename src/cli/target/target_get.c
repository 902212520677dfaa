#include "cli/target/target_get.h"
#include "cli/target/single_request.h"

static bool is_below(br_str url, br_str base)
{
    br_str rest = br_str_sub(url, base.n, url.n);
    if (!br_str_starts(url, base)) return false;
    return rest.n == 0 || br_str_starts(rest, BR_STR("/")) || br_str_starts(rest, BR_STR("?"));
}

const br_http_header *br_target_headers(
    const br_environment *e, br_str url, br_arena *arena, size_t *ret_count)
{
    *ret_count = 0;
    if (!is_below(url, e->base_url)) return NULL;
    br_http_header *list = br_arena_zalloc(arena, (e->header_count + 1) * sizeof(*list));
    for (size_t i = 0; i < e->header_count; i++)
        list[i] = (br_http_header){e->headers[i].name, e->headers[i].value};
    *ret_count = e->header_count;
    return list;
}

static br_code take_answer(
    const br_http_response *r, const char *url, br_arena *arena, br_target_answer *ret, br_err *err)
{
    const br_http_error *e = &r->error;
    if (e->code != BR_OK) return br_fail(err, e->code, "GET %.1000s: %s", url, e->raw[0] ? e->raw : e->text);
    *ret = (br_target_answer){.status = r->status,
        .body = br_arena_str(arena, br_buf_view(&r->body)),
        .duration = r->times.end - r->times.start};
    return BR_OK;
}

br_code br_target_get(const br_environment *e, const char *url, br_ns timeout, br_arena *arena,
    br_target_answer *ret, br_err *err)
{
    br_http_request request = {.method = BR_STR("GET"), .timeout_ns = timeout};
    br_code code = br_url_parse(br_str_of(url), &request.url, err);
    if (code != BR_OK) return br_wrap(err, code, "%.1000s", url);
    br_single *single;
    code = br_single_new(false, &single, err);
    if (code != BR_OK) return code;
    br_http_response response;
    br_http_response_init(&response);
    request.headers = br_target_headers(e, br_str_of(url), arena, &request.header_count);
    br_single_send(single, &request, &response);
    code = take_answer(&response, url, arena, ret, err);
    br_http_response_deinit(&response);
    br_single_free(single);
    return code;
}
