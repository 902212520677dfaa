#include "cli/quick/quick_request.h"
#include "cli/quick/quick_targets.h"

/* Every line is within the text; every request that is made passes the client's own checks. */
static bool within(br_str part, br_str text)
{
    return part.n == 0 || (part.p >= text.p && part.p + part.n <= text.p + text.n);
}

static void check_lines(br_str text)
{
    br_str rest = text;
    size_t number = 0, before = 0;
    br_target_line line;
    while (br_target_line_next(&rest, &number, &line)) {
        BR_ASSERT(line.number == number && number > before);
        BR_ASSERT(within(line.text, text) && within(line.method, text));
        before = number;
    }
}

static void check_requests(br_str text)
{
    static const br_str header = BR_STR_INIT("X-A: of the flags");
    br_quick_flags flags = {.headers = &header, .header_count = 1};
    br_request_set set;
    br_err err;
    br_request_set_init(&set);
    if (br_request_set_add_file(&set, &flags, text, "t", &err) != BR_OK) BR_ASSERT(err.msg[0] != 0);
    for (size_t i = 0; i < set.list.len; i++) {
        const br_http_request *q = &set.list.data[i];
        BR_ASSERT(q->method.n > 0 && q->url.host.n > 0 && q->header_count >= 2);
        for (size_t k = 0; k < q->header_count; k++) {
            BR_ASSERT(q->headers[k].name.n > 0);
            BR_ASSERT(br_str_find_char(q->headers[k].value, '\n') < 0);
        }
    }
    br_request_set_deinit(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str text = {(const char *) data, size};
    check_lines(text);
    if (br_str_find_char(text, '@') < 0) check_requests(text); /* no files are read here */
    return 0;
}
