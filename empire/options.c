#include "empire/options.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/num.h"
#include "base/str.h"
#include "empire/db/pool.h"
#include "empire/db/seed.h"
#include "empire/domain/workflows.h"
#include "empire/workflow/engine.h"

typedef enum flag_kind { FLAG_TEXT, FLAG_NUMBER, FLAG_DURATION, FLAG_SWITCH } flag_kind;

#define ON(command)     (1u << (command))
#define RANGE(from, to) ((ON(to) << 1) - ON(from))
#define API             (ON(EMP_CMD_API) | ON(EMP_CMD_AUTOSCALE))
#define SCALE           ON(EMP_CMD_AUTOSCALE)
#define SCHEDULES       RANGE(EMP_CMD_SCHEDULE_LIST, EMP_CMD_SCHEDULE_DELETE)
#define WORKFLOWS       RANGE(EMP_CMD_WORKFLOW_LIST, EMP_CMD_WORKFLOW_TERMINATE)
#define OWNER           (ON(EMP_CMD_MIGRATE) | ON(EMP_CMD_SEED))
#define DATABASE        (API | ON(EMP_CMD_WORKER) | OWNER | SCHEDULES | WORKFLOWS)
#define NAMES_ONE       ((SCHEDULES & ~ON(EMP_CMD_SCHEDULE_LIST)) | (WORKFLOWS & ~ON(EMP_CMD_WORKFLOW_LIST)))
#define SET             ON(EMP_CMD_SCHEDULE_SET)
#define LISTS_RUNS      ON(EMP_CMD_WORKFLOW_LIST)
#define WORKER          ON(EMP_CMD_WORKER)
#define STUB            ON(EMP_CMD_STUB)
#define FAULTY          (API | WORKER)

#define STUB_PORT     3900
#define STUB_PRODUCTS 100

/*
 * `min` and `max` are the number's, or the duration's in milliseconds. Without a flag (name NULL) it comes
 * from the environment only: other users can read a command line.
 */
static const struct flag {
    const char *name, *env;
    flag_kind kind;
    unsigned commands;
    size_t offset;
    int64_t min, max;
} flags[] = {
    {"database-url", "DATABASE_URL", FLAG_TEXT, DATABASE, offsetof(emp_options, database_url), 0, 0},
    {"host", "HOST", FLAG_TEXT, API, offsetof(emp_options, host), 0, 0},
    {"port", "PORT", FLAG_NUMBER, API, offsetof(emp_options, port), 0, 65535},
    {"port", NULL, FLAG_NUMBER, STUB, offsetof(emp_options, port), 0, 65535},
    {"db-connections", NULL, FLAG_NUMBER, API, offsetof(emp_options, connections), 1, 64},
    {"db-connections-kept", NULL, FLAG_NUMBER, API, offsetof(emp_options, kept), 1, 64},
    {"db-queue", NULL, FLAG_NUMBER, API, offsetof(emp_options, queue), 1, 100000},
    {"db-pipeline", NULL, FLAG_NUMBER, API, offsetof(emp_options, depth), 1, EMP_POOL_DEPTH},
    {"db-wait", NULL, FLAG_DURATION, API, offsetof(emp_options, wait_timeout), 10, 60000},
    {"query-timeout", NULL, FLAG_DURATION, API, offsetof(emp_options, query_timeout), 100, 60000},
    {"threads", NULL, FLAG_NUMBER, API, offsetof(emp_options, threads), 1, 64},
    {"max-connections", NULL, FLAG_NUMBER, API, offsetof(emp_options, max_connections), 1, 100000},
    {"connections-per-address", NULL, FLAG_NUMBER, API, offsetof(emp_options, max_per_address), 0, 100000},
    {"idle-timeout", NULL, FLAG_DURATION, API, offsetof(emp_options, idle_timeout), 1000, 600000},
    {"request-timeout", NULL, FLAG_DURATION, API, offsetof(emp_options, request_timeout), 500, 600000},
    {"held-mb", NULL, FLAG_NUMBER, API, offsetof(emp_options, held_mb), 1, 100000},
    {"rate-limit", "RATE_LIMIT", FLAG_NUMBER, API, offsetof(emp_options, rate_limit), 0, 10000000},
    {"trust-forwarded", NULL, FLAG_SWITCH, API, offsetof(emp_options, trust_forwarded), 0, 0},
    {"api-keys", "EMPIRE_API_KEYS", FLAG_TEXT, API, offsetof(emp_options, api_keys), 0, 0},
    {"answers-keep", NULL, FLAG_DURATION, API, offsetof(emp_options, answers_keep), 0, 3600000},
    {"admin-port", "ADMIN_PORT", FLAG_NUMBER, FAULTY, offsetof(emp_options, admin_port), 0, 65535},
    {"faults", "EMPIRE_FAULTS", FLAG_TEXT, FAULTY, offsetof(emp_options, faults), 0, 0},
    {"grant-to", NULL, FLAG_TEXT, ON(EMP_CMD_MIGRATE), offsetof(emp_options, grant_to), 0, 0},
    {"name", NULL, FLAG_TEXT, ON(EMP_CMD_KEY), offsetof(emp_options, key_name), 0, 0},
    {"cron", NULL, FLAG_TEXT, SET, offsetof(emp_options, cron), 0, 0},
    {"type", NULL, FLAG_TEXT, SET | LISTS_RUNS, offsetof(emp_options, type), 0, 0},
    {"videos", NULL, FLAG_NUMBER, SET, offsetof(emp_options, videos), 1, EMP_WORKFLOW_VIDEOS_MAX},
    {"dry-run", NULL, FLAG_SWITCH, SET, offsetof(emp_options, dry_run), 0, 0},
    {"catch-up", NULL, FLAG_DURATION, SET, offsetof(emp_options, catch_up), 10000, INT64_C(31536000000)},
    {"status", NULL, FLAG_TEXT, LISTS_RUNS, offsetof(emp_options, status), 0, 0},
    {"limit", NULL, FLAG_NUMBER, LISTS_RUNS, offsetof(emp_options, limit), 1, EMP_LIST_MAX},
    {"reason", NULL, FLAG_TEXT, ON(EMP_CMD_WORKFLOW_TERMINATE), offsetof(emp_options, reason), 0, 0},
    {"access-log", NULL, FLAG_SWITCH, API, offsetof(emp_options, access_log), 0, 0},
    {"min", NULL, FLAG_NUMBER, SCALE, offsetof(emp_options, scale_min), 1, 64},
    {"max", NULL, FLAG_NUMBER, SCALE, offsetof(emp_options, scale_max), 1, 64},
    {"cpu", NULL, FLAG_NUMBER, SCALE, offsetof(emp_options, scale_cpu), 1, 6400},
    {"memory", NULL, FLAG_NUMBER, SCALE, offsetof(emp_options, scale_memory), 1, 100},
    {"memory-limit", NULL, FLAG_NUMBER, SCALE, offsetof(emp_options, memory_limit), 16, 65536},
    {"interval", NULL, FLAG_DURATION, SCALE, offsetof(emp_options, scale_interval), 100, 600000},
    {"up-pause", NULL, FLAG_DURATION, SCALE, offsetof(emp_options, up_pause), 0, 3600000},
    {"down-pause", NULL, FLAG_DURATION, SCALE, offsetof(emp_options, down_pause), 0, 3600000},
    {"health-interval", NULL, FLAG_DURATION, SCALE, offsetof(emp_options, health_interval), 100, 3600000},
    {"health-timeout", NULL, FLAG_DURATION, SCALE, offsetof(emp_options, health_timeout), 10, 60000},
    {"health-grace", NULL, FLAG_DURATION, SCALE, offsetof(emp_options, health_grace), 0, 3600000},
    {"processes", "WORKERS", FLAG_NUMBER, WORKER, offsetof(emp_options, processes), 1, 64},
    {"max-workflow-tasks", "MAX_WORKFLOW_TASKS", FLAG_NUMBER, WORKER,
        offsetof(emp_options, max_workflow_tasks), 1, 256},
    {"max-activities", "MAX_ACTIVITIES", FLAG_NUMBER, WORKER, offsetof(emp_options, max_activities), 1, 256},
    {"keep-days", "WORKFLOW_KEEP_DAYS", FLAG_NUMBER, WORKER, offsetof(emp_options, keep_days), 1, 3650},
    {"nice", "WORKER_NICE", FLAG_NUMBER, WORKER, offsetof(emp_options, niceness), 0, 19},
    {"grace", NULL, FLAG_DURATION, WORKER, offsetof(emp_options, grace), 100, 300000},
    {"provider-timeout", NULL, FLAG_DURATION, WORKER, offsetof(emp_options, provider_timeout), 100, 60000},
    {"breaker-pause", NULL, FLAG_DURATION, WORKER, offsetof(emp_options, breaker_pause), 100, 600000},
    {"ai-url", "AI_BASE_URL", FLAG_TEXT, WORKER, offsetof(emp_options, ai_url), 0, 0},
    {NULL, "AI_API_KEY", FLAG_TEXT, WORKER, offsetof(emp_options, ai_key), 0, 0},
    {"ai-model", "AI_MODEL", FLAG_TEXT, WORKER, offsetof(emp_options, ai_model), 0, 0},
    {"feed-url", "PRODUCT_FEED_URL", FLAG_TEXT, WORKER, offsetof(emp_options, feed_url), 0, 0},
    {"analytics-url", "ANALYTICS_URL", FLAG_TEXT, WORKER, offsetof(emp_options, analytics_url), 0, 0},
    {NULL, "PUBLISH_URL_TIKTOK", FLAG_TEXT, WORKER, offsetof(emp_options, publish_tiktok), 0, 0},
    {NULL, "PUBLISH_URL_YOUTUBE", FLAG_TEXT, WORKER, offsetof(emp_options, publish_youtube), 0, 0},
    {NULL, "PUBLISH_URL_INSTAGRAM", FLAG_TEXT, WORKER, offsetof(emp_options, publish_instagram), 0, 0},
    {NULL, "PUBLISH_URL_FACEBOOK", FLAG_TEXT, WORKER, offsetof(emp_options, publish_facebook), 0, 0},
    {"ffmpeg", "FFMPEG", FLAG_TEXT, WORKER, offsetof(emp_options, ffmpeg), 0, 0},
    {"video-dir", "VIDEO_DIR", FLAG_TEXT, WORKER, offsetof(emp_options, video_dir), 0, 0},
    {"latency", NULL, FLAG_DURATION, STUB, offsetof(emp_options, latency), 0, 60000},
    {"fail-every", NULL, FLAG_NUMBER, STUB, offsetof(emp_options, fail_every), 0, 1000000},
    {"rate-limit", NULL, FLAG_NUMBER, STUB, offsetof(emp_options, rate_limit), 0, 1000000},
    {"products", NULL, FLAG_NUMBER, STUB, offsetof(emp_options, products), 1, 10000},
    {"products", NULL, FLAG_NUMBER, ON(EMP_CMD_SEED), offsetof(emp_options, products), 1,
        EMP_SEED_PRODUCTS_MAX},
    {"days", NULL, FLAG_NUMBER, ON(EMP_CMD_SEED), offsetof(emp_options, days), 1, EMP_SEED_DAYS_MAX},
    {"reset", NULL, FLAG_SWITCH, ON(EMP_CMD_SEED), offsetof(emp_options, reset), 0, 0},
};

static const emp_options defaults = {
    .command = EMP_CMD_HELP,
    .help_for = EMP_CMD_HELP,
    .host = "127.0.0.1",
    .port = 3000,
    .connections = 50,
    .kept = 8,
    .queue = 1024,
    .threads = 1,
    .max_connections = 4000,
    .depth = 8,
    .held_mb = 192,
    .idle_timeout = 60 * BR_SEC,
    .request_timeout = 30 * BR_SEC,
    .wait_timeout = 10 * BR_SEC,
    .query_timeout = 5 * BR_SEC,
    .rate_limit = 100,
    .admin_port = EMP_NO_ADMIN_PORT,
    .answers_keep = 300 * BR_SEC,
    .scale_min = 2,
    .scale_max = 10,
    .scale_cpu = 70,
    .scale_memory = 80,
    .memory_limit = 512,
    .scale_interval = 5 * BR_SEC,
    .up_pause = 30 * BR_SEC,
    .down_pause = 300 * BR_SEC,
    .health_interval = 30 * BR_SEC,
    .health_timeout = 5 * BR_SEC,
    .health_grace = 10 * BR_SEC,
    .processes = 4,
    .max_workflow_tasks = 100,
    .max_activities = 100,
    .keep_days = 30,
    .niceness = 10,
    .grace = 9 * BR_SEC,
    .provider_timeout = 10 * BR_SEC,
    .breaker_pause = 60 * BR_SEC,
    .ai_model = "gpt-4o-mini",
    .ffmpeg = "ffmpeg",
    .videos = EMP_WORKFLOW_VIDEOS,
    .limit = 20,
    .catch_up = 12 * 3600 * BR_SEC,
    .products = 10000,
    .days = 90,
};

/* `what` is "--port" or "PORT", for messages. */
static br_code set_number(const struct flag *f, const char *what, const char *value, int64_t *to, br_err *err)
{
    int64_t v = 0;
    if (br_parse_i64(br_str_of(value), &v) != BR_OK || v < f->min || v > f->max) {
        return br_fail(err, BR_EINVAL, "%s: '%s' is not a whole number from %" PRId64 " to %" PRId64, what,
            value, f->min, f->max);
    }
    *to = v;
    return BR_OK;
}

static br_code set_duration(const struct flag *f, const char *what, const char *value, br_ns *to, br_err *err)
{
    br_ns v = 0;
    if (br_parse_duration(br_str_of(value), BR_DURATION_GO, &v) != BR_OK || v < f->min * BR_MS ||
        v > f->max * BR_MS) {
        return br_fail(err, BR_EINVAL,
            "%s: '%s' is not a duration from %" PRId64 "ms to %" PRId64 "s, such as 5s", what, value, f->min,
            f->max / 1000);
    }
    *to = v;
    return BR_OK;
}

static br_code set(emp_options *o, const struct flag *f, const char *what, const char *value, br_err *err)
{
    char *at = (char *) o + f->offset;
    switch (f->kind) {
        case FLAG_NUMBER: return set_number(f, what, value, (int64_t *) (void *) at, err);
        case FLAG_DURATION: return set_duration(f, what, value, (br_ns *) (void *) at, err);
        case FLAG_SWITCH: *(bool *) (void *) at = true; return BR_OK;
        case FLAG_TEXT: break;
    }
    if (!value[0]) return br_fail(err, BR_EINVAL, "%s: the value is empty", what);
    *(const char **) (void *) at = value;
    return BR_OK;
}

static const struct flag *find_flag(br_str name, emp_command command)
{
    for (size_t i = 0; i < BR_COUNT_OF(flags); i++) {
        if (flags[i].name && (flags[i].commands & ON(command)) && br_str_is(name, flags[i].name))
            return &flags[i];
    }
    return NULL;
}

/* An empty variable counts as not set, as in shells. */
static br_code read_environment(emp_options *o, char *(*env)(const char *name), br_err *err)
{
    for (size_t i = 0; i < BR_COUNT_OF(flags); i++) {
        if (!flags[i].env || !(flags[i].commands & ON(o->command))) continue;
        const char *value = env(flags[i].env);
        if (!value || !value[0]) continue;
        br_code rc = set(o, &flags[i], flags[i].env, value, err);
        if (rc != BR_OK) return rc;
    }
    return BR_OK;
}

static const char *const command_names[] = {[EMP_CMD_API] = "api",
    [EMP_CMD_AUTOSCALE] = "autoscale",
    [EMP_CMD_WORKER] = "worker",
    [EMP_CMD_STUB] = "stub",
    [EMP_CMD_MIGRATE] = "migrate",
    [EMP_CMD_SEED] = "seed",
    [EMP_CMD_KEY] = "key",
    [EMP_CMD_SCHEDULE_LIST] = "schedule list",
    [EMP_CMD_SCHEDULE_SET] = "schedule set",
    [EMP_CMD_SCHEDULE_PAUSE] = "schedule pause",
    [EMP_CMD_SCHEDULE_RESUME] = "schedule resume",
    [EMP_CMD_SCHEDULE_TRIGGER] = "schedule trigger",
    [EMP_CMD_SCHEDULE_DELETE] = "schedule delete",
    [EMP_CMD_WORKFLOW_LIST] = "workflow list",
    [EMP_CMD_WORKFLOW_SHOW] = "workflow show",
    [EMP_CMD_WORKFLOW_CANCEL] = "workflow cancel",
    [EMP_CMD_WORKFLOW_TERMINATE] = "workflow terminate",
    [EMP_CMD_VERSION] = "version",
    [EMP_CMD_HELP] = "help"};

/* One flag at argv[*at]; moves *at behind it and its value. */
static br_code read_flag(emp_options *o, int argc, char *const *argv, int *at, br_err *err)
{
    br_str word = br_str_of(argv[*at]);
    br_str name = br_str_sub(word, 2, word.n);
    ptrdiff_t equals = br_str_find_char(name, '=');
    if (equals >= 0) name.n = (size_t) equals;
    const struct flag *f = find_flag(name, o->command);
    if (!f) {
        return br_fail(err, BR_EINVAL, "unknown flag '" BR_FMT "': 'empire %s --help' lists them",
            BR_ARG(br_str_sub(word, 0, name.n + 2)), command_names[o->command]);
    }
    char what[32] = "--";
    memcpy(what + 2, f->name, strlen(f->name) + 1);
    ++*at;
    if (f->kind == FLAG_SWITCH) {
        if (equals >= 0) return br_fail(err, BR_EINVAL, "%s takes no value", what);
        return set(o, f, what, "", err);
    }
    if (equals >= 0) return set(o, f, what, name.p + equals + 1, err);
    if (*at == argc) return br_fail(err, BR_EINVAL, "%s needs a value", what);
    return set(o, f, what, argv[(*at)++], err);
}

static bool is_help(br_str word)
{
    return br_str_is(word, "--help") || br_str_is(word, "-h");
}

/* From argv[at] on: flags, and the id where the command is about one. */
static br_code read_words(emp_options *o, int argc, char *const *argv, int at, br_err *err)
{
    while (at < argc) {
        br_str word = br_str_of(argv[at]);
        if (is_help(word)) {
            o->help_for = o->command;
            o->command = EMP_CMD_HELP;
            return BR_OK;
        }
        if (br_str_starts(word, BR_STR("--"))) {
            br_code rc = read_flag(o, argc, argv, &at, err);
            if (rc != BR_OK) return rc;
        } else if ((NAMES_ONE & ON(o->command)) && !o->id && word.n > 0 && word.p[0] != '-') {
            o->id = argv[at++];
        } else {
            return br_fail(err, BR_EINVAL, "unexpected argument '%s': 'empire %s --help' lists what it takes",
                argv[at], command_names[o->command]);
        }
    }
    return BR_OK;
}

#define COMMANDS                                                                                             \
    "use api, autoscale, worker, stub, migrate, seed, schedule, workflow, key or version ('empire --help')"

static br_code find_command(br_str words, const char *wrong, emp_command *ret_command, br_err *err)
{
    for (size_t i = 0; i < BR_COUNT_OF(command_names); i++) {
        if (!br_str_is(words, command_names[i])) continue;
        *ret_command = (emp_command) i;
        return BR_OK;
    }
    return br_fail(err, BR_EINVAL, "%s", wrong);
}

/* The second word of `empire schedule ...` and `empire workflow ...`. */
static br_code read_action(emp_options *o, int argc, char *const *argv, int *ret_at, br_err *err)
{
    bool of_schedules = strcmp(argv[1], "schedule") == 0;
    const char *all = of_schedules ? "list, set, pause, resume, trigger or delete"
                                   : "list, show, cancel or terminate";
    char words[64], wrong[192];
    *ret_at = 3;
    if (argc < 3) return br_fail(err, BR_EINVAL, "empire %s: what? Use %s", argv[1], all);
    if (is_help(br_str_of(argv[2]))) {
        o->help_for = of_schedules ? EMP_CMD_SCHEDULE_LIST : EMP_CMD_WORKFLOW_LIST;
        return BR_OK;
    }
    snprintf(words, sizeof(words), "%s %s", argv[1], argv[2]);
    snprintf(wrong, sizeof(wrong), "empire %s: '%.64s' is unknown: use %s", argv[1], argv[2], all);
    return find_command(br_str_of(words), wrong, &o->command, err);
}

/* The command, and where the words behind it begin. */
static br_code read_command(emp_options *o, int argc, char *const *argv, int *ret_at, br_err *err)
{
    char wrong[256];
    *ret_at = 2;
    if (argc < 2) return br_fail(err, BR_EINVAL, "no command: " COMMANDS);
    br_str word = br_str_of(argv[1]);
    if (is_help(word)) return BR_OK;
    if (br_str_is(word, "--version")) word = BR_STR("version");
    if (br_str_is(word, "schedule") || br_str_is(word, "workflow"))
        return read_action(o, argc, argv, ret_at, err);
    snprintf(wrong, sizeof(wrong), "unknown command '%.64s': " COMMANDS, argv[1]);
    if (br_str_find_char(word, ' ') >= 0) return br_fail(err, BR_EINVAL, "%s", wrong);
    return find_command(word, wrong, &o->command, err);
}

/* What a flag alone cannot see. */
static br_code check(const emp_options *o, br_err *err)
{
    unsigned command = ON(o->command);
    if (o->command == EMP_CMD_KEY && !o->key_name)
        return br_fail(err, BR_EINVAL, "a key needs the name of its holder: --name NAME");
    if (o->scale_min > o->scale_max) return br_fail(err, BR_EINVAL, "--min is larger than --max");
    if ((NAMES_ONE & command) && !o->id)
        return br_fail(err, BR_EINVAL, "empire %s: of which? Give the id ('empire %s list')",
            command_names[o->command], (SCHEDULES & command) ? "schedule" : "workflow");
    if (o->command == EMP_CMD_SCHEDULE_SET && !o->cron)
        return br_fail(err, BR_EINVAL, "a schedule needs its times: --cron '0 4 * * *'");
    if ((DATABASE & command) && !o->database_url)
        return br_fail(err, BR_EINVAL,
            "no database: set DATABASE_URL or give --database-url postgresql://user@host/name");
    return BR_OK;
}

br_code emp_options_parse(
    int argc, char *const *argv, char *(*env)(const char *name), emp_options *ret_options, br_err *err)
{
    emp_options o = defaults;
    int at = 2;
    br_code rc = read_command(&o, argc, argv, &at, err);
    if (rc != BR_OK || o.command == EMP_CMD_HELP) goto out;
    if (o.command == EMP_CMD_STUB) o.port = STUB_PORT, o.products = STUB_PRODUCTS, o.rate_limit = 0;
    if ((rc = read_environment(&o, env, err)) != BR_OK) goto out;
    if ((rc = read_words(&o, argc, argv, at, err)) != BR_OK || o.command == EMP_CMD_HELP) goto out;
    rc = check(&o, err);
out:
    if (rc == BR_OK) *ret_options = o;
    return rc;
}
