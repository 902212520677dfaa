#include "probe/prometheus.h"

#include <math.h>
#include "base/num.h"

/* Words --------------------------------------------------------------------------------------------- */

static bool is_name_char(char c, bool first, bool colon)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
    return letter || (!first && c >= '0' && c <= '9');
}

/* Takes a name off the front; empty if there is none. Colons: in names of metrics, not of labels. */
static br_str take_name(br_str *rest, bool colon)
{
    size_t n = 0;
    while (n < rest->n && is_name_char(rest->p[n], n == 0, colon))
        n++;
    br_str name = br_str_sub(*rest, 0, n);
    *rest = br_str_sub(*rest, n, rest->n);
    return name;
}

static void skip_blanks(br_str *rest)
{
    size_t n = 0;
    while (n < rest->n && (rest->p[n] == ' ' || rest->p[n] == '\t'))
        n++;
    *rest = br_str_sub(*rest, n, rest->n);
}

static bool take_char(br_str *rest, char c)
{
    skip_blanks(rest);
    if (rest->n == 0 || rest->p[0] != c) return false;
    *rest = br_str_sub(*rest, 1, rest->n);
    return true;
}

/* Takes what stands up to a quote that is not escaped, and the quote. */
static bool take_quoted(br_str *rest, br_str *ret)
{
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '"')
        n += rest->p[n] == '\\' ? 2 : 1;
    if (n >= rest->n) return false;
    *ret = br_str_sub(*rest, 0, n);
    *rest = br_str_sub(*rest, n + 1, rest->n);
    return true;
}

/* `name="value"` and the comma behind it. */
static bool take_label(br_str *rest, br_str *ret_name, br_str *ret_value)
{
    skip_blanks(rest);
    *ret_name = take_name(rest, false);
    if (ret_name->n == 0 || !take_char(rest, '=') || !take_char(rest, '"')) return false;
    if (!take_quoted(rest, ret_value)) return false;
    return take_char(rest, ',') || rest->n == 0 || rest->p[0] == '}';
}

/* Labels up to the closing brace, which is taken too. *ret: what stands between. */
static bool take_labels(br_str *rest, br_str *ret)
{
    const char *begin = rest->p;
    br_str name, value;
    while (!take_char(rest, '}')) {
        if (!take_label(rest, &name, &value)) return false;
    }
    *ret = (br_str){begin, (size_t) (rest->p - 1 - begin)};
    return true;
}

static bool parse_value(br_str text, double *ret)
{
    if (br_str_eq_nocase(text, BR_STR("nan")))
        *ret = NAN;
    else if (br_str_eq_nocase(text, BR_STR("+inf")) || br_str_eq_nocase(text, BR_STR("inf")))
        *ret = INFINITY;
    else if (br_str_eq_nocase(text, BR_STR("-inf")))
        *ret = -INFINITY;
    else
        return br_parse_f64(text, ret) == BR_OK;
    return true;
}

static br_str take_word(br_str *rest)
{
    skip_blanks(rest);
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
        n++;
    br_str word = br_str_sub(*rest, 0, n);
    *rest = br_str_sub(*rest, n, rest->n);
    return word;
}

/* Lines --------------------------------------------------------------------------------------------- */

static br_prom_type type_of(br_str word)
{
    if (br_str_is(word, "counter")) return BR_PROM_COUNTER;
    if (br_str_is(word, "gauge")) return BR_PROM_GAUGE;
    return br_str_is(word, "untyped") || br_str_is(word, "unknown") ? BR_PROM_UNTYPED : BR_PROM_OTHER;
}

/* "# TYPE name kind" counts for the samples that follow; other comments for nothing. */
static void read_comment(br_prom_page *page, br_str line)
{
    (void) take_char(&line, '#');
    if (!br_str_is(take_word(&line), "TYPE")) return;
    page->typed = take_word(&line);
    page->type = type_of(take_word(&line));
}

/* A counter's samples may have the suffix that its name lacks (OpenMetrics). */
static br_prom_type type_here(const br_prom_page *page, br_str name)
{
    if (br_str_eq(name, page->typed)) return page->type;
    bool part = page->typed.n && br_str_starts(name, page->typed) && name.p[page->typed.n] == '_';
    if (!part) return BR_PROM_UNTYPED;
    bool total = br_str_is(br_str_sub(name, page->typed.n, name.n), "_total");
    return page->type == BR_PROM_COUNTER && total ? BR_PROM_COUNTER : BR_PROM_OTHER;
}

static bool read_sample(const br_prom_page *page, br_str line, br_prom_sample *ret)
{
    br_prom_sample s = {.name = take_name(&line, true), .labels = BR_STR("")};
    if (s.name.n == 0) return false;
    if (take_char(&line, '{') && !take_labels(&line, &s.labels)) return false;
    if (!parse_value(take_word(&line), &s.value)) return false;
    br_str stamp = take_word(&line);
    int64_t ms;
    double seconds;
    bool plain = stamp.n == 0 || br_str_is(stamp, "#") || br_parse_i64(stamp, &ms) == BR_OK ||
                 br_parse_f64(stamp, &seconds) == BR_OK;
    if (!plain) return false;
    skip_blanks(&line);
    if (line.n && line.p[0] != '#' && !br_str_is(stamp, "#")) return false; /* else an exemplar */
    s.type = type_here(page, s.name);
    *ret = s;
    return true;
}

void br_prom_open(br_prom_page *page, br_str text)
{
    *page = (br_prom_page){.rest = text};
}

br_code br_prom_next(br_prom_page *page, br_prom_sample *ret, br_err *err)
{
    br_str line;
    while (br_str_cut(&page->rest, '\n', &line)) {
        page->line++;
        line = br_str_trim(line);
        if (line.n == 0) continue;
        if (line.p[0] == '#') {
            read_comment(page, line);
            continue;
        }
        if (read_sample(page, line, ret)) return BR_OK;
        return br_fail(err, BR_ESYNTAX, "line %zu is no sample of a Prometheus page: '" BR_FMT "'",
            page->line, BR_ARG(br_str_sub(line, 0, 80)));
    }
    return BR_EOF;
}

bool br_prom_is_page(br_str text)
{
    br_prom_page page;
    br_prom_sample s;
    br_code code;
    size_t n = 0;
    br_prom_open(&page, text);
    while ((code = br_prom_next(&page, &s, NULL)) == BR_OK)
        n++;
    return code == BR_EOF && n > 0;
}

/* Selectors ----------------------------------------------------------------------------------------- */

static bool has_label(br_str labels, br_str name, br_str value)
{
    br_str n, v;
    for (skip_blanks(&labels); labels.n; skip_blanks(&labels)) {
        if (!take_label(&labels, &n, &v)) return false;
        if (br_str_eq(n, name)) return br_str_eq(v, value);
    }
    return false;
}

bool br_prom_matches(br_str selector, const br_prom_sample *sample)
{
    br_str rest = br_str_trim(selector), name = take_name(&rest, true), n, v;
    if (!br_str_eq(name, sample->name)) return false;
    if (rest.n == 0) return true;
    if (!take_char(&rest, '{')) return false;
    while (!take_char(&rest, '}')) {
        if (!take_label(&rest, &n, &v) || !has_label(sample->labels, n, v)) return false;
    }
    return true;
}

br_code br_prom_check_selector(br_str selector, br_err *err)
{
    br_str rest = br_str_trim(selector), labels;
    bool ok = take_name(&rest, true).n > 0;
    if (ok && rest.n) ok = take_char(&rest, '{') && take_labels(&rest, &labels) && rest.n == 0;
    if (ok) return BR_OK;
    return br_fail(err, BR_ESYNTAX,
        "'" BR_FMT "' is no metric of a Prometheus page: write name or name{label=\"value\"}",
        BR_ARG(br_str_sub(selector, 0, 200)));
}
