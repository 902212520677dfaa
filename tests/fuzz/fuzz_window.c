/*
 * Windows of time and instants. What is accepted reads back as the same; the next begin is in the window, the
 * instant before it is not.
 */
#include "base/assert.h"
#include "cli/config/window.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_window(br_str text, br_ns at, br_arena *arena)
{
    br_window w = {0}, again = {0};
    if (br_window_parse(text, &w, NULL) != BR_OK) return;
    BR_ASSERT(br_window_parse(br_window_text(&w, arena), &again, NULL) == BR_OK);
    BR_ASSERT(w.days == again.days && w.from == again.from && w.to == again.to);
    br_ns end = 0, next = br_windows_next(&w, 1, at);
    BR_ASSERT(next >= at && next - at <= 7 * 1440 * 60 * BR_SEC && br_windows_contain(&w, 1, next, &end));
    BR_ASSERT(end > next);
    if (next > at) BR_ASSERT(!br_windows_contain(&w, 1, next - 1, NULL));
    if (end < BR_NS_MAX)
        BR_ASSERT(!br_windows_contain(&w, 1, end, NULL) && br_windows_contain(&w, 1, end - 1, NULL));
}

/* A line is a window, the next one the instant to look at. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str rest = {(const char *) data, size}, line;
    br_arena arena;
    br_arena_init(&arena, 1024);
    if (!br_str_cut(&rest, '\n', &line)) line = BR_STR("");
    br_ns at = 0, again = 0;
    if (rest.p && br_utc_parse(rest, &at, NULL) == BR_OK) {
        BR_ASSERT(br_utc_parse(br_utc_text(at, &arena), &again, NULL) == BR_OK);
        BR_ASSERT(again <= at && at - again < 60 * BR_SEC); /* texts have no seconds */
    }
    check_window(line, at, &arena);
    br_arena_deinit(&arena);
    return 0;
}
