#include "empire/scale/rule.h"

#include <math.h>

#define TOLERANCE 0.1

static int clamp(const emp_scale_config *config, int n)
{
    return n < config->min ? config->min : n > config->max ? config->max : n;
}

/* What the load alone asks for. */
static int wanted(const emp_scale_config *config, int instances, emp_scale_load load)
{
    double cpu = load.cpu / config->cpu_target, memory = load.memory / config->memory_target;
    double ratio = cpu > memory ? cpu : memory;
    if (fabs(ratio - 1) <= TOLERANCE) return clamp(config, instances);
    double n = ceil(instances * ratio);
    return clamp(config, n > 2 * instances ? 2 * instances : (int) n);
}

static int change(emp_scale_state *state, int to, br_ns now)
{
    *state = (emp_scale_state){.changed_at = now};
    return to;
}

int emp_scale_decide(
    const emp_scale_config *config, emp_scale_state *state, int instances, emp_scale_load load, br_ns now)
{
    int n = wanted(config, instances, load);
    if (n >= instances) state->low_since = 0;
    if (n > instances) {
        bool may = state->changed_at == 0 || now - state->changed_at >= config->up_pause;
        return may ? change(state, n, now) : instances;
    }
    if (n < instances) {
        if (state->low_since == 0) state->low_since = now;
        if (now - state->low_since >= config->down_pause) return change(state, instances - 1, now);
    }
    return instances;
}
