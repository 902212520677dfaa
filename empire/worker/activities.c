#include "empire/worker/activities.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "empire/domain/analytics.h"
#include "empire/workflow/registry.h"

#define FEED_PRODUCTS_MAX 10000

/* One execution. */
typedef struct job {
    const emp_activity_world *world;
    emp_http *http;
    const emp_activity_task *task;
    const json_t *input;
    bool dry_run;
    emp_doer who;
    char key[EMP_UUID_SIZE + EMP_NAME_MAX]; /* run:activity */
    emp_activity_result *result;
} job;

/* Results ------------------------------------------------------------------------------------------ */

static void finish(job *j, emp_activity_outcome outcome, char *take_payload, br_ns retry_after)
{
    *j->result = (emp_activity_result){outcome, take_payload, retry_after};
}

static void fail(job *j, emp_activity_outcome outcome, const char *message, br_ns retry_after)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_buf_puts(&text, "{\"message\":");
    br_buf_put_json_str(&text, br_str_of(message));
    br_buf_putc(&text, '}');
    finish(j, outcome, br_buf_detach(&text), retry_after);
}

static void skip(job *j, const char *reason)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_buf_puts(&text, "{\"status\":\"skipped\",\"reason\":");
    br_buf_put_json_str(&text, br_str_of(reason));
    br_buf_putc(&text, '}');
    finish(j, EMP_ACTIVITY_DONE, br_buf_detach(&text), 0);
}

/* What the store said. A statement that the database refuses is refused again. */
static void finish_store(job *j, br_code rc, char *take_result, const br_err *err)
{
    if (rc == BR_OK) {
        finish(j, EMP_ACTIVITY_DONE, take_result, 0);
    } else {
        fail(j, rc == BR_EIO ? EMP_ACTIVITY_FAILED : EMP_ACTIVITY_RETRY, err->msg, 0);
    }
}

/* True when the call gave something; otherwise the result says why not. */
static bool called(job *j, const emp_call_result *call)
{
    if (call->outcome == EMP_CALL_OK) return true;
    fail(j, call->outcome == EMP_CALL_RETRY ? EMP_ACTIVITY_RETRY : EMP_ACTIVITY_FAILED, call->message,
        call->retry_after);
    return false;
}

/* Input -------------------------------------------------------------------------------------------- */

static const json_t *product_of(const job *j)
{
    return json_object_get(j->input, "product");
}

static int64_t product_id(const job *j)
{
    return json_integer_value(json_object_get(product_of(j), "id"));
}

static const char *product_text(const job *j, const char *key)
{
    const char *text = json_string_value(json_object_get(product_of(j), key));
    return text ? text : "";
}

/* Feeds -------------------------------------------------------------------------------------------- */

/* The array under `key`, or the answer itself if it is one, as text (free()); NULL, and the job has failed.
 */
static char *array_of(job *j, const br_buf *body, const char *key)
{
    json_t *root = json_loadb(body->data, body->len, 0, NULL);
    const json_t *array = json_is_array(root) ? root : json_object_get(root, key);
    char *text = NULL;
    if (!json_is_array(array)) {
        fail(j, EMP_ACTIVITY_FAILED, "the feed's answer has no list", 0);
    } else if (json_array_size(array) > FEED_PRODUCTS_MAX) {
        fail(j, EMP_ACTIVITY_FAILED, "the feed's list is too long", 0);
    } else {
        text = json_dumps(array, JSON_COMPACT);
    }
    json_decref(root);
    return text;
}

typedef br_code (*keep_fn)(emp_store *s, emp_doer who, const char *rows, char **ret_result, br_err *err);

static void read_feed(job *j, emp_service service, const char *key, const char *variable, keep_fn keep)
{
    if (j->dry_run) {
        skip(j, "dry run");
        return;
    }
    if (!emp_provider_has(j->world->provider, service)) {
        char reason[64];
        snprintf(reason, sizeof(reason), "%s is not set", variable);
        skip(j, reason);
        return;
    }
    emp_call_result call;
    emp_call_result_init(&call);
    emp_provider_call(j->world->provider, j->http, service, NULL, NULL, &call);
    char *rows = called(j, &call) ? array_of(j, &call.body, key) : NULL;
    if (rows) {
        br_err err;
        char *result = NULL;
        br_code rc = keep(j->world->store, j->who, rows, &result, &err);
        finish_store(j, rc, result, &err);
        free(rows);
    }
    emp_call_result_deinit(&call);
}

static void sync_products(job *j)
{
    read_feed(j, EMP_SERVICE_FEED, "products", "PRODUCT_FEED_URL", emp_store_products);
}

static void collect_analytics(job *j)
{
    read_feed(j, EMP_SERVICE_ANALYTICS, "data", "ANALYTICS_URL", emp_store_analytics);
}

/* Database only ------------------------------------------------------------------------------------ */

static void rank_products(job *j)
{
    br_err err;
    char *result = NULL;
    int64_t count = json_integer_value(json_object_get(j->input, "count"));
    br_code rc = emp_store_rank(j->world->store, count, &result, &err);
    finish_store(j, rc, result, &err);
}

static void optimize(job *j)
{
    br_err err;
    char *result = NULL;
    const char *kind = json_string_value(json_object_get(j->input, "kind"));
    br_code rc = emp_store_optimize(
        j->world->store, j->who, kind ? kind : "daily", j->dry_run, &result, &err);
    finish_store(j, rc, result, &err);
}

/* Products ----------------------------------------------------------------------------------------- */

static void keep_content(job *j, const emp_content *content)
{
    br_err err;
    char *result = NULL;
    br_code rc = emp_store_content(j->world->store, j->who, content, &result, &err);
    finish_store(j, rc, result, &err);
}

static void write_script(job *j)
{
    static const char system[] =
        "You write scripts for product videos of thirty seconds. Answer with the script only.";
    if (j->dry_run) {
        skip(j, "dry run");
        return;
    }
    if (!emp_provider_has(j->world->provider, EMP_SERVICE_AI)) {
        fail(j, EMP_ACTIVITY_FAILED, "AI_BASE_URL is not set: there is nobody to write scripts", 0);
        return;
    }
    char *product = json_dumps(product_of(j), JSON_COMPACT);
    emp_call_result call;
    emp_call_result_init(&call);
    emp_provider_chat(j->world->provider, j->http, system, product ? product : "{}", &call);
    if (called(j, &call)) {
        json_t *extra = json_pack("{s:s}", "script", call.body.data);
        char *text = json_dumps(extra, JSON_COMPACT);
        const emp_content content = {.product_id = product_id(j),
            .kind = "script",
            .status = "ready",
            .title = product_text(j, "name"),
            .body = call.body.data,
            .extra = text};
        keep_content(j, &content);
        free(text);
        json_decref(extra);
    }
    emp_call_result_deinit(&call);
    free(product);
}

/* The file's name is made of the key, so that another attempt finds it. */
static void video_name(const job *j, char *to, size_t size)
{
    snprintf(to, size, "%s-%" PRId64, j->task->run_id, product_id(j));
}

static void render_video(job *j)
{
    br_err err;
    char name[96], url[128];
    const emp_video_config *config = &j->world->video;
    if (j->dry_run || !config->folder) {
        skip(j, j->dry_run ? "dry run" : "VIDEO_DIR is not set");
        return;
    }
    video_name(j, name, sizeof(name));
    br_code rc = emp_video_render(config, name, br_str_of(product_text(j, "name")), &err);
    if (rc == BR_ENOTFOUND) {
        skip(j, "ffmpeg is not installed");
        return;
    }
    if (rc != BR_OK) {
        fail(j, EMP_ACTIVITY_RETRY, err.msg, 0);
        return;
    }
    snprintf(url, sizeof(url), "%s.mp4", name);
    char *extra = NULL;
    json_t *members = json_pack("{s:s}", "file", url);
    extra = json_dumps(members, JSON_COMPACT);
    json_decref(members);
    const emp_content content = {.product_id = product_id(j),
        .kind = "video",
        .status = "ready",
        .title = product_text(j, "name"),
        .url = url,
        .extra = extra};
    keep_content(j, &content);
    free(extra);
}

/* The service of a platform; EMP_SERVICE_COUNT: no such platform. */
static emp_service service_of(const char *platform)
{
    for (int s = EMP_SERVICE_TIKTOK; platform && s < EMP_SERVICE_COUNT; s++) {
        if (strcmp(emp_service_name((emp_service) s), platform) == 0) return (emp_service) s;
    }
    return EMP_SERVICE_COUNT;
}

static char *post_body(const job *j, const char *platform)
{
    const json_t *before = json_object_get(j->input, "before");
    const char *file = json_string_value(json_object_get(before, "file"));
    json_t *root = json_pack("{s:s, s:I, s:s, s:s?}", "platform", platform, "productId",
        (json_int_t) product_id(j), "title", product_text(j, "name"), "video", file);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static void keep_post(job *j, const char *platform, const br_buf *answer)
{
    json_t *root = json_loadb(answer->data, answer->len, 0, NULL);
    const char *url = json_string_value(json_object_get(root, "url"));
    json_t *members = json_pack("{s:s?}", "url", url);
    char *extra = json_dumps(members, JSON_COMPACT);
    const emp_content content = {.product_id = product_id(j),
        .platform = platform,
        .kind = "post",
        .status = "published",
        .title = product_text(j, "name"),
        .url = url,
        .extra = extra};
    keep_content(j, &content);
    free(extra);
    json_decref(members);
    json_decref(root);
}

static void publish(job *j)
{
    const char *platform = json_string_value(json_object_get(j->input, "platform"));
    emp_service service = service_of(platform);
    if (service == EMP_SERVICE_COUNT) {
        fail(j, EMP_ACTIVITY_FAILED, "there is no such platform", 0);
        return;
    }
    if (j->dry_run || !emp_provider_has(j->world->provider, service)) {
        skip(j, j->dry_run ? "dry run" : "the platform's webhook is not set");
        return;
    }
    char *body = post_body(j, platform);
    emp_call_result call;
    emp_call_result_init(&call);
    emp_provider_call(j->world->provider, j->http, service, body, j->key, &call);
    if (called(j, &call)) keep_post(j, platform, &call.body);
    emp_call_result_deinit(&call);
    free(body);
}

/* Executing ---------------------------------------------------------------------------------------- */

static const struct {
    const char *kind;
    void (*run)(job *j);
} kinds[] = {
    {EMP_ACT_SYNC, sync_products},
    {EMP_ACT_RANK, rank_products},
    {EMP_ACT_SCRIPT, write_script},
    {EMP_ACT_VIDEO, render_video},
    {EMP_ACT_PUBLISH, publish},
    {EMP_ACT_COLLECT, collect_analytics},
    {EMP_ACT_OPTIMIZE, optimize},
};

static void dispatch(job *j)
{
    for (size_t i = 0; i < BR_COUNT_OF(kinds); i++) {
        if (strcmp(kinds[i].kind, j->task->kind) != 0) continue;
        kinds[i].run(j);
        return;
    }
    fail(j, EMP_ACTIVITY_RETRY, "this worker does not know the activity's type", 0); /* a newer one may */
}

/* True when an attempt before has done it: its result is taken. */
static bool was_done(job *j)
{
    br_err err;
    char *result = NULL;
    if (j->task->attempt < 2 || j->dry_run) return false;
    br_code rc = emp_store_effect(j->world->store, j->who, &result, &err);
    if (rc == BR_OK && !result) return false;
    finish_store(j, rc, result, &err);
    return true;
}

void emp_activity_execute(const emp_activity_world *world, emp_http *http, const emp_activity_task *task,
    emp_activity_result *ret_result)
{
    json_t *input = json_loads(task->input, 0, NULL);
    job j = {.world = world,
        .http = http,
        .task = task,
        .input = input,
        .dry_run = json_is_true(json_object_get(input, "dryRun")),
        .who = {task->run_id, task->name},
        .result = ret_result};
    snprintf(j.key, sizeof(j.key), "%s:%s", task->run_id, task->name);
    if (!was_done(&j)) dispatch(&j);
    if (strlen(j.result->payload) > EMP_PAYLOAD_MAX) {
        br_free(j.result->payload);
        fail(&j, EMP_ACTIVITY_FAILED, "the result is too large for a history", 0);
    }
    json_decref(input);
}
