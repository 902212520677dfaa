# Third-party libraries. Each has one home folder in src/ or empire/ (see src/LAYERS).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(CODINGS REQUIRED IMPORTED_TARGET zlib libbrotlienc libbrotlidec libzstd)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.37)
pkg_check_modules(MHD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
find_library(BOOST_CONTEXT NAMES libboost_context.a REQUIRED)

# io_uring is a choice: without liburing (2.3 or later) brunt has the epoll loop only, and says so when asked.
# Linked statically: a few kilobytes, and nothing to install where brunt runs.
pkg_check_modules(URING QUIET liburing>=2.3)
find_library(URING_LIBRARY NAMES liburing.a)
if(NOT URING_FOUND OR NOT URING_LIBRARY)
    message(STATUS "liburing 2.3 or later is missing: building without the io_uring loop")
endif()

set(deps_dir ${CMAKE_SOURCE_DIR}/build/deps/usr)

# llhttp: from the system, or unpacked by tools/setup.
find_path(LLHTTP_INCLUDE llhttp.h HINTS ${deps_dir}/include)
find_library(LLHTTP_LIBRARY NAMES libllhttp.a HINTS ${deps_dir}/lib/${CMAKE_C_LIBRARY_ARCHITECTURE} ${deps_dir}/lib)
# QuickJS-ng: always compiled from source with our flags.
find_path(QUICKJS_SOURCE quickjs.c
    HINTS ${QUICKJS_DIR} ${deps_dir}/src/quickjs-ng /usr/src/quickjs-ng NO_DEFAULT_PATH)
if(NOT LLHTTP_INCLUDE OR NOT LLHTTP_LIBRARY OR NOT QUICKJS_SOURCE)
    message(FATAL_ERROR "llhttp or QuickJS-ng is missing: run tools/setup")
endif()

add_library(llhttp INTERFACE)
target_include_directories(llhttp SYSTEM INTERFACE ${LLHTTP_INCLUDE})
target_link_libraries(llhttp INTERFACE ${LLHTTP_LIBRARY})

# QuickJS keeps blocks of up to 512 bytes in 31 size classes of 4 KiB chunks: with a runtime per virtual user, most
# chunks stay half empty. Small chunks, and only for blocks of up to 128 bytes, bring a runtime from 161 to 106 KB.
file(READ ${QUICKJS_SOURCE}/quickjs.c quickjs_text)
string(REGEX REPLACE "#define JS_ARENA_SIZE +4096" "#define JS_ARENA_SIZE 768" quickjs_small "${quickjs_text}")
string(REGEX REPLACE "#define JS_ARENA_MAX_SMALL_SIZE +512" "#define JS_ARENA_MAX_SMALL_SIZE 128"
    quickjs_small "${quickjs_small}")
# Room for as many classes as there are, instead of half as many again.
string(REPLACE "rt->class_count * 3 / 2" "rt->class_count + 4" quickjs_small "${quickjs_small}")
if(NOT quickjs_small MATCHES "JS_ARENA_SIZE 768.*JS_ARENA_MAX_SMALL_SIZE 128.*rt->class_count \\+ 4")
    message(WARNING "this QuickJS-ng sizes its chunks in another way: memory per virtual user may be higher")
endif()
# The address sanitizer must see each block; QuickJS knows gcc's macro for it only.
string(REPLACE "defined(__SANITIZE_ADDRESS__)" "defined(__SANITIZE_ADDRESS__) || defined(BR_PLAIN_MALLOC)"
    quickjs_small "${quickjs_small}")
# Intrinsics that are made when they are first used: see JS_AddLazyIntrinsics() in cmake/quickjs_extra.c.
set(quickjs_eager "${quickjs_small}")
string(REPLACE [[
static JSValue js_bytecode_autoinit(JSContext *ctx, JSObject *p, JSAtom atom,
                                    void *opaque)
{
]] [[
#define JS_LAZY_CONSTRUCTORS 1000
static int js_lazy_class(JSContext *ctx, int class_id);
static JSValue js_lazy_constructor(JSContext *ctx, int class_id);
static JSValue js_bytecode_autoinit(JSContext *ctx, JSObject *p, JSAtom atom,
                                    void *opaque)
{
    if ((uintptr_t)opaque >= JS_LAZY_CONSTRUCTORS)
        return js_lazy_constructor(ctx, (int)((uintptr_t)opaque - JS_LAZY_CONSTRUCTORS));
]] quickjs_lazy "${quickjs_small}")
string(REPLACE [[
    if (JS_IsUndefined(ctor)) {
        proto = js_dup(ctx->class_proto[class_id]);
]] [[
    if (unlikely(JS_IsNull(ctx->class_proto[class_id])) && js_lazy_class(ctx, class_id) < 0)
        return JS_EXCEPTION;
    if (JS_IsUndefined(ctor)) {
        proto = js_dup(ctx->class_proto[class_id]);
]] quickjs_small "${quickjs_lazy}")
if(quickjs_lazy STREQUAL quickjs_eager OR quickjs_small STREQUAL quickjs_lazy)
    message(FATAL_ERROR "this QuickJS-ng makes intrinsics in another way: adapt JS_AddLazyIntrinsics()")
endif()
# A script may catch the overflow of its stack, whose pages are to be given back all the same.
string(REPLACE "\nstruct JSRuntime {\n" "\n#define JS_LAST_MEMORY 65536\nstruct JSRuntime {\n    bool stack_overflowed, memory_ended, interrupt_unplaced;\n    size_t memory_limit;\n    char *interrupt_place;\n"
    quickjs_small "${quickjs_small}")
string(REPLACE [[
    return JS_ThrowRangeError(ctx, "Maximum call stack size exceeded");
]] [[
    ctx->rt->stack_overflowed = true;
    return JS_ThrowRangeError(ctx, "Maximum call stack size exceeded");
]] quickjs_small "${quickjs_small}")
# Loops of built-in functions over what only looks like a large array, and searches for long texts, can be interrupted
# as loops of scripts can. A search in texts of bytes takes as long as the text, not as both multiplied.
string(REPLACE [[
static JSAtom JS_NewAtomInt64(JSContext *ctx, int64_t n)
{
]] [[
static inline __exception int js_poll_interrupts(JSContext *ctx);
static JSAtom JS_NewAtomInt64(JSContext *ctx, int64_t n)
{
    if (js_poll_interrupts(ctx))
        return JS_ATOM_NULL;
]] quickjs_small "${quickjs_small}")
string(REPLACE [[
            if (!string_cmp(p, p1, i, 0, v_len)) {
]] [[
            ctx->interrupt_counter -= v_len >> 8;
            if (js_poll_interrupts(ctx))
                goto fail;
            if (!string_cmp(p, p1, i, 0, v_len)) {
]] quickjs_small "${quickjs_small}")
# A call of a built-in function is one step of the interpreter; what it allocates says how long it took.
foreach(call "malloc_rt(ctx->rt, size)" "realloc_rt(ctx->rt, ptr, size)")
    string(REPLACE " = js_${call};\n" " = js_${call};\n    js_charge(ctx, size);\n" quickjs_small "${quickjs_small}")
endforeach()
string(REPLACE " = js_alloc_string_rt(ctx->rt, max_len, is_wide_char);\n"
    " = js_alloc_string_rt(ctx->rt, max_len, is_wide_char);\n    js_charge(ctx, (size_t)max_len << is_wide_char);\n"
    quickjs_small "${quickjs_small}")
string(REPLACE [[
void *js_calloc(JSContext *ctx, size_t count, size_t size)
{
]] [[
static inline void js_charge(JSContext *ctx, size_t size)
{
    size_t steps = size >> 10;
    if (unlikely(steps > 3))
        ctx->interrupt_counter -= steps < 10000 && ctx->interrupt_counter > 0 ? (int)steps : ctx->interrupt_counter;
}
void *js_calloc(JSContext *ctx, size_t count, size_t size)
{
]] quickjs_small "${quickjs_small}")
if(NOT quickjs_small MATCHES "steps > 3.*js_charge.*js_charge.*js_charge")
    message(FATAL_ERROR "this QuickJS-ng allocates in another way: adapt js_charge()")
endif()
string(REPLACE [[
    if (len2 == 0)
        return from;
    for (i = from, c = string_get(p2, 0); i + len2 <= len1; i = j + 1) {
]] [[
    if (len2 == 0)
        return from;
    if (!p1->is_wide_char && !p2->is_wide_char) {
        const uint8_t *at = memmem(str8(p1) + from, len1 - from, str8(p2), len2);
        return at ? (int)(at - str8(p1)) : -1;
    }
    if (p1->is_wide_char && p2->is_wide_char) {
        const uint8_t *s = (const uint8_t *)str16(p1), *end = s + 2 * (size_t)len1, *at = s + 2 * (size_t)from;
        while ((at = memmem(at, end - at, str16(p2), 2 * (size_t)len2)) && ((at - s) & 1))
            at++;
        return at ? (int)((at - s) / 2) : -1;
    }
    for (i = from, c = string_get(p2, 0); i + len2 <= len1; i = j + 1) {
]] quickjs_small "${quickjs_small}")
if(NOT quickjs_small MATCHES "return JS_ATOM_NULL.*at = memmem.*counter -= v_len.*counter -= v_len")
    message(FATAL_ERROR "this QuickJS-ng searches in another way: adapt the interruptions")
endif()
# The error about the end of memory needs some for its text and stack: without, null is thrown.
string(REPLACE [[
        JS_ThrowInternalError(ctx, "out of memory");
        rt->in_out_of_memory = false;
]] [[
        if (!rt->memory_ended && rt->malloc_state.malloc_limit) {
            JSMallocState *m = &rt->malloc_state;
            rt->memory_limit = m->malloc_limit;
            if (m->malloc_limit < m->malloc_size) m->malloc_limit = m->malloc_size; /* see JS_CountMemory() */
            m->malloc_limit += JS_LAST_MEMORY;
        }
        rt->memory_ended = true;
        JS_ThrowInternalError(ctx, "out of memory");
        rt->in_out_of_memory = false;
]] quickjs_small "${quickjs_small}")
if(NOT quickjs_small MATCHES "rt->memory_ended = true")
    message(FATAL_ERROR "this QuickJS-ng tells the end of memory in another way: adapt JS_TakeEndOfMemory()")
endif()
# Columns are counted from 1 in all lines: in the first one, places of calls had the column before.
string(REPLACE "    s->eol = s->buf_ptr;\n" "    s->eol = s->buf_ptr - 1;\n" quickjs_small "${quickjs_small}")
if(NOT quickjs_small MATCHES "s->eol = s->buf_ptr - 1")
    message(FATAL_ERROR "this QuickJS-ng counts columns in another way: adapt the first line")
endif()
# `import * as ns` of a module of k6 does not show its default export: see JS_HideDefaultExport().
string(REPLACE "struct JSModuleDef {\n" "struct JSModuleDef {\n    bool hides_default;\n" quickjs_small "${quickjs_small}")
string(REPLACE [[
        ExportedNameEntry *en = &s->exported_names[i];
        switch(en->export_type) {
]] [[
        ExportedNameEntry *en = &s->exported_names[i];
        if (m->hides_default && en->export_name == JS_ATOM_default)
            continue;
        switch(en->export_type) {
]] quickjs_small "${quickjs_small}")
if(NOT quickjs_small MATCHES "bool hides_default.*m->hides_default")
    message(FATAL_ERROR "this QuickJS-ng makes namespaces in another way: adapt JS_HideDefaultExport()")
endif()
if(NOT quickjs_small MATCHES "bool stack_overflowed,.*rt->stack_overflowed = true")
    message(FATAL_ERROR "this QuickJS-ng tells overflows of the stack in another way: adapt JS_TakeStackOverflow()")
endif()
include(${CMAKE_SOURCE_DIR}/cmake/QuickjsInterrupts.cmake)
include(${CMAKE_SOURCE_DIR}/cmake/QuickjsMessages.cmake)
# An interrupted call leaves promise jobs behind that must not run in the next call: nothing in the API drops them.
string(APPEND quickjs_small [[

void JS_DropPendingJobs(JSRuntime *rt)
{
    while (!list_empty(&rt->job_list)) {
        JSJobEntry *e = list_entry(rt->job_list.next, JSJobEntry, link);
        list_del(&e->link);
        for (int i = 0; i < e->argc; i++) JS_FreeValueRT(rt, e->argv[i]);
        js_free_rt(rt, e);
    }
}
]])
# Modules as k6 has them (CommonJS among ES modules) need more of the module list than the API shows.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/cmake/quickjs_extra.c ${CMAKE_SOURCE_DIR}/cmake/quickjs_messages.c)
file(READ ${CMAKE_SOURCE_DIR}/cmake/quickjs_extra.c quickjs_extra)
file(READ ${CMAKE_SOURCE_DIR}/cmake/quickjs_messages.c quickjs_messages)
file(READ ${CMAKE_SOURCE_DIR}/src/script/quickjs_extra.h quickjs_extra_types)
string(REGEX MATCH "typedef JSValue JSModuleWanted[^;]*;" quickjs_extra_types "${quickjs_extra_types}")
string(APPEND quickjs_small "${quickjs_extra_types}\n${quickjs_extra}${quickjs_messages}")
set(quickjs_main ${CMAKE_BINARY_DIR}/quickjs/quickjs.c)
file(CONFIGURE OUTPUT ${quickjs_main} CONTENT "@quickjs_small@" @ONLY)
add_library(quickjs STATIC ${quickjs_main} ${QUICKJS_SOURCE}/dtoa.c
    ${QUICKJS_SOURCE}/libregexp.c ${QUICKJS_SOURCE}/libunicode.c)
target_include_directories(quickjs PRIVATE ${QUICKJS_SOURCE})
target_include_directories(quickjs SYSTEM INTERFACE ${QUICKJS_SOURCE})
target_compile_definitions(quickjs PRIVATE _GNU_SOURCE)
target_compile_options(quickjs PRIVATE -w -fwrapv)
if(BRUNT_SANITIZE MATCHES "address")
    target_compile_definitions(quickjs PRIVATE BR_PLAIN_MALLOC)
endif()
target_link_libraries(quickjs PUBLIC m Threads::Threads)

add_library(cmocka INTERFACE)
if(BRUNT_TESTS)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
    target_link_libraries(cmocka INTERFACE PkgConfig::CMOCKA)
endif()
