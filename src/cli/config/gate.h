/*
 * cli/config/gate.h - may this environment be tested now?
 *
 * What: holds what the command line claims (who approved, when stakeholders were told) and the time against
 *     what the environment asks for: approval, window, notice.
 * Why here: every command that loads a target has to pass, or nobody would keep to it.
 * Threads: any; br_gate_check() is pure, the time is passed in.
 * Memory: what is claimed is borrowed; texts are in the arena that is passed.
 * Invariants: an environment without approval, window and notice is always open. A claim is recorded, not
 *     verified: brunt cannot ask people.
 */
#pragma once
#include "cli/terminal/args.h"
#include "cli/config/config.h"

#define BR_GATE_EXIT_REFUSED 6 /* exit status of a refusal */

extern const br_arg br_gate_args[]; /* --approve, --told-at; each also as a variable */

typedef struct br_gate_claim {
    const char *approve; /* "who, why"; NULL: nobody */
    const char *told_at; /* an instant; NULL: they were not told */
} br_gate_claim;
br_gate_claim br_gate_claim_of(const br_args *a); /* of flags, then variables */

/* What is on record when the gate was passed. */
typedef struct br_gate_pass {
    br_str approver, reason; /* empty: none was needed or given */
    br_ns told_at;           /* 0: not given */
    br_ns window_end;        /* BR_NS_MAX: there is no window */
    br_str warning;          /* the test goes on beyond the window; empty: it does not */
} br_gate_pass;

/*
 * `now`: wall clock; `length`: of the test, 0: unknown. BR_EACCESS: refused; the message names everything
 * that is missing and the next instant at which it would be allowed. BR_EINVAL, BR_ESYNTAX: a claim is
 * malformed.
 */
BR_NODISCARD br_code br_gate_check(const br_environment *e, const br_gate_claim *claim, br_ns now,
    br_ns length, br_arena *arena, br_gate_pass *ret, br_err *err);

/* "approved by Ada (release 2.1), told 2026-11-25 01:00 UTC"; empty if there is nothing to say. */
br_str br_gate_text(const br_gate_pass *p, br_arena *arena);

/* The same by the flags of a command and the clock, for those that load a target; logs what is on record. */
BR_NODISCARD br_code br_gate_open(
    const br_environment *e, const br_args *a, br_ns length, br_arena *arena, br_gate_pass *ret, br_err *err);
