/*
 * dom/token_int.h - the tokens of an HTML text.
 *
 * What: the tokenizer of the HTML standard (13.2.5) over a whole text, one token per call.
 * Threads: one tokenizer, one thread.
 * Memory: names and texts are slices of the text, which is changed in place (names to lower case), or copies
 * in the arena if characters had to be decoded.
 */
#pragma once
#include "base/arena.h"
#include "base/vec.h"
#include "dom/dom.h"

/* U+FFFD, for zero bytes */
static const char br_token_replacement[] = {'\xEF', '\xBF', '\xBD'};

typedef enum br_token_kind {
    BR_TOKEN_END,
    BR_TOKEN_TEXT,
    BR_TOKEN_START,
    BR_TOKEN_END_TAG,
    BR_TOKEN_COMMENT,
    BR_TOKEN_DOCTYPE
} br_token_kind;

/* What the text behind a start tag is; the tree builder says so. */
typedef enum br_token_mode {
    BR_MODE_DATA,
    BR_MODE_RCDATA,  /* title, textarea: references, but no tags */
    BR_MODE_RAWTEXT, /* style, noscript: neither */
    BR_MODE_SCRIPT,  /* like RAWTEXT, and comments may hide </script> */
    BR_MODE_PLAINTEXT
} br_token_mode;

typedef struct br_token {
    br_token_kind kind;
    br_dom_tag tag;            /* of a start or end tag */
    br_str name;               /* of a tag in lower case, of a doctype */
    br_str text;               /* of a text or comment */
    BR_VEC(br_dom_attr) attrs; /* kept from token to token; without prefixes */
    bool self_closing;
    bool has_nul;                /* text: zero bytes are in it */
    br_str public_id, system_id; /* p == NULL: missing */
    bool force_quirks;
} br_token;

typedef struct br_tokenizer {
    br_arena *arena;
    char *p; /* [n], changed in place */
    size_t n, at;
    br_token_mode mode;
    br_str raw_name; /* whose end tag ends RCDATA, RAWTEXT or SCRIPT */
    bool cdata;      /* the current element is foreign: <![CDATA[ is text */
} br_tokenizer;

void br_tokenizer_next(br_tokenizer *t, br_token *ret);
