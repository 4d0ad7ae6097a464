# %% [markdown]
# # Run one module on every runtime
#
# {open}
#
# **You will do:** give the same bytes to every runtime this machine has: compile, save, load, link, call; and find
# out where they part ways.
#
# **You will learn:** what a runtime does between bytes and result, what each step costs, which WebAssembly features
# arrived when, and why a comparison of runtimes is so easily a comparison of something else.
#
# **You need:** notebooks 00 and 01. Thirty minutes.

# %% tags=["nbval-ignore-output"]
import labkit

labkit.course.setup()

# %% [markdown]
# ## 1. Engines, compilers, platforms
#
# The article lists five runtimes: Wasmtime, Wasmer, WasmEdge, Spin and wasmCloud. They are not of one kind.
# *Wasmtime*, *Wasmer* and *WasmEdge* are engines: they load a module and run it, as machine code or (WasmEdge, unless
# told otherwise) by interpreting it. *Spin* and *wasmCloud* are platforms built on an engine, Wasmtime. And an engine
# has a choice of compilers: slow ones that make fast code, fast ones that make slow code.

# %% tags=["nbval-ignore-output"]
labkit.runtimes()

# %% [markdown]
# Each row is one engine with one compiler. *Cranelift* is the middle way, and the default of both engines; *Winch*
# and *Singlepass* compile in one pass over the code; *LLVM* takes its time. All that follows runs on whatever is
# available here.

# %% [markdown]
# ## 2. One interface
#
# Four words, on every runtime: a *module* is compiled code without state; an *instance* is a module that has been
# given its imports and has a memory of its own; a *store* is what instances live in; an *export* is what the host may
# use. Here is a module with one import.

# %%
counted = labkit.to_wasm("""
(module
  (import "host" "tell" (func $tell (param i32)))
  (memory (export "memory") 1)
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (i32.lt_s (local.get $n) (i32.const 2))
      (then (return (local.get $n))))
    (i32.add
      (call $fib (i32.sub (local.get $n) (i32.const 1)))
      (call $fib (i32.sub (local.get $n) (i32.const 2)))))
  (func (export "fib_told") (param $n i32)
    (i32.store (i32.const 0) (call $fib (local.get $n)))
    (call $tell (i32.load (i32.const 0)))))
""")

# %%
here = {row.name: labkit.runtime(row.name) for row in labkit.runtimes() if row.available and row.in_process}
told = []
for name, runtime in here.items():
    with runtime.compile(counted).instantiate({"host": {"tell": told.append}}) as instance:
        instance.func("fib_told")(20)
        assert instance.memory().read(0, 4) == (6765).to_bytes(4, "little"), name
set(told), len(told) == len(here)

# %% [markdown]
# The guest called Python, Python read the guest's memory, and every runtime did the same. An import is a capability:
# this module can tell its host a number, and that is all it can do to the world. Leave the import out, and there is
# no instance:

# %% tags=["raises-exception"]
labkit.runtime("wasmtime").compile(counted).instantiate()

# %% [markdown]
# **The surprise** is what happens to an exception. Python raises it in the middle of a guest; it travels through the
# guest's machine code back into Python, and is the same object when it arrives.


# %%
class Stop(Exception):
    """Raised by the host, while a guest waits for its answer."""


def refuse(number):
    raise Stop(number)


stops = []
for runtime in here.values():
    try:
        runtime.compile(counted).instantiate({"host": {"tell": refuse}}).func("fib_told")(20)
    except Stop as stop:
        stops.append(stop.args)
set(stops), len(stops) == len(here)

# %% [markdown]
# ## 3. What each step costs
#
# Compiling is the expensive step, so a runtime lets you do it ahead: *serialize* the compiled module, *deserialize*
# it when it is needed. To see the difference a module must be larger than a handful of functions; this one has 200.

# %%
functions = "".join(
    f'(func (export "f{i}") (param i32 i64 f64) (result f64)'
    f"  (f64.add (f64.mul (local.get 2) (f64.convert_i32_s (i32.add (local.get 0) (i32.const {i}))))"
    f"    (f64.convert_i64_s (i64.rotl (i64.mul (local.get 1) (i64.const {2 * i + 1})) (i64.const {i % 64})))))"
    for i in range(200)
)
large = labkit.to_wasm(f"(module {functions})")
len(large)

# %% tags=["nbval-ignore-output"]
import timeit


def milliseconds(step, *arguments):  # the best of three: what the step costs when nothing disturbs it
    return f"{min(timeit.repeat(lambda: step(*arguments), number=1, repeat=3)) * 1000:8.2f} ms"


artifacts = {}
for name, runtime in here.items():
    module = runtime.compile(large)
    artifacts[name] = module.serialize()
    compiled = milliseconds(runtime.compile, large)
    loaded = milliseconds(runtime.deserialize, artifacts[name])
    instantiated = milliseconds(module.instantiate)
    print(f"{name:18} compile {compiled}   load {loaded}   instantiate {instantiated}   artifact {len(artifacts[name]) / 1000:7.1f} kB")

# %% [markdown]
# Read it by columns, and compare compilers within one engine. Compiling is what they differ in. (*Cranelift* in both
# engines is not the same Cranelift: four years of optimisations came in between, and they take time.) Loading what
# was compiled before is what a cloud does at a cold start; instantiating is what it does for each request that gets a
# sandbox of its own. When the article says *less than a millisecond*, it speaks of the last two columns, for a small
# module, and of machines where somebody has paid for the first. Add the two up: is it true here?
#
# **The surprise** is what an artifact is: machine code. A runtime that loads one executes whatever it says, and both
# runtimes crash on a damaged one. So the lab wraps artifacts: the wrapping says who made them, on which processor,
# and holds a checksum. It finds accidents, not malice; load only what you compiled.

# %% tags=["raises-exception", "nbval-ignore-output"]
labkit.runtime("wasmtime-winch").deserialize(artifacts["wasmtime"])

# %% [markdown]
# ## 4. What a comparison measures
#
# Call a function that does nothing much, a great many times, and see which runtime is fastest. The contenders are
# interleaved in random order, every one is compared with the first pairwise, and the first is also compared with
# itself: where *that* ratio is not 1, the machine was too noisy for an answer.

# %% tags=["nbval-ignore-output"]
import wasmtime

add = labkit.to_wasm('(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))')
contenders = {name: runtime.compile(add).instantiate().func("add") for name, runtime in here.items() if name in ("wasmtime", "wasmer")}

store = wasmtime.Store()
own = wasmtime.Instance(store, wasmtime.Module(store.engine, add), []).exports(store)["add"]

calls = {name: lambda function=function: function(2, 3) for name, function in contenders.items()}
found = labkit.bench.compare({**calls, "wasmtime's own binding": lambda: own(store, 2, 3)}, seconds=3)
found

# %% [markdown]
# **The surprise** is the last row. It is the same engine and the same module as in the first; what differs is the way
# from Python into it. The stock binding looks up the function's type again at every call. Whoever times calls through
# it and writes *Wasmtime* over the column has measured something else. Before you believe a comparison of runtimes,
# ask which part of it is the runtime.

# %% [markdown]
# Now watch a comparison grow. The panel measures in a process of its own and draws what it has: the share of calls that
# took at most so long, and below it the ratio with its interval. When it has measured, ask questions of your own: take
# the same function compiled from another language; a larger argument, so that more of a call is the guest's; more
# runtimes. Cells that you run meanwhile are answered as ever.
#
# WasmEdge and V8 are here as commands: each starts a process of its own for every run, so there is no call to time
# without its start. Set *Measure* to whole runs, and they can be ticked. The panel then says what is in a whole run on
# each runtime; it is not the same everywhere.

# %% tags=["nbval-ignore-output"]
from labkit.ui import RuntimeComparison

panel = RuntimeComparison(export="fib", args=[15], bounds=[(0, 45)], seconds=4)
panel.measure()

# %% [markdown]
# ## 5. What they differ in
#
# WebAssembly grows by proposals, and a runtime knows those that were finished when it was made. Here are small
# modules that need one feature each.

# %%
features = {
    "sign extension": "(func (param i32) (result i32) (i32.extend8_s (local.get 0)))",
    "saturating conversion": "(func (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0)))",
    "bulk memory": "(memory 1) (func (memory.fill (i32.const 0) (i32.const 1) (i32.const 9)))",
    "reference types": "(table 1 externref) (func (result externref) (table.get (i32.const 0)))",
    "several results": "(func (result i32 i32) (i32.const 1) (i32.const 2))",
    "SIMD": "(func (result i32) (i8x16.extract_lane_u 0 (v128.const i32x4 1 2 3 4)))",
    "threads": "(memory 1 1 shared) (func (result i32) (i32.atomic.load (i32.const 0)))",
    "tail calls": "(func $f (return_call $f))",
    "exceptions": "(tag $t) (func (throw $t))",
    "64-bit memory": "(memory i64 1)",
    "several memories": "(memory 1) (memory 1)",
    "garbage collection": "(type (struct (field i32))) (func (drop (struct.new 0 (i32.const 1))))",
}


# %% tags=["nbval-ignore-output"]
def takes(runtime, text):
    try:
        runtime.compile(text)
    except labkit.LabkitError:
        return "–"
    return "yes"


print(f"{'':24}" + "".join(f"{name:19}" for name in here))
for feature, fields in features.items():
    print(f"{feature:24}" + "".join(f"{takes(runtime, f'(module {fields})'):19}" for runtime in here.values()))

# %% [markdown]
# Two lessons. What separates the engines is mostly *age*: most of what Wasmer 1.1.0 lacks was young or unfinished
# when it was made, and the current Wasmer is another table. And within one engine, the *compiler* decides: the
# one-pass compilers leave out what is hard to do in one pass. "Runs anywhere" holds for modules that stay within what
# everywhere has, so the course builds its modules within the upper half.

# %% [markdown]
# ## 6. Limits
#
# Wasmtime can count a guest's work in units of *fuel*, about one for each instruction. The count does not depend on
# the machine, so it is a limit that you can put in a test.

# %%
with labkit.runtime("wasmtime").compile(counted).instantiate({"host": {"tell": print}}, limits=labkit.Limits(fuel=1_000_000)) as instance:
    instance.func("fib")(15)
    used = 1_000_000 - instance.store.fuel
used

# %% [markdown]
# Wasmer 1.1.0 cannot, and the lab does not pretend. (Where there is no Wasmer, you see that instead.)

# %% tags=["raises-exception"]
labkit.runtime("wasmer").compile(counted).instantiate({"host": {"tell": print}}, limits=labkit.Limits(fuel=1_000_000))

# %% [markdown]
# It cannot be stopped from within its process at all: it holds Python's global lock while a guest runs. `labkit.run`
# and the panel above put every guest into a process of its own, which can be killed: give the panel's `fib` its
# largest argument, and press *Cancel*.

# %% [markdown]
# ## Exercises

# %% exercise="pack_division"

# %% exercise="sum_of_squares"

# %% exercise="fuel_of_ten"

# %% [markdown]
# ## What you measured
#
# The same bytes gave the same values, the same traps and the same exceptions on every runtime here. What differs is
# how long compiling takes, which features there are, and what can be limited; and the largest difference of all was
# between two ways of calling the same engine. That comparison is worth keeping: the lab's result store holds its
# samples with what they depend on, which is this machine, its load, the versions and the date. In a terminal,
# `python -m labkit results` shows what all notebooks have kept.

# %% tags=["nbval-ignore-output"]
labkit.bench.record(found, "a call of add(2, 3)")
labkit.bench.record(panel.result.comparison, panel.result.title)
labkit.bench.measured()

# %% [markdown]
# **Read on:** each runtime's own documentation lists the proposals it has:
# [Wasmtime](https://docs.wasmtime.dev/stability-wasm-proposals.html), [Wasmer](https://docs.wasmer.io); the proposals
# themselves, with what is finished and what is not, are [here](https://github.com/WebAssembly/proposals).
