#include "empire/faults/faults.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/num.h"

typedef enum fault_kind { SWITCH, NUMBER, DURATION, PERCENT, MB_AN_HOUR, CORES } fault_kind;

/* `min` and `max` in the unit of the value. */
static const struct {
    const char *name;
    fault_kind kind;
    int64_t min, max;
    const char *wanted;
} table[EMP_FAULT_COUNT] = {
    [EMP_FAULT_N_PLUS_ONE] = {"n-plus-one", SWITCH, 0, 0, "on"},
    [EMP_FAULT_MISSING_INDEXES] = {"missing-indexes", SWITCH, 0, 0, "on"},
    [EMP_FAULT_POOL] = {"pool", NUMBER, 1, 64, "a number of connections from 1 to 64"},
    [EMP_FAULT_LEAK_CONNECTIONS] = {"leak-connections", DURATION, 10 * BR_MS, 3600 * BR_SEC,
        "the time from one connection to the next, 10ms to 1h"},
    [EMP_FAULT_LOCK_CONTENTION] = {"lock-contention", DURATION, 100 * BR_US, 10 * BR_SEC,
        "how long a request holds the lock, 100us to 10s"},
    [EMP_FAULT_RATE_LIMIT] = {"rate-limit", NUMBER, 1, 1000000, "requests a minute from 1 to 1000000"},
    [EMP_FAULT_MEMORY_LEAK] = {"memory-leak", MB_AN_HOUR, 1, 100000, "from 1MB/h to 100000MB/h"},
    [EMP_FAULT_CPU_BURN] = {"cpu-burn", CORES, 10, 64000, "a number of cores from 0.01 to 64"},
    [EMP_FAULT_SLOW_START] = {"slow-start", DURATION, 1 * BR_MS, 600 * BR_SEC, "a time from 1ms to 10m"},
    [EMP_FAULT_SLOW_PROVIDER] = {"slow-provider", DURATION, 1 * BR_MS, 60 * BR_SEC, "a time from 1ms to 1m"},
    [EMP_FAULT_FAILING_PROVIDER] = {"failing-provider", PERCENT, 1, 100, "from 1% to 100%"},
    [EMP_FAULT_BREAKER_OFF] = {"breaker-off", SWITCH, 0, 0, "on"},
    [EMP_FAULT_WORKER_SLOTS] = {"worker-slots", NUMBER, 1, 256, "a number from 1 to 256"},
};

const char *emp_fault_name(emp_fault fault)
{
    return table[fault].name;
}

/* Reading ------------------------------------------------------------------------------------------ */

static bool take_suffix(br_str *s, br_str suffix)
{
    if (!br_str_ends(*s, suffix)) return false;
    s->n -= suffix.n;
    return true;
}

static bool read_cores(br_str value, int64_t *ret)
{
    double cores = 0;
    if (br_parse_f64(value, &cores) != BR_OK || !(cores >= 0) || cores > 1000) return false;
    *ret = (int64_t) (cores * 1000 + 0.5);
    return true;
}

/* The value in its unit; false: it is not of this kind. */
static bool read_value(fault_kind kind, br_str value, int64_t *ret)
{
    switch (kind) {
        case SWITCH: *ret = 1; return br_str_is(value, "on");
        case DURATION: return br_parse_duration(value, BR_DURATION_GO, ret) == BR_OK;
        case CORES: return read_cores(value, ret);
        case PERCENT:
            if (!take_suffix(&value, BR_STR("%"))) return false;
            break;
        case MB_AN_HOUR:
            if (!take_suffix(&value, BR_STR("MB/h"))) return false;
            break;
        case NUMBER: break;
    }
    return br_parse_i64(value, ret) == BR_OK;
}

static int find(br_str name)
{
    for (int i = 0; i < EMP_FAULT_COUNT; i++) {
        if (br_str_is(name, table[i].name)) return i;
    }
    return -1;
}

static br_code fail_name(br_str name, br_err *err)
{
    br_buf all;
    br_buf_init(&all, EMP_FAULTS_TEXT_MAX);
    for (int i = 0; i < EMP_FAULT_COUNT; i++) {
        (void) br_buf_printf(&all, "%s%s", i ? ", " : "", table[i].name); /* cut when it is full */
    }
    if (name.n > 40) name.n = 40;
    br_code rc = br_fail(
        err, BR_EINVAL, "there is no fault '" BR_FMT "': there are %s", BR_ARG(name), all.data);
    br_buf_deinit(&all);
    return rc;
}

static br_code read_item(br_str item, int64_t values[EMP_FAULT_COUNT], bool *seen, br_err *err)
{
    ptrdiff_t equals = br_str_find_char(item, '=');
    br_str name = br_str_trim(br_str_sub(item, 0, equals < 0 ? item.n : (size_t) equals));
    br_str value = equals < 0 ? BR_STR("") : br_str_trim(br_str_sub(item, (size_t) equals + 1, item.n));
    int i = find(name);
    if (i < 0) return fail_name(name, err);
    if (seen[i]) return br_fail(err, BR_EINVAL, "fault %s: named twice", table[i].name);
    seen[i] = true;
    if (br_str_is(value, "off")) return BR_OK;
    int64_t v = 0;
    bool ok = read_value(table[i].kind, value, &v);
    if (!ok || (table[i].kind != SWITCH && (v < table[i].min || v > table[i].max))) {
        if (value.n > 40) value.n = 40;
        return br_fail(err, BR_EINVAL, "fault %s: '" BR_FMT "' is neither off nor %s", table[i].name,
            BR_ARG(value), table[i].wanted);
    }
    values[i] = v;
    return BR_OK;
}

br_code emp_faults_parse(br_str text, emp_faults *faults, br_err *err)
{
    int64_t values[EMP_FAULT_COUNT] = {0};
    bool seen[EMP_FAULT_COUNT] = {false};
    br_str rest = br_str_trim(text), item;
    if (text.n > EMP_FAULTS_TEXT_MAX)
        return br_fail(err, BR_ELIMIT, "the list of faults is longer than %zu bytes", EMP_FAULTS_TEXT_MAX);
    while (rest.n > 0 && br_str_cut(&rest, ',', &item)) {
        br_code rc = read_item(item, values, seen, err);
        if (rc != BR_OK) return rc;
    }
    for (int i = 0; i < EMP_FAULT_COUNT; i++) {
        atomic_store(&faults->values[i], values[i]);
    }
    return BR_OK;
}

void emp_faults_log(const emp_faults *faults)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    emp_faults_put(&text, faults);
    br_warn("faults on demand: %s", text.len ? text.data : "none");
    br_buf_deinit(&text);
}

br_code emp_faults_open(const char *text, emp_faults **ret_faults, br_err *err)
{
    void *at = mmap(NULL, sizeof(emp_faults), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return br_fail_errno(err, BR_ELIMIT, errno, "memory that processes share");
    emp_faults *faults = at; /* zero: all off */
    br_code rc = text ? emp_faults_parse(br_str_of(text), faults, err) : BR_OK;
    if (rc != BR_OK) {
        munmap(at, sizeof(emp_faults));
        return rc;
    }
    if (text) emp_faults_log(faults);
    *ret_faults = faults;
    return BR_OK;
}

/* Writing ------------------------------------------------------------------------------------------ */

static void put_value(br_buf *out, emp_fault fault, int64_t v)
{
    if (v == 0) {
        br_buf_puts(out, "off");
        return;
    }
    switch (table[fault].kind) {
        case SWITCH: br_buf_puts(out, "on"); break;
        case NUMBER: br_buf_printf(out, "%" PRId64, v); break;
        case DURATION: br_buf_put_duration(out, v); break;
        case PERCENT: br_buf_printf(out, "%" PRId64 "%%", v); break;
        case MB_AN_HOUR: br_buf_printf(out, "%" PRId64 "MB/h", v); break;
        case CORES: br_buf_put_f64(out, (double) v / 1000); break;
    }
}

void emp_faults_put(br_buf *out, const emp_faults *faults)
{
    const char *comma = "";
    for (int i = 0; i < EMP_FAULT_COUNT; i++) {
        int64_t v = emp_fault_get(faults, (emp_fault) i);
        if (v == 0) continue;
        br_buf_printf(out, "%s%s=", comma, table[i].name);
        put_value(out, (emp_fault) i, v);
        comma = ",";
    }
}

void emp_faults_put_json(br_buf *out, const emp_faults *faults)
{
    for (int i = 0; i < EMP_FAULT_COUNT; i++) {
        br_buf_printf(out, "%s\"%s\":\"", i ? "," : "{", table[i].name);
        put_value(out, (emp_fault) i, emp_fault_get(faults, (emp_fault) i));
        br_buf_putc(out, '"');
    }
    br_buf_putc(out, '}');
}

double emp_fault_metric(const emp_faults *faults, emp_fault fault)
{
    double v = (double) emp_fault_get(faults, fault);
    switch (table[fault].kind) {
        case DURATION: return v / (double) BR_SEC;
        case PERCENT: return v / 100;
        case CORES: return v / 1000;
        case SWITCH:
        case NUMBER:
        case MB_AN_HOUR: break;
    }
    return v;
}
