#include "cli/checks/preflight.h"
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/num.h"
#include "cli/target/target_version.h"

static const char *const keys[] = {
    "target", "data", "metrics", "version", "baseline", "machine", "gate", "team", "rollback", "scale"};

const char *br_preflight_state_name(br_preflight_state s)
{
    static const char *const names[] = {"ok", "note", "not checked", "accepted", "open", "failed"};
    return names[s];
}

/* Begin and end ------------------------------------------------------------------------------------ */

static int64_t peak_of(const br_load_plan *plan)
{
    int64_t most = plan->vus > plan->start_vus ? plan->vus : plan->start_vus;
    for (size_t i = 0; i < plan->stage_count; i++) {
        if (plan->stages[i].target > most) most = plan->stages[i].target;
    }
    return most;
}

static void take_test(br_preflight *p, const br_named_test *t)
{
    int64_t peak = peak_of(&t->plan);
    if (peak > p->vus) p->vus = peak;
    p->length += t->plan.duration;
}

void br_preflight_init(br_preflight *p, const br_config *config, const br_environment *e,
    const br_named_test *test, const br_args *args)
{
    *p = (br_preflight){
        .config = config, .environment = e, .test = test, .args = args, .now = br_clock_wall()};
    p->gate.window_end = BR_NS_MAX;
    br_arena_init(&p->arena, 8192);
    if (test) {
        take_test(p, test);
        return;
    }
    for (size_t i = 0; i < br_config_test_count(config); i++) {
        const br_named_test *t = br_config_test_at(config, i);
        if (t) take_test(p, t);
    }
}

void br_preflight_deinit(br_preflight *p)
{
    br_vec_deinit(&p->items);
    br_arena_deinit(&p->arena);
}

/* Arguments KEY=TEXT ------------------------------------------------------------------------------- */

static bool is_key(br_str text)
{
    for (size_t i = 0; i < BR_COUNT_OF(keys); i++) {
        if (br_str_is(text, keys[i])) return true;
    }
    return false;
}

br_code br_preflight_check_args(const br_args *a, br_err *err)
{
    for (size_t i = 0; i < a->values.len; i++) {
        const char *flag = a->values.data[i].arg->name;
        if (strcmp(flag, "answer") != 0 && strcmp(flag, "accept") != 0) continue;
        br_str text = br_str_of(a->values.data[i].value), key;
        if (!br_str_cut(&text, '=', &key) || !text.p || br_str_trim(text).n == 0 || !is_key(key))
            return br_fail(err, BR_EINVAL,
                "invalid argument \"%.200s\" for --%s: use KEY=TEXT, where KEY is target, data, metrics, version, "
                "baseline, machine, gate, team, rollback or scale",
                a->values.data[i].value, flag);
    }
    return BR_OK;
}

/* Text of the last `--flag key=TEXT`; n == 0: none. */
static br_str text_of(const br_args *a, const char *flag, const char *key)
{
    br_str found = BR_STR("");
    for (size_t i = 0; i < a->values.len; i++) {
        br_str text = br_str_of(a->values.data[i].value), name;
        if (strcmp(a->values.data[i].arg->name, flag) != 0) continue;
        if (br_str_cut(&text, '=', &name) && text.p && br_str_is(name, key)) found = br_str_trim(text);
    }
    return found;
}

/* Items -------------------------------------------------------------------------------------------- */

static bool can_be_accepted(const char *key)
{
    return strcmp(key, "target") != 0 && strcmp(key, "gate") != 0;
}

void br_preflight_add(br_preflight *p, const char *key, br_preflight_state state, const char *fmt, ...)
{
    br_err err; /* for its room */
    va_list args;
    va_start(args, fmt);
    (void) vsnprintf(err.msg, sizeof(err.msg), fmt, args);
    va_end(args);
    br_str why = text_of(p->args, "accept", key);
    br_preflight_item *item = br_vec_push(&p->items);
    *item = (br_preflight_item){.key = key,
        .state = state,
        .text = br_target_clean_text(p->environment, br_str_of(err.msg), &p->arena)};
    if (state != BR_PREFLIGHT_FAILED || why.n == 0 || !can_be_accepted(key)) return;
    item->state = BR_PREFLIGHT_ACCEPTED;
    item->text = br_str_of(br_arena_printf(&p->arena, BR_FMT " (accepted: " BR_FMT ")", BR_ARG(item->text),
        BR_ARG(br_target_clean_text(p->environment, why, &p->arena))));
}

void br_preflight_check_gate(br_preflight *p)
{
    const br_environment *e = p->environment;
    br_err err = {0};
    br_gate_claim claim = br_gate_claim_of(p->args);
    br_code code = br_gate_check(e, &claim, p->now, p->length, &p->arena, &p->gate, &err);
    if (code != BR_OK) {
        p->refused = true;
        br_preflight_add(p, "gate", BR_PREFLIGHT_FAILED, "%s", err.msg);
        return;
    }
    p->gate.approver = br_target_clean_text(e, p->gate.approver, &p->arena);
    p->gate.reason = br_target_clean_text(e, p->gate.reason, &p->arena);
    br_str text = br_gate_text(&p->gate, &p->arena);
    bool asks = e->approval || e->window_count || e->notice;
    if (asks || text.n) {
        br_preflight_add(
            p, "gate", BR_PREFLIGHT_OK, "tests are allowed now%s" BR_FMT, text.n ? ": " : "", BR_ARG(text));
    }
    if (p->gate.warning.n) br_preflight_add(p, "gate", BR_PREFLIGHT_NOTE, BR_FMT, BR_ARG(p->gate.warning));
}

/* Questions ---------------------------------------------------------------------------------------- */

typedef struct question {
    const char *key, *text;
    bool named;       /* a plain yes says too little */
    bool gated_only;  /* where approval is required */
    const char *hint; /* an answer, for messages */
} question;

static const question questions[] = {
    {"team", "Has the team been told of this test? (how)", false, false, "in #operations"},
    {"rollback", "What is the plan to roll back, and who does it?", true, false, "redeploy v1.2, Ada"},
    {"scale", "Is the service scaled up and its log level set? (to what)", false, true, "4 instances, debug"},
};

static bool is_no(br_str text)
{
    return text.n == 0 || br_str_eq_nocase(text, BR_STR("no")) || br_str_eq_nocase(text, BR_STR("n"));
}

static bool is_yes(br_str text)
{
    return br_str_eq_nocase(text, BR_STR("yes")) || br_str_eq_nocase(text, BR_STR("y"));
}

/* What somebody types; p == NULL: the input has ended. */
static br_str ask_terminal(br_preflight *p, const question *q)
{
    char line[1024];
    printf("%s ", q->text);
    fflush(stdout);
    if (!fgets(line, sizeof(line), stdin)) return BR_STR_NONE;
    return br_str_trim(br_arena_str(&p->arena, br_str_of(line)));
}

static void answer(br_preflight *p, const question *q, br_str text)
{
    bool vague = q->named && is_yes(text);
    br_preflight_state state = is_no(text) || vague ? BR_PREFLIGHT_FAILED : BR_PREFLIGHT_OK;
    if (vague) {
        br_preflight_add(
            p, q->key, state, "%s must be named, e.g. --answer %s=\"%s\"", q->key, q->key, q->hint);
    } else {
        br_preflight_add(p, q->key, state, BR_FMT, BR_ARG(text.n ? text : BR_STR("no answer")));
    }
    br_vec_last(&p->items)->asked = true;
}

static void ask(br_preflight *p, const question *q, bool terminal)
{
    br_str given = text_of(p->args, "answer", q->key);
    if (given.n == 0 && br_args_has(p->args, "yes")) {
        br_preflight_add(p, q->key, BR_PREFLIGHT_OK, "confirmed by --yes");
        br_vec_last(&p->items)->asked = true;
        return;
    }
    if (given.n == 0 && terminal) given = ask_terminal(p, q);
    if (given.p && (given.n || terminal)) {
        answer(p, q, given);
        return;
    }
    br_preflight_add(p, q->key, BR_PREFLIGHT_OPEN, "%s Answer with --answer %s=\"%s\"%s", q->text, q->key,
        q->hint, q->named ? "" : ", or --yes");
}

void br_preflight_ask(br_preflight *p)
{
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    for (size_t i = 0; i < BR_COUNT_OF(questions); i++) {
        if (!questions[i].gated_only || p->environment->approval) ask(p, &questions[i], terminal);
    }
}

/* Outcome ------------------------------------------------------------------------------------------ */

bool br_preflight_ready(const br_preflight *p)
{
    for (size_t i = 0; i < p->items.len; i++) {
        if (p->items.data[i].state >= BR_PREFLIGHT_OPEN) return false;
    }
    return true;
}

int br_preflight_exit_status(const br_preflight *p)
{
    if (p->down) return BR_PREFLIGHT_EXIT_DOWN;
    if (p->refused) return BR_GATE_EXIT_REFUSED;
    return br_preflight_ready(p) ? 0 : BR_PREFLIGHT_EXIT_NOT_READY;
}

static const char *mark_of(br_preflight_state s)
{
    static const char *const marks[] = {"ok", "note", "-", "accepted", "open", "FAILED"};
    return marks[s];
}

static const char *colour_of(br_preflight_state s)
{
    if (s == BR_PREFLIGHT_OK) return "\x1b[32m";
    return s >= BR_PREFLIGHT_OPEN ? "\x1b[31m" : "\x1b[33m";
}

void br_preflight_print(const br_preflight *p, bool colour)
{
    const br_environment *e = p->environment;
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_str url = br_config_redact(e, e->base_url, &arena);
    br_str what = p->test ? p->test->name : BR_STR("all tests"), when = BR_STR("");
    if (p->test && p->test->frequency.n)
        when = br_str_of(br_arena_printf(&arena, " (" BR_FMT ")", BR_ARG(p->test->frequency)));
    printf("Preflight of " BR_FMT " (" BR_FMT ") for " BR_FMT BR_FMT "\n\n", BR_ARG(e->name), BR_ARG(url),
        BR_ARG(what), BR_ARG(when));
    for (size_t i = 0; i < p->items.len; i++) {
        const br_preflight_item *item = &p->items.data[i];
        printf("  %s%-8s%s  %-8s  " BR_FMT "\n", colour ? colour_of(item->state) : "", mark_of(item->state),
            colour ? "\x1b[0m" : "", item->key, BR_ARG(item->text));
    }
    if (br_preflight_ready(p)) {
        puts("\nReady.");
    } else {
        const char *before = "\nNot ready: ";
        for (size_t i = 0; i < p->items.len; i++) {
            if (p->items.data[i].state < BR_PREFLIGHT_OPEN) continue;
            printf("%s%s", before, p->items.data[i].key);
            before = ", ";
        }
        puts(".");
    }
    br_arena_deinit(&arena);
}

static json_t *text_json(br_str text)
{
    return json_stringn(text.n ? text.p : "", text.n);
}

static json_t *items_json(const br_preflight *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->items.len; i++) {
        const br_preflight_item *item = &p->items.data[i];
        json_array_append_new(list,
            json_pack("{s:s,s:s,s:b,s:o}", "key", item->key, "state", br_preflight_state_name(item->state),
                "asked", item->asked, "text", text_json(item->text)));
    }
    return list;
}

static void put_gate(json_t *root, const br_preflight *p)
{
    if (p->gate.approver.n) {
        json_object_set_new(root, "approval",
            json_pack("{s:o,s:o}", "who", text_json(p->gate.approver), "why", text_json(p->gate.reason)));
    }
    if (p->gate.told_at)
        json_object_set_new(root, "told_at_unix_ms", json_integer((json_int_t) (p->gate.told_at / BR_MS)));
}

void br_preflight_json(const br_preflight *p, br_buf *out)
{
    const br_environment *e = p->environment;
    br_arena arena;
    br_arena_init(&arena, 1024);
    json_t *root = json_pack("{s:s,s:{s:s,s:s},s:o,s:o,s:I,s:b}", "schema", "brunt.preflight/1", "tool",
        "name", "brunt", "version", BRUNT_VERSION, "environment", text_json(e->name), "base_url",
        text_json(br_config_redact(e, e->base_url, &arena)), "started_unix_ms", (json_int_t) (p->now / BR_MS),
        "ready", br_preflight_ready(p));
    if (p->test) json_object_set_new(root, "test", text_json(p->test->name));
    if (p->test && p->test->frequency.n)
        json_object_set_new(root, "frequency", text_json(p->test->frequency));
    if (p->version.n) json_object_set_new(root, "target_version", text_json(p->version));
    put_gate(root, p);
    json_object_set_new(root, "items", items_json(p));
    char *text = json_dumps(root, JSON_INDENT(2));
    BR_ASSERT(text); /* all texts are valid UTF-8 */
    (void) br_buf_puts(out, text);
    (void) br_buf_putc(out, '\n');
    free(text); // from jansson
    json_decref(root);
    br_arena_deinit(&arena);
}
