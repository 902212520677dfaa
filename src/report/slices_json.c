/* The course of a run in result files: an array a column, so that 600 slices stay small. */
#include <math.h>
#include "report/result_parts_int.h"

static double start_s(const br_slice *s)
{
    return br_json_rounded((double) s->start / (double) BR_SEC, 3);
}
static double length_s(const br_slice *s)
{
    return br_json_rounded((double) s->length / (double) BR_SEC, 3);
}
static double requests(const br_slice *s)
{
    return (double) s->requests;
}
static double failed(const br_slice *s)
{
    return (double) s->failed;
}
static double iterations(const br_slice *s)
{
    return (double) s->iterations;
}
static double checks(const br_slice *s)
{
    return (double) s->checks;
}
static double checks_failed(const br_slice *s)
{
    return (double) s->checks_failed;
}
static double dropped(const br_slice *s)
{
    return (double) s->dropped;
}
static double received(const br_slice *s)
{
    return (double) s->received_bytes;
}
static double sent(const br_slice *s)
{
    return (double) s->sent_bytes;
}
static double vus(const br_slice *s)
{
    return s->vus;
}

typedef double slice_figure(const br_slice *s);
static const struct {
    const char *name;
    slice_figure *figure;
} columns[] = {
    {"start_s", start_s},
    {"length_s", length_s},
    {"requests", requests},
    {"failed", failed},
    {"iterations", iterations},
    {"checks", checks},
    {"checks_failed", checks_failed},
    {"dropped", dropped},
    {"received_bytes", received},
    {"sent_bytes", sent},
    {"vus", vus},
};

static void open_column(br_json *j, const char *name)
{
    br_json_key(j, br_str_of(name));
    br_json_open(j, '[');
}

static void put_latency_column(
    br_json *j, const br_slice *slices, size_t count, const char *name, double quantile)
{
    open_column(j, name);
    for (size_t i = 0; i < count; i++) {
        const br_hist *h = &slices[i].latency_us;
        /* Without requests there is no latency, which is not the same as 0. */
        br_json_f64(j, h->total == 0 ? NAN : br_json_rounded(br_hist_quantile(h, quantile) / 1000, 3));
    }
    br_json_close(j, ']');
}

void br_json_put_slices(br_json *j, const char *key, const br_slice *slices, size_t count)
{
    br_json_key(j, br_str_of(key));
    br_json_open(j, '{');
    for (size_t c = 0; c < BR_COUNT_OF(columns); c++) {
        open_column(j, columns[c].name);
        for (size_t i = 0; i < count; i++)
            br_json_f64(j, columns[c].figure(&slices[i]));
        br_json_close(j, ']');
    }
    put_latency_column(j, slices, count, "p50_ms", 0.5);
    put_latency_column(j, slices, count, "p95_ms", 0.95);
    put_latency_column(j, slices, count, "p99_ms", 0.99);
    put_latency_column(j, slices, count, "max_ms", 1);
    br_json_close(j, '}');
}
