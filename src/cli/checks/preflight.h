/*
 * cli/checks/preflight.h - the checklist before a test.
 *
 * What: items, each checked where it can be and asked where it cannot: is the target up and stable, is there
 *     test data, can its metrics be read, is there a baseline to compare with, can this machine make the
 * load, is the gate open, was the team told, is there a plan to roll back. Printed, and kept as JSON. Why
 * here: it joins configuration, target, store, machine and people; nothing below knows all of them. Threads:
 * main thread. Memory: a preflight owns its texts; it borrows configuration and arguments. Invariants: what
 * was not checked says so; it is never "ok". Secrets of the environment are in no text.
 */
#pragma once
#include "base/vec.h"
#include "cli/terminal/args.h"
#include "cli/config/config.h"
#include "cli/config/gate.h"

#define BR_PREFLIGHT_EXIT_NOT_READY 1
#define BR_PREFLIGHT_EXIT_DOWN      5 /* and BR_GATE_EXIT_REFUSED */

typedef enum br_preflight_state {
    BR_PREFLIGHT_OK,
    BR_PREFLIGHT_NOTE,        /* worth knowing; hinders nothing */
    BR_PREFLIGHT_NOT_CHECKED, /* could not be, and why */
    BR_PREFLIGHT_ACCEPTED,    /* failed, but --accept says why that is fine */
    BR_PREFLIGHT_OPEN,        /* a question without an answer */
    BR_PREFLIGHT_FAILED,
} br_preflight_state;
const char *br_preflight_state_name(br_preflight_state s); /* "ok", "note", "not checked", ... */

typedef struct br_preflight_item {
    const char *key; /* "target", "data", ... */
    br_preflight_state state;
    br_str text;
    bool asked; /* the text is somebody's answer */
} br_preflight_item;

typedef struct br_preflight {
    br_arena arena;
    const br_config *config;
    const br_environment *environment;
    const br_named_test *test; /* NULL: all of them */
    const br_args *args;
    br_ns stable; /* how long the target is watched */
    br_ns now;    /* wall clock at the begin */
    int64_t vus;  /* most at the same time */
    br_ns length; /* of the test, or of all */
    BR_VEC(br_preflight_item) items;
    br_gate_pass gate;
    br_str version; /* of the target; empty: unknown */
    bool down, refused;
} br_preflight;

void br_preflight_init(br_preflight *p, const br_config *config, const br_environment *e,
    const br_named_test *test, const br_args *args);
void br_preflight_deinit(br_preflight *p);

/* Appends an item; its text without secrets. A failed one that --accept names becomes accepted, except for
 * the target itself and the gate. */
BR_PRINTF(4, 5)
void br_preflight_add(br_preflight *p, const char *key, br_preflight_state state, const char *fmt, ...);

/* The checks, each adding its items. The others are not worth trying when the target is down. */
void br_preflight_check_target(br_preflight *p);
void br_preflight_check_data(br_preflight *p);
void br_preflight_check_metrics(br_preflight *p);
void br_preflight_check_version(br_preflight *p);
void br_preflight_check_baseline(br_preflight *p);
void br_preflight_check_machine(br_preflight *p);
void br_preflight_check_gate(br_preflight *p);
/* What only people know: from --answer, --yes, or the terminal. */
void br_preflight_ask(br_preflight *p);
/* BR_EINVAL: --answer or --accept is no KEY=TEXT, or there is no such key. */
BR_NODISCARD br_code br_preflight_check_args(const br_args *a, br_err *err);

bool br_preflight_ready(const br_preflight *p);
int br_preflight_exit_status(const br_preflight *p);
void br_preflight_print(const br_preflight *p, bool colour); /* to standard output */
/* Appends the document brunt.preflight/1. */
void br_preflight_json(const br_preflight *p, br_buf *out);

/* Does an answer hold data? Text that is no JSON: if it is not blank. JSON: no empty list, mapping or text,
 * no null; of a mapping with a member `data` that member is what counts. */
bool br_preflight_has_data(br_str body);
