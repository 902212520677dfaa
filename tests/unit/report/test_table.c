#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/table.h"

static const br_table_column columns[] = {{"run", true}, {"name", false}, {"unused", false}, {"p95", true}};

typedef struct made {
    br_arena arena;
    br_table table;
    br_buf out;
} made;

static void begin(made *m)
{
    br_arena_init(&m->arena, 1024);
    br_table_init(&m->table, &m->arena, columns, BR_COUNT_OF(columns));
    br_buf_init(&m->out, 10000);
}

static void add(made *m, int run, const char *name, const char *p95, br_paint paint)
{
    br_table_printf(&m->table, BR_PAINT_NONE, "%d", run);
    br_table_put(&m->table, br_str_of(name), paint);
    br_table_put(&m->table, BR_STR(""), BR_PAINT_NONE);
    br_table_put(&m->table, br_str_of(p95), BR_PAINT_NONE);
}

static void expect(made *m, const char *want)
{
    assert_string_equal(m->out.data, want);
    br_table_deinit(&m->table);
    br_buf_deinit(&m->out);
    br_arena_deinit(&m->arena);
}

static void test_aligned(void **state)
{
    (void) state;
    made m;
    begin(&m);
    add(&m, 7, "baseline", "12.5ms", BR_PAINT_GOOD);
    add(&m, 1234, "µ", "9µs", BR_PAINT_BAD);
    br_table_print(&m.table, 2, false, &m.out);
    expect(&m, "   run  name         p95\n"
               "     7  baseline  12.5ms\n"
               "  1234  µ            9µs\n");
}

static void test_colours(void **state)
{
    (void) state;
    made m;
    begin(&m);
    add(&m, 1, "bad", "", BR_PAINT_BAD);
    br_table_print(&m.table, 0, true, &m.out);
    expect(&m, "\x1b[2mrun\x1b[0m  \x1b[2mname\x1b[0m\n"
               "  1  \x1b[31mbad\x1b[0m\n");
}

static void test_hostile_cells(void **state)
{
    (void) state;
    made m;
    begin(&m);
    add(&m, 1, "a\x1b[31m\n|<b>", "`1`", BR_PAINT_NONE);
    br_table_print(&m.table, 0, false, &m.out);
    br_table_print_markdown(&m.table, &m.out);
    expect(&m, "run  name         p95\n"
               "  1  a?[31m?|<b>  `1`\n"
               "| run | name | p95 |\n"
               "|---:|---|---:|\n"
               "| 1 | a?\\[31m?\\|\\<b\\> | \\`1\\` |\n");
}

static void test_empty(void **state)
{
    (void) state;
    made m;
    begin(&m);
    br_table_print(&m.table, 0, false, &m.out);
    expect(&m, "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_hostile_cells),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
