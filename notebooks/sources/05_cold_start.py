# %% [markdown]
# # Measure cold starts against real containers
#
# {open}
#
# **You will do:** start one small program in every way this machine has, from a function call to a container, and
# time each until it has said *hello*; weigh images and idle memory; hold the article's table against what you found.
#
# **You will learn:** what a *cold start* is made of; why two ends of a ladder prove nothing about its middle; what an
# image and a sandbox really take; and what to ask of anybody's table, ours included.
#
# **You need:** notebooks 00, 01 and 03. Forty minutes.

# %% tags=["nbval-ignore-output"]
import labkit

labkit.course.setup()

# %% [markdown]
# ## 1. The article's table
#
# | | containers | WebAssembly |
# | --- | --- | --- |
# | cold start | 100 ms to seconds | less than 1 ms |
# | image size | hundreds of MB | less than 1 MB |
# | memory | hundreds of MB | KB to MB |
# | isolation | the operating system's | the module's own sandbox |
# | portability | one image for each kind of machine | one module for all |
#
# Five rows, each with a winner. Most of them can be measured, so we will. The first thing a fair comparison needs
# is *the same program* on both sides. Ours says hello, and can wait.

# %%
sources = labkit.course.data_folder() / "sources"
print((sources / "say_hello.c").read_text())

# %% [markdown]
# One compiler makes two programs of it: a native one, linked statically, so that it needs no other file; and a module.

# %% tags=["nbval-ignore-output"]
from labkit.toolchains.native import build_native

module = labkit.build(sources / "say_hello.c")
native = build_native(sources / "say_hello.c")
print(f"native {native.stat().st_size:,} bytes, module {module.size_bytes:,} bytes")

# %%
wasm = module.path.read_bytes()
result = labkit.run(wasm)
print(result.stdout, "asks its host for", ", ".join(item.name for item in labkit.inspect(wasm).imports))

# %% [markdown]
# **The surprise** is in the sizes: they are not far apart. Whatever the 100 MB of the table are, they are not the
# program.

# %% [markdown]
# ## 2. The ladder
#
# *Container against WebAssembly* compares two things that differ in a dozen ways: one is a process and the other a
# function call, one has namespaces, a root folder, cgroups, a daemon, layers, a network. If the first takes a thousand
# times as long, which of those took it? So we climb, one rung at a time. On each rung the same hello is started, on
# those of Python one written in Python; the clock stops when `hello` has arrived; and a run that says anything else, or
# fails, does not count.
#
# The samples of the rungs are interleaved in random order, so that a busy moment hits all of them alike. What is not on
# this machine stays on the ladder, with the reason. Watch it grow; untick what does not interest you, give it more
# seconds, and press *Run* for figures that are more certain.

# %% tags=["nbval-ignore-output"]
from labkit.ui import ColdStartLadder

panel = ColdStartLadder(seconds=14)
panel.measure()
ladder = panel.result

# %% [markdown]
# The axis is logarithmic: each line to the right is several times as much. The table under the picture also tells how
# many starts there were, how long the *end* took after the hello, and what each takes on disk and in memory.

# %% [markdown]
# Your machine may have no container engine, and on Binder nobody may even make a namespace. Here is the same ladder
# as it was *recorded* on a machine that has them (`plot_ladder` of `labkit.ui.plots` draws it). A recorded figure is
# never mixed with yours: no ratio is taken across.

# %% tags=["nbval-ignore-output"]
from labkit.bench.kept_ladder import kept_ladder
from labkit.bench.results import reference

rows = reference("spawn")
recorded = kept_ladder(rows)
print("Recorded on", rows.where)
recorded

# %% [markdown]
# ## 3. Row by row: the cold start
#
# The table says: a container takes 100 ms or more, an instance less than one. For each rung that is a container, and
# each that is WebAssembly:

# %% tags=["nbval-ignore-output"]
bounds = {
    "container": ("at least 100 ms", lambda seconds: seconds >= 0.1),
    "wasm": ("less than 1 ms", lambda seconds: seconds < 0.001),
}
for where, one in {"here": ladder, "recorded": recorded}.items():
    for rung in one.rungs:
        if rung.kind in bounds and rung.measured_here:
            words, holds = bounds[rung.kind]
            verdict = "yes" if holds(rung.median_seconds) else "NO"
            print(f"{where:9} {rung.name:34} {rung.median_seconds * 1000:10.2f} ms   {words}: {verdict}")

# %% [markdown]
# Neither half of the row holds as it stands. *A container* is not one thing: an OCI runtime by itself makes the very same
# walls and stays below the bound, while the engines above it are near the bound, on this side or on that. And
# *WebAssembly* is not one thing either: a module that must be compiled first, or that gets a process of its own, takes
# milliseconds.
#
# **The surprise** is the first rung. A native process starts within a factor of a few of an instance. Nobody
# wants to run a stranger's native process, which is the point: what costs time is neither the process nor the program
# but the *walls*, and each wall can be priced. Take the differences between neighbours. They are differences of medians,
# so take them as rough:

# %% tags=["nbval-ignore-output"]
steps = [
    ("native process", "unshare", "namespaces and a root folder"),
    ("unshare", "runc", "cgroup, capabilities, and a tool that reads a configuration"),
    ("runc", "containerd", "a daemon and its client, an image's snapshot"),
    ("runc", "podman", "image layers, and an engine that keeps its books"),
    ("wasm instance", "wasm, compiled anew", "compiling"),
    ("wasm instance", "wasm, fresh native host", "a process, and a library to load"),
]
shown = ladder if all(ladder.rung(name).measured_here for pair in steps for name in pair[:2]) else recorded
print("measured here" if shown is ladder else f"recorded on {rows.where}")
for lower, upper, what in steps:
    print(f"{(shown.rung(upper).median_seconds - shown.rung(lower).median_seconds) * 1000:9.2f} ms   {what}")

# %% [markdown]
# So the honest sentence is longer than the table's. *An instance whose module is compiled already starts about as fast
# as a process or faster, with walls that a process has not. A container's main walls, namespaces and a root folder, cost
# several times a process; all that an OCI runtime does, tens of times up to a hundred; an engine and its conveniences,
# hundreds.* Check each part of it against your figures.

# %% [markdown]
# One rung deserves a closer look: what an instance's own start is made of. Each phase is measured by itself, and on more
# than one runtime. *Wasmtime, bound by hand* is the same engine without the lab around it. *Look at* shows one phase
# alone: how its samples are distributed, and the ratios with their intervals.

# %% tags=["nbval-ignore-output"]
from labkit.ui import PhaseExplorer

phases = PhaseExplorer(export="fib", args=[12], bounds=[(0, 30)], seconds=3)
phases.measure()

# %% [markdown]
# Of the parts of a start compiling is the longest, and the one that can be done ahead: that is what a *precompiled file*
# is. What has to happen at the start itself is loading (here *deserialize*), instantiating and the first call. The two
# *whole runs* are not parts but all of it, from compiled code: in this process, and by `labkit.run` in a process of its own.

# %% [markdown]
# ## 4. Row by row: the image
#
# An image is what has to be there before a start: on the ladder every file that is not the host's own. (A container
# engine is the host's, as a WebAssembly engine is.)

# %% tags=["nbval-ignore-output"]
import json

from labkit.display import format_bytes

then = {rung.name: rung.image_bytes for rung in recorded.rungs}
for rung in ladder.rungs:
    size, where = (rung.image_bytes, "") if rung.image_bytes else (then.get(rung.name), "(recorded)")
    print(f"{rung.name:34} {f'{format_bytes(size):>10} {where}' if size else '         –'}")
modules = json.loads((labkit.course.data_folder() / "modules" / "manifest.json").read_text())["modules"]
for entry in sorted(modules, key=lambda entry: entry["size_bytes"]):
    if entry["source"].startswith("hello."):
        print(f"module {entry['file']:27} {format_bytes(entry['size_bytes']):>10}")

# %% [markdown]
# **The surprise**: the lab built a container image of some twenty kilobytes. Nothing about containers asks for hundreds of
# megabytes. What is large is a *system inside* the image: put a Python in, with its library and the libraries beneath
# it, and there they are. The other column is no law of nature either: a module that brings a runtime along takes
# most of a megabyte with JavaScript's, two with Go's, and nearly twenty with a Python (notebook 02). The row compares
# habits: containers are filled with a system, because they can be.

# %% [markdown]
# ## 5. Row by row: memory
#
# Let a thousand guests wait: as instances, which share one engine in one process, and as native processes. We count in
# PSS, the *proportional set size*: what several processes share, such as a program's own code, counts for each in
# part, so that a sum is right.

# %% tags=["nbval-ignore-output"]
from labkit.bench.density import Density
from labkit.bench.idle_instances import hold_instances
from labkit.bench.idle_processes import hold_processes
from labkit.bench.native_process import native_program
from labkit.ui.plots import plot_memory

counts = (100, 300, 1_000)
instances = hold_instances("wasmtime", counts)
processes = hold_processes(native_program("idle", static=False), counts)
density = Density({"instances": instances.points, "processes": processes})
plot_memory(density)

# %% tags=["nbval-ignore-output"]
print(density)
print(f"The process that holds the instances took {format_bytes(instances.host_bytes)} before the first.")

# %% [markdown]
# Read the last column, *for one*. Both are small: these guests keep nothing. PSS does not see what the *kernel* keeps
# for each process, some tens of kilobytes more; and the engine is paid for before the first instance.
#
# **The surprise** is what is *not* here. Look back at the ladder's last column, where one waiting guest was weighed on
# every rung: there the megabytes are, and they are the engine's: a supervisor beside each container, a client, a Python
# around a sandbox. *Hundreds of MB* is, once more, what people put in.

# %% [markdown]
# ## 6. Row by row: isolation and portability
#
# Isolation is the column *what isolates it*, and no figure. `proot` is on the ladder as a warning: it looks like a container,
# starts like a sandbox and protects nothing. A module's walls are of another kind than a container's: it has no
# system call to misuse, but its engine is one program that must be right (notebook 03 showed one that was not), where
# a container leans on the kernel, which must be right as well. Clouds that run strangers' code put one into the other.
#
# Portability can be run. The same file on every runtime that this machine has:

# %% tags=["nbval-ignore-output"]
import platform

for row in labkit.runtimes():
    try:
        print(f"{row.name:20} {labkit.run(wasm, runtime=row.name).stdout}")
    except labkit.LabkitError as error:
        print(f"{row.name:20} {error}")
print("an image, and the native program in it:", platform.machine(), "alone")

# %% [markdown]
# This row of the table stands, for what a module can do: it is portable as far as the interfaces that it imports are,
# and notebook 04 showed where they end. (An image *index* can hold an image for each kind of machine; somebody builds
# each.)

# %% [markdown]
# ## Exercises

# %% exercise="small_hello"

# %% exercise="paired"

# %% exercise="guests"

# %% [markdown]
# ## What you measured
#
# | the article's row | what is left of it |
# | --- | --- |
# | cold start | about right for engines, wrong for OCI runtimes; right for an instance whose module is compiled, in a process that is there |
# | image size | true of habits, not of formats |
# | memory | the figures are those of engines and of what people put in |
# | isolation | two kinds of walls, no figure |
# | portability | yes, as far as the imports go |
#
# Keep them: the store holds every sample, with this machine, its load, the versions and the date.

# %% tags=["nbval-ignore-output"]
labkit.bench.record(ladder, "The ladder")
labkit.bench.record(phases.result, "fib(12)")
labkit.bench.record(density, "idle guests")
labkit.bench.measured()

# %% [markdown]
# **Read on:** `python -m labkit bench spawn` climbs for longer and gives narrower intervals. The
# [runtime specification](https://github.com/opencontainers/runtime-spec) says what a container is, and *Linux manual
# pages* [namespaces(7)](https://man7.org/linux/man-pages/man7/namespaces.7.html) and
# [cgroups(7)](https://man7.org/linux/man-pages/man7/cgroups.7.html) what it is made of. Notebook 06 asks how fast the
# code runs once it has started.
