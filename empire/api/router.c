#include "empire/api/router.h"

emp_method emp_method_parse(const char *name)
{
    br_str s = br_str_of(name);
    if (br_str_is(s, "GET")) return EMP_GET;
    if (br_str_is(s, "HEAD")) return EMP_HEAD;
    if (br_str_is(s, "POST")) return EMP_POST;
    return EMP_METHOD_OTHER;
}

/* Does the path fit the route? Then *ret_segment is what stood for ":". */
static bool fits(const emp_route *route, br_str path, br_str *ret_segment)
{
    br_str pattern = br_str_of(route->path);
    if (pattern.p[pattern.n - 1] != ':') {
        *ret_segment = BR_STR_NONE;
        return br_str_eq(pattern, path);
    }
    pattern.n--;
    if (!br_str_starts(path, pattern)) return false;
    br_str segment = br_str_sub(path, pattern.n, path.n);
    if (segment.n == 0 || br_str_find_char(segment, '/') >= 0) return false;
    *ret_segment = segment;
    return true;
}

br_code emp_router_find(
    const emp_route *routes, size_t count, emp_method method, br_str path, emp_match *ret_match)
{
    bool path_exists = false;
    if (method == EMP_HEAD) method = EMP_GET;
    for (size_t i = 0; i < count; i++) {
        br_str segment;
        if (!fits(&routes[i], path, &segment)) continue;
        path_exists = true;
        if (routes[i].method != method) continue;
        *ret_match = (emp_match){&routes[i], segment};
        return BR_OK;
    }
    return path_exists ? BR_EUNSUPPORTED : BR_ENOTFOUND;
}

void emp_router_allow(const emp_route *routes, size_t count, br_str path, br_buf *out)
{
    const char *comma = "";
    for (size_t i = 0; i < count; i++) {
        br_str segment;
        if (!fits(&routes[i], path, &segment)) continue;
        br_buf_printf(out, "%s%s", comma, routes[i].method == EMP_GET ? "GET, HEAD" : "POST");
        comma = ", ";
    }
}
