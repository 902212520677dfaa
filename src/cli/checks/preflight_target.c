/* What the target itself answers: its health for a while, test data, metrics, version. */
#include <jansson.h>
#include <stdlib.h>
#include <time.h>
#include "cli/checks/preflight.h"
#include "cli/target/target_get.h"
#include "cli/target/target_version.h"
#include "judge/format.h"
#include "probe/target_watch.h"

#define TIMEOUT      (5 * BR_SEC)
#define BETWEEN      (500 * BR_MS) /* probes of health */
#define PROBES_MIN   3
#define PROBES_MAX   1200
#define SLOW         (100 * BR_MS) /* a probe is an outlier above this and SLOW_TIMES the median */
#define SLOW_TIMES   5
#define REQUESTS_MAX 20 /* that follow from criteria */

/* Up and stable ------------------------------------------------------------------------------------ */

typedef struct probes {
    br_ns times[PROBES_MAX];
    size_t answered, failed;
    br_err last; /* why the last failure was one */
} probes;

static void probe_once(br_preflight *p, const char *url, probes *ret)
{
    br_target_answer answer;
    br_err err = {0};
    br_code code = br_target_get(p->environment, url, TIMEOUT, &p->arena, &answer, &err);
    if (code == BR_OK && answer.status >= 500)
        code = br_fail(&err, BR_EPROTO, "GET %.1000s: status %d", url, answer.status);
    if (code == BR_OK) {
        ret->times[ret->answered++] = answer.duration;
    } else {
        ret->failed++;
        ret->last = err;
    }
}

static int by_time(const void *a, const void *b)
{
    const br_ns *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static const char *duration_text(br_preflight *p, br_ns time)
{
    br_buf b;
    br_buf_init(&b, 64);
    br_format_duration(&b, (double) time / (double) BR_MS);
    const char *text = br_arena_cstr(&p->arena, br_buf_view(&b));
    br_buf_deinit(&b);
    return text;
}

static void judge_probes(br_preflight *p, probes *r)
{
    size_t all = r->answered + r->failed;
    if (r->answered == 0) {
        p->down = true;
        br_preflight_add(p, "target", BR_PREFLIGHT_FAILED,
            "it does not answer: %s; start it or correct base_url", r->last.msg);
        return;
    }
    qsort(r->times, r->answered, sizeof(r->times[0]), by_time);
    br_ns median = r->times[r->answered / 2], most = r->times[r->answered - 1];
    const char *range = br_arena_printf(
        &p->arena, "median %s, longest %s", duration_text(p, median), duration_text(p, most));
    if (r->failed) {
        br_preflight_add(p, "target", BR_PREFLIGHT_FAILED,
            "it is not stable: %zu of %zu probes failed, the last: %s", r->failed, all, r->last.msg);
    } else if (most > SLOW && most > SLOW_TIMES * median) {
        br_preflight_add(p, "target", BR_PREFLIGHT_NOTE,
            "all %zu probes answered, but their times differ much without load: %s", all, range);
    } else {
        br_preflight_add(p, "target", BR_PREFLIGHT_OK, "all %zu probes of " BR_FMT " in %s answered, %s", all,
            BR_ARG(p->environment->health), duration_text(p, p->stable), range);
    }
}

void br_preflight_check_target(br_preflight *p)
{
    const br_environment *e = p->environment;
    const char *url = br_arena_printf(&p->arena, BR_FMT BR_FMT, BR_ARG(e->base_url), BR_ARG(e->health));
    probes *r = BR_ARENA_NEW(&p->arena, probes);
    br_ns end = br_clock_now() + p->stable;
    for (size_t n = 0; n < PROBES_MAX; n++) {
        probe_once(p, url, r);
        bool dead = r->answered == 0 && r->failed >= 2;
        if (dead || (n + 1 >= PROBES_MIN && br_clock_now() >= end)) break;
        struct timespec pause = {.tv_nsec = p->stable > 0 ? (long) BETWEEN : (long) (20 * BR_MS)};
        (void) nanosleep(&pause, NULL); /* sooner is fine */
    }
    judge_probes(p, r);
}

/* Data --------------------------------------------------------------------------------------------- */

static bool json_has_data(const json_t *value)
{
    const json_t *data = json_object_get(value, "data");
    if (data) value = data;
    if (json_is_array(value)) return json_array_size(value) > 0;
    if (json_is_object(value)) return json_object_size(value) > 0;
    if (json_is_string(value)) return json_string_length(value) > 0;
    return value && !json_is_null(value);
}

bool br_preflight_has_data(br_str body)
{
    body = br_str_trim(body);
    if (body.n == 0) return false;
    json_t *value = json_loadb(body.p, body.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!value) return true; /* some text */
    bool has = json_has_data(value);
    json_decref(value);
    return has;
}

static void check_request(br_preflight *p, br_str path, bool wants_data)
{
    const char *url = br_arena_printf(
        &p->arena, BR_FMT BR_FMT, BR_ARG(p->environment->base_url), BR_ARG(path));
    br_target_answer answer;
    br_err err = {0};
    if (br_target_get(p->environment, url, TIMEOUT, &p->arena, &answer, &err) != BR_OK) {
        br_preflight_add(p, "data", BR_PREFLIGHT_FAILED, "%s", err.msg);
        return;
    }
    if (answer.status < 200 || answer.status > 299) {
        br_preflight_add(
            p, "data", BR_PREFLIGHT_FAILED, "GET " BR_FMT ": status %d", BR_ARG(path), answer.status);
    } else if (wants_data && !br_preflight_has_data(answer.body)) {
        br_preflight_add(p, "data", BR_PREFLIGHT_FAILED,
            "GET " BR_FMT ": status %d, but there is nothing in the answer; load test data", BR_ARG(path),
            answer.status);
    } else {
        br_preflight_add(p, "data", BR_PREFLIGHT_OK, "GET " BR_FMT ": status %d, %zu bytes", BR_ARG(path),
            answer.status, answer.body.n);
    }
}

/* Paths of the criteria's endpoints that are read: "GET /products". */
static size_t collect_paths(const br_preflight *p, br_str *paths)
{
    size_t n = 0;
    for (size_t i = 0; p->test && i < p->test->criterion_count; i++) {
        br_str path = p->test->criteria[i].criterion.endpoint;
        bool known = !br_str_starts(path, BR_STR("GET /")) || n == REQUESTS_MAX;
        path = br_str_sub(path, 4, path.n);
        for (size_t k = 0; k < n && !known; k++)
            known = br_str_eq(paths[k], path);
        if (!known) paths[n++] = path;
    }
    return n;
}

void br_preflight_check_data(br_preflight *p)
{
    size_t count;
    const br_preflight_request *list = br_config_preflight(p->config, &count);
    for (size_t i = 0; i < count; i++)
        check_request(p, list[i].path, list[i].wants_data);
    if (count) return;
    br_str paths[REQUESTS_MAX];
    count = collect_paths(p, paths);
    for (size_t i = 0; i < count; i++)
        check_request(p, paths[i], true);
    if (count) return;
    br_preflight_add(p, "data", BR_PREFLIGHT_NOT_CHECKED,
        "no requests are configured; add e.g. preflight: [ { get: /products, expect: data } ] to brunt.yaml");
}

/* Metrics ------------------------------------------------------------------------------------------ */

/* Is there a series of each wanted name? Labels of a name narrow it down; its series have more of them. */
static br_code find_names(br_preflight *p, const br_watch_target *from, br_target_watch *watch, br_err *err)
{
    br_target_series *list;
    size_t count;
    br_target_watch_copy(watch, br_clock_now(), &p->arena, &list, &count);
    for (size_t i = 0; i < from->name_count; i++) {
        br_str rest = from->names[i], name = rest;
        bool found = false;
        (void) br_str_cut(&rest, '{', &name);
        for (size_t k = 0; k < count && !found; k++)
            found = br_str_starts(list[k].name, name) && list[k].count > 0;
        if (!found)
            return br_fail(err, BR_ENOTFOUND, BR_FMT " has nothing called " BR_FMT, BR_ARG(from->place),
                BR_ARG(from->names[i]));
    }
    return BR_OK;
}

/* The first sample of a source; false and the reason if there is none. */
static bool try_source(br_preflight *p, const br_watch_target *from, br_target_source *s, br_err *err)
{
    static const br_target_kind kinds[] = {[BR_WATCH_PID] = BR_TARGET_PID,
        [BR_WATCH_NAME] = BR_TARGET_NAME,
        [BR_WATCH_CGROUP] = BR_TARGET_CGROUP,
        [BR_WATCH_PROMETHEUS] = BR_TARGET_PAGE};
    *s = (br_target_source){.kind = kinds[from->kind],
        .pid = from->pid,
        .place = from->place,
        .names = from->names,
        .name_count = from->name_count};
    if (from->kind == BR_WATCH_PROMETHEUS)
        s->headers = br_target_headers(p->environment, s->place, &p->arena, &s->header_count);
    br_target_watch *watch = NULL;
    br_code code = br_target_watch_start(s, 1, BR_TARGET_INTERVAL_MAX, &watch, err);
    if (code == BR_OK) code = find_names(p, from, watch, err);
    br_target_watch_free(watch);
    return code == BR_OK;
}

void br_preflight_check_metrics(br_preflight *p)
{
    const br_environment *e = p->environment;
    br_target_source s;
    br_err err = {0};
    for (size_t i = 0; i < e->metric_count; i++) {
        bool ok = try_source(p, &e->metrics[i], &s, &err);
        br_str text = br_target_source_text(&s, &p->arena);
        br_preflight_add(p, "metrics", ok ? BR_PREFLIGHT_OK : BR_PREFLIGHT_FAILED, "%.*s%s",
            ok ? (int) text.n : 0, text.p, ok ? " can be read" : err.msg);
    }
    if (e->metric_count) return;
    br_str page = br_str_of(br_arena_printf(&p->arena, BR_FMT "/metrics", BR_ARG(e->base_url)));
    br_watch_target own = {.kind = BR_WATCH_PROMETHEUS, .place = page};
    if (try_source(p, &own, &s, &err)) {
        br_preflight_add(p, "metrics", BR_PREFLIGHT_OK, BR_FMT " can be read", BR_ARG(page));
    } else {
        br_preflight_add(p, "metrics", BR_PREFLIGHT_NOT_CHECKED,
            "no metrics of the target are configured, and /metrics is no page of them: nothing will be known of its "
            "memory and processor; add metrics: to the environment");
    }
}

/* Version ------------------------------------------------------------------------------------------ */

void br_preflight_check_version(br_preflight *p)
{
    const br_environment *e = p->environment;
    br_err err = {0};
    if (e->version.n == 0 && e->version_url.n == 0) return;
    p->version = br_target_version(e, &p->arena, &err);
    if (p->version.n) {
        br_preflight_add(p, "version", BR_PREFLIGHT_OK, BR_FMT "%s", BR_ARG(p->version),
            e->version.n ? " by the configuration" : "");
    } else {
        br_preflight_add(p, "version", BR_PREFLIGHT_NOTE, "the target's version is unknown: %s", err.msg);
    }
}
