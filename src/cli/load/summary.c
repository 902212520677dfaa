#include "cli/load/summary.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "cli/terminal/globals.h"
#include "judge/generator.h"
#include "report/generator_text.h"
#include "report/summary_json.h"
#include "report/summary_text.h"

typedef struct entries {
    br_code code; /* first failure */
    br_err *err;
} entries;

/* "stdout", "stderr" or a path. */
static void on_entry(void *ctx, br_str key, br_str content)
{
    entries *e = ctx;
    if (br_str_is(key, "stdout") || br_str_is(key, "stderr")) {
        FILE *out = br_str_is(key, "stdout") ? stdout : stderr;
        fwrite(content.p, 1, content.n, out);
        fflush(out);
        return;
    }
    char *path = br_strndup(key.p, key.n);
    br_err err = {0};
    br_code code = br_file_write(path, content, &err);
    if (code != BR_OK && e->code == BR_OK) {
        e->code = code;
        (void) br_fail(e->err, code, "handleSummary(): %s", err.msg);
    }
    br_free(path);
}

static br_code newer_form(const br_job *job, const br_summary_config *c, int indent, br_buf *out, br_err *err)
{
    br_buf script;
    br_buf_init(&script, BR_SCRIPT_MAX_BYTES);
    bool from_file = !c->script_text.p && strcmp(c->script, "-") != 0;
    if (c->script_text.p) (void) br_buf_put(&script, c->script_text);
    if (from_file && br_file_read(c->script, &script, NULL) != BR_OK)
        br_buf_reset(&script); /* gone meanwhile */
    br_summary_document document = {.script = script.len ? br_buf_view(&script) : BR_STR(""),
        .version = BR_STR(BR_FOLLOWED_K6),
        .generated = br_clock_wall(),
        .indent = indent};
    br_code code = br_report_summary_document(job->result, &document, out, err);
    br_buf_deinit(&script);
    return code;
}

static br_code summary_data(const br_job *job, const br_summary_config *c, br_buf *out, br_err *err)
{
    br_summary_data_style style = {.stdout_is_tty = isatty(STDOUT_FILENO),
        .stderr_is_tty = isatty(STDERR_FILENO),
        .no_colour = !c->colour};
    return c->newer ? newer_form(job, c, 0, out, err) : br_report_summary_data(job->result, &style, out, err);
}

/* True if the script took care of the output. */
static bool script_summary(br_job *job, const br_summary_config *c, entries *e)
{
    br_buf data;
    br_buf_init(&data, BR_BUF_NO_LIMIT);
    br_err err = {0};
    br_code code = summary_data(job, c, &data, &err);
    if (code == BR_OK) code = br_run_handle_summary(&job->run, br_buf_view(&data), on_entry, e, &err);
    br_buf_deinit(&data);
    if (code == BR_OK) return true;
    if (code != BR_AGAIN && code != BR_ENOTFOUND) { /* BR_AGAIN: it returned nothing */
        br_log_field field = {"hint", BR_STR("script exception")};
        br_log_line(BR_LOG_ERROR, br_str_of(err.msg), &field, code != BR_ECANCEL);
    }
    return false;
}

static br_code text_summary(const br_job *job, const br_summary_config *c, br_err *err)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_summary_style style = {.colour = c->colour, .breakdown = c->breakdown};
    br_code code = br_report_summary_text(job->result, &style, &text, err);
    if (code == BR_OK) {
        (void) br_buf_puts(&text, "\n\n");
        br_generator_view view = br_generator_view_of(job->result);
        br_report_generator_text(&view, c->colour, &text);
        printf("\n%s\n", text.data);
    }
    fflush(stdout);
    br_buf_deinit(&text);
    return code;
}

/* Where a script writes the summary, the log must tell that its figures are no evidence. */
static void tell_generator(const br_job *job)
{
    br_arena arena;
    br_arena_init(&arena, 2048);
    br_generator_report report;
    br_generator_view view = br_generator_view_of(job->result);
    br_judge_generator(&view, &arena, &report);
    for (size_t i = 0; i < report.count; i++) {
        const br_generator_finding *f = &report.findings[i];
        if (!f->ok)
            br_info("this run is no evidence about its target: " BR_FMT ". " BR_FMT, BR_ARG(f->text),
                BR_ARG(f->remedy));
    }
    br_arena_deinit(&arena);
}

static br_code export_summary(const br_job *job, const br_summary_config *c, br_err *err)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_code code = c->newer ? newer_form(job, c, 4, &text, err)
                            : br_report_summary_export(job->result, &text, err);
    if (code == BR_OK) code = br_file_write(c->export_file, br_buf_view(&text), err);
    br_buf_deinit(&text);
    return code == BR_OK ? BR_OK : br_wrap(err, code, "--summary-export");
}

br_code br_summary_write(br_job *job, const br_summary_config *c, br_err *err)
{
    if (c->disabled) return BR_OK;
    entries e = {.err = err};
    br_code code = BR_OK;
    if (script_summary(job, c, &e)) {
        code = e.code;
        tell_generator(job);
    } else {
        code = text_summary(job, c, err);
    }
    if (c->export_file) {
        br_err export_err = {0};
        br_code export_code = export_summary(job, c, &export_err);
        if (export_code != BR_OK && code == BR_OK) {
            code = export_code;
            *err = export_err;
        }
    }
    return code;
}
