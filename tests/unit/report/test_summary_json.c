#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include "report/json_int.h"
#include "report/md5_int.h"
#include "report/summary_json.h"
#include "unit/report/fixture.h"

/* As the case "handle-summary" of the conformance tests: two iterations with a group and two checks. */
static br_run_result *sample(void)
{
    br_run_result *r = fixture_new(BR_SEC + BR_SEC / 2);
    static br_str stats[] = {BR_STR_INIT("avg"), BR_STR_INIT("count"), BR_STR_INIT("p(99)")};
    r->trend_stats = stats;
    r->trend_stat_count = 3;
    r->setup_data_json = BR_STR("{\"s\":1,\"list\":[1.5,\"a\\\"]\",null,{}]}");
    br_group *g = fixture_group(r, NULL, "g");
    fixture_check(r, g, "ok", 2, 0);
    fixture_check(r, g, "bad", 0, 2);
    br_result_metric *tt = fixture_metric(r, "tt", BR_TREND, BR_CONTAINS_DEFAULT);
    fixture_add_n(tt, 2, 2);
    fixture_threshold(r, tt, "avg<1", false);
    fixture_threshold(r, tt, "max>1", true);
    br_result_metric *checks = fixture_metric(r, "checks", BR_RATE, BR_CONTAINS_DEFAULT);
    fixture_add_n(checks, 1, 2);
    fixture_add_n(checks, 0, 2);
    fixture_add_n(fixture_metric(r, "iterations", BR_COUNTER, BR_CONTAINS_DEFAULT), 1, 3);
    fixture_add(fixture_metric(r, "vus{a:b}", BR_GAUGE, BR_CONTAINS_DEFAULT), 4);
    return r;
}

static void data_has_k6s_shape(void **state)
{
    (void) state;
    br_run_result *r = sample();
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_summary_data_style style = {.no_colour = true, .stdout_is_tty = false, .stderr_is_tty = true};
    assert_int_equal(br_report_summary_data(r, &style, &out, NULL), BR_OK);
    assert_string_equal(out.data,
        "{\"root_group\":{\"name\":\"\",\"path\":\"\",\"id\":\"d41d8cd98f00b204e9800998ecf8427e\","
        "\"groups\":["
        "{\"name\":\"g\",\"path\":\"::g\",\"id\":\"652e756c89643c3ada0b451cbd88a9d3\","
        "\"groups\":[],\"checks\":["
        "{\"name\":\"ok\",\"path\":\"::g::ok\",\"id\":\"98da3e3a7c4c476eb0389ab88d68df30\","
        "\"passes\":2,\"fails\":0},"
        "{\"name\":\"bad\",\"path\":\"::g::bad\",\"id\":\"2f398fed9fc111408a4e26443b69d9b0\","
        "\"passes\":0,\"fails\":2}]}],"
        "\"checks\":[]},"
        "\"options\":{\"summaryTrendStats\":[\"avg\",\"count\",\"p(99)\"],"
        "\"summaryTimeUnit\":\"\",\"noColor\":true},"
        "\"state\":{\"isStdOutTTY\":false,\"isStdErrTTY\":true,\"testRunDurationMs\":1500},"
        "\"metrics\":{"
        "\"checks\":{\"type\":\"rate\",\"contains\":\"default\",\"values\":{\"rate\":0.5,"
        "\"passes\":2,\"fails\":2}},"
        "\"iterations\":{\"type\":\"counter\",\"contains\":\"default\",\"values\":{\"count\":3,"
        "\"rate\":2}},"
        "\"tt\":{\"type\":\"trend\",\"contains\":\"default\",\"values\":{\"avg\":2,\"count\":2,"
        "\"p(99)\":2},"
        "\"thresholds\":{\"avg<1\":{\"ok\":false},\"max>1\":{\"ok\":true}}},"
        "\"vus{a:b}\":{\"type\":\"gauge\",\"contains\":\"default\",\"values\":{\"value\":4,"
        "\"min\":4,\"max\":4}}},"
        "\"setup_data\":{\"s\":1,\"list\":[1.5,\"a\\\"]\",null,{}]}}");
    br_buf_deinit(&out);
    br_run_result_free(r);
}

static void export_has_k6s_shape(void **state)
{
    (void) state;
    br_run_result *r = sample();
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    assert_int_equal(br_report_summary_export(r, &out, NULL), BR_OK);
    assert_non_null(strstr(out.data, "{\n    \"root_group\": {\n        \"name\": \"\",\n"));
    assert_non_null(strstr(out.data, "        \"list\": [\n            1.5,\n"));
    json_t *doc = json_loads(out.data, 0, NULL);
    assert_non_null(doc);
    json_t *root = json_object_get(doc, "root_group");
    json_t *g = json_object_get(json_object_get(root, "groups"), "g");
    json_t *bad = json_object_get(json_object_get(g, "checks"), "bad");
    assert_int_equal(json_integer_value(json_object_get(bad, "fails")), 2);
    json_t *metrics = json_object_get(doc, "metrics");
    json_t *checks = json_object_get(metrics, "checks");
    assert_true(json_real_value(json_object_get(checks, "value")) == 0.5);
    assert_null(json_object_get(checks, "rate"));
    json_t *thresholds = json_object_get(json_object_get(metrics, "tt"), "thresholds");
    assert_true(json_is_true(json_object_get(thresholds, "avg<1"))); /* true: failed */
    assert_true(json_is_false(json_object_get(thresholds, "max>1")));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(doc, "setup_data"), "s")), 1);
    json_decref(doc);
    br_buf_deinit(&out);
    br_run_result_free(r);
}

static void md5_of_known_texts(void **state)
{
    (void) state;
    static const struct {
        const char *text, *sum; /* RFC 1321, A.5 */
    } cases[] = {{"", "d41d8cd98f00b204e9800998ecf8427e"}, {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "d174ab98d277d9f5a5611c2c9f419d9f"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sum[BR_MD5_HEX + 1];
        br_md5_hex(br_str_of(cases[i].text), sum);
        assert_string_equal(sum, cases[i].sum);
    }
}

static void setup_data_survives_as_it_is(void **state)
{
    (void) state;
    static const char *const values[] = {
        "1e+21", "123456789012345680000", "\"\\u0000x\"", "{\"\\u0000\":1}", "[[[]]]"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        for (int indent = 0; indent <= 4; indent += 4) {
            br_buf out;
            br_buf_init(&out, BR_BUF_NO_LIMIT);
            br_json j;
            br_json_init(&j, &out, indent);
            br_json_raw(&j, br_str_of(values[i]));
            char compact[64];
            size_t n = 0;
            for (size_t k = 0; k < out.len; k++) {
                if (out.data[k] != '\n' && out.data[k] != ' ') compact[n++] = out.data[k];
            }
            compact[n] = 0;
            assert_string_equal(compact, values[i]);
            br_buf_deinit(&out);
        }
    }
}

static void deep_nesting_is_bounded(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(BR_SEC);
    br_group *g = NULL;
    for (int i = 0; i < 300; i++) {
        g = fixture_group(r, g, "g");
    }
    char *deep = br_calloc(1, 2001);
    memset(deep, '[', 1000);
    memset(deep + 1000, ']', 1000);
    r->setup_data_json = (br_str){deep, 2000};
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    assert_int_equal(br_report_summary_export(r, &out, NULL), BR_OK);
    json_t *doc = json_loads(out.data, 0, NULL);
    assert_non_null(doc);
    json_decref(doc);
    br_buf_deinit(&out);
    br_run_result_free(r);
    br_free(deep);
}

static void the_newer_form_has_lists(void **state)
{
    (void) state;
    br_run_result *r = sample();
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_summary_document document = {
        .script = BR_STR("let a = \"<b>\""), .version = BR_STR("2.2.0"), .generated = 1500 * BR_MS};
    assert_int_equal(br_report_summary_document(r, &document, &out, NULL), BR_OK);
    json_t *doc = json_loads(out.data, 0, NULL);
    assert_non_null(doc);
    json_t *config = json_object_get(doc, "config"), *results = json_object_get(doc, "results");
    assert_float_equal(json_number_value(json_object_get(config, "duration")), 1.5, 1e-9);
    assert_string_equal(json_string_value(json_object_get(config, "script")), "let a = \"<b>\"");
    assert_null(strstr(out.data, "setup_data"));
    assert_non_null(strstr(out.data,
        "\"checks\":{\"metrics\":[{\"name\":\"checks_total\",\"type\":\"counter\",\"contains\":\"default\","
        "\"values\":{\"count\":4}},{\"name\":\"checks_succeeded\",\"type\":\"rate\",\"contains\":\"default\","
        "\"values\":{\"matches\":2,\"rate\":0.5,\"total\":4}},{\"name\":\"checks_failed\",\"type\":\"rate\","
        "\"contains\":\"default\",\"values\":{\"matches\":2,\"rate\":0.5,\"total\":4}}],\"results\":["
        "{\"name\":\"ok\",\"passes\":2,\"fails\":0},{\"name\":\"bad\",\"passes\":0,\"fails\":2}]}"));
    json_t *metrics = json_object_get(results, "metrics");
    assert_int_equal(json_array_size(metrics), 3);
    assert_non_null(
        strstr(out.data, "{\"name\":\"tt\",\"type\":\"trend\",\"contains\":\"default\",\"values\":"
                         "{\"avg\":2,\"max\":2,\"med\":2,\"min\":2}}"));
    json_decref(doc);
    br_buf_deinit(&out);
    br_buf_init(&out, 20);
    assert_int_equal(br_report_summary_document(r, &document, &out, NULL), BR_ELIMIT);
    br_buf_deinit(&out);
    br_run_result_free(r);
}

static void a_full_buffer_stays_as_it_was(void **state)
{
    (void) state;
    br_run_result *r = sample();
    br_buf out;
    br_buf_init(&out, 20);
    assert_int_equal(br_buf_puts(&out, "before"), BR_OK);
    assert_int_equal(br_report_summary_export(r, &out, NULL), BR_ELIMIT);
    assert_string_equal(out.data, "before");
    br_buf_deinit(&out);
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_has_k6s_shape),
        cmocka_unit_test(export_has_k6s_shape),
        cmocka_unit_test(md5_of_known_texts),
        cmocka_unit_test(setup_data_survives_as_it_is),
        cmocka_unit_test(deep_nesting_is_bounded),
        cmocka_unit_test(the_newer_form_has_lists),
        cmocka_unit_test(a_full_buffer_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
