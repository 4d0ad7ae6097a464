"""Runs a WASI command or an exported function on the raw bindings, in a process of its own: what a build makes is judged by what it does.

Reads one JSON object on standard input; the guest's standard output is this process's, and the result of a function is printed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile


def wasmtime_engine():
    import wasmtime

    configuration = wasmtime.Config()
    # A component with a whole Python in it takes half a minute to compile: once for each machine, not for each test.
    configuration.cache = True
    return wasmtime.Engine(configuration)


def on_wasmtime(wasm: bytes, request: dict) -> int:
    import wasmtime

    engine = wasmtime_engine()
    module, store, linker = wasmtime.Module(engine, wasm), wasmtime.Store(engine), wasmtime.Linker(engine)
    linker.define_wasi()
    configuration = wasmtime.WasiConfig()
    configuration.argv = ["program", *request["args"]]
    configuration.env = list(request["env"].items())
    configuration.stdin_file = request["stdin_file"]
    configuration.inherit_stdout()
    configuration.inherit_stderr()
    store.set_wasi(configuration)
    exports = linker.instantiate(store, module).exports(store)
    if request["export"]:
        if "_initialize" in exports:
            exports["_initialize"](store)
        print(exports[request["export"]](store, *request["numbers"]))
        return 0
    try:
        exports["_start"](store)
    except wasmtime.ExitTrap as trap:
        return trap.code
    return 0


def on_wasmer(wasm: bytes, request: dict) -> int:
    import wasmer
    import wasmer_compiler_cranelift

    store = wasmer.Store(wasmer.engine.JIT(wasmer_compiler_cranelift.Compiler))
    module = wasmer.Module(store, wasm)
    builder = wasmer.wasi.StateBuilder("program").arguments(request["args"]).environments(request["env"])
    version = wasmer.wasi.get_version(module, strict=False)
    imports = builder.finalize().generate_import_object(store, version) if version else wasmer.ImportObject()
    instance = wasmer.Instance(module, imports)
    if request["export"]:
        if version and hasattr(instance.exports, "_initialize"):
            instance.exports._initialize()
        print(getattr(instance.exports, request["export"])(*request["numbers"]))
        return 0
    try:
        instance.exports._start()
    except RuntimeError as error:
        if "WASI exited with code: 0" not in str(error):
            raise
    return 0


def component_on_wasmtime(wasm: bytes, request: dict) -> int:
    import wasmtime
    from wasmtime import component

    engine = wasmtime_engine()
    built, store, linker = component.Component(engine, wasm), wasmtime.Store(engine), component.Linker(engine)
    linker.add_wasip2()
    configuration = wasmtime.WasiConfig()
    configuration.argv = ["program", *request["args"]]
    configuration.env = list(request["env"].items())
    configuration.stdin_file = request["stdin_file"]
    configuration.inherit_stdout()
    configuration.inherit_stderr()
    store.set_wasi(configuration)
    instance = linker.instantiate(store, built)
    if request["export"]:
        print(instance.get_func(store, request["export"])(store, *request["numbers"]))
        return 0
    names = built.type.exports(engine)
    interface = next(name for name in names if name.startswith("wasi:cli/run@"))
    index = instance.get_export_index(store, "run", instance.get_export_index(store, interface))
    instance.get_func(store, index)(store)
    return 0


def main() -> None:
    request = json.load(sys.stdin)
    with open(request["path"], "rb") as file:
        wasm = file.read()
    # Wasmer reads the process's own standard input.
    with tempfile.NamedTemporaryFile() as file:
        file.write(request["stdin"].encode())
        file.flush()
        request["stdin_file"] = file.name
        os.dup2(os.open(file.name, os.O_RDONLY), 0)
        host = {"wasmtime": on_wasmtime, "wasmer": on_wasmer, "component": component_on_wasmtime}[request["host"]]
        code = host(wasm, request)
        sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
