# %% [markdown]
# # Measure where WebAssembly does not fit
#
# {open}
#
# **You will do:** run the same C native and as a module on every runtime here; take the price apart into code, checks,
# crossings and calls of the system; and run into the walls: threads, four gigabytes, an interpreter's start.
#
# **You will learn:** why *near native* needs the question *which native*, what a module pays for besides its own
# instructions, how to sum up several programs in one figure that can be defended, and which workloads to keep elsewhere.
#
# **You need:** notebooks 00, 01 and 04. Thirty-five minutes. With GCC installed there is one more native compiler to
# compare with; without it, clang comes with the lab.

# %% tags=["nbval-ignore-output"]
import labkit

labkit.course.setup()

# %% [markdown]
# ## 1. Near native: which native?
#
# The article promises speed near that of native code, and names workloads that do not fit. Start with a piece of code
# that is hard on the promise. Video codecs compare blocks of two pictures by the sum of their absolute differences;
# it is one of the course's *kernels*, small programs that each strain one thing.

# %% tags=["nbval-ignore-output"]
# %%wasm c --name difference --optimize speed --call difference 30
# #define COUNT 65536u
# static unsigned char one[COUNT], other[COUNT];
#
# __attribute__((export_name("difference"))) unsigned difference(unsigned rounds) {
#     for (unsigned i = 0; i < COUNT; i++) one[i] = i * 7, other[i] = i * 13 + 5;
#     unsigned sum = 0;
#     for (unsigned round = 0; round < rounds; round++) {
#         one[round % COUNT] ^= 1;
#         for (unsigned i = 0; i < COUNT; i++)
#             sum += one[i] < other[i] ? other[i] - one[i] : one[i] - other[i];
#     }
#     return sum;
# }

# %% [markdown]
# Its native side: one source, two compilers, two sets of flags each, loaded as shared libraries and called from Python
# as the modules are. Before anything is timed, the results are compared.

# %% tags=["nbval-ignore-output"]
from labkit.bench.kernel_sides import make_sides
from labkit.bench.kernel_sources import find_kernel

sides = make_sides(find_kernel("difference"), variants=False)
natives = {name: sides.calls[name] for name in sides.native_names}
native = labkit.bench.compare(natives, seconds=1.5, versions=sides.versions)
native

# %% [markdown]
# **The surprise:** four times the same C, and the slowest native build can take several times as long as the fastest.
# `-O2` is for every processor of this kind, and `-O3 -march=native` for this very one; and two compilers see different
# opportunities in one loop. So *near native* means nothing until somebody says which native. Here the reference is
# always the first row.
#
# ## 2. The same code as a module
#
# On every runtime; and twice, since WebAssembly has vector instructions too, as an extension called SIMD. Who gives a
# wrong result, or none, is not timed:

# %% tags=["nbval-ignore-output"]
import textwrap

print(f"{len(sides.calls)} sides gave {sides.result}.")
for name, result in sides.wrong.items():
    print(f"{name} gave {result}, which is WRONG.")
for name, why in sides.missing.items():
    print(textwrap.shorten(f"{name} cannot: {why}", 110, placeholder="…"))

# %% tags=["nbval-ignore-output"]
from labkit.ui.plots import plot_ratios

plot_ratios(labkit.bench.compare(sides.calls, seconds=2, versions=sides.versions))

# %% [markdown]
# Mind the axis: each grid line is several times the one before. Native compilers turn this loop into instructions that
# work on 16, 32 or 64 bytes at once. A module without SIMD has no such instruction: its runtime would have to find the
# vectors again in a loop over single bytes. One with SIMD says *16 bytes at once*, which the processors of today have, and
# it cannot say more than 16.
#
# **The surprise** is above the picture, if your lab has the Wasmer of 2022: a runtime may *take* a module and compute
# something else. Whoever had timed that one first would have published a fast, wrong answer.
#
# ## 3. Several programs, one figure
#
# One kernel is one opinion. Here are six others: calls, branches, floating point, `malloc`, hashing, sorting. The
# figure over all of them is the *geometric* mean, the only one for which it does not matter which of the two sides is
# below the line. Its interval asks two questions: would the clock say so again, and would *other programs* of this kind?

# %% tags=["nbval-ignore-output"]
kernels = labkit.bench.measure_kernels(["fibonacci", "collatz", "nbody", "allocation", "sha256", "sort"], seconds=6)
kernels

# %% [markdown]
# Two things to look for. A row is not a constant: one runtime is near native here and far from it there, so a single
# kernel proves whatever one likes. And a module may be *faster* than the native build in the first row. The module was
# compiled at `-O3`, once, for everyone; and its `malloc` is not the same `malloc`, but a small one with no threads to
# think of. The intervals are wide because six programs are few.
#
# Others have asked the same question, of other programs on other machines. Set their figures beside the last column, and
# mind how much lies between them: SPEC and a library of cryptography are no small kernels.

# %% tags=["nbval-ignore-output"]
from labkit.bench.published import PUBLISHED

PUBLISHED

# %% [markdown]
# ### What safety costs
#
# A cloud must be able to stop a guest. Wasmtime can count a guest's instructions (*fuel*), or let it look, at every call
# and every turn of a loop, at a number that the host moves on (*epochs*). Both are in the table above, in the same
# interleaved runs; so the price is a ratio within them, over all six kernels and of the one where it was largest.

# %% tags=["nbval-ignore-output"]
for variant in ("epochs", "fuel"):
    each = {run.comparison.ratio(f"wasmtime, {variant}", "wasmtime"): run.kernel.name for run in kernels.runs}
    largest = max(each, key=lambda ratio: ratio.median)
    mean = kernels.mean(f"wasmtime, {variant}", "wasmtime")
    print(f"{variant:7} {mean.figures}; largest: {each[largest]}, {largest.figures}")

# %% [markdown]
# The check is a few instructions at each turn and each call. Where much work lies between two checks they hardly show;
# short loops and small functions pay most.
#
# ## 4. Crossing the boundary
#
# A guest has its own memory and its own functions. Whatever it shares with its host crosses a boundary: by a call, or
# by bytes that are copied. First the calls.

# %% tags=["nbval-ignore-output"]
from labkit.bench.boundary import compare_copies, compare_crossings

crossings = compare_crossings(seconds=1)
plot_ratios(crossings)

# %% tags=["nbval-ignore-output"]
from labkit.display import format_bytes, format_seconds, text_table

sizes_bytes = (16, 4096, 2**20)
copies = [compare_copies(size_bytes, seconds=0.5).timings for size_bytes in sizes_bytes]
rows = [[sizes[0].name, *(format_seconds(timing.median_seconds) for timing in sizes)] for sizes in zip(*copies)]
print(text_table(["copying", *map(format_bytes, sizes_bytes)], rows, right=[1, 2, 3]))

# %% [markdown]
# Two prices, then. Each crossing has a fixed one. In the picture it is hundreds of times that of a call within the guest,
# and a part of it is Python's own, for calling a function at all costs Python tens of times as much. The bytes cost what
# bytes cost: a megabyte into a guest takes about as long as any copy of a megabyte does.
#
# **The surprise** is what follows for design: four thousand bytes cost nowhere near 250 times what sixteen do. An interface
# that is asked for one field at a time is slow on the fastest runtime; one that hands over a batch is fast on any.
#
# ## 5. The walls
#
# Some things are not slow, but absent. Nothing of this table is looked up: each row was tried just now.

# %% tags=["nbval-ignore-output"]
from labkit.bench.misfits import try_misfits

try_misfits()

# %% [markdown]
# *Threads:* there are atomic instructions, and memories that several threads share; there is no instruction that starts
# a thread. That is the host's, and each host has its own idea or none. Where shared memories are switched on they work:
# the first row is two threads of Python with an instance each, and one counter that both add to.
#
# *Memory:* an address has 32 bits, so a memory ends at 4 GiB, whatever the machine has. The extension that lifts this,
# 64-bit memories, costs bounds checks that 32 bits need not make: 4 GiB can be reserved and guarded whole.
#
# ### Calls of the system
#
# A program that asks the system for little, often: a byte from a file, and a byte, and a byte; or the time. It times
# itself, so that no start is in it.

# %% tags=["nbval-ignore-output"]
from labkit.bench.system_calls import compare_system_calls

system = {operation: compare_system_calls(operation, seconds=1) for operation in ("read", "clock")}
for operation, found in system.items():
    for name in (timing.name for timing in found.timings[1:]):
        print(f"{operation:6}{found.ratio(name, 'native')}")

# %% [markdown]
# On Linux, native code reads the clock without entering the kernel at all; a module has to leave its sandbox, and that
# shows. Reading is another matter, and not every row of it is what it seems. How far has the file been read when the
# program has asked for *one* byte?

# %% tags=["nbval-ignore-output"]
import os
import tempfile

program = labkit.build(labkit.course.data_folder() / "sources" / "system_calls.c", optimize="speed")
for name in (timing.name for timing in system["read"].timings[1:]):
    with tempfile.TemporaryFile() as file:
        file.write(bytes(1_000_000))
        file.seek(0)
        labkit.run(program, args=["read", "1"], stdin=file, runtime=name)
        print(f"{name:10} has read {os.lseek(file.fileno(), 0, os.SEEK_CUR):,} bytes")

# %% [markdown]
# **The surprise:** a call of WASI is a request to the runtime, not to the system. Some runtimes read ahead and answer the
# next requests from what they have. That saves calls of the *kernel*, so a module can even look faster than the native
# program, which asks the kernel each time. It does not save calls of the *runtime*: where one of those is dear, reading
# ahead does not make up for it, and the row is slow all the same. Compare the two lists. What does not fit is the
# *program*: with a buffer of its own it would ask seldom, and be quick on any of them.
#
# ### The start of something large
#
# A small module starts in less than a millisecond. An interpreter is not a small module. Here are some, from nothing to
# a printed line: the native ones in a new process, the modules in a process of labkit's that was waiting for them.

# %% tags=["nbval-ignore-output"]
import time

from labkit.bench.large_start import compare_large_starts

starts = compare_large_starts(seconds=2.5)
print(starts.ratio("QuickJS, on wasmtime", "C, on wasmtime"))
script = labkit.build(labkit.course.data_folder() / "sources" / "hello.js")
begin = time.perf_counter()
labkit.runtime("wasmtime").compile(script.path)
print(f"Compiling the {script.size_bytes:,} bytes of QuickJS took {time.perf_counter() - begin:.2f} s; the comparison was spared that.")
plot_ratios(starts)

# %% [markdown]
# Compiled before and kept, an interpreter in a module starts as interpreters do, in milliseconds, and takes longer than a
# small program in C on the same runtime; the first line says how many times as long. On a machine that has not kept it,
# compiling comes on top, and that is the largest part by far. The cold starts that one reads about are of small modules
# that somebody has compiled before.
#
# ## 6. Try it
#
# A few of the kernels, on the runtimes you tick. Look for one on which the order of the runtimes turns round.

# %% tags=["nbval-ignore-output"]
from labkit.ui import RuntimeComparison

RuntimeComparison({name: find_kernel(name).module() for name in ("fibonacci", "nbody", "sort", "sha256")}, export="fibonacci", args=[25], seconds=3)

# %% [markdown]
# ## Exercises

# %% exercise="one_figure"

# %% exercise="reserve"

# %% exercise="saturating_bytes"

# %% [markdown]
# ## What you measured
#
# Of the workloads that do not fit, vector code pays a factor, and with SIMD a smaller one; small requests pay what crossing
# the boundary costs; large interpreters pay for compiling, once on each machine; and threads or more than 4 GiB cannot be
# had everywhere. Plain code that computes can be near native, once it is said which native and which compiler in the runtime.

# %% tags=["nbval-ignore-output"]
labkit.bench.record(kernels, "Kernels")
for title, found in {"One call": crossings, **system, "Until a line is printed": starts}.items():
    labkit.bench.record(found, title)
labkit.bench.measured()

# %% [markdown]
# All eleven kernels, with fuel, epochs and everything above, in one run: `python -m labkit bench kernels`.
#
# **Read on:** [Not So Fast](https://www.usenix.org/conference/atc19/presentation/jangda) on where the time goes;
# Frank Denis on [runtimes in 2023](https://00f.net/2023/01/04/webassembly-benchmark-2023/); the proposals for
# [threads](https://github.com/WebAssembly/threads) and [64-bit memories](https://github.com/WebAssembly/memory64).
