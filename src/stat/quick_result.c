#include "stat/quick_result.h"
#include <stdio.h>
#include <string.h>
#include "base/mem.h"

static void each_hist(br_quick_tally *t, void (*fn)(br_hist *h))
{
    br_hist *const list[] = {&t->service, &t->response, &t->wait, &t->lag, &t->connect};
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        fn(list[i]);
    }
}

void br_quick_tally_init(br_quick_tally *t)
{
    *t = (br_quick_tally){0};
    each_hist(t, br_hist_init);
}

void br_quick_tally_deinit(br_quick_tally *t)
{
    each_hist(t, br_hist_deinit);
}

br_quick_tally *br_quick_tally_new(void)
{
    br_quick_tally *t = BR_NEW(br_quick_tally);
    br_quick_tally_init(t);
    return t;
}

void br_quick_tally_free(br_quick_tally *t)
{
    if (t == NULL) return;
    br_quick_tally_deinit(t);
    br_free(t);
}

void br_quick_tally_reset(br_quick_tally *t)
{
    each_hist(t, br_hist_reset);
    *t = (br_quick_tally){.service = t->service,
        .response = t->response,
        .wait = t->wait,
        .lag = t->lag,
        .connect = t->connect};
}

static void add_error(br_quick_tally *t, int code, const char *text, uint64_t count)
{
    for (size_t i = 0; i < t->error_count; i++) {
        if (t->errors[i].code == code && strcmp(t->errors[i].text, text) == 0) {
            t->errors[i].count += count;
            return;
        }
    }
    if (t->error_count == BR_QUICK_ERRORS_MAX) {
        t->errors_beyond += count;
        return;
    }
    br_quick_error *e = &t->errors[t->error_count++];
    e->code = code;
    e->count = count;
    snprintf(e->text, sizeof(e->text), "%s", text);
}

void br_quick_tally_error(br_quick_tally *t, int code, const char *text)
{
    char cut[sizeof(t->errors[0].text)]; /* compared as it is kept */
    snprintf(cut, sizeof(cut), "%s", text);
    add_error(t, code, cut, 1);
}

void br_quick_tally_merge(br_quick_tally *into, const br_quick_tally *from)
{
    into->requests += from->requests;
    into->failed += from->failed;
    into->timeouts += from->timeouts;
    into->late += from->late;
    into->redirects += from->redirects;
    into->sent_bytes += from->sent_bytes;
    into->received_bytes += from->received_bytes;
    into->body_bytes += from->body_bytes;
    into->opened += from->opened;
    into->reused += from->reused;
    into->http2 += from->http2;
    into->queued += from->queued;
    into->out_of_descriptors += from->out_of_descriptors;
    into->out_of_ports += from->out_of_ports;
    into->errors_beyond += from->errors_beyond;
    for (size_t i = 0; i < BR_QUICK_STATUS_MAX; i++) {
        into->status[i] += from->status[i];
    }
    for (size_t i = 0; i < from->error_count; i++) {
        add_error(into, from->errors[i].code, from->errors[i].text, from->errors[i].count);
    }
    br_hist_merge(&into->service, &from->service);
    br_hist_merge(&into->response, &from->response);
    br_hist_merge(&into->wait, &from->wait);
    br_hist_merge(&into->lag, &from->lag);
    br_hist_merge(&into->connect, &from->connect);
}

void br_quick_result_deinit(br_quick_result *r)
{
    br_quick_tally_deinit(&r->tally);
    br_free(r->workers);
    r->workers = NULL;
}

double br_quick_rate(const br_quick_result *r)
{
    bool whole = r->planned > 0 && !r->interrupted;
    uint64_t n = whole ? r->tally.requests - r->tally.late : r->tally.requests;
    br_ns length = whole ? r->planned : r->elapsed;
    return length > 0 ? (double) n * 1e9 / (double) length : 0;
}
