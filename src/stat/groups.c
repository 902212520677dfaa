#include "stat/recorder_int.h"

void br_group_tree_init(br_group_tree *t, br_arena *arena)
{
    *t = (br_group_tree){.arena = arena, .root = BR_ARENA_NEW(arena, br_group)};
    t->root->name = t->root->path = BR_STR("");
    t->group_count = 1;
    br_map_init(&t->groups);
    br_map_init(&t->checks);
    br_buf_init(&t->key, BR_BUF_NO_LIMIT);
}

void br_group_tree_deinit(br_group_tree *t)
{
    br_map_deinit(&t->groups);
    br_map_deinit(&t->checks);
    br_buf_deinit(&t->key);
}

void br_group_deinit(br_group *group)
{
    for (size_t i = 0; i < group->groups.len; i++) {
        br_group_deinit(group->groups.data[i]);
    }
    br_vec_deinit(&group->groups);
    br_vec_deinit(&group->checks);
}

/* The address of the parent and the name; the view is good until the next call. */
static br_str child_key(br_group_tree *t, const br_group *parent, br_str name)
{
    br_buf_reset(&t->key);
    br_code rc = br_buf_append(&t->key, &parent, sizeof(const br_group *));
    if (rc == BR_OK) rc = br_buf_put(&t->key, name);
    BR_ASSERT(rc == BR_OK); /* the buffer has no limit */
    return br_buf_view(&t->key);
}

br_group *br_group_tree_group(br_group_tree *t, br_group *parent, br_str name)
{
    br_str key = child_key(t, parent, name);
    br_group *group = br_map_get(&t->groups, key);
    if (group || t->group_count == BR_GROUPS_MAX) return group;
    group = BR_ARENA_NEW(t->arena, br_group);
    group->path = br_str_of(
        br_arena_printf(t->arena, BR_FMT "::" BR_FMT, BR_ARG(parent->path), BR_ARG(name)));
    group->name = br_arena_str(t->arena, name);
    group->parent = parent;
    *br_vec_push(&parent->groups) = group;
    br_map_set(&t->groups, key, group);
    t->group_count++;
    return group;
}

br_check *br_group_tree_check(br_group_tree *t, br_group *group, br_str name)
{
    br_str key = child_key(t, group, name);
    br_check *check = br_map_get(&t->checks, key);
    if (check || t->check_count == BR_CHECKS_MAX) return check;
    check = BR_ARENA_NEW(t->arena, br_check);
    check->name = br_arena_str(t->arena, name);
    check->order = t->check_count++;
    *br_vec_push(&group->checks) = check;
    br_map_set(&t->checks, key, check);
    return check;
}
