/* script/vu_int.h - what the files of script/ share about one virtual user. */
#pragma once
#include <pthread.h>
#include <quickjs.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/go_random.h"
#include "base/map.h"
#include "base/vec.h"
#include "script/typescript.h"
#include "script/vu.h"

typedef struct br_js_response br_js_response;
typedef struct br_vu_events br_vu_events;

struct br_program {
    br_arena arena;
    char *path;           /* as given */
    br_str dir;           /* absolute folder of the main script */
    br_str main;          /* module name of the main script: file:///... */
    br_str input;         /* the main script's text if it came from standard input; else p == NULL */
    br_map shared_arrays; /* name -> br_shared_array; guarded by shared_lock, entries never change */
    pthread_mutex_t shared_lock;
    br_map modules;     /* module name -> br_bytecode */
    br_map source_maps; /* module name -> br_source_map, of those that have one */
    /* url.js and structured-clone.js, made when first needed; guarded by shared_lock */
    struct br_bytecode *bundles[2];
    unsigned web_names;     /* globals of globals_web.c that some source mentions */
    br_map files;           /* absolute path -> br_buf of open() */
    const br_map *archived; /* an archive in place of the disk; while loading, else NULL */
    bool keep_sources;
    br_map sources; /* URL -> br_buf of what was read, if they are kept */
    br_map exports; /* names of exported functions */
    br_env_var *env;
    size_t env_count;
    br_str options_json;
    size_t callables;
    br_secrets *secrets;       /* NULL: none */
    br_remote *remote;         /* NULL when sealed */
    br_typescript *typescript; /* NULL until a TypeScript file was met, and when sealed */
    bool sealed, base_mode;
    bool asks_for_commonjs; /* some ES module has `typeof module` or `typeof exports` */
};

typedef struct br_bytecode {
    uint8_t *bytes;
    size_t size;
    bool uses_meta; /* `import.meta` occurs in the source: only then it is made in every VU */
    bool commonjs;  /* a function of (module, exports) in place of a module */
} br_bytecode;

/*
 * The file of a URL into *out, which is empty: from the archive that is run, from the disk, or from the
 * network. Sources that are kept have it from then on. Errors as br_file_read() and br_remote_read().
 */
br_code br_program_read(br_program *p, const char *url, br_buf *out, br_err *err);
/* For the archive, if the sources are kept: `bytes` are copied. */
void br_program_keep_source(br_program *p, const char *url, br_str bytes);

/* Names that are looked up often, interned once per runtime. Response fields come first, in k6's order. */
/* clang-format off */
#define BR_JS_ATOMS(X)                                                                                     \
    X(remote_ip) X(remote_port) X(url) X(status) X(status_text) X(proto) X(headers) X(cookies) X(body)     \
    X(timings) X(tls_version) X(tls_cipher_suite) X(ocsp) X(error) X(error_code) X(request)                \
    X(tags) X(timeout) X(responseType) X(responseCallback) X(jar) X(auth) X(redirects) X(compression)      \
    X(name) X(message) X(stack) X(method) X(value) X(prototype) X(throw)
/* clang-format on */
enum br_js_atom {
#define BR_JS_ATOM_ENUM(n) BR_ATOM_##n,
    BR_JS_ATOMS(BR_JS_ATOM_ENUM)
#undef BR_JS_ATOM_ENUM
        BR_ATOM_COUNT
};
#define BR_RESPONSE_FIELDS (BR_ATOM_request + 1)

typedef enum br_vu_phase { BR_VU_INIT, BR_VU_RUNNING, BR_VU_IDLE } br_vu_phase;

struct br_vu {
    br_vu_config config;
    br_program *discovering; /* VU 0's first init: modules and files are added to it; else NULL */
    JSRuntime *rt;
    JSContext *ctx;
    JSValue main_ns; /* namespace of the main module */
    JSValue data;    /* setup data, parsed on first use */
    bool data_parsed;
    unsigned resolving; /* imports of a module are being read; an import at any other time is import() */
    bool import_failed; /* the pending exception is about something that the module being compiled imports */
    JSValue go_error_ctor;
    JSValue response_callback; /* of setResponseCallback(); JS_UNDEFINED: k6's default */
    br_str function_name; /* of `function`: the export that was called last; bytes of the caller, compared by
                             address */
    JSValue function;
    JSValue streams;     /* classes of k6/experimental/streams; no object until they are needed */
    JSValue html_protos; /* of types of elements, by tag; no object until one is shown to the script */
    JSAtom atoms[BR_ATOM_COUNT];
    br_vu_phase phase;
    bool sees_instance; /* the running call is setup() or an iteration: k6 tells the others nothing */
    br_fiber *fiber;    /* of the running call */
    br_http_client *http;
    br_js_response *free_responses;
    br_http_fetch fetch;
    br_jar *jar;     /* a new one for each call, unless the option noCookiesReset is on */
    br_buf url_text; /* of the last request, if it is short; url points into it */
    br_url url;
    br_arena scratch;     /* of the request being built */
    unsigned building;    /* requests being built: texts of script values may make requests of their own */
    br_go_random *random; /* of randomSeed(); NULL: Math.random() is QuickJS's */
    br_vu_events *events; /* timers and asynchronous operations; NULL until a script has some */
    br_origin origin;
    const br_tagset
        *call_tags;    /* that origin.tags began with: tags that a script sets last while they are the same */
    const void *owner; /* of the running call, for the host */
    const br_tag *env; /* the scenario's variables that __ENV was last made with */
    size_t env_count;
    br_group *group; /* current group: use br_vu_group(); NULL until it is needed, or without recorder */
    br_str group_path;
    int64_t iteration; /* -1 outside */
    br_ns deadline;
    br_ns slice_start; /* when JavaScript got the processor; it yields after a while */
    br_ns busy_since;  /* since when it has not waited for anything */
    br_ns stuck;       /* how long that was when the running call was interrupted */
    br_ns lag;         /* how much later than meant JavaScript runs; an answer ends it: docs/measuring.md */
    const _Atomic bool *stop_flag;
    br_ns wall_offset;    /* wall clock - loop clock */
    bool deep;            /* the running call was seen far down its stack */
    bool cancelled;       /* the running call was interrupted */
    char abort_text[300]; /* why test.abort() cancelled the running call; empty if it did not */
    bool waiting;         /* the fiber waits for `fetch` */
    uint64_t taken_sent, taken_received;
    br_str module_dir; /* folder of the module whose top level is running (for open()) */
    BR_VEC(JSValue)
    rejected; /* promises that were rejected in this call and have no handler yet, oldest first */
};

static inline br_vu *br_vu_of(JSContext *ctx)
{
    return (br_vu *) JS_GetContextOpaque(ctx);
}
/* JavaScript goes on after a pause that was to last until `due`. */
static inline void br_vu_resumed(br_vu *vu, br_ns due)
{
    vu->busy_since = vu->slice_start = br_loop_clock(vu->config.loop);
    if (vu->slice_start > due) vu->lag += vu->slice_start - due;
}
/* The same after something that was not due at any time. */
static inline void br_vu_woken(br_vu *vu)
{
    vu->busy_since = vu->slice_start = br_loop_now(vu->config.loop);
}
/* The fiber that init code runs on: that of the control thread. NULL: on a thread's own stack. */
static inline br_fiber *br_vu_init_fiber(const br_vu *vu)
{
    return vu->config.loop ? br_fiber_current() : NULL;
}
bool br_vu_init_stopped(const br_vu *vu); /* is init code to end at once? */
/* The error of a call, or of init code, that was interrupted: BR_EABORT if the script wanted it, else
 * BR_ECANCEL as br_vu_run() describes it. */
br_code br_vu_fail_interrupted(br_vu *vu, br_err *err);
/* Wall-clock time of an instant of the loop's clock. */
static inline br_ns br_vu_wall(const br_vu *vu, br_ns at)
{
    return at + vu->wall_offset;
}
/*
 * The current group. Made when something is recorded in it, so that setup() and teardown() are not in the
 * tree of groups for nothing. The root when the system tag `group` is off; NULL without recorder.
 */
br_group *br_vu_group(br_vu *vu);
/* Throws the reason of the oldest promise that was rejected and that nobody handled; false if there is none.
 */
bool br_vu_throw_rejection(br_vu *vu);
static inline bool br_vu_in_init(const br_vu *vu)
{
    return vu->phase == BR_VU_INIT;
}

/* The modules: each fills an object with what it exports. */
typedef struct br_js_module {
    const char *name;
    const JSCFunctionListEntry *entries;
    int entry_count;
    /* Adds what a table cannot say; may be NULL. Names are exported too if listed in extra_names
     * (NULL-terminated). */
    int (*extend)(JSContext *ctx, JSValueConst object);
    const char *const *extra_names;
} br_js_module;
const br_js_module *br_js_module_find(const char *name); /* NULL: not built in */
/* Is it the name of a native function that modules export? Stacks of errors leave those out. */
bool br_js_module_has_function(br_str name);
/* Why a name that begins with k6/ cannot be imported; NULL if it is not ours to explain. */
const char *br_js_module_unsupported(const char *name);
JSModuleDef *br_js_module_define(JSContext *ctx, const br_js_module *m);

extern const br_js_module br_js_module_k6, br_js_module_http, br_js_module_metrics, br_js_module_execution,
    br_js_module_timers, br_js_module_data, br_js_module_encoding, br_js_module_crypto, br_js_module_fs,
    br_js_module_csv, br_js_module_streams, br_js_module_ws, br_js_module_websockets,
    br_js_module_experimental_websockets, br_js_module_x509, br_js_module_secrets, br_js_module_html;

/* Set-up of a context's classes and globals; each returns -1 with an exception pending. */
int br_js_globals_init(br_vu *vu);
int br_js_response_class_init(br_vu *vu);
int br_js_metrics_class_init(br_vu *vu);
/* Class numbers are shared by all runtimes: taken on the first runtime of the process, before threads exist.
 */
void br_js_response_class_id(JSRuntime *rt);
void br_js_metrics_class_id(JSRuntime *rt);
void br_js_execution_class_id(JSRuntime *rt);
void br_js_data_class_id(JSRuntime *rt);
void br_js_crypto_class_id(JSRuntime *rt);
void br_js_text_class_id(JSRuntime *rt);
void br_js_webcrypto_class_id(JSRuntime *rt);
void br_js_fs_class_id(JSRuntime *rt);
void br_js_env_class_id(JSRuntime *rt);
void br_js_csv_class_id(JSRuntime *rt);
void br_js_ws_class_id(JSRuntime *rt);
void br_js_websockets_class_id(JSRuntime *rt);
void br_js_html_class_id(JSRuntime *rt);

/* Arrays that all virtual users share (mod_data.c): the items as JSON texts. */
typedef struct br_shared_array {
    br_arena arena;
    br_str *items;
    size_t count;
} br_shared_array;
void br_shared_array_free(br_shared_array *a);
br_shared_array *br_shared_array_find(br_program *p, br_str name); /* NULL: there is none */
/* Keeps it (taken) under that name, unless another VU was faster: then that one counts. */
br_shared_array *br_shared_array_publish(br_program *p, br_str name, br_shared_array *a);
JSValue br_js_shared_view(JSContext *ctx, const br_shared_array *a); /* a VU's SharedArray */

/* A ReadableStream that gives a Uint8Array (taken) in pieces (mod_streams.c). */
JSValue br_js_byte_stream(JSContext *ctx, JSValue bytes);

/* Files that open() and fs.open() read (globals.c). */
char *br_js_open_url(JSContext *ctx, br_str name); /* "file:///dir/name", as open() resolves; js_free() it */
/* The content of `path`, read now (VU 0) or then; NULL with an exception pending. */
br_buf *br_js_file_content(JSContext *ctx, const char *path);
/* What a File of k6/experimental/fs holds; NULL: `v` is none (mod_fs.c). */
typedef struct br_js_open_file {
    br_str content; /* of the program */
    size_t at;
} br_js_open_file;
br_js_open_file *br_js_open_file_of(JSValueConst v);

/* The VU's own event loop (events.c). */
typedef struct br_vu_async br_vu_async;
struct br_vu_async { /* embedded in an operation that runs beside JavaScript */
    br_vu_async *next, *prev, *next_done;
    bool (*finish)(
        br_vu *vu, br_vu_async *op); /* settles its promise and frees op; false: exception pending */
    void (*cancel)(br_vu *vu, br_vu_async *op); /* running or done: stops it and frees op */
    bool cancelled;                             /* set by cancel() for its own callbacks */
};
void br_vu_async_start(br_vu *vu, br_vu_async *op);
void br_vu_async_done(br_vu *vu, br_vu_async *op); /* on the loop; op->finish() follows */
/* Waits for the next event and runs it. BR_EOF: nothing is left; BR_EEXCEPTION (pending); BR_ECANCEL:
 * interrupted. */
br_code br_vu_events_turn(br_vu *vu);
void br_vu_events_clear(br_vu *vu); /* at the end of a call */
void br_vu_events_free(br_vu *vu);
/* A value, or the pending exception, as a promise that is settled; an interruption stays one. Takes v. */
JSValue br_js_settled(JSContext *ctx, JSValue v);
extern const JSCFunctionListEntry br_js_timer_entries[];
extern const int br_js_timer_entry_count;
/* Promise of a secret that has to be fetched (secrets_fetch.c). */
JSValue br_js_secret_fetch(br_vu *vu, br_secrets *secrets, br_str source, br_str key);
/* TextEncoder, TextDecoder (text_encoding.c): made when first read. */
extern const JSCFunctionListEntry br_js_text_entries[];
extern const int br_js_text_entry_count;
/* The global `crypto` (webcrypto.c): made when first read. */
extern const JSCFunctionListEntry br_js_webcrypto_entries[];
extern const int br_js_webcrypto_entry_count;

/* URL and other names of browsers (globals_web.c). */
int br_js_web_init(br_vu *vu, JSValueConst global);
unsigned br_js_web_names(br_str source); /* which of them the text mentions: bits of program.web_names */

/* How long JavaScript of one VU may keep the worker before the others get a turn. */
#define BR_VU_SLICE (5 * BR_MS)

/* __ENV (env.c): defines it on the global object. */
int br_js_env_define(JSContext *ctx, JSValueConst global);
/* It was made for other variables: the next use makes it anew. */
int br_js_env_reset(br_vu *vu);
/* Freezes a value made by JSON, with all it holds. -1: exception. */
int br_js_deep_freeze(JSContext *ctx, JSValueConst value);
/*
 * Value -> JSON as k6's setup data travel (Go's encoder): keys sorted, undefined and holes null, dates in RFC
 * 3339, maps as pairs. BR_EINVAL: a function, NaN or an infinity, a cycle; BR_EEXCEPTION: a getter threw
 * (pending).
 */
br_code br_js_to_go_json(JSContext *ctx, JSValueConst value, br_buf *out, br_err *err);

/* The JSON text of setup data as what functions are given (setup_data.c). */
JSValue br_js_setup_data(JSContext *ctx, br_str json);

/* Loading (loader.c) */
#define BR_MODULE_HINT                                                                                       \
    "Check the path: it is relative to the file that imports, or to the current folder for the script itself."
/* "dir" and "./a/../b" -> "file:///dir/b", which js_free() frees; an absolute `rel` ignores dir. */
char *br_js_join_url(JSContext *ctx, br_str dir, br_str rel);
/*
 * The name of the module that `name` means in the module `base`; js_free() frees it. NULL: exception.
 */
char *br_js_resolve(JSContext *ctx, const char *base, const char *name);
/* The module of that name, read (VU 0) or from its bytecode, with what it imports. NULL: exception. */
JSModuleDef *br_js_module_load(JSContext *ctx, const char *name);
void br_js_loader_init(br_vu *vu);
/* Compiles (discovery) or reads the bytecode of the main module and evaluates it. */
/* BR_ESYNTAX: it, or something that it imports, cannot be loaded; BR_EEXCEPTION: linking or init code threw;
 * BR_EABORT. */
br_code br_js_load_main(br_vu *vu, br_err *err);

/* The function(module, exports) of a source, as bytecode for JS_EvalFunction(); lines and columns are the
 * source's. */
JSValue br_js_compile_commonjs(JSContext *ctx, const char *url, br_str source);
br_bytecode *br_js_bytecode(JSContext *ctx, JSValueConst value); /* for JS_ReadObject(). NULL: exception */

/* Source maps (loader_maps.c) */
/* Reads the map that a source names; failing that is a warning. */
void br_js_note_source_map(br_vu *vu, const char *url, br_str source);
/* A line of a stack, "at fn (url:1:2)", with the place that it comes from; `line` itself or a view of
 * scratch. */
br_str br_js_original_frame(const br_program *p, br_str line, br_buf *scratch);

/* CommonJS (commonjs.c) */
/* A new module for the file `url`, whose function (bytecode, taken) runs when it is first needed. NULL:
 * exception. */
JSModuleDef *br_js_commonjs_define(JSContext *ctx, const char *url, JSValue bytecode);
bool br_js_is_commonjs(JSContext *ctx, JSModuleDef *m);
/* module.exports; runs the file if that was not done yet. */
JSValue br_js_commonjs_exports(JSContext *ctx, JSModuleDef *m);
/* Links and evaluates a module with what it imports: its promise. Takes the module. */
JSValue br_js_evaluate(JSContext *ctx, JSValue module);
JSValue br_js_require(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
/* Forgets that a promise was rejected: its reason was taken. */
void br_vu_rejection_taken(br_vu *vu, JSValueConst promise);

/* Values that requests take (http_values.c). */
typedef struct br_js_status_range {
    int min, max; /* both included */
} br_js_status_range;
typedef struct br_js_statuses {
    size_t count;
    br_js_status_range ranges[];
} br_js_statuses;
const br_js_statuses *br_js_statuses_of(
    JSValueConst v); /* NULL: not made by expectedStatuses(); lives as long as v */
const br_js_statuses *br_js_statuses_copy(const br_js_statuses *set, br_arena *arena);
bool br_js_statuses_has(const br_js_statuses *set, int status);
bool br_js_is_template_url(JSValueConst v); /* made by http.url: an object with `name` and `url` */
void br_js_http_values_class_id(JSRuntime *rt);
JSValue br_js_http_url(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
JSValue br_js_expected_statuses(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
JSValue br_js_set_response_callback(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);

/* Files and multipart forms (http_file.c). */
void br_js_http_file_class_id(JSRuntime *rt);
bool br_js_is_file(JSValueConst v);
JSValue br_js_http_file(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
/* An object with files as body and its Content-Type, in the arena. BR_EEXCEPTION, BR_ELIMIT (256 MiB). */
br_code br_js_multipart(
    JSContext *ctx, JSValueConst body, br_arena *arena, br_str *ret_body, br_str *ret_type);
JSValue br_js_http_batch(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv); /* http_batch.c */

/* Cookies (http_cookies.c). */
void br_js_http_cookies_class_id(JSRuntime *rt);
br_jar *br_js_jar_of(JSValueConst v); /* of a CookieJar; NULL: it is none */
JSValue br_js_new_cookie_jar(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
JSValue br_js_vu_cookie_jar(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
/* params.cookies into the arena. -1: exception. */
int br_js_take_cookies(
    JSContext *ctx, JSValueConst object, br_arena *arena, br_http_cookie **ret, size_t *ret_count);
JSValue br_js_response_cookies(JSContext *ctx, const struct br_js_response *r);

/* Request building (http_request.c). Everything points into the VU's scratch arena. */
typedef struct br_js_request {
    br_http_request http;
    br_str url;      /* as given */
    br_str name_tag; /* value of the tags `name` and, unless set by params.tags.name, `url` */
    br_tag *tags;    /* params.tags without name, url, method */
    size_t tag_count;
    bool drop_body, binary, throw_errors;
    bool has_expectation; /* a response callback decides about failed/expected; k6's default is 200..399 */
    br_str plain_body;    /* before it was compressed: request.body */
    bool redirects_set;   /* the limit was given: nothing is said when it is reached */
    bool named;           /* name_tag is not the URL: the script gave a name, or a template */
    br_http_fetch_options fetch;
    br_jar *jar;                    /* of params, a reference; NULL: fetch.jar is the VU's */
    const br_js_statuses *expected; /* its statuses, in the arena; NULL: the default */
} br_js_request;

/*
 * Builds a request from script values. url, body and params may be JS_UNDEFINED.
 * Returns BR_OK; BR_EEXCEPTION with an exception pending; or an error that becomes a failed Response
 * (*ret_error filled: bad URL, bad parameter). br_js_request_release() in any case.
 */
br_code br_js_request_build(br_vu *vu, const char *method, JSValueConst url, JSValueConst body,
    JSValueConst params, br_js_request *ret, br_http_error *ret_error);
static inline void br_js_request_release(br_js_request *request)
{
    br_jar_unref(request->jar);
}

/* Responses (response.c): pooled native part of a Response. */
struct br_js_response {
    br_js_response *next_free;
    br_vu *vu;
    br_http_response http;
    br_buf request;                /* copy of the request for `request`: see br_js_response_keep_request() */
    size_t request_headers;        /* count of headers in it */
    size_t request_cookies;        /* behind them: name, value */
    br_buf final_url;              /* empty: the request's */
    size_t counted;                /* of its memory, for the limit of the virtual user */
    bool drop_body, binary;        /* responseType none, binary */
    bool json_checked, json_valid; /* is the body JSON? known once json() had a selector */
    br_ns lag;                     /* the VU's when it asked for the request; 0 for further hops */
    int status;                    /* as scripts see it */
    int error_code;
    br_str error; /* text in http.error or error_buf */
    char error_buf[256];
    JSValue cached[BR_RESPONSE_FIELDS]; /* JS_UNINITIALIZED until first read */
    JSValue json, trailers;
    struct br_dom *dom; /* of the body, once html() was called; answers that are kept share it */
};
/* The native part of a Response; NULL: exception. */
br_js_response *br_js_response_of(JSContext *ctx, JSValueConst v);
/* The body as scripts see it; false: it is null for them. */
bool br_js_response_body(const br_js_response *r, br_str *ret);
JSValue br_js_response_json(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv); /* response_json.c */
/* Methods of Response about HTML (html_form.c). */
JSValue br_js_response_html(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
JSValue br_js_response_submit_form(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
JSValue br_js_response_click_link(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
br_js_response *br_js_response_take(br_vu *vu);
void br_js_response_put(br_js_response *r);
/* Copies what `res.request` and `res.url` may be asked for. */
void br_js_response_keep_request(br_js_response *r, const br_js_request *request);
const char *br_js_response_tls_version(const br_js_response *r); /* "" without TLS */
JSValue br_js_response_object(br_vu *vu, br_js_response *r);     /* takes r */
void br_js_response_pool_free(br_vu *vu);
/* Header fields as properties of an object, by their canonical names. */
void br_js_put_headers(JSContext *ctx, JSValueConst object, const br_http_response *r);

/* A request on its way. */
typedef struct br_js_flight {
    br_vu *vu;
    const br_js_request *request;
    br_js_response *response;
    br_http_fetch *fetch;
    br_origin origin; /* the tags when it was asked for: those of its samples */
} br_js_flight;
/* Ends of a request (mod_http.c): each takes r and gives the Response, or JS_EXCEPTION if it is to be thrown.
 */
/* After the fetch: its samples, which belong to that moment, and then what the script gets of it. */
void br_js_http_record(const br_js_flight *flight);
JSValue br_js_http_result(const br_js_flight *flight);
JSValue br_js_http_finish(const br_js_flight *flight); /* both at once */
JSValue br_js_http_refuse(
    br_vu *vu, const br_js_request *request, br_js_response *r); /* it could not be built: no exchange */
br_code br_js_http_wait_for_turn(br_vu *vu);                     /* option rps; BR_ECANCEL: interrupted */
br_ns br_js_http_take_turn(br_vu *vu); /* the same without waiting: when it may start, or 0: now */
/* Records a hop; for br_http_fetch_start(), with a br_js_flight. */
void br_js_http_on_hop(void *flight, const br_http_request *request, bool challenge);
/* Makes a request and waits for its Response; url, body, params are those of http.request(). */
JSValue br_js_http_perform(
    br_vu *vu, const char *method, JSValueConst url, JSValueConst body, JSValueConst params);
/* Appends an object as application/x-www-form-urlencoded with sorted keys. -1: exception. */
int br_js_put_form(JSContext *ctx, JSValueConst form, br_buf *out);
JSValue br_js_async_request(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);

/* console (console.c): k6's formatting of one argument list. */
br_code br_js_console_format(JSContext *ctx, int argc, JSValueConst *argv, br_buf *out);
extern const JSCFunctionListEntry br_js_console_entries[];
extern const int br_js_console_entry_count;
