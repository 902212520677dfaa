#include "empire/options.h"

#define DATABASE_FLAG                                                                                        \
    "  --database-url URL      PostgreSQL, as postgresql://user@host:port/name or host=... dbname=...\n"     \
    "                          (environment DATABASE_URL, which other users cannot see)\n"

static const char program[] = "empire - a service on PostgreSQL to be load-tested\n"
                              "\n"
                              "usage: empire COMMAND [FLAG]...\n"
                              "\n"
                              "  api        serve the HTTP API\n"
                              "  migrate    bring the database's schema to this version\n"
                              "  seed       fill the tables with test data\n"
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
    "  --db-connections N      connections to the database (default 8)\n"
    "  --db-queue N            queries waiting or running; further requests get 503 (default 1024)\n"
    "  --query-timeout TIME    from request to result, such as 500ms or 5s (default 5s)\n"
    "  --threads N             HTTP threads (default 1)\n"
    "  --max-connections N     HTTP connections at once (default 4000)\n"
    "  --access-log            a line on stderr for every request\n";

static const char migrate[] =
    "usage: empire migrate [FLAG]...\n"
    "\n"
    "Applies the migrations that the database lacks. Safe to run again, and by several programs at once.\n"
    "\n" DATABASE_FLAG;

static const char seed[] =
    "usage: empire seed [FLAG]...\n"
    "\n"
    "Fills the tables with the same test data on every machine. Does nothing when they hold it already.\n"
    "\n" DATABASE_FLAG "  --products N            products (default 10000)\n"
    "  --days N                days of analytics (default 90)\n"
    "  --reset                 delete everything in the tables first\n";

const char *emp_usage(emp_command command)
{
    switch (command) {
        case EMP_CMD_API: return api;
        case EMP_CMD_MIGRATE: return migrate;
        case EMP_CMD_SEED: return seed;
        case EMP_CMD_VERSION: return "usage: empire version\n";
        case EMP_CMD_HELP: break;
    }
    return program;
}
