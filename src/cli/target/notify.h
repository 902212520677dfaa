/*
 * cli/target/notify.h - tells webhooks and chats how a test ended.
 *
 * What: reads --notify, --notify-on and --report-url, and notify of brunt.yaml, sends report/notification.h's
 * messages, tries again where that helps. Why here: the one place that knows addresses which are secrets.
 * Threads: main thread. Memory: owns its texts. Safety: of an address only scheme and host are ever shown;
 * path, query, user and password are hidden from all logs (they are what a webhook's token is made of).
 * Certificates are verified, redirects not followed. Limits: BR_NOTIFY_TRIES tries for each address, each
 * BR_NOTIFY_TRY long at most; all of them together end after BR_NOTIFY_ALL. Connection errors other than
 * wrong certificates and the statuses 408, 429 and 5xx are tried again, after a second, then two, or what
 * Retry-After asks for.
 */
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/vec.h"
#include "cli/config/config.h"
#include "cli/terminal/args.h"
#include "codec/url.h"
#include "report/notification.h"

#define BR_NOTIFY_TRIES 3
#define BR_NOTIFY_TRY   (10 * BR_SEC)
#define BR_NOTIFY_ALL   (45 * BR_SEC)
#define BR_NOTIFY_ARGS                                                                                       \
    {"notify", 0, BR_ARG_LIST, "URL",                                                                        \
        "tell a webhook, or a chat that takes Slack's messages (slack+https://...), how it ended; "          \
        "several are possible; none: nobody (default: notify of brunt.yaml)",                                \
        "BRUNT_NOTIFY_URL"},                                                                                 \
        {"notify-on", 0, BR_ARG_VALUE, "WHEN",                                                               \
            "problem: only if there is something to look at; failure; regression (of --compare); always "    \
            "(default problem)",                                                                             \
            "BRUNT_NOTIFY_ON"},                                                                              \
    {                                                                                                        \
        "report-url", 0, BR_ARG_VALUE, "URL", "where the report can be seen, for notifications",             \
            "BRUNT_REPORT_URL"                                                                               \
    }

typedef struct br_notify_address {
    br_url url;
    br_str shown;         /* "https://hooks.example.com" */
    br_str authorization; /* of a user in the address; empty: none */
    bool slack;
} br_notify_address;

typedef struct br_notify {
    br_arena arena;
    BR_VEC(br_notify_address) addresses;
    br_str report_url;
    br_notify_when when;
    bool has_addresses, has_when; /* said by flags or variables: what the configuration says does not count */
} br_notify;

/*
 * From the flags, else their variables (of addresses several, with blanks between them). BR_EINVAL: an
 * address that is none; the message does not repeat it. *ret is for br_notify_deinit() in any case.
 */
BR_NODISCARD br_code br_notify_read(const br_args *a, br_notify *ret, br_err *err);
/*
 * What flags and variables left open is as the configuration has it. Errors of br_config_notify_of(), unless
 * its addresses are not needed.
 */
BR_NODISCARD br_code br_notify_complete(
    br_notify *n, const br_config *cfg, const br_environment *e, br_err *err);
void br_notify_deinit(br_notify *n); /* fine if zeroed */

/*
 * Sends what happened to all addresses, if it is to be told; report_url and version are filled in here.
 * Failures are warnings, and the number of them is returned: a verdict does not depend on who could be told.
 */
size_t br_notify_send(const br_notify *n, const br_notification *what);
