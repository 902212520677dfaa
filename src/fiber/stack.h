/*
 * fiber/stack.h - the memory of one stack. Private to fiber/.
 *
 * What: a mapping with a guard area below it.
 * Memory: address space until it is touched. The guard is larger than a page because a frame with alloca (the
 *     script engine's interpreter) may step over a single one.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct br_stack {
    char *low; /* lowest usable address; the guard is below */
    size_t bytes;
} br_stack;

/* `bytes` rounded up to what a mapping can be. */
size_t br_stack_round(size_t bytes);

/* `bytes` comes from br_stack_round(). False with errno when the kernel refuses. */
bool br_stack_map(size_t bytes, br_stack *ret_stack);
void br_stack_unmap(br_stack stack);

/* Gives the touched pages back, except the one at the top. The contents of the others are lost. */
void br_stack_drop(br_stack stack);

/* The same for the pages wholly below `used`, for a stack that is in use down to there. */
void br_stack_drop_below(br_stack stack, const void *used);

/* Bytes from the lowest page that is resident to the top. */
size_t br_stack_high_water(br_stack stack);
