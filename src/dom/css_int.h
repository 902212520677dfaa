/* dom/css_int.h - the parsed form of selectors. */
#pragma once
#include "dom/css.h"

typedef enum br_test_kind {
    BR_TEST_TAG,
    BR_TEST_EXISTS,
    BR_TEST_EQUALS,
    BR_TEST_NOT_EQUAL,
    BR_TEST_INCLUDES,
    BR_TEST_DASH,
    BR_TEST_PREFIX,
    BR_TEST_SUFFIX,
    BR_TEST_SUBSTRING,
    BR_TEST_ATTR_REGEX,
    BR_TEST_NOT,
    BR_TEST_HAS,
    BR_TEST_HAS_CHILD,
    BR_TEST_CONTAINS,
    BR_TEST_CONTAINS_OWN,
    BR_TEST_MATCHES,
    BR_TEST_MATCHES_OWN,
    BR_TEST_NTH,
    BR_TEST_ONLY,
    BR_TEST_INPUT,
    BR_TEST_EMPTY,
    BR_TEST_ROOT,
    BR_TEST_LINK,
    BR_TEST_LANG,
    BR_TEST_ENABLED,
    BR_TEST_DISABLED,
    BR_TEST_CHECKED,
    BR_TEST_NEVER
} br_test_kind;

typedef struct br_test br_test;
struct br_test {
    br_test *next;
    br_str name, value;
    const br_css *inner;
    void *regex;
    int a, b; /* an+b */
    br_test_kind kind;
    br_dom_tag tag;
    bool nocase, last, of_type;
};

/* What one element has to be, and by which combinator the part on its left stands to it. */
typedef struct br_compound br_compound;
struct br_compound {
    br_test *tests;
    br_compound *left;
    char combinator; /* ' ', '>', '+', '~' */
};

struct br_css { /* an alternative of a list with commas */
    br_compound *compound;
    br_css *next;
};

/* Appends the text in lower case: ASCII, Latin, Greek, Cyrillic. */
void br_css_put_lower(br_str s, br_buf *out);
