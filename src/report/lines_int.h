/*
 * report/lines_int.h - wrapped and coloured lines for a terminal or a text file.
 *
 * What: colours where they are wanted, indentation, words wrapped at 100 columns, titles.
 * Why here: verdict and comparison are laid out alike.
 * Threads: one buffer, one thread.
 */
#pragma once
#include "base/buf.h"

#define BR_LINES_BOLD   "\x1b[1m"
#define BR_LINES_RED    "\x1b[31m"
#define BR_LINES_GREEN  "\x1b[32m"
#define BR_LINES_YELLOW "\x1b[33m"
#define BR_LINES_FAINT  "\x1b[2m"

typedef struct br_lines {
    br_buf out;
    bool colour;
} br_lines;

void br_lines_put(br_lines *t, const char *colour, br_str s);
void br_lines_spaces(br_lines *t, size_t n);
/* Words of `s` and a line break; the first line goes on at `column`, later ones start at `indent`. */
void br_lines_wrap(br_lines *t, br_str s, size_t column, size_t indent);
void br_lines_title(br_lines *t, const char *title); /* after an empty line */
