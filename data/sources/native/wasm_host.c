// The smallest host: loads a module that Wasmtime has compiled before, gives it WASI and its arguments, and runs it.
//
// The declarations are those of Wasmtime's C interface; the library is the one in the Python package, which comes without headers.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct wasm_engine_t wasm_engine_t;
typedef struct wasm_trap_t wasm_trap_t;
typedef struct wasi_config_t wasi_config_t;
typedef struct wasmtime_store wasmtime_store_t;
typedef struct wasmtime_context wasmtime_context_t;
typedef struct wasmtime_module wasmtime_module_t;
typedef struct wasmtime_linker wasmtime_linker_t;
typedef struct wasmtime_error wasmtime_error_t;
typedef struct { uint64_t store_id; uint32_t private_1; uint32_t private_2; } wasmtime_func_t;
typedef struct { size_t size; char *data; } wasm_byte_vec_t;

extern wasm_engine_t *wasm_engine_new(void);
extern wasmtime_store_t *wasmtime_store_new(wasm_engine_t *, void *data, void (*finalizer)(void *));
extern wasmtime_context_t *wasmtime_store_context(wasmtime_store_t *);
extern wasmtime_error_t *wasmtime_module_deserialize_file(wasm_engine_t *, const char *path, wasmtime_module_t **);
extern wasmtime_linker_t *wasmtime_linker_new(wasm_engine_t *);
extern wasmtime_error_t *wasmtime_linker_define_wasi(wasmtime_linker_t *);
extern wasmtime_error_t *wasmtime_linker_module(
    wasmtime_linker_t *, wasmtime_context_t *, const char *name, size_t length, const wasmtime_module_t *);
extern wasmtime_error_t *wasmtime_linker_get_default(
    const wasmtime_linker_t *, wasmtime_context_t *, const char *name, size_t length, wasmtime_func_t *);
extern wasmtime_error_t *wasmtime_func_call(
    wasmtime_context_t *, const wasmtime_func_t *, const void *arguments, size_t, void *results, size_t, wasm_trap_t **);
extern wasi_config_t *wasi_config_new(void);
extern bool wasi_config_set_argv(wasi_config_t *, size_t count, const char *words[]);
extern void wasi_config_inherit_stdin(wasi_config_t *);
extern void wasi_config_inherit_stdout(wasi_config_t *);
extern wasmtime_error_t *wasmtime_context_set_wasi(wasmtime_context_t *, wasi_config_t *);
extern void wasmtime_error_message(const wasmtime_error_t *, wasm_byte_vec_t *);
extern bool wasmtime_error_exit_status(const wasmtime_error_t *, int *);

static int fail(const wasmtime_error_t *error) {
    wasm_byte_vec_t message;
    wasmtime_error_message(error, &message);
    fprintf(stderr, "%.*s\n", (int)message.size, message.data);
    return 1;
}

int main(int count, char **words) {
    if (count < 2) return fprintf(stderr, "usage: wasm_host MODULE.cwasm [ARGUMENT…]\n"), 2;
    wasm_engine_t *engine = wasm_engine_new();
    wasmtime_context_t *context = wasmtime_store_context(wasmtime_store_new(engine, NULL, NULL));
    wasmtime_linker_t *linker = wasmtime_linker_new(engine);
    wasmtime_module_t *module;
    wasmtime_error_t *error;
    wasmtime_func_t start;
    wasm_trap_t *trap = NULL;
    wasi_config_t *wasi = wasi_config_new();

    wasi_config_set_argv(wasi, (size_t)count - 1, (const char **)words + 1);
    wasi_config_inherit_stdin(wasi);
    wasi_config_inherit_stdout(wasi);
    if ((error = wasmtime_context_set_wasi(context, wasi))) return fail(error);
    if ((error = wasmtime_module_deserialize_file(engine, words[1], &module))) return fail(error);
    if ((error = wasmtime_linker_define_wasi(linker))) return fail(error);
    if ((error = wasmtime_linker_module(linker, context, "", 0, module))) return fail(error);
    if ((error = wasmtime_linker_get_default(linker, context, "", 0, &start))) return fail(error);
    if ((error = wasmtime_func_call(context, &start, NULL, 0, NULL, 0, &trap))) {
        int status;
        return wasmtime_error_exit_status(error, &status) ? status : fail(error);
    }
    return trap ? fprintf(stderr, "the module trapped\n"), 1 : 0;
}
