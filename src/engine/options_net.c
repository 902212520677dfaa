/* Options about names and addresses: hosts, blockHostnames, blacklistIPs, dns, localIPs. */
#include "base/num.h"
#include "engine/options_read.h"

static br_code read_hosts(const br_option_reader *r, const json_t *v, br_host_rules *rules)
{
    const char *key;
    json_t *value;
    if (!v || json_is_null(v)) return BR_OK;
    if (!json_is_object(v))
        return br_fail(r->err, BR_EINVAL, "hosts must be an object of names and addresses");
    rules->hosts = br_arena_zalloc(r->arena, (json_object_size(v) + 1) * sizeof(*rules->hosts));
    json_object_foreach((json_t *) (uintptr_t) v, key, value)
    {
        br_host_mapping *m = &rules->hosts[rules->host_count++];
        const char *address = json_string_value(value);
        m->pattern = br_arena_str(r->arena, br_str_of(key));
        if (!address || br_address_parse(br_str_of(address), &m->address) != BR_OK)
            return br_fail(r->err, BR_EINVAL,
                "hosts: '%s' needs an IP address with or without port, not '%s'", key,
                address ? address : "something else");
        if (strchr(key[0] == '*' ? key + 1 : key, '*'))
            return br_fail(r->err, BR_EINVAL, "hosts: '%s': a wildcard stands at the beginning only", key);
    }
    return BR_OK;
}

static br_code read_blocked(const br_option_reader *r, const json_t *v, br_host_rules *rules)
{
    br_code code = br_read_strings(r, "blockHostnames", v, &rules->blocked, &rules->blocked_count);
    for (size_t i = 0; i < rules->blocked_count && code == BR_OK; i++) {
        br_str s = rules->blocked[i];
        if (s.n == 0 || br_str_find_char(br_str_sub(s, s.p[0] == '*' ? 1 : 0, s.n), '*') >= 0)
            code = br_fail(r->err, br_unreadable(r, v), "invalid hostname pattern " BR_FMT, BR_ARG(s));
    }
    return code;
}

static br_code read_blacklist(const br_option_reader *r, const json_t *v, br_host_rules *rules)
{
    br_str *list = NULL;
    br_code code = br_read_strings(r, "blacklistIPs", v, &list, &rules->blacklist_count);
    if (code != BR_OK || !list) return code;
    rules->blacklist = br_arena_zalloc(r->arena, (rules->blacklist_count + 1) * sizeof(*rules->blacklist));
    for (size_t i = 0; i < rules->blacklist_count; i++) {
        if (br_ip_range_parse(list[i], &rules->blacklist[i]) != BR_OK)
            return br_fail(r->err, br_unreadable(r, v), "invalid CIDR address: " BR_FMT, BR_ARG(list[i]));
    }
    return BR_OK;
}

/* "inf", "0", a duration, or milliseconds. */
static br_code read_ttl(const br_option_reader *r, br_str text, br_ns *ret)
{
    br_ns ttl;
    if (br_str_is(text, "inf")) {
        *ret = BR_NS_MAX;
        return BR_OK;
    }
    if (br_parse_duration(text, BR_DURATION_K6, &ttl) != BR_OK || ttl < 0)
        return br_fail(r->err, BR_EINVAL, "invalid DNS TTL: " BR_FMT, BR_ARG(text));
    *ret = ttl;
    return BR_OK;
}

static br_code set_dns(const br_option_reader *r, br_str key, br_str value, br_options *o)
{
    br_code code = BR_OK;
    if (br_str_is(key, "ttl")) return read_ttl(r, value, &o->dns_ttl);
    if (br_str_is(key, "select")) {
        code = br_dns_select_parse(value, &o->host_rules.select);
        return code == BR_OK
                   ? code
                   : br_fail(r->err, BR_EINVAL, BR_FMT " does not belong to DNSSelect values", BR_ARG(value));
    }
    if (br_str_is(key, "policy")) {
        code = br_dns_policy_parse(value, &o->host_rules.policy);
        return code == BR_OK
                   ? code
                   : br_fail(r->err, BR_EINVAL, BR_FMT " does not belong to DNSPolicy values", BR_ARG(value));
    }
    return br_fail(r->err, BR_EINVAL, "unknown DNS configuration field: " BR_FMT, BR_ARG(key));
}

static br_code read_dns_text(const br_option_reader *r, br_str text, br_options *o)
{
    br_str item, key;
    br_code code = BR_OK;
    while (code == BR_OK && text.n && br_str_cut(&text, ',', &item)) {
        br_str value = item;
        if (!br_str_cut(&value, '=', &key) || !value.p)
            return br_fail(r->err, BR_EINVAL, "no value for key " BR_FMT, BR_ARG(item));
        code = set_dns(r, br_str_trim(key), br_str_trim(value), o);
    }
    return code;
}

static br_code read_dns(const br_option_reader *r, const json_t *v, br_options *o)
{
    const char *key;
    json_t *value;
    if (!v || json_is_null(v)) return BR_OK;
    if (json_is_string(v)) return read_dns_text(r, br_str_of(json_string_value(v)), o);
    if (!json_is_object(v)) return br_fail(r->err, BR_EINVAL, "dns must be an object or a text");
    br_fold_names(v, (const char *const[]){"ttl", "select", "policy", NULL});
    json_object_foreach((json_t *) (uintptr_t) v, key, value)
    {
        br_str text = BR_STR("");
        if (json_is_null(value)) continue;
        br_code code = BR_OK;
        if (json_is_number(value))
            text = br_str_of(br_arena_printf(r->arena, "%.0f", json_number_value(value)));
        else
            code = br_read_text(r, key, value, &text);
        if (code == BR_OK) code = set_dns(r, br_str_of(key), text, o);
        if (code == BR_EINVAL && strcmp(key, "ttl") != 0) code = br_unreadable(r, v); /* k6 reads ttl later */
        if (code != BR_OK) return code;
    }
    return BR_OK;
}

static br_code read_local_ips(const br_option_reader *r, const json_t *v, br_options *o)
{
    br_str text = BR_STR("");
    br_code code = br_read_text(r, "localIPs", v, &text);
    return code == BR_OK && text.n ? br_local_ips_parse(r->arena, text, &o->local_ips, r->err) : code;
}

br_code br_options_read_net(const br_option_reader *r, const json_t *j, br_options *o)
{
    br_code code = read_hosts(r, json_object_get(j, "hosts"), &o->host_rules);
    if (code == BR_OK) code = read_blocked(r, json_object_get(j, "blockHostnames"), &o->host_rules);
    if (code == BR_OK) code = read_blacklist(r, json_object_get(j, "blacklistIPs"), &o->host_rules);
    if (code == BR_OK) code = read_dns(r, json_object_get(j, "dns"), o);
    if (code == BR_OK) code = read_local_ips(r, json_object_get(j, "localIPs"), o);
    return code;
}
