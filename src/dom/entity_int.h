/*
 * dom/entity_int.h - character references: &amp; &#233; &notin;
 *
 * What: decodes them as the HTML standard says (13.2.5.72 and following), with the rules of attributes.
 * Threads: any.
 */
#pragma once
#include "base/buf.h"
#include "base/str.h"

typedef struct br_entity {
    char name[34];
    uint32_t first, second; /* code points; second is 0 if there is one */
    uint8_t legacy;         /* stands without its semicolon too */
} br_entity;
extern const br_entity br_entities[];
extern const size_t br_entity_count;

/*
 * Decodes the reference at text.p[0] == '&' to UTF-8. Returns how many bytes of the text it took; 0: it is
 * none, the ampersand stands for itself. `*ret_bytes` of ret[8] are filled.
 */
size_t br_entity_decode(br_str text, bool in_attribute, char ret[8], size_t *ret_bytes);
