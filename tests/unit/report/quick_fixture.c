#include "quick_fixture.h"
#include "base/mem.h"

static br_quick_result make(double rate, br_ns wait)
{
    br_quick_result r = {.url = BR_STR("http://127.0.0.1:8080/a"),
        .targets = 1,
        .connections = 10,
        .streams = 1,
        .rate = rate,
        .planned = 10 * BR_SEC,
        .elapsed = 10 * BR_SEC,
        .connections_opened = 10,
        .worker_count = 1};
    br_quick_tally_init(&r.tally);
    br_quick_tally *t = &r.tally;
    t->requests = t->status[200] = 1000;
    t->sent_bytes = 100000;
    t->received_bytes = 2000000;
    t->opened = 10;
    t->reused = 990;
    for (br_ns ms = 1; ms <= 1000; ms++) {
        br_hist_record(&t->service, ms * BR_MS);
        br_hist_record(&t->response, ms * BR_MS + wait);
        br_hist_record(&t->lag, 10 * BR_US);
    }
    for (int i = 0; wait > 0 && i < 900; i++) {
        br_hist_record(&t->wait, wait);
        t->queued++;
    }
    r.workers = br_calloc(1, sizeof(*r.workers));
    r.workers[0] = (br_worker_health){.cpu_share = 0.3, .busy_share = 0.3};
    r.generator = (br_generator){.resources = {.descriptors_peak = 20, .descriptors_limit = 1024}};
    return r;
}

br_quick_result quick_fixture_closed(void)
{
    return make(0, 0);
}

br_quick_result quick_fixture_open(void)
{
    return make(100, BR_SEC);
}
