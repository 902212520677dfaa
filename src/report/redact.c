#include "report/redact_int.h"

static bool is_one_of(char c, br_str set)
{
    return br_str_find_char(set, c) >= 0;
}

/* Does a URL in running text, or in a string of JSON, end here? */
static bool ends_url(char c)
{
    return (unsigned char) c <= ' ' || is_one_of(c, BR_STR("\"'<>\\)`"));
}

void br_redact_urls(br_buf *out, br_str text)
{
    const br_str mark = BR_STR("://");
    ptrdiff_t found;
    while ((found = br_str_find(text, mark)) >= 0) {
        size_t begin = (size_t) found + mark.n, end = begin, host = begin, path, query;
        while (end < text.n && !ends_url(text.p[end]))
            end++;
        while (end > begin && is_one_of(text.p[end - 1], BR_STR(".,:;")))
            end--; /* of the sentence */
        for (path = begin; path < end && !is_one_of(text.p[path], BR_STR("/?#")); path++) {
            if (text.p[path] == '@') host = path + 1;
        }
        for (query = path; query < end && text.p[query] != '?' && text.p[query] != '#'; query++) {
        }
        (void) br_buf_put(out, br_str_sub(text, 0, begin));
        (void) br_buf_put(out, br_str_sub(text, host, query));
        if (query < end) (void) br_buf_printf(out, "%c…", text.p[query]);
        text = br_str_sub(text, end, text.n);
    }
    (void) br_buf_put(out, text);
}
