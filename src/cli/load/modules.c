#include "cli/load/modules.h"
#include <stdlib.h>
#include "base/log.h"

const br_arg br_module_args[] = {
    {"map", 0, BR_ARG_LIST, "URL=FOLDER",
        "read modules below URL from FOLDER, e.g. https://jslib.k6.io/=./vendor", "BRUNT_MODULE_MAP"},
    {"module-cache", 0, BR_ARG_VALUE, "FOLDER",
        "keep modules from the network here (default ~/.cache/brunt/modules; none: nowhere)",
        "BRUNT_MODULE_CACHE"},
    {"offline", 0, BR_ARG_SWITCH, NULL, "do not ask the network for modules", NULL},
    {"lock", 0, BR_ARG_SWITCH, NULL, "write the hashes of modules into brunt.lock.json beside the script",
        NULL},
    {"compatibility-mode", 0, BR_ARG_VALUE, "MODE",
        "extended, or base: without the name global (default extended)", "K6_COMPATIBILITY_MODE"},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

static const char *setting(const br_args *a, const char *flag, const char *variable)
{
    const char *v = a ? br_args_get(a, flag) : NULL;
    if (!v) v = getenv(variable);
    return v && *v ? v : NULL;
}

void br_module_settings_map(br_module_settings *s, br_str prefix, br_str folder)
{
    br_module_map *maps = br_arena_zalloc(&s->arena, (s->remote.map_count + 1) * sizeof(*maps));
    if (s->remote.map_count) memcpy(maps, s->remote.maps, s->remote.map_count * sizeof(*maps));
    maps[s->remote.map_count++] = (br_module_map){
        br_arena_cstr(&s->arena, prefix), br_arena_cstr(&s->arena, folder)};
    s->remote.maps = maps;
}

static br_code add_map(br_module_settings *s, br_str text, const char *source, br_err *err)
{
    br_str folder = br_str_trim(text), prefix;
    if (!br_str_cut(&folder, '=', &prefix) || !br_str_starts(prefix, BR_STR("https://")) || folder.n == 0)
        return br_fail(err, BR_EINVAL, "invalid mapping \"" BR_FMT "\" of %s: use https://host/path=FOLDER",
            BR_ARG(text), source);
    br_module_settings_map(s, prefix, folder);
    return BR_OK;
}

static br_code read_maps(const br_args *a, br_module_settings *s, br_err *err)
{
    br_code code = BR_OK;
    for (size_t i = 0; a && i < a->values.len && code == BR_OK; i++) {
        if (strcmp(a->values.data[i].arg->name, "map") == 0)
            code = add_map(s, br_str_of(a->values.data[i].value), "--map", err);
    }
    const char *variable = getenv("BRUNT_MODULE_MAP");
    br_str rest = br_str_of(variable && *variable ? variable : NULL), item;
    while (code == BR_OK && rest.p && br_str_cut(&rest, ',', &item))
        code = add_map(s, item, "BRUNT_MODULE_MAP", err);
    return code;
}

static void read_cache(const br_args *a, br_module_settings *s)
{
    const char *given = setting(a, "module-cache", "BRUNT_MODULE_CACHE");
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (given)
        s->remote.cache_dir = strcmp(given, "none") == 0 ? NULL : br_arena_cstr(&s->arena, br_str_of(given));
    else if (base && *base)
        s->remote.cache_dir = br_arena_printf(&s->arena, "%s/brunt/modules", base);
    else if (home && *home)
        s->remote.cache_dir = br_arena_printf(&s->arena, "%s/.cache/brunt/modules", home);
}

static br_code read_mode(const br_args *a, br_module_settings *s, br_err *err)
{
    const char *mode = setting(a, "compatibility-mode", "K6_COMPATIBILITY_MODE");
    if (!mode || strcmp(mode, "extended") == 0) return BR_OK;
    if (strcmp(mode, "experimental_enhanced") == 0) {
        br_warn("the compatibility mode experimental_enhanced is now the same as extended");
        return BR_OK;
    }
    s->base_mode = strcmp(mode, "base") == 0;
    if (s->base_mode) return BR_OK;
    return br_fail(err, BR_EINVAL,
        "invalid compatibility mode \"%s\". Use: \"extended\", \"base\", \"experimental_enhanced\"", mode);
}

br_code br_module_settings_read(const br_args *a, br_module_settings *ret, br_err *err)
{
    *ret = (br_module_settings){.remote = {.user_agent = "brunt/" BRUNT_VERSION}};
    br_arena_init(&ret->arena, 1024);
    read_cache(a, ret);
    ret->remote.offline = a && br_args_has(a, "offline");
    ret->remote.lock_write = a && br_args_has(a, "lock");
    br_code code = read_maps(a, ret, err);
    return code == BR_OK ? read_mode(a, ret, err) : code;
}
