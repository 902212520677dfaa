#include "cli/quick/quick_targets.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "Name: value" or "Name:"; a URL has something else than a blank behind its first colon. */
static bool is_header(br_str line)
{
    ptrdiff_t colon = br_str_find_char(line, ':');
    if (colon <= 0) return false;
    for (ptrdiff_t i = 0; i < colon; i++) {
        if (is_blank(line.p[i])) return false;
    }
    return (size_t) colon + 1 == line.n || is_blank(line.p[colon + 1]);
}

static void split_target(br_str line, br_target_line *ret)
{
    size_t n = 0;
    while (n < line.n && !is_blank(line.p[n]))
        n++;
    bool method = n < line.n;
    *ret = (br_target_line){.kind = BR_TARGET_URL,
        .method = method ? br_str_sub(line, 0, n) : BR_STR_NONE,
        .text = method ? br_str_trim(br_str_sub(line, n, line.n)) : line};
}

bool br_target_line_next(br_str *rest, size_t *number, br_target_line *ret)
{
    br_str line;
    while (rest->p != NULL && br_str_cut(rest, '\n', &line)) {
        ++*number;
        line = br_str_trim(line);
        if (line.n == 0 || line.p[0] == '#') continue;
        if (line.p[0] == '@')
            *ret = (br_target_line){.kind = BR_TARGET_BODY, .text = br_str_trim(br_str_sub(line, 1, line.n))};
        else if (is_header(line))
            *ret = (br_target_line){.kind = BR_TARGET_HEADER, .text = line};
        else
            split_target(line, ret);
        ret->number = *number;
        return true;
    }
    return false;
}
