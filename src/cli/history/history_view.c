#include "cli/history/history_view.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/log.h"
#include "base/num.h"
#include "cli/terminal/globals.h"
#include "engine/exit_code.h"
#include "judge/format.h"

/* Figures ------------------------------------------------------------------------------------------ */

double br_history_error_rate(const br_stored_run *r)
{
    return r->requests > 0 ? (double) r->failed / (double) r->requests : 0;
}

double br_history_per_second(const br_stored_run *r)
{
    return r->duration > 0 ? (double) r->requests * (double) BR_SEC / (double) r->duration : 0;
}

br_str br_history_when(br_arena *arena, br_ns wall)
{
    time_t seconds = (time_t) (wall / BR_SEC);
    struct tm local;
    char text[64] = "";
    if (localtime_r(&seconds, &local)) (void) strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &local);
    return br_arena_str(arena, br_str_of(text));
}

static br_str taken(br_arena *arena, br_buf *text)
{
    br_str copy = br_arena_str(arena, br_buf_view(text));
    br_buf_deinit(text);
    return copy;
}

br_str br_history_ms(br_arena *arena, double ms)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_format_duration(&text, ms);
    return taken(arena, &text);
}

br_str br_history_share(br_arena *arena, double share)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_format_share(&text, share);
    return taken(arena, &text);
}

br_str br_history_verdict(const br_stored_run *r, br_paint *ret_paint)
{
    static const struct {
        const char *word;
        br_paint paint;
    } paints[] = {{"excellent", BR_PAINT_GOOD}, {"acceptable", BR_PAINT_GOOD}, {"passed", BR_PAINT_GOOD},
        {"needs optimization", BR_PAINT_WARN}, {"critical", BR_PAINT_BAD}, {"failed", BR_PAINT_BAD},
        {"invalid", BR_PAINT_FAINT}, {"aborted", BR_PAINT_FAINT}};
    br_str word = r->level.n > 0 ? r->level : r->outcome;
    *ret_paint = BR_PAINT_NONE;
    for (size_t i = 0; i < BR_COUNT_OF(paints); i++) {
        if (br_str_is(word, paints[i].word)) *ret_paint = paints[i].paint;
    }
    return word;
}

/* JSON --------------------------------------------------------------------------------------------- */

static void put_text(json_t *json, const char *key, br_str text)
{
    json_t *value = json_stringn(text.p, text.n);
    if (!value) value = json_string(""); /* a foreign file: it is no UTF-8 */
    json_object_set_new(json, key, value);
}

static void put_figure(json_t *json, const char *key, double value)
{
    if (isfinite(value)) json_object_set_new(json, key, json_real(round(value * 1e6) / 1e6));
}

static void put_started(json_t *json, br_ns wall)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    (void) br_buf_put_rfc3339(&text, wall, false);
    put_text(json, "started", br_buf_view(&text));
    br_buf_deinit(&text);
    json_object_set_new(json, "started_unix_ms", json_integer(wall / BR_MS));
}

static json_t *latency_json(const br_stored_run *r)
{
    json_t *latency = json_object();
    if (r->requests == 0) return latency;
    put_figure(latency, "p50", r->p50_ms);
    put_figure(latency, "p95", r->p95_ms);
    put_figure(latency, "p99", r->p99_ms);
    return latency;
}

json_t *br_history_json(const br_stored_run *r)
{
    json_t *json = json_object();
    json_object_set_new(json, "id", json_integer(r->id));
    put_started(json, r->started_wall);
    put_figure(json, "duration_ms", (double) r->duration / (double) BR_MS);
    put_text(json, "test", r->test);
    put_text(json, "environment", r->environment);
    put_text(json, "target", r->target);
    put_text(json, "script", r->script);
    put_text(json, "outcome", r->outcome);
    put_text(json, "level", r->level);
    put_text(json, "headline", r->headline);
    json_object_set_new(json, "exit_status", json_integer(r->exit_status));
    json_object_set_new(json, "complete", json_boolean(r->complete));
    json_object_set_new(json, "valid", json_boolean(r->valid));
    json_object_set_new(json, "open_model", json_boolean(r->open));
    json_object_set_new(json, "pinned", json_boolean(r->pinned));
    put_text(json, "target_version", r->target_version);
    put_text(json, "commit", r->commit);
    json_object_set_new(json, "dirty", json_boolean(r->dirty));
    put_text(json, "fingerprint", r->fingerprint);
    put_text(json, "script_hash", r->script_hash);
    put_text(json, "load_hash", r->load_hash);
    put_text(json, "machine", r->machine);
    put_text(json, "tool_version", r->tool_version);
    json_object_set_new(json, "requests", json_integer((json_int_t) r->requests));
    json_object_set_new(json, "failed", json_integer((json_int_t) r->failed));
    put_figure(json, "requests_per_s", br_history_per_second(r));
    json_object_set_new(json, "latency_ms", latency_json(r));
    return json;
}

void br_history_print_json(json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    puts(text ? text : "null");
    free(text); /* from jansson */
    json_decref(json);
}

void br_history_print(const br_buf *text)
{
    fwrite(text->data, 1, text->len, stdout);
}

/* Commands ----------------------------------------------------------------------------------------- */

int br_history_command(
    int argc, char **argv, const br_arg_section *sections, void (*print_help)(void), br_cli_work *work)
{
    int status = br_cli_command(argc, argv, sections, print_help, work);
    return fflush(stdout) != 0 && status == BR_EXIT_OK ? BR_EXIT_OTHER : status;
}
