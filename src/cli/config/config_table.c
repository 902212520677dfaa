#include "cli/config/config_table.h"
#include "base/compiler.h"
#include "cli/config/config.h"

#define SHAPE(text, name, meaning, list)                                                                     \
    .what = (text), .id = (name), .doc = (meaning), .keys = (list), .count = BR_COUNT_OF(list)
#define KEY(text, meaning, right, type, ...)                                                                 \
    {                                                                                                        \
        .name = (text), .doc = (meaning), .example = (right), .kind = (type), __VA_ARGS__                    \
    }

static const br_config_key root_keys[] = {
    KEY("version", "Version of the format: 1.", "1", BR_KEY_NUMBER, .required = true, .min = 1, .max = 1),
    KEY("environments", "Where tests can be run, by name.", "{ local: { base_url: http://127.0.0.1:3000 } }",
        BR_KEY_SHAPE, .form = BR_FORM_NAMED, .shape = &br_shape_environment),
    KEY("tests", "What can be run, by name.",
        "{ baseline: { script: baseline.js, duration: 5m, load: { vus: 10 }, criteria: [ stable ] } }",
        BR_KEY_SHAPE, .form = BR_FORM_NAMED, .shape = &br_shape_test),
    KEY("modules",
        "Folders in place of URLs: modules whose URL begins so are read from there, relative to this file.",
        "{ https://jslib.k6.io/: ./vendor }", BR_KEY_TEXT, .form = BR_FORM_NAMED),
    KEY("notify", "Who is told how a test ended; the notify of an environment counts instead of it.",
        "{ url: \"${HOOK_URL:-}\" }", BR_KEY_SHAPE, .shape = &br_shape_notify),
    KEY("preflight", "Requests that show that the target holds test data; brunt preflight sends each once.",
        "[ { get: /products, expect: data } ]", BR_KEY_SHAPE, .form = BR_FORM_LIST,
        .shape = &br_shape_preflight),
};
const br_config_shape br_shape_root = {
    SHAPE("the file", "file", "Environments and tests of brunt.", root_keys)};

static const char *const required_word[] = {"required", "none", NULL};

static const br_config_key environment_keys[] = {
    KEY("base_url", "Where the target is, http or https, without query; scripts get it as __ENV.BASE_URL.",
        "http://127.0.0.1:3000", BR_KEY_URL, .required = true),
    KEY("headers", "Headers of every request; scripts get them as JSON in __ENV.HEADERS.",
        "{ Authorization: \"Bearer x\" }", BR_KEY_TEXT, .form = BR_FORM_NAMED),
    KEY("env", "Variables for __ENV of the scripts.", "{ TENANT: acme }", BR_KEY_TEXT, .form = BR_FORM_NAMED),
    KEY("health", "Path that answers with a status below 500 when the target is well.", "/health",
        BR_KEY_PATH),
    KEY("secrets",
        "Names of environment variables, or files as file:PATH, whose values are hidden in all output.",
        "[ TOKEN ]", BR_KEY_TEXT, .form = BR_FORM_LIST),
    KEY("metrics", "Where the target says how it is: its memory, processor time, and own metrics.",
        "[ { prometheus: /metrics } ]", BR_KEY_SHAPE, .form = BR_FORM_LIST, .shape = &br_shape_watch),
    KEY("version", "The version of the target that is deployed, such as a git commit.", "v1.2.3",
        BR_KEY_TEXT),
    KEY("version_url", "URL, or path below base_url, that answers with the version of the target.",
        "/version", BR_KEY_TEXT),
    KEY("approval", "Must somebody approve of each test (--approve \"who, why\")?", "required", BR_KEY_WORD,
        .words = required_word),
    KEY("window", "When tests are allowed, in UTC; days are those on which the window begins.",
        "\"Mon-Fri 02:00-04:00 UTC\"", BR_KEY_WINDOW, .form = BR_FORM_ONE_OR_LIST),
    KEY("notice", "How long before a test its stakeholders must be told (--told-at).", "24h",
        BR_KEY_DURATION),
    KEY("notify", "Who is told how a test against this environment ended.", "{ url: \"${HOOK_URL:-}\" }",
        BR_KEY_SHAPE, .shape = &br_shape_notify),
};
static const char *const version_either[] = {"version", "version_url", NULL};
const br_config_shape br_shape_environment = {
    SHAPE("an environment", "environment", "A place where the target runs.", environment_keys),
    .at_most_one = version_either};

static const br_config_key notify_keys[] = {
    KEY("url",
        "Webhooks, or chats that take Slack's messages (slack+https://...): secrets, so keep them in variables; "
        "those of which variables leave nothing are left out.",
        "\"${HOOK_URL:-}\"", BR_KEY_HOOK, .form = BR_FORM_ONE_OR_LIST, .required = true),
    KEY("when",
        "problem (default): whatever somebody should look at; failure: the test failed, is invalid or came to no "
        "verdict; regression: its comparison says worse (--compare); always.",
        "failure", BR_KEY_WORD, .words = br_notify_when_words),
    KEY("report_url", "Where the report can be seen.", "\"${CI_JOB_URL:-}\"", BR_KEY_URL),
};
const br_config_shape br_shape_notify = {
    SHAPE("notify", "notify", "Who is told how a test ended.", notify_keys)};

static const br_config_key watch_keys[] = {
    KEY("process", "A process on this machine: its PID, or the name of its program.", "empire", BR_KEY_TEXT),
    KEY("cgroup", "A control group on this machine, as a path below /sys/fs/cgroup.",
        "/system.slice/empire.service", BR_KEY_PATH),
    KEY("prometheus", "A page in Prometheus' text format: URL, or path below base_url.", "/metrics",
        BR_KEY_TEXT),
    KEY("names", "Measures or metrics that are wanted; without it those that the source has by itself.",
        "[ memory, cpu ]", BR_KEY_TEXT, .form = BR_FORM_LIST),
};
static const char *const watch_one[] = {"process", "cgroup", "prometheus", NULL};
const br_config_shape br_shape_watch = {
    SHAPE("a source of metrics", "watch", "A source of the target's metrics.", watch_keys),
    .one_of = watch_one};

static const char *const expect_words[] = {"data", "ok", NULL};

static const br_config_key preflight_keys[] = {
    KEY("get", "Path below base_url.", "/products?limit=1", BR_KEY_PATH, .required = true),
    KEY("expect",
        "data (default): status 2xx and something in the answer; ok: status 2xx is enough. In JSON an empty "
        "list or mapping, also as the member data, is nothing.",
        "data", BR_KEY_WORD, .words = expect_words),
};
const br_config_shape br_shape_preflight = {
    SHAPE("a request of preflight", "preflight", "A request that shows that there is data.", preflight_keys)};

static const br_config_key test_keys[] = {
    KEY("script", "The k6 script, relative to the folder of this file.", "baseline.js", BR_KEY_TEXT,
        .required = true),
    KEY("duration", "Length, with load.vus; stages have their own.", "5m", BR_KEY_DURATION),
    KEY("load", "How many virtual users there are.", "{ vus: 10 }", BR_KEY_SHAPE, .required = true,
        .shape = &br_shape_load),
    KEY("criteria", "What the run must fulfil.", "[ \"p95 < 500ms\", \"error_rate < 1%\", stable ]",
        BR_KEY_CRITERION, .form = BR_FORM_LIST, .required = true),
    KEY("env", "Variables for __ENV of the script.", "{ PAGES: 3 }", BR_KEY_TEXT, .form = BR_FORM_NAMED),
    KEY("endpoints", "What the requests of single endpoints must fulfil, by the name of the endpoint.",
        "{ \"GET /products\": [ \"p95 < 200ms\" ] }", BR_KEY_CRITERION, .form = BR_FORM_NAMED_LISTS),
    KEY("frequency", "When to run it, for people: preflight and history show it.", "after every deployment",
        BR_KEY_TEXT),
    KEY("writes", "What --writes adds: the endpoints that write.", "{ env: { WRITES: 1 } }", BR_KEY_SHAPE,
        .shape = &br_shape_writes),
    KEY("spike", "How a spike is measured.", "{ probe: 20/s }", BR_KEY_SHAPE, .shape = &br_shape_spike),
    KEY("search", "After a ramp, is the highest rate searched that the target holds?", "true", BR_KEY_SWITCH),
    KEY("stop_early", "May the test end as soon as the question of a memory leak is decided?", "true",
        BR_KEY_SWITCH),
};
const br_config_shape br_shape_test = {SHAPE("a test", "test", "A named test.", test_keys)};

static const br_config_key load_keys[] = {
    KEY("vus", "Constant load: so many virtual users.", "10", BR_KEY_NUMBER, .min = 1,
        .max = BR_CONFIG_VUS_MAX),
    KEY("start_vus", "Virtual users before the first stage (0).", "10", BR_KEY_NUMBER, .min = 0,
        .max = BR_CONFIG_VUS_MAX),
    KEY("stages", "Ramping load, linearly from level to level.", "[ { duration: 2m, target: 10 } ]",
        BR_KEY_SHAPE, .form = BR_FORM_LIST, .shape = &br_shape_stage),
};
static const char *const load_one[] = {"vus", "stages", NULL};
const br_config_shape br_shape_load = {
    SHAPE("load", "load", "Constant (vus) or ramping (stages).", load_keys), .one_of = load_one};

static const br_config_key stage_keys[] = {
    KEY("duration", "How long it takes to get to the target; 0s: at once.", "2m", BR_KEY_DURATION,
        .required = true),
    KEY("target", "Virtual users at its end.", "10", BR_KEY_NUMBER, .required = true, .min = 0,
        .max = BR_CONFIG_VUS_MAX),
};
const br_config_shape br_shape_stage = {SHAPE("a stage", "stage", "A part of a ramp.", stage_keys)};

static const br_config_key writes_keys[] = {
    KEY("script", "Script that is run instead, relative to the folder of this file.", "writes.js",
        BR_KEY_TEXT),
    KEY("env", "Variables that are added to env.", "{ WRITES: 1 }", BR_KEY_TEXT, .form = BR_FORM_NAMED),
};
static const char *const writes_some[] = {"script", "env", NULL};
const br_config_shape br_shape_writes = {
    SHAPE("writes", "writes", "The part of a test that writes.", writes_keys), .at_least_one = writes_some};

static const br_config_key spike_keys[] = {
    KEY("probe", "Rate of the requests that measure the recovery, sent whatever the load does.", "20/s",
        BR_KEY_RATE),
};
static const char *const spike_some[] = {"probe", NULL};
const br_config_shape br_shape_spike = {
    SHAPE("spike", "spike", "Measuring of a spike.", spike_keys), .at_least_one = spike_some};
