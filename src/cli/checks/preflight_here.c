/* What is known here: the baseline in the history, and what this machine can give. */
#include "cli/load/headroom.h"
#include "cli/history/history_args.h"
#include "cli/checks/preflight.h"
#include "judge/format.h"

#define SPARE 64 /* descriptors and ports that are not for connections of users */

/* Baseline ----------------------------------------------------------------------------------------- */

/* The newest valid run of the test there; false: none. */
static bool find_run(br_preflight *p, br_store *store, const char *test, br_stored_run *ret, br_err *err)
{
    br_store_query q = {.test = test, .environment = p->environment->name.p, .valid_only = true, .limit = 1};
    br_stored_run *list;
    size_t count;
    if (br_store_list(store, &q, &p->arena, &list, &count, err) != BR_OK || count == 0) return false;
    *ret = list[0];
    return true;
}

static void say_run(br_preflight *p, const br_stored_run *run)
{
    br_preflight_add(p, "baseline", BR_PREFLIGHT_OK,
        "run %lld of " BR_FMT " at %s: p95 %.4gms, %llu of %llu requests failed", (long long) run->id,
        BR_ARG(run->test), br_utc_text(run->started_wall, &p->arena).p, run->p95_ms,
        (unsigned long long) run->failed, (unsigned long long) run->requests);
}

/* A baseline is the last run of the same test; before the first one, that of the test called baseline. */
void br_preflight_check_baseline(br_preflight *p)
{
    br_store *store = NULL;
    br_err err = {0};
    const char *test = p->test ? p->test->name.p : "baseline";
    br_stored_run run;
    br_code code = br_history_open(p->args, BR_STORE_READ, &store, &err);
    bool found = code == BR_OK &&
                 (find_run(p, store, test, &run, &err) || find_run(p, store, "baseline", &run, &err));
    if (found) {
        say_run(p, &run);
    } else if (code != BR_OK && code != BR_ENOTFOUND) {
        br_preflight_add(p, "baseline", BR_PREFLIGHT_FAILED, "the history cannot be read: %s", err.msg);
    } else {
        bool first = strcmp(test, "baseline") == 0;
        br_preflight_add(p, "baseline", first ? BR_PREFLIGHT_NOTE : BR_PREFLIGHT_FAILED,
            "there is no earlier run on " BR_FMT " to compare with%s%s", BR_ARG(p->environment->name),
            first ? "; this one will be the first" : "; first run: brunt test baseline ",
            first ? "" : p->environment->name.p);
    }
    br_store_close(store);
}

/* The machine -------------------------------------------------------------------------------------- */

/* `need` at least, twice that to be at ease, out of `have`; 0: unknown. */
static br_preflight_state enough(int64_t need, int64_t have)
{
    if (have == 0) return BR_PREFLIGHT_NOT_CHECKED;
    if (need > have) return BR_PREFLIGHT_FAILED;
    return need > have / 2 ? BR_PREFLIGHT_NOTE : BR_PREFLIGHT_OK;
}

static void check_cores(br_preflight *p, const br_headroom *m)
{
    if (m->load > 0.7 * m->cores) {
        br_preflight_add(p, "machine", BR_PREFLIGHT_NOTE,
            "%u cores with a load of %.1f: other programs are busy here and would be measured, too", m->cores,
            m->load);
    } else {
        br_preflight_add(p, "machine", BR_PREFLIGHT_OK, "%u cores with a load of %.1f", m->cores, m->load);
    }
}

static const char *bytes_text(br_preflight *p, int64_t kb)
{
    br_buf b;
    br_buf_init(&b, 64);
    br_format_bytes(&b, (double) kb * 1024);
    const char *text = br_arena_cstr(&p->arena, br_buf_view(&b));
    br_buf_deinit(&b);
    return text;
}

void br_preflight_check_machine(br_preflight *p)
{
    br_headroom m;
    br_headroom_look(&m);
    long long vus = (long long) p->vus;
    check_cores(p, &m);
    int64_t descriptors = (int64_t) m.resources.descriptors_limit;
    br_preflight_state state = enough(vus + SPARE, descriptors);
    br_preflight_add(p, "machine", state,
        "%lld virtual users need at least %lld descriptors, %lld are allowed%s", vus, vus + SPARE,
        (long long) descriptors, state == BR_PREFLIGHT_FAILED ? "; raise ulimit -n" : "");
    int64_t ports = (int64_t) m.resources.ports_limit - (int64_t) m.resources.ports_peak;
    if (m.resources.ports_limit == 0 || ports < 0) ports = m.resources.ports_limit ? 1 : 0;
    state = enough(vus + SPARE, ports);
    br_preflight_add(p, "machine", state, "they need as many local ports, about %lld of %u are free%s",
        (long long) ports, m.resources.ports_limit,
        state == BR_PREFLIGHT_FAILED ? "; widen net.ipv4.ip_local_port_range" : "");
    int64_t kb = vus * BR_VU_KB_LEAST;
    state = enough(kb, m.memory_kb);
    br_preflight_add(p, "machine", state, "they need at least %s of memory, %s are available%s",
        bytes_text(p, kb), bytes_text(p, m.memory_kb),
        state == BR_PREFLIGHT_FAILED ? "; use fewer users or several machines" : "");
}
