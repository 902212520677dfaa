
/* Appended to QuickJS's quickjs.c by cmake/Dependencies.cmake; declared in src/script/quickjs_extra.h. */

bool JS_IsPlainModule(JSValueConst module)
{
    JSModuleDef *m = JS_VALUE_GET_PTR(module);
    return !m->req_module_entries_count && !m->export_entries_count && !m->star_export_entries_count && !m->has_tla;
}

void JS_ForgetModule(JSContext *ctx, JSValue module)
{
    JSModuleDef *m = JS_VALUE_GET_PTR(module);
    JS_FreeValue(ctx, module);
    js_free_module_def(ctx, m);
}

void JS_ForgetUnlinkedModules(JSContext *ctx)
{
    struct list_head *el, *next;
    list_for_each_safe(el, next, &ctx->loaded_modules) {
        JSModuleDef *m = list_entry(el, JSModuleDef, link);
        if (!m->init_func && m->status == JS_MODULE_STATUS_UNLINKED)
            js_free_module_def(ctx, m);
    }
}

JSValue JS_CompileScript(JSContext *ctx, const char *input, size_t len, const char *filename, int line)
{
    return __JS_EvalInternal(ctx, JS_UNDEFINED, input, len, filename, line,
                             JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY, -1);
}

JSModuleDef *JS_FindModule(JSContext *ctx, const char *name)
{
    JSAtom atom = JS_NewAtom(ctx, name);
    if (atom == JS_ATOM_NULL)
        return NULL;
    JSModuleDef *m = js_find_loaded_module_by_name(ctx, atom);
    JS_FreeAtom(ctx, atom);
    return m;
}

JSValue JS_ModuleValue(JSContext *ctx, JSModuleDef *m)
{
    return JS_NewModuleValue(ctx, m);
}

bool JS_TakeStackOverflow(JSRuntime *rt)
{
    bool overflowed = rt->stack_overflowed;
    rt->stack_overflowed = false;
    return overflowed;
}

bool JS_TakeEndOfMemory(JSRuntime *rt)
{
    bool ended = rt->memory_ended;
    if (ended && rt->malloc_state.malloc_limit) rt->malloc_state.malloc_limit = rt->memory_limit;
    rt->memory_ended = false;
    return ended;
}

bool JS_HasMemoryEnded(const JSRuntime *rt)
{
    return rt->memory_ended;
}

void JS_CountMemory(JSRuntime *rt, ptrdiff_t bytes)
{
    rt->malloc_state.malloc_size += bytes;
}

void JS_HideDefaultExport(JSModuleDef *m)
{
    m->hides_default = true;
}

/* Does it have one? `pc` is NULL before a function's first step. */
static bool br_put_place(JSContext *ctx, DynBuf *out, JSValueConst function, const uint8_t *pc)
{
    JSObject *p = JS_VALUE_GET_OBJ(function);
    if (!js_class_has_bytecode(p->class_id))
        return false;
    JSFunctionBytecode *b = p->u.func.function_bytecode;
    int column = b->col_num, line = b->line_num;
    if (pc)
        line = find_line_num(ctx, b, pc - b->byte_code_buf - 1, &column);
    const char *file = b->filename && line != -1 ? JS_AtomToCString(ctx, b->filename) : NULL;
    if (!file)
        return false;
    const char *name = get_func_name(ctx, function);
    dbuf_printf(out, "    at %.100s (%.500s:%d:%d)\n", name && *name ? name : "<anonymous>", file, line, column);
    JS_FreeCString(ctx, name);
    JS_FreeCString(ctx, file);
    return true;
}

/* Where an interrupt that has no place yet is met; `resumed`, or the function `called`, was just to run. */
static void js_place_interrupt(JSContext *ctx, const JSStackFrame *resumed, JSValueConst called)
{
    JSRuntime *rt = ctx->rt;
    if (!rt->interrupt_unplaced)
        return;
    JSValue exception = rt->current_exception; /* names may not fit into the memory, which would be one more */
    DynBuf out;
    int places = 0;
    rt->current_exception = JS_UNINITIALIZED;
    rt->interrupt_unplaced = false;
    dbuf_init(&out);
    if (JS_IsObject(called)) { /* what goes on with an async function */
        JSObject *p = JS_VALUE_GET_OBJ(called);
        if (p->class_id == JS_CLASS_ASYNC_FUNCTION_RESOLVE || p->class_id == JS_CLASS_ASYNC_FUNCTION_REJECT)
            resumed = p->u.async_function_data->is_active ? &p->u.async_function_data->func_state.frame : NULL;
    }
    if (resumed)
        places += br_put_place(ctx, &out, resumed->cur_func, resumed->cur_pc);
    else if (JS_IsObject(called))
        places += br_put_place(ctx, &out, called, NULL);
    for (JSStackFrame *sf = rt->current_stack_frame; sf && places < 8; sf = sf->prev_frame)
        places += br_put_place(ctx, &out, sf->cur_func, sf->cur_pc);
    dbuf_putc(&out, 0);
    JS_FreeValueRT(rt, rt->current_exception);
    rt->current_exception = exception;
    if (dbuf_error(&out) || !places)
        dbuf_free(&out);
    else
        rt->interrupt_place = (char *)out.buf;
}

char *JS_TakeInterruptPlace(JSContext *ctx, JSValueConst called)
{
    JSRuntime *rt = ctx->rt;
    rt->interrupt_unplaced = !rt->interrupt_place;
    js_place_interrupt(ctx, NULL, called);
    char *place = rt->interrupt_place;
    rt->interrupt_place = NULL;
    return place;
}

void JS_DropInterruptPlace(JSRuntime *rt)
{
    free(rt->interrupt_place);
    rt->interrupt_place = NULL;
    rt->interrupt_unplaced = false;
}

int JS_CountModuleExports(const JSModuleDef *m)
{
    return m->export_entries_count;
}

JSAtom JS_ModuleExportName(const JSModuleDef *m, int i)
{
    return m->export_entries[i].export_name;
}

JSValue JS_GetModuleExport(JSContext *ctx, const JSModuleDef *m, const char *name)
{
    JSAtom atom = JS_NewAtom(ctx, name);
    JSExportEntry *me = atom == JS_ATOM_NULL ? NULL : find_export_entry(ctx, m, atom);
    JS_FreeAtom(ctx, atom);
    return me && me->u.local.var_ref ? js_dup(*me->u.local.var_ref->pvalue) : JS_UNDEFINED;
}

bool JS_IsModuleLinked(const JSModuleDef *m)
{
    return m->func_created;
}

JSValueConst JS_ModuleNamespaceOrUndefined(const JSModuleDef *m)
{
    return m->module_ns;
}

int JS_SetModuleExportLate(JSContext *ctx, JSModuleDef *m, JSAtom name, JSValue value)
{
    JSExportEntry *me = find_export_entry(ctx, m, name);
    if (!me)
        me = add_export_entry2(ctx, NULL, m, JS_ATOM_NULL, name, JS_EXPORT_TYPE_LOCAL);
    if (me && !me->u.local.var_ref)
        me->u.local.var_ref = js_create_module_var(ctx, false);
    if (!me || !me->u.local.var_ref) {
        JS_FreeValue(ctx, value);
        return -1;
    }
    set_value(ctx, me->u.local.var_ref->pvalue, value);
    return 0;
}

/* 1: m provides the name (now); 0: it does not; -1: exception. */
static int br_want_export(JSContext *ctx, JSModuleDef *m, JSAtom name, JSModuleWanted *wanted, int depth)
{
    JSExportEntry *me = find_export_entry(ctx, m, name);
    if (depth > 64)
        return 1; /* a circle: linking says so */
    if (m->init_func) {
        if (me)
            return 1;
        if (!m->func_created)
            return add_export_entry2(ctx, NULL, m, JS_ATOM_NULL, name, JS_EXPORT_TYPE_LOCAL) ? 1 : -1;
        return JS_SetModuleExportLate(ctx, m, name, wanted(ctx, m, name)) < 0 ? -1 : 1;
    }
    if (me) {
        if (me->export_type == JS_EXPORT_TYPE_LOCAL || me->local_name == JS_ATOM__star_)
            return 1;
        return br_want_export(ctx, m->req_module_entries[me->u.req_module_idx].module, me->local_name, wanted,
                              depth + 1);
    }
    if (name == JS_ATOM_default)
        return 0;
    for (int c_modules = 0; c_modules < 2; c_modules++) { /* those whose names are known come first */
        for (int i = 0; i < m->star_export_entries_count; i++) {
            JSModuleDef *from = m->req_module_entries[m->star_export_entries[i].req_module_idx].module;
            int rc = 0;
            if (!from->init_func == !c_modules)
                rc = br_want_export(ctx, from, name, wanted, depth + 1);
            if (rc)
                return rc;
        }
    }
    return 0;
}

static int br_want_namespace(JSContext *ctx, JSModuleDef *m, JSModuleInitFunc *dynamic)
{
    if (m->init_func == dynamic && JS_IsUndefined(m->module_ns))
        m->module_ns = JS_NewObjectProto(ctx, JS_NULL);
    return JS_IsException(m->module_ns) ? -1 : 0;
}

static int br_module_wants(JSContext *ctx, JSModuleDef *m, JSModuleInitFunc *dynamic, JSModuleWanted *wanted)
{
    int rc = 0;
    for (int i = 0; i < m->import_entries_count && rc >= 0; i++) {
        JSImportEntry *mi = &m->import_entries[i];
        JSModuleDef *from = m->req_module_entries[mi->req_module_idx].module;
        rc = mi->import_name == JS_ATOM__star_ ? br_want_namespace(ctx, from, dynamic)
                                               : br_want_export(ctx, from, mi->import_name, wanted, 0);
    }
    for (int i = 0; i < m->export_entries_count && rc >= 0; i++) {
        JSExportEntry *me = &m->export_entries[i];
        if (me->export_type != JS_EXPORT_TYPE_INDIRECT)
            continue;
        JSModuleDef *from = m->req_module_entries[me->u.req_module_idx].module;
        rc = me->local_name == JS_ATOM__star_ ? br_want_namespace(ctx, from, dynamic)
                                              : br_want_export(ctx, from, me->local_name, wanted, 0);
    }
    for (int i = 0; i < m->star_export_entries_count && rc >= 0; i++)
        rc = br_want_namespace(ctx, m->req_module_entries[m->star_export_entries[i].req_module_idx].module, dynamic);
    return rc;
}

int JS_AddWantedExports(JSContext *ctx, JSModuleInitFunc *dynamic, JSModuleWanted *wanted)
{
    struct list_head *el;
    list_for_each(el, &ctx->loaded_modules) {
        JSModuleDef *m = list_entry(el, JSModuleDef, link);
        if (m->init_func || !m->resolved || m->status != JS_MODULE_STATUS_UNLINKED)
            continue;
        if (br_module_wants(ctx, m, dynamic, wanted) < 0)
            return -1;
    }
    return 0;
}

static bool br_is_evaluating(JSModuleDef *m, int depth)
{
    if (m->status == JS_MODULE_STATUS_EVALUATING || depth > 64)
        return true;
    if (m->status != JS_MODULE_STATUS_UNLINKED && m->status != JS_MODULE_STATUS_LINKED)
        return false;
    /* an unevaluated circle is walked once: its members are marked by the index, which linking sets anew */
    if (m->dfs_index == -2)
        return false;
    int index = m->dfs_index;
    m->dfs_index = -2;
    bool found = false;
    for (int i = 0; i < m->req_module_entries_count && !found; i++)
        found = m->req_module_entries[i].module && br_is_evaluating(m->req_module_entries[i].module, depth + 1);
    m->dfs_index = index;
    return found;
}

bool JS_IsModuleEvaluating(JSModuleDef *m)
{
    return br_is_evaluating(m, 0);
}

/*
 * Intrinsics that most scripts do not use, made when one is. The names on the global object are properties that
 * QuickJS fills in on their first use (autoinit); objects that native code makes come through js_create_from_ctor(),
 * which asks js_lazy_class() for the prototype.
 */
enum { JS_LAZY_MAP_SET, JS_LAZY_TYPED_ARRAYS, JS_LAZY_NONE };

static int js_lazy_kind(int class_id)
{
    if (class_id >= JS_CLASS_MAP && class_id <= JS_CLASS_WEAKSET)
        return JS_LAZY_MAP_SET;
    if (class_id >= JS_CLASS_UINT8C_ARRAY && class_id <= JS_CLASS_DATAVIEW)
        return JS_LAZY_TYPED_ARRAYS;
    if (class_id == JS_CLASS_ARRAY_BUFFER || class_id == JS_CLASS_SHARED_ARRAY_BUFFER)
        return JS_LAZY_TYPED_ARRAYS;
    return JS_LAZY_NONE;
}

static int js_lazy_class(JSContext *ctx, int class_id)
{
    int kind = js_lazy_kind(class_id);
    if (kind == JS_LAZY_NONE || !JS_IsNull(ctx->class_proto[class_id]))
        return 0;
    /* the constructors are put on an object that takes the global one's place: that one has the names already */
    JSValue global = ctx->global_obj;
    ctx->global_obj = JS_NewObjectProto(ctx, JS_NULL);
    int rc = -1;
    if (!JS_IsException(ctx->global_obj)) {
        rc = kind == JS_LAZY_MAP_SET ? JS_AddIntrinsicMapSet(ctx) : JS_AddIntrinsicTypedArrays(ctx);
        JS_FreeValue(ctx, ctx->global_obj);
    }
    ctx->global_obj = global;
    return rc;
}

static JSValue js_lazy_constructor(JSContext *ctx, int class_id)
{
    if (js_lazy_class(ctx, class_id) < 0)
        return JS_EXCEPTION;
    return JS_GetProperty(ctx, ctx->class_proto[class_id], JS_ATOM_constructor);
}

static int js_lazy_global(JSContext *ctx, JSAtom name, int class_id)
{
    return JS_DefineAutoInitProperty(ctx, ctx->global_obj, name, JS_AUTOINIT_ID_BYTECODE,
                                     (void *) (uintptr_t) (JS_LAZY_CONSTRUCTORS + class_id),
                                     JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

int JS_AddLazyIntrinsics(JSContext *ctx)
{
    int rc = js_lazy_global(ctx, JS_ATOM_ArrayBuffer, JS_CLASS_ARRAY_BUFFER);
    for (int i = 0; i < JS_TYPED_ARRAY_COUNT && rc >= 0; i++)
        rc = js_lazy_global(ctx, JS_ATOM_Uint8ClampedArray + i, JS_CLASS_UINT8C_ARRAY + i);
    if (rc >= 0)
        rc = js_lazy_global(ctx, JS_ATOM_DataView, JS_CLASS_DATAVIEW);
    for (int i = 0; i < 4 && rc >= 0; i++)
        rc = js_lazy_global(ctx, JS_ATOM_Map + i, JS_CLASS_MAP + i);
    return rc < 0 ? -1 : 0;
}
