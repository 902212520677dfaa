#include "empire/service.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/random.h"
#include "empire/api/listen.h"
#include "empire/api/server.h"
#include "empire/db/admin.h"
#include "empire/db/migrate.h"
#include "empire/domain/statements.h"
#include "empire/faults/control.h"

#define DRAIN_BOUND     (9 * BR_SEC)  /* so that the exit comes within 10 s */
#define DRAIN_QUIET     (300 * BR_MS) /* only idle connections are left for so long: nobody sends any more */
#define DRAIN_STEP      (20 * BR_MS)
#define CONNECT_TIMEOUT (5 * BR_SEC)
#define FDS_RESERVED    200 /* besides HTTP connections */
#define OWN_CONNECTIONS 16

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    pthread_sigmask(SIG_BLOCK, set, NULL); /* threads started later inherit it */
    signal(SIGPIPE, SIG_IGN);
}

/* As many descriptors as the system allows us; too few for all connections is an error now, not under load.
 */
static br_code raise_fd_limit(const emp_options *o, br_err *err)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return br_fail_errno(err, BR_ENOFDS, errno, "descriptor limit");
    rlim_t need = (rlim_t) (o->max_connections + o->connections + FDS_RESERVED);
    if (limit.rlim_cur >= need) return BR_OK;
    if (limit.rlim_max < need) {
        return br_fail(err, BR_ENOFDS,
            "%lld connections need more than the %llu descriptors allowed (ulimit -n): lower"
            " --max-connections",
            (long long) o->max_connections, (unsigned long long) limit.rlim_max);
    }
    limit.rlim_cur = need;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return br_fail_errno(err, BR_ENOFDS, errno, "descriptor limit");
    return BR_OK;
}

static br_code start_pool(const emp_options *o, const emp_faults *faults, emp_pool **ret_pool, br_err *err)
{
    const emp_pool_config config = {
        .url = o->database_url,
        .statements = emp_statements,
        .statement_count = EMP_ST_COUNT,
        .connections = (size_t) o->connections,
        .kept = (size_t) (o->kept < o->connections ? o->kept : o->connections),
        .max_outstanding = (size_t) o->queue,
        .depth = (size_t) o->depth,
        .wait_timeout = o->wait_timeout,
        .query_timeout = o->query_timeout,
        .faults = faults,
    };
    return emp_pool_start(&config, CONNECT_TIMEOUT, ret_pool, err);
}

static void say_started(const emp_options *o, const emp_listener *listener)
{
    br_buf database;
    br_buf_init(&database, BR_BUF_NO_LIMIT);
    if (emp_admin_describe(o->database_url, &database, NULL) == BR_OK) {
        br_info("listening on http://%s, database %s", listener->address, database.data);
    }
    br_buf_deinit(&database);
}

/* Waits up to `time` for a signal; 0 when none came. */
static int next_signal(const sigset_t *set, br_ns time)
{
    struct timespec t = {.tv_sec = time / BR_SEC, .tv_nsec = time % BR_SEC};
    int number;
    do {
        number = sigtimedwait(set, NULL, &t);
    } while (number < 0 && errno == EINTR);
    return number < 0 ? 0 : number;
}

static int wait_for_signal(const sigset_t *set)
{
    int number = 0;
    while (sigwait(set, &number) != 0) {
    }
    return number;
}

/* Until no connection is left, only idle ones are, the time is over, or a second signal says: now. */
static void drain(emp_app *app, emp_server *server, const sigset_t *set)
{
    atomic_store(&app->draining, true);
    emp_server_quiesce(server);
    br_ns start = br_clock_now(), busy_at = start;
    while (emp_server_connections(server) > 0 && next_signal(set, DRAIN_STEP) == 0) {
        br_ns now = br_clock_now();
        if (atomic_load(&app->metrics.in_flight) > 0) busy_at = now;
        if (now - busy_at > DRAIN_QUIET || now - start > DRAIN_BOUND) break;
    }
    size_t left = atomic_load(&app->metrics.in_flight);
    if (left > 0) br_warn("stopping with %zu requests unfinished", left);
}

static uint32_t random_instance(void)
{
    br_random random;
    br_random_seed_os(&random);
    return (uint32_t) br_random_u64(&random);
}

/* What requests share, from the options; the pool comes last, because it waits for the database. */
static br_code app_init(emp_app *app, const emp_options *o, const emp_service *service, br_err *err)
{
    *app = (emp_app){.started = br_clock_now(),
        .access_log = o->access_log,
        .trust_forwarded = o->trust_forwarded,
        .answers_keep = o->answers_keep,
        .faults = service->faults,
        .board = service->board,
        .held_max = (size_t) o->held_mb * 1000 * 1000,
        .instance = random_instance()};
    br_code rc = o->api_keys ? emp_keys_parse(o->api_keys, &app->keys, err) : BR_OK;
    if (rc != BR_OK) return rc;
    app->answers = emp_answer_cache_new(EMP_KEPT_SLOTS, o->answers_keep);
    if (o->rate_limit > 0) app->rate_limit = emp_rate_limit_new(o->rate_limit);
    app->tight_limit = emp_rate_limit_new(1); /* set when the fault is on */
    rc = emp_burden_start(service->faults, &app->burden, err);
    return rc == BR_OK ? start_pool(o, service->faults, &app->pool, err) : rc;
}

static void app_deinit(emp_app *app)
{
    emp_pool_stop(app->pool);
    emp_burden_stop(app->burden);
    emp_rate_limit_free(app->tight_limit);
    emp_rate_limit_free(app->rate_limit);
    emp_answer_cache_free(app->answers);
    emp_keys_free(app->keys);
}

static br_code start_control(const emp_options *o, emp_faults *faults, emp_control **ret_control, br_err *err)
{
    const emp_control_config config = {.port = (uint16_t) o->admin_port, .faults = faults};
    return o->admin_port == EMP_NO_ADMIN_PORT ? BR_OK : emp_control_start(&config, ret_control, err);
}

static emp_server_config server_config(const emp_options *o, const emp_service *service)
{
    return (emp_server_config){
        .listen_fd = service->listener.fd,
        .is_inherited = service->place != NULL,
        .threads = (unsigned) o->threads,
        .max_connections = (unsigned) o->max_connections,
        .max_per_address = (unsigned) o->max_per_address,
        .idle_timeout = o->idle_timeout,
        .request_timeout = o->request_timeout,
    };
}

/* An instance has a second address, of its own, where the autoscaler sees whether it answers. */
static br_code start_own_server(
    const emp_options *o, emp_app *app, emp_scale_place *place, emp_server **ret_server, br_err *err)
{
    emp_listener listener;
    br_code rc = emp_listen("127.0.0.1", 0, &listener, err);
    if (rc != BR_OK) return rc;
    const emp_server_config config = {.listen_fd = listener.fd,
        .threads = 1,
        .max_connections = OWN_CONNECTIONS,
        .idle_timeout = o->idle_timeout,
        .request_timeout = o->request_timeout};
    rc = emp_server_start(&config, app, ret_server, err);
    if (rc != BR_OK) {
        close(listener.fd);
        return rc;
    }
    atomic_store(&place->port, (int) listener.port);
    return BR_OK;
}

/* From the servers' start to the end of the drain. */
static br_code serve_app(
    const emp_options *o, const emp_service *service, emp_app *app, const sigset_t *set, br_err *err)
{
    emp_server *server = NULL, *own = NULL;
    const emp_server_config config = server_config(o, service);
    br_code rc = emp_server_start(&config, app, &server, err);
    if (rc != BR_OK) {
        close(service->listener.fd);
        return rc;
    }
    if (service->place) rc = start_own_server(o, app, service->place, &own, err);
    if (rc == BR_OK) {
        say_started(o, &service->listener);
        br_info("stopping on signal %d", wait_for_signal(set));
    }
    drain(app, server, set);
    emp_pool_cut(app->pool);
    emp_server_stop(own);
    emp_server_stop(server);
    return rc;
}

static br_code serve(const emp_options *o, const emp_service *service, const sigset_t *set, br_err *err)
{
    emp_app app;
    emp_control *control = NULL;
    br_code rc = app_init(&app, o, service, err);
    if (rc == BR_OK && !service->place) rc = start_control(o, service->faults, &control, err);
    if (rc == BR_OK) {
        rc = serve_app(o, service, &app, set, err);
    } else {
        close(service->listener.fd);
    }
    emp_control_stop(control);
    app_deinit(&app);
    if (rc == BR_OK) br_info("stopped");
    return rc;
}

/* Without keys anybody who can connect may write, so only this machine may connect. */
static br_code check_exposure(const emp_options *o, const emp_listener *listener, br_err *err)
{
    if (o->api_keys || listener->loopback) return BR_OK;
    return br_fail(err, BR_EACCESS,
        "%s is not a loopback address and writes need no key: make one with 'empire key' and set"
        " EMPIRE_API_KEYS",
        listener->address);
}

br_code emp_service_check(const emp_options *o, const emp_listener *listener, br_err *err)
{
    br_code rc = check_exposure(o, listener, err);
    return rc == BR_OK ? emp_migrate_check_url(o->database_url, err) : rc;
}

/* True: the signal to stop came meanwhile. */
static bool start_slowly(const emp_faults *faults, const sigset_t *set)
{
    br_ns slow = emp_fault_get(faults, EMP_FAULT_SLOW_START);
    return slow > 0 && next_signal(set, slow) != 0;
}

br_code emp_service_instance(const emp_options *o, const emp_service *service, br_err *err)
{
    sigset_t set;
    block_signals(&set);
    br_code rc = raise_fd_limit(o, err);
    if (rc != BR_OK || start_slowly(service->faults, &set)) return rc;
    return serve(o, service, &set, err);
}

br_code emp_service_run(const emp_options *o, br_err *err)
{
    sigset_t set;
    emp_service service = {0};
    block_signals(&set);
    br_code rc = raise_fd_limit(o, err);
    if (rc == BR_OK) rc = emp_faults_open(o->faults, &service.faults, err);
    if (rc != BR_OK || start_slowly(service.faults, &set)) return rc;
    if ((rc = emp_listen(o->host, (uint16_t) o->port, &service.listener, err)) != BR_OK) return rc;
    if ((rc = emp_service_check(o, &service.listener, err)) != BR_OK) {
        close(service.listener.fd);
        return rc;
    }
    return serve(o, &service, &set, err);
}
