#include "stat/quick_result.h"
#include <stdio.h>
#include <string.h>

void br_quick_tally_init(br_quick_tally *t)
{
    *t = (br_quick_tally){0};
    br_hist_init(&t->service);
    br_hist_init(&t->response);
    br_hist_init(&t->lag);
}

void br_quick_tally_deinit(br_quick_tally *t)
{
    br_hist_deinit(&t->service);
    br_hist_deinit(&t->response);
    br_hist_deinit(&t->lag);
}

void br_quick_tally_reset(br_quick_tally *t)
{
    br_hist service = t->service, response = t->response, lag = t->lag;
    br_hist_reset(&service);
    br_hist_reset(&response);
    br_hist_reset(&lag);
    *t = (br_quick_tally){.service = service, .response = response, .lag = lag};
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
    into->sent_bytes += from->sent_bytes;
    into->received_bytes += from->received_bytes;
    into->body_bytes += from->body_bytes;
    into->opened += from->opened;
    into->reused += from->reused;
    into->http2 += from->http2;
    into->errors_beyond += from->errors_beyond;
    for (size_t i = 0; i < BR_QUICK_STATUS_MAX; i++) {
        into->status[i] += from->status[i];
    }
    for (size_t i = 0; i < from->error_count; i++) {
        add_error(into, from->errors[i].code, from->errors[i].text, from->errors[i].count);
    }
    br_hist_merge(&into->service, &from->service);
    br_hist_merge(&into->response, &from->response);
    br_hist_merge(&into->lag, &from->lag);
}
