/*
 * report/notification.h - a verdict for people who are elsewhere: webhooks and chats.
 *
 * What: the message as JSON of its own ("brunt.notification/1") and as what Slack and its likes accept.
 * Why here: an alert must carry what one would ask next: which metric, by how much and how sure, compared
 *     with what, what to look at first, where the report is.
 * Threads: any; inputs are only read.
 * Safety: the target's address is shown without user and query; texts of the service cannot mention people.
 */
#pragma once
#include "judge/compare.h"
#include "judge/verdict.h"

typedef struct br_notification {
    br_str tool_version, test, environment, target; /* may be empty, but for the version and the test */
    const br_judgement *judgement; /* NULL: it did not come to a verdict, `trouble` says why */
    br_str trouble;
    const br_comparison *comparison; /* NULL: none */
    br_str report_url;               /* empty: none */
} br_notification;

/* Is there anything that somebody should look at? */
bool br_notification_is_problem(const br_notification *n);
/* Did it fail, is it no evidence, or did it come to no verdict? */
bool br_notification_is_failure(const br_notification *n);
/* Does the comparison say that it became worse? */
bool br_notification_is_regression(const br_notification *n);

/* BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_notification_json(const br_notification *n, br_buf *out, br_err *err);
BR_NODISCARD br_code br_report_notification_slack(const br_notification *n, br_buf *out, br_err *err);
