#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

static const struct {
    const char *name, *text;
} codes[] = {
#define CODE_ROW(name, text) {#name, text},
    BR_CODES(CODE_ROW)
#undef CODE_ROW
};

BR_STATIC_ASSERT(BR_COUNT_OF(codes) == BR_CODE_COUNT, "one row per code");

static bool is_code(br_code code)
{
    return (unsigned) code < (unsigned) BR_CODE_COUNT;
}

const char *br_code_name(br_code code)
{
    return is_code(code) ? codes[code].name : "BR_?";
}

const char *br_code_text(br_code code)
{
    return is_code(code) ? codes[code].text : "unknown error";
}

/*
 * Messages are built in a local array first: the arguments may point into the very message that
 * is replaced ("%s", err->msg).
 */
static void set_message(br_err *err, br_code code, int sys_errno, const char *text)
{
    err->code = code;
    err->sys_errno = sys_errno;
    snprintf(err->msg, sizeof(err->msg), "%s", text);
}

/* Adds ": <tail>" behind a text that may have been cut already. */
static void add_tail(char *text, size_t size, const char *tail)
{
    const char *const parts[] = {": ", tail};
    size_t len = strlen(text);
    for (size_t i = 0; i < BR_COUNT_OF(parts); i++) {
        size_t n = strnlen(parts[i], size - 1 - len);
        memcpy(text + len, parts[i], n);
        len += n;
    }
    text[len] = '\0';
}

br_code br_fail(br_err *err, br_code code, const char *fmt, ...)
{
    if (!err) return code;
    char text[sizeof(err->msg)];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    set_message(err, code, 0, text);
    return code;
}

br_code br_fail_errno(br_err *err, br_code code, int sys_errno, const char *fmt, ...)
{
    if (!err) return code;
    char text[sizeof(err->msg)], reason[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    add_tail(text, sizeof(text), strerror_r(sys_errno, reason, sizeof(reason)));
    set_message(err, code, sys_errno, text);
    return code;
}

br_code br_wrap(br_err *err, br_code code, const char *fmt, ...)
{
    if (!err) return code;
    char text[sizeof(err->msg)];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    add_tail(text, sizeof(text), err->msg[0] ? err->msg : br_code_text(code));
    set_message(err, code, err->sys_errno, text);
    return code;
}

br_code br_code_from_errno(int sys_errno)
{
    switch (sys_errno) {
        case 0: return BR_OK;
        case ENOENT: return BR_ENOTFOUND;
        case EACCES:
        case EPERM:
        case EROFS: return BR_EACCESS;
        case EEXIST: return BR_EEXISTS;
        case EINVAL:
        case EISDIR:
        case ENOTDIR:
        case ENAMETOOLONG:
        case ELOOP: return BR_EINVAL;
        case EMFILE:
        case ENFILE: return BR_ENOFDS;
        case EPIPE: return BR_EPIPE;
        case EAGAIN: return BR_AGAIN;
        default: return BR_EIO;
    }
}
