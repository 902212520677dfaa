#include "cli/test/reports.h"

#include <stdio.h>
#include <unistd.h>
#include "base/file.h"
#include "report/generator_text.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "report/result_json.h"
#include "report/summary_text.h"
#include "report/verdict_text.h"

br_code br_reports_parse(const char *list, unsigned *ret_forms, br_err *err)
{
    static const char *const names[] = {"text", "json", "md", "junit", "html"};
    unsigned forms = 0;
    br_str rest = br_str_of(list), word;
    while (br_str_cut(&rest, ',', &word)) {
        word = br_str_trim(word);
        size_t i = 0;
        while (i < BR_COUNT_OF(names) && !br_str_is(word, names[i]))
            i++;
        if (i == BR_COUNT_OF(names))
            return br_fail(err, BR_EINVAL,
                "unknown report '" BR_FMT "': use text, json, md, junit or html, with commas between them",
                BR_ARG(word));
        forms |= 1u << i;
    }
    *ret_forms = forms;
    return BR_OK;
}

br_code br_reports_check_dir(const char *dir, br_err *err)
{
    br_code code = br_file_mkdirs(dir, err);
    if (code != BR_OK) return br_wrap(err, code, "report folder '%s'", dir);
    if (access(dir, W_OK | X_OK) != 0)
        return br_fail(
            err, BR_EACCESS, "the report folder '%s' is not writable: choose another with --reports", dir);
    return BR_OK;
}

typedef struct writer {
    const br_run_result *result;
    const br_judge_plan *plan;
    const br_judgement *judgement;
    const br_reports_config *config;
    br_result_info info;
    br_code code; /* first failure */
    br_err *err;
} writer;

/* Summary and verdict as one text. */
static br_code put_text(const writer *w, bool colour, br_buf *out, br_err *err)
{
    br_summary_style style = {.colour = colour};
    (void) br_buf_puts(out, "\n");
    br_code code = br_report_summary_text(w->result, &style, out, err);
    (void) br_buf_puts(out, "\n\n");
    br_generator_view view = br_generator_view_of(w->result);
    br_report_generator_text(&view, colour, out);
    (void) br_buf_puts(out, "\n");
    if (code == BR_OK) code = br_report_verdict_text(w->judgement, w->plan, colour, out, err);
    if (code == BR_OK && w->config->comparing) {
        (void) br_buf_puts(out, "\n  Comparison with earlier runs\n");
        br_comparing_parts_text(w->config->comparing, &(br_comparing_style){.colour = colour}, out);
    }
    return code;
}

static void note(writer *w, br_code code, const br_err *err)
{
    if (code == BR_OK || w->code != BR_OK) return;
    w->code = code;
    *w->err = *err;
}

static void write_file(writer *w, const char *suffix, const br_buf *content)
{
    br_buf path;
    br_buf_init(&path, 1 << 16);
    (void) br_buf_printf(&path, "%s/" BR_FMT "%s", w->config->dir, BR_ARG(w->plan->test), suffix);
    br_err err = {0};
    br_code code = br_file_write(path.data, br_buf_view(content), &err);
    if (code == BR_OK && !w->config->silent) printf("  report: %s\n", path.data);
    note(w, code, &err);
    br_buf_deinit(&path);
}

typedef br_code put_fn(const writer *w, br_buf *out, br_err *err);

static br_code put_plain(const writer *w, br_buf *out, br_err *err)
{
    return put_text(w, false, out, err);
}
static br_code put_json(const writer *w, br_buf *out, br_err *err)
{
    return br_report_result_json(w->result, &w->info, NULL, out, err);
}
static br_code put_markdown(const writer *w, br_buf *out, br_err *err)
{
    return br_report_markdown(w->result, &w->info, out, err);
}
static br_code put_junit(const writer *w, br_buf *out, br_err *err)
{
    return br_report_junit(w->result, &w->info, out, err);
}
static br_code put_html(const writer *w, br_buf *out, br_err *err)
{
    return br_report_html(w->result, &w->info, out, err);
}

static const struct {
    br_report_form form;
    const char *suffix; /* behind the name of the test */
    put_fn *put;
} files[] = {
    {BR_REPORT_TEXT, "-summary.txt", put_plain},
    {BR_REPORT_JSON, "-summary.json", put_json},
    {BR_REPORT_MARKDOWN, ".md", put_markdown},
    {BR_REPORT_JUNIT, "-junit.xml", put_junit},
    {BR_REPORT_HTML, ".html", put_html},
};

static void make_file(writer *w, const char *suffix, put_fn *put)
{
    br_buf out;
    br_err err = {0};
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_code code = put(w, &out, &err);
    if (code == BR_OK)
        write_file(w, suffix, &out);
    else
        note(w, code, &err);
    br_buf_deinit(&out);
}

br_code br_reports_write(const br_run_result *result, const br_judge_plan *plan,
    const br_judgement *judgement, const br_reports_config *config, br_err *err)
{
    char host[256] = "";
    (void) gethostname(host, sizeof(host) - 1); /* left empty if it fails */
    writer w = {.result = result,
        .plan = plan,
        .judgement = judgement,
        .config = config,
        .err = err,
        .info = {.tool_version = br_str_of(BRUNT_VERSION),
            .host = br_str_of(host),
            .plan = plan,
            .judgement = judgement,
            .comparison = config->comparing ? br_comparing_shown(config->comparing) : NULL,
            .preparation = config->preparation}};
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_err text_err = {0};
    note(&w, put_text(&w, config->colour, &text, &text_err), &text_err);
    if (!config->silent) fwrite(text.data, 1, text.len, stdout);
    br_buf_deinit(&text);
    if (!config->silent) printf("\n");
    for (size_t i = 0; i < BR_COUNT_OF(files); i++) {
        if (!config->forms || config->forms & files[i].form) make_file(&w, files[i].suffix, files[i].put);
    }
    fflush(stdout);
    return w.code;
}
