#include "codec/h1.h"
#include <stdio.h>
#include "base/assert.h"
#include "base/mem.h"
#include "codec/h1_int.h"

static br_h1 *parser_of(llhttp_t *m)
{
    return (br_h1 *) m->data;
}

static uint32_t offset_of(br_h1 *p, const char *at, size_t n)
{
    if (!p->started) {
        p->started = true;
        p->chunk = at;
    }
    p->end = at + n;
    return (uint32_t) (p->head->len + (size_t) (at - p->chunk));
}

static int stop_with(br_h1 *p, br_code code)
{
    p->code = code;
    return HPE_USER;
}

static int on_status(llhttp_t *m, const char *at, size_t n)
{
    br_h1 *p = parser_of(m);
    uint32_t offset = offset_of(p, at, n);
    if (p->reason_len == 0) {
        p->reason_at = offset;
    }
    p->reason_len = offset + (uint32_t) n - p->reason_at;
    return 0;
}

/* A piece of a trailer field's name or value: put behind the head at once, whose limit holds for both. */
static int take_trailer(br_h1 *p, const char *at, size_t n, bool value)
{
    if (p->events->on_trailer == NULL) {
        return 0;
    }
    uint32_t end = (uint32_t) p->head->len;
    if (!value && !p->in_name) {
        p->in_name = true;
        p->in_value = false;
        p->field = (br_h1_field){.name_at = end};
    } else if (value && !p->in_value) {
        p->in_value = true;
        p->field.value_at = end;
    }
    *(value ? &p->field.value_len : &p->field.name_len) += (uint32_t) n;
    br_code code = br_buf_append(p->head, at, n);
    return code == BR_OK ? 0 : stop_with(p, code);
}

static int end_trailer(br_h1 *p)
{
    if (!p->in_name) {
        return 0;
    }
    p->field.value_at = p->in_value ? p->field.value_at : p->field.name_at + p->field.name_len;
    p->in_name = p->in_value = false;
    br_code code = p->events->on_trailer(p->ctx, &p->field);
    return code == BR_OK ? 0 : stop_with(p, code);
}

static int on_header_field(llhttp_t *m, const char *at, size_t n)
{
    if (m->flags & F_TRAILING) {
        return take_trailer(parser_of(m), at, n, false);
    }
    br_h1 *p = parser_of(m);
    uint32_t offset = offset_of(p, at, n);
    if (!p->in_name) {
        p->in_name = true;
        p->in_value = false;
        p->field = (br_h1_field){.name_at = offset};
    }
    p->field.name_len = offset + (uint32_t) n - p->field.name_at;
    return 0;
}

static int on_header_value(llhttp_t *m, const char *at, size_t n)
{
    if (m->flags & F_TRAILING) {
        return take_trailer(parser_of(m), at, n, true);
    }
    br_h1 *p = parser_of(m);
    uint32_t offset = offset_of(p, at, n);
    if (!p->in_value) {
        p->in_value = true;
        p->field.value_at = offset;
    } else if (offset != p->field.value_at + p->field.value_len) {
        p->folded = true; /* a continuation line: the gap holds CR LF */
    }
    p->field.value_len = offset + (uint32_t) n - p->field.value_at;
    return 0;
}

static int on_header_value_complete(llhttp_t *m)
{
    br_h1 *p = parser_of(m);
    if (m->flags & F_TRAILING) {
        return end_trailer(p);
    }
    if (!p->in_name) {
        return 0;
    }
    if (!p->in_value) {
        p->field.value_at = p->field.name_at + p->field.name_len;
        p->field.value_len = 0;
    }
    p->in_name = p->in_value = false;
    if (p->fields->len >= BR_H1_FIELDS_MAX) {
        return stop_with(p, BR_ELIMIT);
    }
    *br_vec_push(p->fields) = p->field;
    return 0;
}

/* Continuation lines join the value: their line ends become blanks. */
static void unfold(br_buf *head)
{
    for (size_t i = 0; i < head->len; i++) {
        if (head->data[i] == '\r' || head->data[i] == '\n') {
            head->data[i] = ' ';
        }
    }
}

/* Moves what belongs to the head of this piece, up to `end`, into the buffer. */
static br_code keep_head(br_h1 *p, const char *end)
{
    if (!p->started || p->chunk == NULL || end <= p->chunk) {
        return BR_OK;
    }
    br_code code = br_buf_append(p->head, p->chunk, (size_t) (end - p->chunk));
    p->chunk = end;
    return code;
}

static int on_headers_complete(llhttp_t *m)
{
    br_h1 *p = parser_of(m);
    if (m->http_major != 1) {
        snprintf(p->error, sizeof(p->error), "malformed HTTP version \"HTTP/%d.%d\"", m->http_major,
            m->http_minor);
        return stop_with(p, BR_EPROTO);
    }
    br_code code = keep_head(p, p->end);
    if (code != BR_OK) {
        return stop_with(p, code);
    }
    if (p->folded) {
        unfold(p->head);
    }
    int status = m->status_code;
    p->final = (br_h1_head){.status = status,
        .http_minor = m->http_minor,
        .reason_at = p->reason_at,
        .reason_len = p->reason_len,
        .has_length = (m->flags & F_CONTENT_LENGTH) != 0};
    p->final.length = p->final.has_length ? m->content_length : 0;
    code = p->events->on_head(p->ctx, &p->final);
    if (code != BR_OK) {
        return stop_with(p, code);
    }
    p->has_head = status >= 200 || (status == 101 && p->upgrade);
    return (p->to_head || status < 200 || status == 204 || status == 304) ? 1 : 0;
}

static int on_body(llhttp_t *m, const char *at, size_t n)
{
    br_h1 *p = parser_of(m);
    br_code code = n > 0 ? p->events->on_body(p->ctx, (br_str){at, n}) : BR_OK;
    return code == BR_OK ? 0 : stop_with(p, code);
}

/* Everything about the head that is being read; also between an informational answer and the next. */
static void forget_head(br_h1 *p)
{
    p->chunk = p->end = NULL;
    p->started = p->in_name = p->in_value = p->folded = false;
    p->reason_at = p->reason_len = 0;
}

static int on_message_complete(llhttp_t *m)
{
    br_h1 *p = parser_of(m);
    if (!p->has_head) {
        br_buf_reset(p->head);
        br_vec_reset(p->fields);
        forget_head(p);
        return 0;
    }
    p->complete = true;
    p->keep_alive = llhttp_should_keep_alive(m) != 0;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_status = on_status,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

br_h1 *br_h1_new(const br_h1_events *events, br_h1_memo *memo, void *ctx)
{
    br_h1 *p = BR_NEW(br_h1);
    p->events = events;
    p->memo = memo;
    p->ctx = ctx;
    llhttp_init(&p->machine, HTTP_RESPONSE, &settings);
    p->machine.data = p;
    llhttp_set_lenient_chunked_length(&p->machine, 1);
    llhttp_set_lenient_optional_cr_before_lf(&p->machine, 1);
    llhttp_set_lenient_spaces_after_chunk_size(&p->machine, 1);
    return p;
}

void br_h1_free(br_h1 *p)
{
    br_free(p);
}

void br_h1_start(br_h1 *p, br_buf *head, br_h1_fields *fields, bool to_head)
{
    BR_ASSERT(head->len == 0 && fields->len == 0);
    p->fresh = true;
    p->head = head;
    p->fields = fields;
    p->head_bytes = 0;
    forget_head(p);
    p->to_head = to_head;
    p->upgrade = p->has_head = p->complete = p->keep_alive = false;
    p->code = BR_OK;
    p->error[0] = 0;
}

void br_h1_expect_upgrade(br_h1 *p)
{
    p->upgrade = true;
}

/* The line of the piece around `at`, without its end. */
static br_str line_around(br_str bytes, const char *at)
{
    const char *end = bytes.p + bytes.n;
    if (at == NULL || at < bytes.p || at > end) {
        at = bytes.p;
    }
    const char *from = at, *to = at;
    while (from > bytes.p && from[-1] != '\n') {
        from--;
    }
    while (to < end && *to != '\r' && *to != '\n') {
        to++;
    }
    return (br_str){from, to > from ? (size_t) (to - from) : 0};
}

/* For messages: printable ASCII as it is, the rest as \xNN; cut at the end of `out`. */
static void quote(br_str s, char *out, size_t out_bytes)
{
    size_t len = 0;
    out[len++] = '"';
    for (size_t i = 0; i < s.n && len + 8 < out_bytes; i++) {
        unsigned char c = (unsigned char) s.p[i];
        if (c == '"' || c == '\\') {
            out[len++] = '\\';
            out[len++] = (char) c;
        } else if (c >= 0x20 && c < 0x7f) {
            out[len++] = (char) c;
        } else {
            len += (size_t) snprintf(out + len, out_bytes - len, "\\x%02x", c);
        }
    }
    out[len++] = '"';
    out[len] = 0;
}

static bool is_status_code(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return s.n == 3;
}

/* Says of a first line what Go's client says, in its order of checks. */
static void describe_status_line(br_h1 *p, br_str line)
{
    char quoted[120];
    br_str rest, proto, status;
    ptrdiff_t blank = br_str_find_char(line, ' ');
    if (blank < 0) {
        quote(line, quoted, sizeof(quoted));
        snprintf(p->error, sizeof(p->error), "malformed HTTP response %s", quoted);
        return;
    }
    proto = br_str_sub(line, 0, (size_t) blank);
    rest = br_str_trim(br_str_sub(line, (size_t) blank, line.n));
    ptrdiff_t end = br_str_find_char(rest, ' ');
    status = br_str_sub(rest, 0, end < 0 ? rest.n : (size_t) end);
    bool bad_status = !is_status_code(status);
    quote(bad_status ? status : proto, quoted, sizeof(quoted));
    snprintf(
        p->error, sizeof(p->error), "malformed HTTP %s %s", bad_status ? "status code" : "version", quoted);
}

static void describe_body(br_h1 *p, llhttp_errno_t e)
{
    bool size = e == HPE_INVALID_CHUNK_SIZE;
    snprintf(p->error, sizeof(p->error), "%s",
        size ? "invalid byte in chunk length" : "malformed chunked encoding");
}

static br_code describe(br_h1 *p, llhttp_errno_t e, br_str bytes)
{
    br_str line = line_around(bytes, llhttp_get_error_pos(&p->machine));
    char quoted[120];
    if (p->has_head) {
        describe_body(p, e);
    } else if (e == HPE_INVALID_CONTENT_LENGTH || e == HPE_UNEXPECTED_CONTENT_LENGTH) {
        ptrdiff_t colon = br_str_find_char(line, ':');
        quote(br_str_trim(br_str_sub(line, (size_t) (colon + 1), line.n)), quoted, sizeof(quoted));
        snprintf(p->error, sizeof(p->error), "bad Content-Length %s", quoted);
    } else if (p->started) {
        quote(line, quoted, sizeof(quoted));
        snprintf(p->error, sizeof(p->error), "malformed MIME header line: %.*s", (int) strlen(quoted) - 2,
            quoted + 1);
    } else {
        describe_status_line(p, line);
    }
    return BR_EPROTO;
}

/* A piece ended inside a head: keeps it, within the limit of all head bytes together. */
static br_code pause_in_head(br_h1 *p, br_str bytes)
{
    p->head_bytes += bytes.n;
    if (p->head_bytes > p->head->max_bytes) {
        return BR_ELIMIT;
    }
    return keep_head(p, bytes.p + bytes.n);
}

static br_code parse(br_h1 *p, br_str bytes, size_t *ret_used)
{
    p->chunk = p->started ? bytes.p : NULL;
    p->end = bytes.p;
    llhttp_errno_t e = llhttp_execute(&p->machine, bytes.p, bytes.n);
    if (e == HPE_OK) {
        br_code code = p->has_head ? BR_OK : pause_in_head(p, bytes);
        if (code != BR_OK) {
            return code;
        }
        *ret_used = bytes.n;
        return BR_AGAIN;
    }
    if (e == HPE_PAUSED && p->complete) {
        *ret_used = (size_t) (llhttp_get_error_pos(&p->machine) - bytes.p);
        return BR_OK;
    }
    return p->code != BR_OK ? p->code : describe(p, e, bytes);
}

/* Parses what follows the first *ret_used bytes. */
static br_code parse_rest(br_h1 *p, br_str bytes, size_t *ret_used)
{
    size_t before = *ret_used, used = 0;
    if (before == bytes.n) {
        return BR_AGAIN;
    }
    br_code code = parse(p, br_str_sub(bytes, before, bytes.n), &used);
    *ret_used = before + used;
    return code;
}

/*
 * The first piece of an answer: its head may be known, or be worth knowing, for which it is fed by itself.
 */
static br_code parse_first(br_h1 *p, br_str bytes, size_t *ret_used)
{
    size_t head_bytes = 0;
    br_code code = br_h1_memo_recall(p, bytes, &head_bytes);
    if (code != BR_OK) {
        return code;
    }
    if (head_bytes == 0) {
        llhttp_reset(&p->machine); /* keeps type, settings, data and leniencies */
        head_bytes = br_h1_memo_measure(p, bytes);
        code = parse(p, head_bytes == 0 ? bytes : (br_str){bytes.p, head_bytes}, ret_used);
        if (head_bytes == 0 || (code != BR_OK && code != BR_AGAIN)) {
            return code;
        }
        if (p->has_head && *ret_used == head_bytes) {
            br_h1_memo_learn(p, (br_str){bytes.p, head_bytes});
        }
    } else {
        *ret_used = head_bytes;
    }
    return p->complete ? BR_OK : parse_rest(p, bytes, ret_used);
}

br_code br_h1_feed(br_h1 *p, br_str bytes, size_t *ret_used)
{
    BR_ASSERT(!p->complete);
    if (p->fresh) {
        p->fresh = false;
        return parse_first(p, bytes, ret_used);
    }
    return parse(p, bytes, ret_used);
}

br_code br_h1_finish(br_h1 *p)
{
    if (p->fresh) {
        return BR_EOF;
    }
    (void) llhttp_finish(&p->machine); /* its result is told by on_message_complete */
    return p->complete ? BR_OK : BR_EOF;
}

bool br_h1_has_head(const br_h1 *p)
{
    return p->has_head;
}
bool br_h1_keep_alive(const br_h1 *p)
{
    return p->keep_alive;
}
const char *br_h1_error(const br_h1 *p)
{
    return p->error;
}
