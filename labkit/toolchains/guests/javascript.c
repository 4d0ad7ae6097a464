// The host that a JavaScript program is linked with: QuickJS's engine, and what a program needs of a system.
// Built once without a program and for this machine (LABKIT_CHECK), it says whether a file is JavaScript.

#include "quickjs.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The interpreter recurses on the runtime's stack too, which is small: a RangeError comes before the trap.
#define STACK_BYTES (256 * 1024)

static JSRuntime *runtime;
static JSContext *context;

static void fail_with_exception(void) {
    JSValue error = JS_GetException(context);
    const char *text = JS_ToCString(context, error);
    fprintf(stderr, "%s\n", text ? text : "an exception that has no text");
    JSValue stack = JS_GetPropertyStr(context, error, "stack");
    const char *lines = JS_IsString(stack) ? JS_ToCString(context, stack) : NULL;
    if (lines) fprintf(stderr, "%s", lines);
    exit(1);
}

static JSValue write_line(FILE *file, int count, JSValueConst *values) {
    for (int i = 0; i < count; i++) {
        size_t length;
        const char *text = JS_ToCStringLen(context, &length, values[i]);
        if (!text) return JS_EXCEPTION;
        if (i) fputc(' ', file);
        fwrite(text, 1, length, file);
        JS_FreeCString(context, text);
    }
    fputc('\n', file);
    fflush(file);
    return JS_UNDEFINED;
}

static JSValue print(JSContext *unused, JSValueConst self, int count, JSValueConst *values) { return write_line(stdout, count, values); }
static JSValue print_error(JSContext *unused, JSValueConst self, int count, JSValueConst *values) { return write_line(stderr, count, values); }

static JSValue read_as_string(JSContext *unused, JSValueConst self, int count, JSValueConst *values) {
    size_t length = 0, room = 65536;
    char *text = malloc(room);
    for (size_t got; text && (got = fread(text + length, 1, room - length, stdin)) > 0;) {
        length += got;
        if (length == room) text = realloc(text, room *= 2);
    }
    if (!text) return JS_ThrowOutOfMemory(context);
    JSValue whole = JS_NewStringLen(context, text, length);
    free(text);
    return whole;
}

static JSValue get_environment(JSContext *unused, JSValueConst self, int count, JSValueConst *values) {
    extern char **environ;
    JSValue names = JS_NewObject(context);
    for (char **entry = environ; entry && *entry; entry++) {
        char *equals = strchr(*entry, '=');
        if (!equals) continue;
        JSAtom name = JS_NewAtomLen(context, *entry, equals - *entry);
        JS_SetProperty(context, names, name, JS_NewString(context, equals + 1));
        JS_FreeAtom(context, name);
    }
    return names;
}

static JSValue end(JSContext *unused, JSValueConst self, int count, JSValueConst *values) {
    int32_t code = 0;
    if (count && JS_ToInt32(context, &code, values[0])) return JS_EXCEPTION;
    fflush(stdout);
    exit(code);
}

static void add(JSValueConst object, const char *name, JSCFunction *function) {
    JS_SetPropertyStr(context, object, name, JS_NewCFunction(context, function, name, 1));
}

// The names are those of QuickJS's own command: print, console.log, scriptArgs, std.in.readAsString(), std.getenviron(), std.exit().
static void start(int count, char **words) {
    runtime = JS_NewRuntime();
    JS_SetMaxStackSize(runtime, STACK_BYTES);
    context = JS_NewContext(runtime);
    JSValue global = JS_GetGlobalObject(context);
    JSValue console = JS_NewObject(context), std = JS_NewObject(context), input = JS_NewObject(context), arguments = JS_NewArray(context);
    add(global, "print", print);
    add(console, "log", print);
    add(console, "error", print_error);
    JS_SetPropertyStr(context, global, "console", console);
    for (int i = 0; i < count; i++) JS_SetPropertyUint32(context, arguments, i, JS_NewString(context, words[i]));
    JS_SetPropertyStr(context, global, "scriptArgs", arguments);
    add(input, "readAsString", read_as_string);
    JS_SetPropertyStr(context, std, "in", input);
    add(std, "getenviron", get_environment);
    add(std, "exit", end);
    JS_SetPropertyStr(context, global, "std", std);
    JS_FreeValue(context, global);
}

static JSValue compile(const char *text, size_t length, const char *name) {
    JSValue module = JS_Eval(context, text, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(module)) fail_with_exception();
    return module;
}

#ifdef LABKIT_CHECK

int main(int count, char **words) {
    FILE *file = count == 2 ? fopen(words[1], "rb") : NULL;
    if (!file) return 2;
    start(0, NULL);
    size_t length = 0, room = 1 << 16;
    char *text = malloc(room);
    for (size_t got; (got = fread(text + length, 1, room - length - 1, file)) > 0;) {
        length += got;
        if (length == room - 1) text = realloc(text, room *= 2);
    }
    text[length] = 0;
    compile(text, length, words[1]);
    return 0;
}

#else

extern const char labkit_program[], labkit_program_name[];
extern const size_t labkit_program_bytes;

// Evaluates the program; gives the module's namespace.
static JSValue evaluate(void) {
    JSValue module = compile(labkit_program, labkit_program_bytes, labkit_program_name);
    JSModuleDef *definition = JS_VALUE_GET_PTR(module);
    JSValue promise = JS_EvalFunction(context, module);
    JSContext *ended;
    int state;
    while ((state = JS_ExecutePendingJob(runtime, &ended)) > 0) {}
    if (state < 0 || JS_IsException(promise)) fail_with_exception();
    if (JS_PromiseState(context, promise) == JS_PROMISE_REJECTED) {
        JS_Throw(context, JS_PromiseResult(context, promise));
        fail_with_exception();
    }
    JS_FreeValue(context, promise);
    return JS_GetModuleNamespace(context, definition);
}

#ifdef LABKIT_COMMAND

int main(int count, char **words) {
    start(count, words);
    evaluate();
    fflush(stdout);
    return 0;
}

#else

static JSValue exports;

// The context of the program, which is evaluated when it is first asked for.
JSContext *labkit_context(void) {
    if (!runtime) {
        start(0, NULL);
        exports = evaluate();
    }
    JS_UpdateStackTop(runtime);
    return context;
}

// Calls an exported function of the program.
JSValue labkit_call(const char *name, int count, JSValue *values) {
    JSValue function = JS_GetPropertyStr(labkit_context(), exports, name);
    JSValue result = JS_Call(context, function, JS_UNDEFINED, count, (JSValueConst *)values);
    JS_FreeValue(context, function);
    return result;
}

// Ends the program if a result is an exception, or was no number.
void labkit_check(bool is_exception) {
    if (is_exception) fail_with_exception();
}

#endif
#endif
