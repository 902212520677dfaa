#include "cli/config/config_show.h"
#include "base/num.h"
#include "codec/url.h"

static const char *const telling[] = {
    "authorization", "cookie", "token", "secret", "password", "passwd", "api-key", "api_key", "apikey"};

/* Does the name say that the value is nobody's business? */
static bool sounds_secret(br_str name)
{
    for (size_t i = 0; i < BR_COUNT_OF(telling); i++) {
        br_str word = br_str_of(telling[i]);
        for (size_t at = 0; at + word.n <= name.n; at++) {
            if (br_str_eq_nocase(br_str_sub(name, at, at + word.n), word)) return true;
        }
    }
    return false;
}

typedef struct shown {
    const br_environment *e;
    br_arena arena;
    br_buf *out;
} shown;

/* JSON's texts are YAML's. */
static void put_text(shown *s, br_str text)
{
    (void) br_buf_put_json_str(s->out, br_config_redact(s->e, text, &s->arena));
}

static void put_line(shown *s, const char *key, br_str value)
{
    if (value.n == 0) return;
    (void) br_buf_printf(s->out, "  %s: ", key);
    put_text(s, value);
    (void) br_buf_putc(s->out, '\n');
}

static void put_pairs(shown *s, const char *key, const br_config_pair *list, size_t count)
{
    if (count) (void) br_buf_printf(s->out, "  %s:\n", key);
    for (size_t i = 0; i < count; i++) {
        (void) br_buf_puts(s->out, "    ");
        put_text(s, list[i].name);
        (void) br_buf_puts(s->out, ": ");
        put_text(s, sounds_secret(list[i].name) ? BR_STR(BR_CONFIG_REDACTED) : list[i].value);
        (void) br_buf_putc(s->out, '\n');
    }
}

static void put_metrics(shown *s)
{
    static const char *const kinds[] = {"process", "process", "cgroup", "prometheus"};
    const br_environment *e = s->e;
    if (e->metric_count) (void) br_buf_puts(s->out, "  metrics:\n");
    for (size_t i = 0; i < e->metric_count; i++) {
        const br_watch_target *m = &e->metrics[i];
        (void) br_buf_printf(s->out, "    - %s: ", kinds[m->kind]);
        put_text(s, m->place);
        for (size_t k = 0; k < m->name_count; k++) {
            (void) br_buf_puts(s->out, k ? ", " : "\n      names: [ ");
            put_text(s, m->names[k]);
        }
        (void) br_buf_puts(s->out, m->name_count ? " ]\n" : "\n");
    }
}

static void put_gate(shown *s)
{
    const br_environment *e = s->e;
    if (e->approval) (void) br_buf_puts(s->out, "  approval: required\n");
    for (size_t i = 0; i < e->window_count; i++) {
        (void) br_buf_puts(s->out, i ? ", " : "  window: [ ");
        put_text(s, br_window_text(&e->windows[i], &s->arena));
    }
    if (e->window_count) (void) br_buf_puts(s->out, " ]\n");
    if (!e->notice) return;
    (void) br_buf_puts(s->out, "  notice: ");
    (void) br_buf_put_duration(s->out, e->notice);
    (void) br_buf_putc(s->out, '\n');
}

/* Of an address scheme and host, as everywhere. */
static void put_address(shown *s, br_str text)
{
    br_str prefix = BR_STR("slack+"), rest = text;
    bool slack = br_str_starts(text, prefix);
    br_url url;
    if (slack) rest = br_str_sub(text, prefix.n, text.n);
    if (br_url_parse(rest, &url, NULL) != BR_OK) return; /* it was checked when it was read */
    put_text(s, br_str_of(br_arena_printf(&s->arena, "%s%s://" BR_FMT "/%s", slack ? "slack+" : "",
                    url.tls ? "https" : "http", BR_ARG(url.authority), BR_CONFIG_REDACTED)));
}

static void put_notify(shown *s, const br_config_notify *n)
{
    if (!n) return;
    (void) br_buf_puts(s->out, "  notify:\n    url: [");
    for (size_t i = 0; i < n->url_count; i++) {
        (void) br_buf_puts(s->out, i ? ", " : " ");
        put_address(s, n->urls[i]);
    }
    (void) br_buf_printf(
        s->out, "%s]\n    when: %s\n", n->url_count ? " " : "", br_notify_when_words[n->when]);
    if (n->report_url.n) put_line(s, "  report_url", n->report_url);
}

void br_config_show(const br_environment *e, const br_config_notify *notify, br_buf *out)
{
    shown s = {.e = e, .out = out};
    br_arena_init(&s.arena, 4096);
    (void) br_buf_printf(out, BR_FMT ":\n", BR_ARG(e->name));
    put_line(&s, "base_url", e->base_url);
    put_line(&s, "health", e->health);
    put_pairs(&s, "headers", e->headers, e->header_count);
    put_pairs(&s, "env", e->env, e->env_count);
    put_metrics(&s);
    put_line(&s, "version", e->version);
    put_line(&s, "version_url", e->version_url);
    put_gate(&s);
    put_notify(&s, notify);
    if (e->secret_count) (void) br_buf_printf(out, "  # %zu secrets are hidden\n", e->secret_count);
    br_arena_deinit(&s.arena);
}
