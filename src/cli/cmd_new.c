/* brunt new: the beginning of a script. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"

#define TEMPLATE_BYTES_MAX ((size_t) 1 << 20)

static const br_arg new_args[] = {
    {"force", 'f', BR_ARG_SWITCH, NULL, "replace the file if it exists", NULL},
    {"template", 0, BR_ARG_VALUE, "NAME", "minimal, protocol or a file to copy (default minimal)", NULL},
    {"project-id", 0, BR_ARG_VALUE, "ID", "accepted for compatibility: brunt has no cloud", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_new_sections[] = {{NULL, new_args}, {"General", br_global_args}, {NULL, NULL}};

static const char minimal[] = "import http from 'k6/http';\n"
                              "import { check, sleep } from 'k6';\n"
                              "\n"
                              "export const options = {\n"
                              "    vus: 10,\n"
                              "    duration: '30s',\n"
                              "};\n"
                              "\n"
                              "export default function () {\n"
                              "    const res = http.get('http://localhost:3000/');\n"
                              "    check(res, { 'status is 200': (r) => r.status === 200 });\n"
                              "    sleep(1);\n"
                              "}\n";

static const char protocol[] =
    "import http from 'k6/http';\n"
    "import { check, group, sleep } from 'k6';\n"
    "import { Trend } from 'k6/metrics';\n"
    "\n"
    "// brunt run -e BASE_URL=http://localhost:3000 script.js\n"
    "const BASE = __ENV.BASE_URL || 'http://localhost:3000';\n"
    "const ready = new Trend('ready_time', true);\n"
    "\n"
    "export const options = {\n"
    "    scenarios: {\n"
    "        browse: {\n"
    "            executor: 'ramping-vus',\n"
    "            stages: [\n"
    "                { duration: '30s', target: 20 }, // warm up\n"
    "                { duration: '2m', target: 20 }, // hold\n"
    "                { duration: '30s', target: 0 },\n"
    "            ],\n"
    "        },\n"
    "    },\n"
    "    thresholds: {\n"
    "        http_req_failed: ['rate<0.01'],\n"
    "        http_req_duration: ['p(95)<500', 'p(99)<1000'],\n"
    "    },\n"
    "};\n"
    "\n"
    "// Runs once, before the virtual users: its result goes to each iteration.\n"
    "export function setup() {\n"
    "    const res = http.get(`${BASE}/`);\n"
    "    if (res.status !== 200) throw new Error(`${BASE} is not ready: ${res.status} ${res.error}`);\n"
    "    return { startedAt: Date.now() };\n"
    "}\n"
    "\n"
    "export default function (data) {\n"
    "    group('front page', () => {\n"
    "        const res = http.get(`${BASE}/`, { tags: { name: 'front' } });\n"
    "        check(res, {\n"
    "            'status is 200': (r) => r.status === 200,\n"
    "            'has a body': (r) => r.body.length > 0,\n"
    "        });\n"
    "        ready.add(res.timings.waiting);\n"
    "    });\n"
    "    sleep(1 + Math.random());\n"
    "}\n"
    "\n"
    "export function teardown(data) {\n"
    "    console.log(`the test took ${(Date.now() - data.startedAt) / 1000} s`);\n"
    "}\n";

static void print_help(void)
{
    puts(
        "Begin a script.\n\nUsage:\n  brunt new [flags] [FILE]\n\nFILE is script.js if it is not given.\n\nFlags:");
    br_args_print_help(stdout, br_new_sections);
}

/* Appends the template of that name. */
static br_code make(const char *name, br_buf *out, br_err *err)
{
    if (!name || strcmp(name, "minimal") == 0) return br_buf_puts(out, minimal);
    if (strcmp(name, "protocol") == 0) return br_buf_puts(out, protocol);
    if (strcmp(name, "browser") == 0)
        return br_fail(
            err, BR_EUNSUPPORTED, "the template 'browser' is not supported: brunt drives no browser");
    if (access(name, F_OK) != 0)
        return br_fail(err, BR_EINVAL, "invalid template '%s': use minimal, protocol or a file", name);
    return br_file_read(name, out, err);
}

static br_code begin(const br_args *a, br_err *err)
{
    const char *path = a->words.len ? a->words.data[0] : "script.js";
    if (a->words.len > 1) return br_fail(err, BR_EINVAL, "new takes one file: brunt new [flags] [FILE]");
    if (access(path, F_OK) == 0 && !br_args_has(a, "force"))
        return br_fail(err, BR_EEXISTS, "%s already exists: use --force to replace it", path);
    br_buf text;
    br_buf_init(&text, TEMPLATE_BYTES_MAX);
    br_code code = make(br_args_get(a, "template"), &text, err);
    if (code == BR_OK) code = br_file_write(path, br_buf_view(&text), err);
    br_buf_deinit(&text);
    if (code == BR_OK) printf("New script created: %s\nTo run it: brunt run %s\n", path, path);
    return code;
}

int br_cmd_new(int argc, char **argv)
{
    br_args a = {0};
    br_err err = {0};
    br_code code = br_cli_begin(argc, argv, br_new_sections, print_help, &a, &err);
    if (code == BR_OK) code = begin(&a, &err);
    if (code != BR_OK && code != BR_EOF) br_error("%s", err.msg);
    br_args_deinit(&a);
    return code == BR_OK || code == BR_EOF ? 0 : 255;
}
