/*
 * empire/main.c - the program: reads the command line and runs one command.
 *
 * Exit status: 0 done, 1 failed, 2 wrong usage. Errors are one line on stderr.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "empire/api/keys.h"
#include "empire/autoscale.h"
#include "empire/db/admin.h"
#include "empire/db/migrate.h"
#include "empire/db/seed.h"
#include "empire/operate.h"
#include "empire/options.h"
#include "empire/service.h"
#include "empire/work.h"

#define EXIT_USAGE 2

static br_code run_migrate(const emp_options *o, br_err *err)
{
    emp_admin *admin = NULL;
    int64_t applied = 0;
    br_code rc = emp_admin_open(o->database_url, &admin, err);
    if (rc == BR_OK) rc = emp_migrate(admin, &applied, err);
    if (rc == BR_OK && o->grant_to) rc = emp_migrate_grant(admin, o->grant_to, err);
    emp_admin_close(admin);
    if (rc != BR_OK) return rc;
    if (applied == 0) {
        printf("schema version %" PRId64 ": nothing to do\n", emp_schema_version());
    } else {
        printf("schema version %" PRId64 ": %" PRId64 " migrations applied\n", emp_schema_version(), applied);
    }
    if (o->grant_to) printf("role %s has the rights that the API and the workers need\n", o->grant_to);
    return BR_OK;
}

static br_code run_seed(const emp_options *o, br_err *err)
{
    const emp_seed_config config = {.products = o->products, .days = o->days, .reset = o->reset};
    emp_admin *admin = NULL;
    bool seeded = false;
    br_ns start = br_clock_now();
    br_code rc = emp_admin_open(o->database_url, &admin, err);
    if (rc == BR_OK) rc = emp_seed(admin, &config, &seeded, err);
    emp_admin_close(admin);
    if (rc != BR_OK) return rc;
    if (seeded) {
        printf("seeded %" PRId64 " products and %" PRId64 " days of analytics in %.1f s\n", o->products,
            o->days, (double) (br_clock_now() - start) / (double) BR_SEC);
    } else {
        printf("the database holds this test data already: nothing to do\n");
    }
    return BR_OK;
}

static br_code run_key(const emp_options *o, br_err *err)
{
    char hash[EMP_KEY_HASH_HEX + 1];
    br_buf key, entry;
    emp_keys *keys = NULL;
    br_buf_init(&key, EMP_KEY_TEXT_MAX);
    br_buf_init(&entry, BR_BUF_NO_LIMIT);
    emp_key_make(&key, hash);
    (void) br_buf_printf(&entry, "%s:%s", o->key_name, hash);
    br_code rc = emp_keys_parse(entry.data, &keys, err);
    if (rc == BR_OK) {
        printf("key, for its holder, shown this once:  %s\nentry for EMPIRE_API_KEYS:             %s\n",
            key.data, entry.data);
    }
    emp_keys_free(keys);
    br_buf_deinit(&entry);
    br_buf_deinit(&key);
    return rc;
}

static br_code run(const emp_options *o, br_err *err)
{
    switch (o->command) {
        case EMP_CMD_API: return emp_service_run(o, err);
        case EMP_CMD_AUTOSCALE: return emp_autoscale_run(o, err);
        case EMP_CMD_WORKER: return emp_work_run(o, err);
        case EMP_CMD_STUB: return emp_stub_run(o, err);
        case EMP_CMD_MIGRATE: return run_migrate(o, err);
        case EMP_CMD_SEED: return run_seed(o, err);
        case EMP_CMD_KEY: return run_key(o, err);
        case EMP_CMD_SCHEDULE_LIST:
        case EMP_CMD_SCHEDULE_SET:
        case EMP_CMD_SCHEDULE_PAUSE:
        case EMP_CMD_SCHEDULE_RESUME:
        case EMP_CMD_SCHEDULE_TRIGGER:
        case EMP_CMD_SCHEDULE_DELETE:
        case EMP_CMD_WORKFLOW_LIST:
        case EMP_CMD_WORKFLOW_SHOW:
        case EMP_CMD_WORKFLOW_CANCEL:
        case EMP_CMD_WORKFLOW_TERMINATE: return emp_operate(o, err);
        case EMP_CMD_VERSION: printf("empire " EMPIRE_VERSION "\n"); return BR_OK;
        case EMP_CMD_HELP: fputs(emp_usage(o->help_for), stdout); return BR_OK;
    }
    return BR_EINVAL;
}

int main(int argc, char **argv)
{
    emp_options options;
    br_err err = {0};
    if (emp_options_parse(argc, argv, getenv, &options, &err) != BR_OK) {
        fprintf(stderr, "empire: %s\n", err.msg);
        return EXIT_USAGE;
    }
    if (run(&options, &err) != BR_OK) {
        fprintf(stderr, "empire: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
