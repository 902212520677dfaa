/* The comparison with earlier runs in result files. */
#include <math.h>
#include "report/result_parts_int.h"

#define DECIMALS 6

static void put_figure(br_json *j, const char *key, double value)
{
    if (isfinite(value)) br_json_put_f64(j, key, br_json_rounded(value, DECIMALS));
}

static void put_row(br_json *j, const br_comparison_row *r)
{
    br_json_open(j, '{');
    br_json_put_str(j, "endpoint", r->endpoint);
    br_json_put_str(j, "measure", r->measure);
    br_json_put_str(j, "unit", r->unit);
    br_json_put_str(j, "change", br_str_of(br_change_name(r->change)));
    br_json_put_bool(j, "gates", r->gates);
    put_figure(j, "old", r->old_value);
    put_figure(j, "new", r->new_value);
    put_figure(j, "ratio", r->ratio);
    if (r->low > 0) put_figure(j, "low", r->low);
    put_figure(j, "high", r->high);
    if (r->detectable > 0) put_figure(j, "detectable", r->detectable);
    if (r->bound > 0) put_figure(j, "bound", r->bound);
    if (r->more_is_better) br_json_put_bool(j, "more_is_better", true);
    put_figure(j, "p_value", r->p_value);
    put_figure(j, "q_value", r->q_value);
    br_json_put_str(j, "sentence", r->sentence);
    br_json_close(j, '}');
}

static void put_ids(br_json *j, const char *key, const int64_t *ids, size_t count)
{
    br_json_key(j, br_str_of(key));
    br_json_open(j, '[');
    for (size_t i = 0; i < count; i++)
        br_json_f64(j, (double) ids[i]);
    br_json_close(j, ']');
}

void br_json_comparison(br_json *j, const br_comparison *c, size_t rows_max)
{
    br_json_open(j, '{');
    br_json_put_str(j, "answer", br_str_of(br_comparison_answer_name(c->answer)));
    br_json_put_u64(j, "exit_status", (uint64_t) c->answer);
    br_json_put_str(j, "headline", c->headline);
    if (c->limit > 1) put_figure(j, "limit", c->limit);
    put_ids(j, "old_runs", c->old_ids, c->old_count);
    put_ids(j, "new_runs", c->new_ids, c->new_count);
    if (c->runs_wanted > 0) br_json_put_u64(j, "runs_wanted", c->runs_wanted);
    if (c->sessions_wanted > 0) br_json_put_u64(j, "sessions_wanted", c->sessions_wanted);
    br_json_put_u64(j, "rows_total", c->row_count);
    br_json_key(j, BR_STR("rows"));
    br_json_open(j, '[');
    size_t n = rows_max > 0 && c->row_count > rows_max ? rows_max : c->row_count;
    for (size_t i = 0; i < n; i++)
        put_row(j, &c->rows[i]);
    br_json_close(j, ']');
    br_json_key(j, BR_STR("notes"));
    br_json_open(j, '[');
    for (size_t i = 0; i < c->notes.len; i++)
        br_json_str(j, c->notes.data[i]);
    if (c->also.n > 0) br_json_str(j, c->also);
    br_json_close(j, ']');
    br_json_close(j, '}');
}

void br_json_put_comparison(br_json *j, const br_comparison *c, size_t rows_max)
{
    if (!c) return;
    br_json_key(j, BR_STR("comparison"));
    br_json_comparison(j, c, rows_max);
}
