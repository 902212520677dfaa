/* Besides not crashing: reading ends, what was read lies within the page, and is matched by a selector made
 * of it. */
#include "base/assert.h"
#include "base/buf.h"
#include "probe/prometheus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sample(const br_prom_sample *s, br_str page)
{
    br_buf selector;
    BR_ASSERT(s->name.n > 0 && s->name.p >= page.p && s->name.p + s->name.n <= page.p + page.n);
    BR_ASSERT(s->labels.n == 0 || s->labels.p + s->labels.n <= page.p + page.n);
    BR_ASSERT(br_prom_matches(s->name, s));
    br_buf_init(&selector, BR_BUF_NO_LIMIT);
    (void) br_buf_put(&selector, s->name);
    (void) br_buf_puts(&selector, "{");
    (void) br_buf_put(&selector, s->labels);
    (void) br_buf_puts(&selector, "}");
    BR_ASSERT(br_prom_check_selector(br_buf_view(&selector), NULL) == BR_OK);
    br_buf_deinit(&selector);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str text = {(const char *) data, size};
    br_prom_page page;
    br_prom_sample s;
    br_code code;
    size_t n = 0;
    br_prom_open(&page, text);
    while ((code = br_prom_next(&page, &s, NULL)) == BR_OK) {
        check_sample(&s, text);
        BR_ASSERT(++n <= size);
    }
    BR_ASSERT(br_prom_is_page(text) == (code == BR_EOF && n > 0));
    if (n && br_prom_check_selector(text, NULL) == BR_OK) (void) br_prom_matches(text, &s);
    return 0;
}
