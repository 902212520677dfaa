#include "empire/api/problem.h"

const char *emp_status_title(int status)
{
    switch (status) {
        case 200: return "OK";
        case 202: return "Accepted";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        case 503: return "Service Unavailable";
        default: return "Unknown";
    }
}

void emp_problem_put(br_buf *out, int status, const char *detail)
{
    br_buf_printf(out,
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":", emp_status_title(status),
        status);
    br_buf_put_json_str(out, br_str_of(detail));
    br_buf_putc(out, '}');
}
