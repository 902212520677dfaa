#include "cli/test/test_watch.h"

#include <string.h>
#include "base/log.h"
#include "base/num.h"
#include "cli/target/target_get.h"

/* Sources ------------------------------------------------------------------------------------------- */

static bool take_prefix(br_str *text, const char *prefix)
{
    br_str p = br_str_of(prefix);
    if (!br_str_starts(*text, p)) return false;
    *text = br_str_sub(*text, p.n, text->n);
    return true;
}

br_code br_test_watch_parse(br_str text, br_target_source *ret, br_err *err)
{
    br_target_source s = {.kind = BR_TARGET_PAGE, .place = text};
    bool ok;
    if (take_prefix(&s.place, "process:")) {
        bool number = br_parse_i64(s.place, &s.pid) == BR_OK;
        s.kind = number ? BR_TARGET_PID : BR_TARGET_NAME;
        ok = number ? s.pid > 0 && s.pid <= INT32_MAX : s.place.n > 0;
    } else if (take_prefix(&s.place, "cgroup:")) {
        s.kind = BR_TARGET_CGROUP;
        ok = s.place.n > 0;
    } else {
        ok = br_str_starts(text, BR_STR("http://")) || br_str_starts(text, BR_STR("https://"));
    }
    if (!ok)
        return br_fail(err, BR_EINVAL,
            "invalid argument \"" BR_FMT
            "\" for --watch: use process:PID, process:NAME, cgroup:PATH, the URL of a "
            "Prometheus page, or none",
            BR_ARG(text));
    *ret = s;
    return BR_OK;
}

/* Headers of the environment go to its own origin only: they may hold its credentials. */
static void give_headers(br_test_watch *w, br_target_source *s, const br_environment *e)
{
    if (s->kind == BR_TARGET_PAGE) s->headers = br_target_headers(e, s->place, &w->arena, &s->header_count);
}

static void take_config(br_test_watch *w, const br_environment *e)
{
    static const br_target_kind kinds[] = {[BR_WATCH_PID] = BR_TARGET_PID,
        [BR_WATCH_NAME] = BR_TARGET_NAME,
        [BR_WATCH_CGROUP] = BR_TARGET_CGROUP,
        [BR_WATCH_PROMETHEUS] = BR_TARGET_PAGE};
    w->sources = br_arena_zalloc(&w->arena, (e->metric_count + 1) * sizeof(*w->sources));
    for (size_t i = 0; i < e->metric_count; i++) {
        const br_watch_target *from = &e->metrics[i];
        w->sources[i] = (br_target_source){.kind = kinds[from->kind],
            .pid = from->pid,
            .place = from->place,
            .names = from->names,
            .name_count = from->name_count};
        give_headers(w, &w->sources[i], e);
    }
    w->count = e->metric_count;
}

/* The command line, else the environment of the configuration. */
static br_code collect(
    br_test_watch *w, const br_args *args, const br_environment *e, bool *ret_none, br_err *err)
{
    br_code code = BR_OK;
    w->sources = br_arena_zalloc(&w->arena, (args->values.len + 1) * sizeof(*w->sources));
    for (size_t i = 0; i < args->values.len && code == BR_OK; i++) {
        if (strcmp(args->values.data[i].arg->name, "watch") != 0) continue;
        br_str text = br_str_of(args->values.data[i].value);
        if (br_str_is(text, "none")) {
            *ret_none = true;
            continue;
        }
        code = br_test_watch_parse(text, &w->sources[w->count], err);
        if (code == BR_OK) give_headers(w, &w->sources[w->count++], e);
    }
    if (code == BR_OK && *ret_none && w->count)
        code = br_fail(err, BR_EINVAL, "--watch none excludes other places to watch");
    if (code == BR_OK && !*ret_none && w->count == 0) take_config(w, e);
    return code;
}

static void add_default(br_test_watch *w, const br_environment *e)
{
    w->sources[0] = (br_target_source){.kind = BR_TARGET_PAGE,
        .place = br_str_of(br_arena_printf(&w->arena, BR_FMT "/metrics", BR_ARG(e->base_url)))};
    give_headers(w, &w->sources[0], e);
    w->count = 1;
}

/* Life ---------------------------------------------------------------------------------------------- */

br_code br_test_watch_start(
    const br_args *args, const br_environment *e, br_ns length, br_test_watch *ret, br_err *err)
{
    bool none = false;
    br_err why = {0};
    *ret = (br_test_watch){0};
    br_arena_init(&ret->arena, 1024);
    br_code code = collect(ret, args, e, &none, err);
    if (code == BR_OK && !none) {
        bool by_itself = ret->count == 0;
        if (by_itself) add_default(ret, e);
        code = br_target_watch_start(
            ret->sources, ret->count, br_target_watch_interval(length), &ret->watch, &why);
        if (code != BR_OK && by_itself) {
            br_debug("%s", why.msg);
            code = BR_OK;
        } else if (code != BR_OK) {
            code = br_fail(err, code, "%s", why.msg);
        }
    }
    if (code != BR_OK) br_test_watch_stop(ret);
    return code;
}

void br_test_watch_put(const br_test_watch *w, br_run_result *result)
{
    if (!w->watch) return;
    br_target_watch_copy(
        w->watch, result->started_clock, &result->arena, &result->target, &result->target_count);
}

void br_test_watch_stop(br_test_watch *w)
{
    if (!w->sources) return;
    br_target_watch_free(w->watch);
    br_arena_deinit(&w->arena);
    *w = (br_test_watch){0};
}

void br_test_watch_describe(const br_args *args, const br_environment *e, br_buf *out)
{
    br_test_watch w = {0};
    bool none = false;
    br_arena_init(&w.arena, 1024);
    if (collect(&w, args, e, &none, NULL) == BR_OK && !none) {
        if (w.count == 0)
            (void) br_buf_printf(out, BR_FMT "/metrics, if there is such a page", BR_ARG(e->base_url));
        for (size_t i = 0; i < w.count; i++) {
            (void) br_buf_puts(out, i ? ", " : "");
            (void) br_buf_put(out, br_target_source_text(&w.sources[i], &w.arena));
        }
    } else {
        (void) br_buf_puts(out, "nothing");
    }
    br_arena_deinit(&w.arena);
}
