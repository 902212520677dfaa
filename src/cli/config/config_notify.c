#include "cli/config/config_int.h"
#include "codec/url.h"

#define SLACK_PREFIX "slack+"

const char *const br_notify_when_words[] = {"problem", "failure", "regression", "always", NULL};

/* Messages do not repeat it. */
static br_code read_address(br_config_reader *r, const br_yaml_node *node, br_config_notify *n)
{
    br_str text = BR_STR_NONE;
    br_code code = br_config_text_or_none(r, node, "url", BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK || !text.p) return code;
    br_str prefix = BR_STR(SLACK_PREFIX);
    br_url url;
    code = br_url_parse(br_str_starts(text, prefix) ? br_str_sub(text, prefix.n, text.n) : text, &url, NULL);
    if (code != BR_OK || url.host.n == 0) {
        return br_config_fail(r, node, BR_EINVAL,
            "url of notify is no URL of http or https (it is not shown here: it may hold a token); write e.g. "
            "\"${HOOK_URL}\", and slack+https://... for chats that take Slack's messages");
    }
    n->urls[n->url_count++] = text;
    return BR_OK;
}

static br_code read_addresses(br_config_reader *r, const br_yaml_node *node, br_config_notify *n)
{
    br_code code = br_config_want_count(r, node, "addresses", BR_CONFIG_SOURCES_MAX);
    if (code != BR_OK) return code;
    n->urls = br_arena_zalloc(r->arena, (node->count + 1) * sizeof(*n->urls));
    if (node->kind != BR_YAML_LIST) return read_address(r, node, n);
    if (node->count == 0)
        return br_config_fail(r, node, BR_EINVAL, "there are no addresses; write e.g. \"${HOOK_URL}\"");
    for (const br_yaml_entry *e = node->first; e; e = e->next)
        code = br_config_both(code, read_address(r, e->value, n));
    return code;
}

static br_code read_report_url(br_config_reader *r, const br_yaml_node *node, br_config_notify *n)
{
    br_str text = BR_STR_NONE;
    br_url url;
    br_code code = br_config_text_or_none(r, node, "report_url", BR_CONFIG_TEXT_MAX, &text);
    if (code != BR_OK || !text.p) return code;
    if (br_url_parse(text, &url, NULL) != BR_OK || url.host.n == 0) {
        return br_config_fail(r, node, BR_EINVAL,
            "report_url %s is no URL of http or https; write e.g. \"${CI_JOB_URL:-}\"",
            br_config_quoted(r, node));
    }
    n->report_url = text;
    return BR_OK;
}

br_code br_config_read_notify(br_config_reader *r, const br_yaml_node *node, const br_config_notify **ret)
{
    br_code code = BR_OK;
    if (!node || !br_config_shape_ok(r, node, &br_shape_notify, &code)) return code;
    br_config_notify *n = br_arena_zalloc(r->arena, sizeof(*n));
    const br_yaml_node *url = br_yaml_get(node, "url"), *when = br_yaml_get(node, "when");
    const br_yaml_node *report = br_yaml_get(node, "report_url");
    size_t word = BR_NOTIFY_PROBLEM;
    if (!url && code == BR_OK) {
        code = br_config_fail(
            r, node, BR_EINVAL, "notify needs its url; write e.g. notify: { url: \"${HOOK_URL}\" }");
    }
    if (url) code = br_config_both(code, read_addresses(r, url, n));
    if (when) code = br_config_both(code, br_config_word(r, when, "when", br_notify_when_words, &word));
    if (report) code = br_config_both(code, read_report_url(r, report, n));
    n->when = (br_notify_when) word;
    *ret = n;
    return code;
}

br_code br_config_notify_of(
    const br_config *cfg, const br_environment *e, const br_config_notify **ret, br_err *err)
{
    const br_config_item *item = &cfg->notify_item;
    if (!e->notify && item->problem) return br_fail(err, item->problem_code, "%s", item->problem);
    *ret = e->notify ? e->notify : cfg->notify;
    return BR_OK;
}
