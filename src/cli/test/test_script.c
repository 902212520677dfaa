#include "cli/test/test_script.h"

br_code br_test_script_prepare(const br_config *cfg, const br_environment *e, const br_named_test *t,
    br_str script, json_t *options, const br_args *args, br_test_script *ret, br_exit_code *ret_exit,
    br_err *err)
{
    static const br_test_extras none = {0};
    br_test_script s = {0};
    *ret_exit = BR_EXIT_CONFIG;
    br_code code = br_test_plan_make(e, t, 1, &none, &s.plan, err);
    if (code != BR_OK) {
        json_decref(options);
        return code;
    }
    if (!options) options = br_test_plan_options(&s.plan);
    s.config = (br_job_config){.script = script.p,
        .system_env = true,
        .env = s.plan.env,
        .env_count = s.plan.env_count,
        .overrides = options,
        .quiet = true,
        .no_thresholds = true,
        .workers = 1,
        .module_args = args};
    s.config.maps = br_config_modules(cfg, &s.config.map_count);
    code = br_job_prepare(&s.config, &s.job, ret_exit, err);
    if (code == BR_OK) {
        *ret = s;
        return BR_OK;
    }
    json_decref(options);
    br_test_plan_deinit(&s.plan);
    return code;
}

void br_test_script_deinit(br_test_script *s)
{
    br_job_deinit(&s->job);
    json_decref(s->config.overrides);
    br_test_plan_deinit(&s->plan);
}
