/*
 * script/quickjs_extra.h - what QuickJS's API does not offer and modules as k6 has them need.
 *
 * What: functions that cmake/Dependencies.cmake appends to QuickJS's source (cmake/quickjs_extra.c).
 * Threads: of the runtime.
 */
#pragma once
#include <stddef.h>
#include <quickjs.h>

/* Did the stack's limit end something since this was asked last? */
bool JS_TakeStackOverflow(JSRuntime *rt);

/*
 * Did memory end since this was asked last? The first time, some more is given to the error that says so, and
 * taken back here. An error that did not get any is null.
 */
bool JS_TakeEndOfMemory(JSRuntime *rt);
bool JS_HasMemoryEnded(const JSRuntime *rt); /* the same, and changes nothing */

/*
 * Where the interrupt handler first ended something since this was asked last: lines "    at f (file:1:2)",
 * the innermost functions of scripts; if none saw it, where the function `called` begins. NULL: it is none of
 * a script. free() it.
 */
char *JS_TakeInterruptPlace(JSContext *ctx, JSValueConst called);
void JS_DropInterruptPlace(JSRuntime *rt);

/* Memory outside of the engine that an object keeps: it counts for the limit and for when to collect. */
void JS_CountMemory(JSRuntime *rt, ptrdiff_t bytes);

/* Forgets the promise jobs that wait to run. */
void JS_DropPendingJobs(JSRuntime *rt);

/*
 * In place of JS_AddIntrinsicMapSet() and JS_AddIntrinsicTypedArrays(): Map, Set, WeakMap, WeakSet,
 * ArrayBuffer, the typed arrays and DataView are made on their first use. Not SharedArrayBuffer and Atomics,
 * which k6 lacks too.
 */
int JS_AddLazyIntrinsics(JSContext *ctx);

/* The module (a value) has no import, no export and no await at its top level. */
bool JS_IsPlainModule(JSValueConst module);
/* Takes back a module that was compiled and that nothing refers to. */
void JS_ForgetModule(JSContext *ctx, JSValue module);
/* Takes back all modules that were read and never linked, after reading one failed: some are incomplete. Not
 * while one is being read. */
void JS_ForgetUnlinkedModules(JSContext *ctx);
/* Compiles a script of sloppy mode whose first line has the number `line`, which may be 0. For
 * JS_EvalFunction(). */
JSValue JS_CompileScript(JSContext *ctx, const char *input, size_t len, const char *filename, int line);
JSModuleDef *JS_FindModule(JSContext *ctx, const char *name); /* NULL: not loaded */
JSValue JS_ModuleValue(JSContext *ctx, JSModuleDef *m);       /* a reference for JS_EvalFunction() */

/* Exports of C modules */
int JS_CountModuleExports(const JSModuleDef *m);
JSAtom JS_ModuleExportName(const JSModuleDef *m, int i); /* borrowed */
/* Its value now: JS_UNDEFINED if there is none, or the module is not linked. */
JSValue JS_GetModuleExport(JSContext *ctx, const JSModuleDef *m, const char *name);
bool JS_IsModuleLinked(const JSModuleDef *m);
/* Its namespace object does not have the default export, as those of k6's modules. Before the first import.
 */
void JS_HideDefaultExport(JSModuleDef *m);
/* Sets an export, also one that the module does not have yet, whose importers are already linked or not. */
int JS_SetModuleExportLate(JSContext *ctx, JSModuleDef *m, JSAtom name, JSValue value); /* takes the value */
/* JS_AddWantedExports() made it, or a namespace was asked for. Borrowed. */
JSValueConst JS_ModuleNamespaceOrUndefined(const JSModuleDef *m);

/* The value of an export that was added to a C module after it was linked. */
typedef JSValue JSModuleWanted(JSContext *ctx, JSModuleDef *m, JSAtom name);
/*
 * Before linking: adds to C modules the names that unlinked modules import from them, and gives C modules
 * whose function is `dynamic` an empty object as namespace when one is imported. -1: exception.
 */
int JS_AddWantedExports(JSContext *ctx, JSModuleInitFunc *dynamic, JSModuleWanted *wanted);
/* It, or something that it needs first, is being evaluated now: it cannot be evaluated within that. */
bool JS_IsModuleEvaluating(JSModuleDef *m);
