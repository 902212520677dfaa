#include "empire/scale/board.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>

br_code emp_scale_board_open(emp_scale_board **ret_board, br_err *err)
{
    void *at = mmap(NULL, sizeof(emp_scale_board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return br_fail_errno(err, BR_ELIMIT, errno, "memory that processes share");
    *ret_board = at;
    return BR_OK;
}

static void head(br_buf *out, const char *name, const char *type, const char *help)
{
    br_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_gauge(br_buf *out, const char *name, const char *help, double value)
{
    head(out, name, "gauge", help);
    br_buf_printf(out, "%s %.15g\n", name, value);
}

/* One line for each instance. */
static void put_places(br_buf *out, const emp_scale_board *b, const char *name, const char *help, bool is_cpu)
{
    head(out, name, "gauge", help);
    for (int i = 0; i < EMP_SCALE_MAX; i++) {
        const emp_scale_place *p = &b->places[i];
        if (atomic_load(&p->pid) == 0) continue;
        br_buf_printf(out, "%s{instance=\"%d\",pid=\"%d\",port=\"%d\"} %.15g\n", name, i,
            atomic_load(&p->pid), atomic_load(&p->port),
            is_cpu ? atomic_load(&p->cpu) : atomic_load(&p->memory));
    }
}

void emp_scale_board_put(br_buf *out, const emp_scale_board *b)
{
    static const char *const events[EMP_SCALE_EVENTS] = {"up", "down", "restart", "unhealthy"};
    put_gauge(out, "empire_autoscale_instances", "API processes wanted.", atomic_load(&b->instances));
    put_gauge(out, "empire_autoscale_ready", "API processes that serve.", atomic_load(&b->ready));
    put_gauge(out, "empire_autoscale_draining", "API processes that finish.", atomic_load(&b->draining));
    put_gauge(
        out, "empire_autoscale_cpu_cores", "Cores in use, mean of the processes.", atomic_load(&b->cpu));
    put_gauge(out, "empire_autoscale_memory_bytes", "Resident memory, mean of the processes.",
        atomic_load(&b->memory));
    head(out, "empire_autoscale_events_total", "counter", "Processes added, taken away, started again.");
    for (int i = 0; i < EMP_SCALE_EVENTS; i++) {
        br_buf_printf(out, "empire_autoscale_events_total{event=\"%s\"} %" PRIu64 "\n", events[i],
            (uint64_t) atomic_load(&b->events[i]));
    }
    head(out, "empire_autoscale_health_failures_total", "counter", "Health checks without a good answer.");
    br_buf_printf(out, "empire_autoscale_health_failures_total %" PRIu64 "\n",
        (uint64_t) atomic_load(&b->health_failures));
    put_places(out, b, "empire_autoscale_instance_cpu_cores", "Cores in use by each process.", true);
    put_places(out, b, "empire_autoscale_instance_memory_bytes", "Resident memory of each process.", false);
}
