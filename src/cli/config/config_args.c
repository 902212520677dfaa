#include "cli/config/config_args.h"
#include <unistd.h>

void br_config_args_paths(const br_args *a, br_config_paths *out)
{
    for (size_t i = 0; i < a->values.len; i++) {
        if (strcmp(a->values.data[i].arg->name, "config") == 0) *br_vec_push(out) = a->values.data[i].value;
    }
    if (out->len > 0) return;
    bool here = access("brunt.yaml", F_OK) == 0 || access("loadtest/brunt.yaml", F_OK) != 0;
    *br_vec_push(out) = here ? "brunt.yaml" : "loadtest/brunt.yaml";
}

br_code br_config_args_load(const br_args *a, br_config **ret, br_err *err)
{
    br_config_paths paths = {0};
    br_config_args_paths(a, &paths);
    br_code code = br_config_load_all(paths.data, paths.len, ret, err);
    br_vec_deinit(&paths);
    return code;
}
