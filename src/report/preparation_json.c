/* What was done and said before a test, in result files. */
#include "report/result_parts_int.h"

static void put_checklist(br_json *j, const br_preparation *p)
{
    br_json_key(j, BR_STR("preflight"));
    br_json_open(j, '{');
    br_json_put_u64(j, "started_unix_ms", (uint64_t) (p->checked_at / BR_MS));
    br_json_put_bool(j, "ready", p->ready);
    br_json_key(j, BR_STR("items"));
    br_json_open(j, '[');
    for (size_t i = 0; i < p->item_count; i++) {
        br_json_open(j, '{');
        br_json_put_str(j, "key", p->items[i].key);
        br_json_put_str(j, "state", p->items[i].state);
        br_json_put_bool(j, "asked", p->items[i].asked);
        br_json_put_str(j, "text", p->items[i].text);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
    br_json_close(j, '}');
}

void br_json_put_preparation(br_json *j, const br_preparation *p)
{
    if (!p || (p->approver.n == 0 && p->told_at <= 0 && p->checked_at <= 0)) return;
    br_json_key(j, BR_STR("preparation"));
    br_json_open(j, '{');
    if (p->approver.n > 0) {
        br_json_key(j, BR_STR("approval"));
        br_json_open(j, '{');
        br_json_put_str(j, "who", p->approver);
        br_json_put_str(j, "why", p->reason);
        br_json_close(j, '}');
    }
    if (p->told_at > 0) br_json_put_u64(j, "told_at_unix_ms", (uint64_t) (p->told_at / BR_MS));
    if (p->checked_at > 0) put_checklist(j, p);
    br_json_close(j, '}');
}
