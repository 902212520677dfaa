#include "cli/test/test_timetable.h"

#include <time.h>
#include "base/num.h"
#include "cli/test/test_watch.h"

static void put_key(br_buf *out, const char *key)
{
    (void) br_buf_printf(out, "\n  %-10s", key);
}

static void put_stages(const br_load_plan *load, br_buf *out)
{
    br_ns at = 0;
    int64_t level = load->start_vus;
    for (size_t i = 0; i < load->stage_count; i++) {
        const br_load_stage *stage = &load->stages[i];
        if (i) put_key(out, "");
        (void) br_buf_puts(out, "from ");
        (void) br_buf_put_duration(out, at);
        (void) br_buf_printf(out, ": %lld ", (long long) level);
        if (stage->target != level) (void) br_buf_printf(out, "to %lld ", (long long) stage->target);
        (void) br_buf_puts(out, "VUs ");
        if (stage->duration) {
            (void) br_buf_puts(out, stage->target == level ? "for " : "within ");
            (void) br_buf_put_duration(out, stage->duration);
        } else {
            (void) br_buf_puts(out, "at once");
        }
        at += stage->duration;
        level = stage->target;
    }
}

static void put_load(const br_test_plan *p, br_buf *out)
{
    put_key(out, "load");
    if (p->load.stage_count)
        put_stages(&p->load, out);
    else
        (void) br_buf_printf(out, "%lld VUs", (long long) p->load.vus);
    if (p->probe_rate == 0) return;
    put_key(out, "");
    (void) br_buf_printf(out, "and %lld requests/s in the open model, if the script exports probe()",
        (long long) p->probe_rate);
}

void br_test_timetable_put(const br_test_session *s, const br_test_plan *p, br_buf *out)
{
    (void) br_buf_printf(out, BR_FMT " against " BR_FMT " (" BR_FMT ")", BR_ARG(p->test->name),
        BR_ARG(p->environment->name), BR_ARG(p->environment->base_url));
    put_key(out, "script");
    (void) br_buf_put(out, p->script);
    if (s->extras.writes) (void) br_buf_puts(out, ", with the write endpoints");
    put_key(out, "length");
    (void) br_buf_put_duration(out, p->load.duration);
    if (p->load.factor < 1)
        (void) br_buf_printf(out, ", shortened to %.4g of the test's length", p->load.factor);
    put_load(p, out);
    put_key(out, "criteria");
    for (size_t i = 0; i < p->judge.criterion_count; i++)
        (void) br_buf_printf(out, "%s" BR_FMT, i ? ", " : "", BR_ARG(p->judge.criteria[i].text));
    put_key(out, "watched");
    br_test_watch_describe(&s->args, p->environment, out);
    (void) br_buf_puts(out, "\n\n");
}

void br_test_timetable_put_end(size_t count, br_ns length, br_buf *out)
{
    char text[64];
    struct tm tm;
    time_t end = (time_t) ((br_clock_wall() + length) / BR_SEC);
    (void) br_buf_printf(out, "%zu test%s, at least ", count, count == 1 ? "" : "s");
    (void) br_buf_put_duration(out, length);
    if (localtime_r(&end, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm))
        (void) br_buf_printf(out, "; begun now, until %s", text);
    (void) br_buf_puts(out, "\n");
}
