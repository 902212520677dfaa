#include "dom/tags.h"

static const struct {
    br_str name;
    unsigned flags;
} tags[] = {{BR_STR_INIT(""), 0},
#define TAG_ROW(id, name, flags) {BR_STR_INIT(name), flags},
    BR_TAGS(TAG_ROW)
#undef TAG_ROW
};

br_dom_tag br_dom_tag_find(br_str name)
{
    size_t from = 1, to = BR_TAG_COUNT;
    while (from < to) {
        size_t middle = (from + to) / 2;
        int order = br_str_cmp(tags[middle].name, name);
        if (order == 0) return (br_dom_tag) middle;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return BR_TAG_OTHER;
}

br_str br_dom_tag_name(br_dom_tag tag)
{
    return tags[tag].name;
}

unsigned br_dom_tag_flags(br_dom_tag tag)
{
    return tags[tag].flags;
}
