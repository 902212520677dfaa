#include "empire/options.h"

#define DATABASE_FLAG                                                                                        \
    "  --database-url URL      PostgreSQL, as postgresql://user@host:port/name or host=... dbname=...\n"     \
    "                          (environment DATABASE_URL, which other users cannot see)\n"

#define FAULT_FLAGS                                                                                          \
    "  --faults LIST           faults on demand, such as n-plus-one=on,pool=2 (environment EMPIRE_FAULTS;\n" \
    "                          docs/empire.md has all)\n"                                                    \
    "  --admin-port N          port on 127.0.0.1 for GET and PUT /faults, 0 for any free one (default:\n"    \
    "                          none; environment ADMIN_PORT)\n"

static const char program[] =
    "empire - a service on PostgreSQL to be load-tested\n"
    "\n"
    "usage: empire COMMAND [FLAG]...\n"
    "\n"
    "  api        serve the HTTP API\n"
    "  autoscale  serve it by 2 to 10 processes, as many as the load needs\n"
    "  worker     execute workflows\n"
    "  stub       stand in for the services outside, on loopback, for tests\n"
    "  migrate    bring the database's schema to this version\n"
    "  seed       fill the tables with test data\n"
    "  schedule   list, set, pause, resume, trigger or delete what starts by itself\n"
    "  workflow   list, show, cancel or terminate runs\n"
    "  key        make an API key for writes\n"
    "  version    print the version\n"
    "\n"
    "'empire COMMAND --help' lists the flags of a command.\n";

static const char api[] =
    "usage: empire api [FLAG]...\n"
    "\n"
    "Serves the HTTP API until SIGTERM or SIGINT; then it stops accepting, finishes the requests that\n"
    "are there (for at most 10 seconds) and exits with 0.\n"
    "\n" DATABASE_FLAG "  --port N                port, 0 for any free one (default 3000; environment PORT)\n"
    "  --host HOST             address to listen on (default 127.0.0.1; environment HOST)\n"
    "  --db-connections N      connections to the database at most (default 50)\n"
    "  --db-connections-kept N of them, open all the time (default 8); more when those are held up for 0.2 s\n"
    "  --db-queue N            queries waiting or running; further requests get 503 (default 1024)\n"
    "  --db-pipeline N         queries in flight on one connection, 1 to 32 (default 8)\n"
    "  --db-wait TIME          for a connection with room; then 503 (default 10s)\n"
    "  --query-timeout TIME    from there to the result, such as 500ms or 5s (default 5s)\n"
    "  --threads N             HTTP threads (default 1)\n"
    "  --max-connections N     HTTP connections at once (default 4000)\n"
    "  --connections-per-address N  of them from one client address (default 0: no limit of its own)\n"
    "  --held-mb N             MB of bodies and answers at once; more are refused with 503 (default 192)\n"
    "  --idle-timeout TIME     of a connection without a complete request head (default 60s); a tenth of it\n"
    "                          while three quarters of --max-connections are taken\n"
    "  --request-timeout TIME  for a body to come, and for an answer to be taken (default 30s)\n"
    "  --rate-limit N          requests a minute for each client, 0 for no limit (default 100; environment\n"
    "                          RATE_LIMIT); /health, /metrics and the API's description do not count\n"
    "  --trust-forwarded       tell clients apart by X-Forwarded-For: only behind a proxy that sets it\n"
    "  --api-keys LIST         NAME:HASH,... of 'empire key': writes need one of these keys (environment\n"
    "                          EMPIRE_API_KEYS); without any, writes are open, on loopback addresses only\n"
    "  --answers-keep TIME     how long the overview and the top products are kept (default 5m, 0s: not)\n"
    "  --access-log            a line on stderr for every request\n" FAULT_FLAGS;

static const char autoscale[] =
    "usage: empire autoscale [FLAG]...\n"
    "\n"
    "Serves the HTTP API on one port by several processes: more when they are busy or large, fewer when they are\n"
    "not; one that ends or does not answer is replaced. SIGTERM or SIGINT ends all of them as 'empire api' ends.\n"
    "Takes the flags of 'empire api' as well; --admin-port has /metrics with the events, too.\n"
    "\n" DATABASE_FLAG "  --min N                 processes at least (default 2)\n"
    "  --max N                 processes at most (default 10)\n"
    "  --cpu PERCENT           of a core, the mean that is aimed at (default 70)\n"
    "  --memory PERCENT        of --memory-limit, the mean that is aimed at (default 80)\n"
    "  --memory-limit MB       resident memory of a process (default 512)\n"
    "  --interval TIME         between two looks at them (default 5s)\n"
    "  --up-pause TIME         from a change to the next one up (default 30s)\n"
    "  --down-pause TIME       fewer must have done for so long (default 5m)\n"
    "  --health-interval TIME  between two health checks of a process (default 30s)\n"
    "  --health-timeout TIME   of a check; two that fail in a row end the process (default 5s)\n"
    "  --health-grace TIME     from the start to the first check (default 10s)\n";

static const char worker[] =
    "usage: empire worker [FLAG]...\n"
    "\n"
    "Executes workflows until SIGTERM or SIGINT; then it claims nothing any more, finishes what it can within the\n"
    "grace time, gives the rest back and exits with 0.\n"
    "\n" DATABASE_FLAG "  --processes N           worker processes (default 4; environment WORKERS)\n"
    "  --max-workflow-tasks N  decisions at once in each (default 100; environment MAX_WORKFLOW_TASKS)\n"
    "  --max-activities N      activities at once in each (default 100; environment MAX_ACTIVITIES)\n"
    "  --nice N                niceness, 0 to 19, so that the API has the processor first; ffmpeg, too\n"
    "                          (default 10; environment WORKER_NICE)\n"
    "  --grace TIME            for activities at the end (default 9s)\n"
    "  --keep-days N           closed runs are forgotten after so many days, their records stay (default 30;\n"
    "                          environment WORKFLOW_KEEP_DAYS)\n"
    "  --ai-url URL            OpenAI-compatible API, up to /v1 (environment AI_BASE_URL)\n"
    "  --ai-model NAME         model for scripts (default gpt-4o-mini; environment AI_MODEL)\n"
    "  --feed-url URL          product feed (environment PRODUCT_FEED_URL)\n"
    "  --analytics-url URL     analytics feed (environment ANALYTICS_URL)\n"
    "  --video-dir DIR         folder for videos; without one none are made (environment VIDEO_DIR)\n"
    "  --ffmpeg PROGRAM        (default ffmpeg; environment FFMPEG)\n"
    "  --provider-timeout TIME of a request to a service outside (default 10s)\n"
    "  --breaker-pause TIME    how long a service is left alone after 5 failures in a row (default 60s)\n" FAULT_FLAGS
    "\n"
    "Only in the environment: AI_API_KEY, and the webhooks PUBLISH_URL_TIKTOK, PUBLISH_URL_YOUTUBE,\n"
    "PUBLISH_URL_INSTAGRAM and PUBLISH_URL_FACEBOOK, which may have secrets in them.\n";

static const char stub[] =
    "usage: empire stub [FLAG]...\n"
    "\n"
    "Stands in for AI, feeds and platforms on 127.0.0.1: /v1/chat/completions, /products, /analytics,\n"
    "/publish/PLATFORM. GET /effects counts what was published, POST /control changes the trouble.\n"
    "\n"
    "  --port N                port, 0 for any free one (default 3900)\n"
    "  --latency TIME          before each answer (default 0s)\n"
    "  --fail-every N          each N-th request fails with 500 (default 0: none)\n"
    "  --rate-limit N          requests a second, more get 429 (default 0: no limit)\n"
    "  --products N            in the feed (default 100)\n";

static const char migrate[] =
    "usage: empire migrate [FLAG]...\n"
    "\n"
    "Applies the migrations that the database lacks. Safe to run again, and by several programs at once.\n"
    "\n" DATABASE_FLAG
    "  --grant-to ROLE         give this role what the API and the workers need, no more; it is made if\n"
    "                          there is none, without a password\n";

static const char seed[] =
    "usage: empire seed [FLAG]...\n"
    "\n"
    "Fills the tables with the same test data on every machine. Does nothing when they hold it already.\n"
    "\n" DATABASE_FLAG "  --products N            products (default 10000)\n"
    "  --days N                days of analytics (default 90)\n"
    "  --reset                 delete everything in the tables first\n";

static const char key[] =
    "usage: empire key --name NAME\n"
    "\n"
    "Makes an API key. The key is shown once, for its holder; NAME:HASH goes into EMPIRE_API_KEYS of the API.\n"
    "\n"
    "  --name NAME             the holder, up to 32 letters, digits and .-_\n";

static const char schedule[] =
    "usage: empire schedule list\n"
    "       empire schedule set ID --cron TIMES [FLAG]...\n"
    "       empire schedule pause|resume|trigger|delete ID\n"
    "\n"
    "What the workers start by themselves. 'set' makes a schedule, which is paused until it is resumed, or changes one,\n"
    "which keeps its state. While the run that it started is open, what is due is skipped. 'trigger' starts it now, also\n"
    "when it is paused. 'daily-control-loop' and 'weekly-optimization' are there, paused, after 'empire migrate'.\n"
    "\n" DATABASE_FLAG
    "  --cron TIMES            in UTC: minute hour day-of-month month day-of-week, such as '0 4 * * *' or\n"
    "                          '30 4 * * mon'; or @hourly, @daily, @weekly, @monthly\n"
    "  --type TYPE             daily-control-loop, weekly-optimization or products-sync (default: the id)\n"
    "  --videos N              of a daily-control-loop (default 50)\n"
    "  --dry-run               call nothing outside, write nothing but the run itself\n"
    "  --catch-up TIME         what was due while no worker lived is started if it is no longer ago, 10s to 8760h\n"
    "                          (default 12h)\n";

static const char workflow[] =
    "usage: empire workflow list [--status STATUS] [--type TYPE] [--limit N]\n"
    "       empire workflow show|cancel ID\n"
    "       empire workflow terminate ID [--reason TEXT]\n"
    "\n"
    "Runs of workflows. ID is a run's, or the id of a workflow, such as daily-control-loop-2026-11-26, which means its\n"
    "open run or else its newest. 'cancel' asks: a worker ends the run, and tells its activities. 'terminate' ends it at\n"
    "once, without a worker; use it for a run that is stuck.\n"
    "\n" DATABASE_FLAG
    "  --status STATUS         running, completed, failed, cancelled, terminated or timed_out (default: all)\n"
    "  --type TYPE             of these only\n"
    "  --limit N               newest runs, 1 to 1000 (default 20)\n"
    "  --reason TEXT           is kept in the run's history\n";

const char *emp_usage(emp_command command)
{
    switch (command) {
        case EMP_CMD_API: return api;
        case EMP_CMD_AUTOSCALE: return autoscale;
        case EMP_CMD_WORKER: return worker;
        case EMP_CMD_STUB: return stub;
        case EMP_CMD_MIGRATE: return migrate;
        case EMP_CMD_SEED: return seed;
        case EMP_CMD_KEY: return key;
        case EMP_CMD_SCHEDULE_LIST:
        case EMP_CMD_SCHEDULE_SET:
        case EMP_CMD_SCHEDULE_PAUSE:
        case EMP_CMD_SCHEDULE_RESUME:
        case EMP_CMD_SCHEDULE_TRIGGER:
        case EMP_CMD_SCHEDULE_DELETE: return schedule;
        case EMP_CMD_WORKFLOW_LIST:
        case EMP_CMD_WORKFLOW_SHOW:
        case EMP_CMD_WORKFLOW_CANCEL:
        case EMP_CMD_WORKFLOW_TERMINATE: return workflow;
        case EMP_CMD_VERSION: return "usage: empire version\n";
        case EMP_CMD_HELP: break;
    }
    return program;
}
