#include "env.h"
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"

static void on_samples(void *ctx, const br_sample *samples, size_t count)
{
    world *w = ctx;
    for (size_t i = 0; i < count; i++) {
        const br_sample *s = &samples[i];
        (void) br_buf_printf(&w->samples, BR_FMT " %g {", BR_ARG(s->metric->name), s->value);
        for (size_t k = 0; k < s->tags->count; k++) {
            const br_tag *t = &s->tags->tags[k];
            (void) br_buf_printf(
                &w->samples, "%s" BR_FMT "=" BR_FMT, k ? "," : "", BR_ARG(t->key), BR_ARG(t->value));
        }
        (void) br_buf_puts(&w->samples, "}\n");
    }
}

static void open_log(world *w)
{
    w->log_file = open_memstream(&w->log, &w->log_bytes);
    br_log_setup(&(br_log_config){.level = BR_LOG_DEBUG, .out = w->log_file});
}

void world_init(world *w, const mini_script *scripts, size_t count)
{
    *w = (world){.dir = "/tmp/brunt-script-XXXXXX"};
    assert_non_null(mkdtemp(w->dir));
    if (count > 0) {
        w->server = mini_server_start(scripts, count);
        snprintf(w->base, sizeof(w->base), "http://127.0.0.1:%u", mini_server_port(w->server));
    }
    open_log(w);
    br_buf_init(&w->samples, BR_BUF_NO_LIMIT);
    assert_int_equal(br_loop_new(&w->loop, NULL), BR_OK);
    static const br_tls_options tls; /* outlives the tools */
    assert_int_equal(br_http_tools_init(&w->tools, w->loop, BR_SEC, &tls, NULL), BR_OK);
    w->fibers = br_fiber_pool_new(w->loop, (size_t) 256 << 10);
    w->metrics = br_metrics_new();
    w->settings = (br_vu_settings){
        .metrics = w->metrics, .user_agent = BR_STR("brunt/test"), .system_tags = BR_SYSTEM_TAGS_DEFAULT};
    br_http_client_config_defaults(&w->settings.http);
    w->recorder = br_recorder_new(&(br_recorder_config){
        .metrics = w->metrics, .system_tags = BR_SYSTEM_TAGS_DEFAULT, .tap = on_samples, .tap_ctx = w});
    br_tag tag = {BR_STR("run"), BR_STR("r")};
    w->run_tags = br_tags_intern(br_recorder_tag_store(w->recorder), &tag, 1);
}

static void remove_dir(const char *dir)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
}

void world_deinit(world *w)
{
    br_vu_free(w->vu);
    br_program_free(w->program);
    br_secrets_free(w->secrets);
    br_recorder_free(w->recorder);
    br_metrics_free(w->metrics);
    br_fiber_pool_free(w->fibers);
    br_http_tools_deinit(&w->tools);
    br_loop_free(w->loop);
    if (w->server != NULL) mini_server_stop(w->server);
    br_log_setup(&(br_log_config){.level = BR_LOG_INFO, .out = stderr});
    fclose(w->log_file);
    free(w->log); // from open_memstream
    br_buf_deinit(&w->samples);
    br_free(w->json);
    remove_dir(w->dir);
}

void world_file(world *w, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", w->dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    fclose(f);
}

br_code world_load(world *w, const char *source)
{
    char path[256];
    if (source != NULL) world_file(w, "main.js", source);
    snprintf(path, sizeof(path), "%s/main.js", w->dir);
    br_env_var env[] = {{BR_STR("BASE"), br_str_of(w->base)}, {BR_STR("NAME"), BR_STR("first")},
        {BR_STR("NAME"), BR_STR("second")}};
    br_program_config c = {
        .path = path, .env = env, .env_count = 3, .metrics = w->metrics, .secrets = w->secrets};
    br_program_free(w->program);
    w->program = NULL;
    w->err = (br_err){0};
    return br_program_load(&c, &w->program, &w->err);
}

br_vu *world_vu(world *w, int64_t id)
{
    br_vu_config c = {.program = w->program,
        .settings = &w->settings,
        .loop = w->loop,
        .tools = &w->tools,
        .recorder = w->recorder,
        .id = id,
        .run_tags = w->run_tags};
    br_vu *vu = NULL;
    if (br_vu_new(&c, &vu, &w->err) != BR_OK) fail_msg("%s", w->err.msg);
    return vu;
}

void world_open(world *w, const char *source)
{
    br_vu_free(w->vu);
    w->vu = NULL;
    if (world_load(w, source) != BR_OK) fail_msg("%s", w->err.msg);
    w->vu = world_vu(w, 1);
}

typedef struct one_call {
    world *world;
    br_vu *vu;
    const char *function, *argument;
    br_code code;
    br_timer cancel;
    br_fiber *fiber;
} one_call;

static void on_cancel(br_timer *timer, void *ctx)
{
    (void) timer;
    one_call *c = ctx;
    br_fiber_cancel(c->fiber);
}

static void call_main(br_fiber *self, void *arg)
{
    one_call *c = arg;
    world *w = c->world;
    br_tag tags[] = {{BR_STR("scenario"), BR_STR("s")}, {BR_STR("group"), BR_STR("")}};
    br_vu_call call = {.function = br_str_of(c->function),
        .scenario = BR_STR("s"),
        .tags = br_tags_with(br_recorder_tag_store(w->recorder), w->run_tags, tags, 2),
        .deadline = w->timeout ? br_loop_clock(w->loop) + w->timeout : BR_NS_MAX,
        .stop_flag = w->stop_flag,
        .meant = br_loop_clock(w->loop) - w->late};
    w->late = 0;
    br_str json = BR_STR_NONE;
    c->fiber = self;
    if (w->cancel_after > 0)
        br_timer_start(w->loop, &c->cancel, br_loop_clock(w->loop) + w->cancel_after, on_cancel, c);
    w->cancel_after = 0;
    c->code = br_vu_run(c->vu, self, &call, br_str_of(c->argument), &json, &w->err);
    w->json = (char *) (uintptr_t) json.p;
    br_timer_stop(w->loop, &c->cancel);
    br_loop_stop(w->loop);
}

br_code world_call(world *w, br_vu *vu, const char *function, const char *argument_json)
{
    one_call c = {.world = w, .vu = vu, .function = function, .argument = argument_json, .code = BR_AGAIN};
    br_free(w->json);
    w->json = NULL;
    w->err = (br_err){0};
    assert_int_equal(br_fiber_start(w->fibers, call_main, &c, NULL, NULL), BR_OK);
    br_loop_run(w->loop);
    return c.code;
}

void assert_gives(world *w, const char *body, const char *json)
{
    br_buf source;
    br_buf_init(&source, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&source, PRELUDE "export default function (data) { %s }", body);
    world_open(w, source.data);
    br_buf_deinit(&source);
    if (world_call(w, w->vu, "default", NULL) != BR_OK) fail_msg("%s\nfailed: %s", body, w->err.msg);
    const char *got = w->json ? w->json : "undefined";
    if (strcmp(got, json) != 0) fail_msg("%s\ngave %s\nwant %s", body, got, json);
}

void assert_call_fails(world *w, const char *function, br_code code, const char *part)
{
    br_code got = world_call(w, w->vu, function, NULL);
    if (got != code || strstr(w->err.msg, part) == NULL) {
        fail_msg("%s \"%s\"\nwant %s \"%s\"", br_code_name(got), w->err.msg, br_code_name(code), part);
    }
}

size_t samples_with(const world *w, const char *part)
{
    size_t n = 0;
    br_str rest = br_buf_view(&w->samples), line;
    while (br_str_cut(&rest, '\n', &line))
        n += br_str_find(line, br_str_of(part)) >= 0;
    return n;
}

bool log_has(world *w, const char *part)
{
    fflush(w->log_file);
    return strstr(w->log, part) != NULL;
}

void assert_sample(const world *w, const char *part, size_t times)
{
    size_t n = samples_with(w, part);
    if (n != times)
        fail_msg("%zu samples with \"%s\", want %zu, in:\n%s", n, part, times,
            w->samples.data ? w->samples.data : "");
}
