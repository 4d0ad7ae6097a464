# %% [markdown]
# # Compile your program, whatever it is written in
#
# {open}
#
# **You will do:** compile the same program from Rust, C and seven other languages; look at what each compiler put into
# its module; make a module smaller; survey the languages on your own machine.
#
# **You will learn:** what a *target* is, and which ones there are; where the bytes of a module come from; what a
# language gives up on its way to WebAssembly; and how to read a table of supported languages.
#
# **You need:** notebooks 00 and 01. Thirty minutes. C, C++ and Zig compile with what the lab installed. For a language
# whose compiler is missing the course has its programs prebuilt, and says so; your own need the compiler.

# %% tags=["nbval-ignore-output"]
import labkit

labkit.course.setup()

# %% tags=["nbval-ignore-output"]
labkit.toolchains()

# %% [markdown]
# ## 1. Hello, from Rust
#
# The article compiles a hello in Rust, for the target `wasm32-wasi`. A *target* says which processor and which system
# a compiler works for: here a WebAssembly machine, and WASI where an operating system would be. That target has a new
# name. Since WASI has several versions Rust calls the first one `wasm32-wasip1`, and since Rust 1.84 (January 2025) the
# old name is gone: whoever follows the article today gets an error, and writes `rustc --target wasm32-wasip1`.
#
# The program prints what a host can give to it: arguments, an environment, standard input. `--run` and what follows
# is what *we* give.

# %% tags=["nbval-ignore-output"]
# %%wasm rust --name hello --run wasmtime,wasmer --args Ada --env PLACE=London --stdin 'one line'
# // Prints its arguments, its environment and what it reads on standard input.
# use std::{env, io};
#
# fn main() {
#     for (number, argument) in env::args().enumerate().skip(1) {
#         println!("argument {number}: {argument}");
#     }
#     for (name, value) in env::vars() {
#         println!("environment: {name}={value}");
#     }
#     for line in io::stdin().lines() {
#         println!("input: {}", line.expect("standard input is text"));
#     }
# }

# %% [markdown]
# Read the imports. They are the questions that this program can ask: for its arguments, for its environment, to read,
# to write, to end. No file is opened, and so no function for opening files is imported. (Notebook 03 is about that.)
#
# ## 2. The same from C, and from seven others
#
# C knows nothing of WASI, and need not: a C library stands between them. This one is *wasi-libc*, and it came with the
# compiler. Change the program and run it again.

# %% tags=["nbval-ignore-output"]
# %%wasm c --run wasmtime,wasmer --args Ada --env PLACE=London --stdin 'one line'
# // Prints its arguments, its environment and what it reads on standard input.
#
# #include <stdio.h>
#
# extern char **environ;
#
# int main(int count, char **words) {
#     for (int i = 1; i < count; i++) printf("argument %d: %s\n", i, words[i]);
#     for (char **entry = environ; *entry; entry++) printf("environment: %s\n", *entry);
#     char line[4096];
#     while (fgets(line, sizeof line, stdin)) printf("input: %s", line);
#     return 0;
# }

# %% [markdown]
# What a compiler has to say comes back with the lines of your cell:

# %% tags=["raises-exception"]
# %%wasm c --run wasmtime
# #include <stdio.h>
#
# int main(void) {
#     printf("%d\n", answer);
# }

# %% [markdown]
# `labkit.build` does the same for files. The program exists in nine languages, in `data/sources`.

# %% tags=["nbval-ignore-output"]
sources = labkit.course.data_folder() / "sources"
programs, outputs = {}, {}
for suffix in ("wat", "c", "cpp", "zig", "rs", "ts", "go", "js", "py"):
    try:
        program = labkit.build(sources / f"hello.{suffix}")
    except labkit.LabkitError as error:
        print(f"hello.{suffix}: {error}")
        continue
    given = [*program.arguments, "Ada"]
    outputs[suffix] = labkit.run(program, args=given, env={"PLACE": "London"}, stdin="one line\n").stdout
    programs[suffix] = program
    print(f"hello.{suffix:4} {program.size_bytes:10,} bytes, {program.toolchain}{', prebuilt' * program.prebuilt}")

# %%
set(outputs.values())

# %% [markdown]
# One behaviour, and sizes that differ by a factor of thousands. **The surprise** is the list's last line. No compiler for
# Python made that module: it is *Python itself*, compiled to WebAssembly, and your program is an argument of it. For
# JavaScript the engine and the program are linked into one module. "The language runs on WebAssembly" means two
# things, and size, start and speed depend on which.

# %% [markdown]
# ## 3. What is inside
#
# Where do the bytes come from? Code and data by section, and how many functions the module asks its host for:

# %% tags=["nbval-ignore-output"]
print(f"{'':10}{'imports':>8}{'functions':>10}{'code':>12}{'data':>12}{'custom':>12}")
for suffix, program in programs.items():
    module = labkit.inspect(program)
    size = {name: sum(section.size_bytes for section in module.sections if section.name == name) for name in ("code", "data", "custom")}
    print(f"hello.{suffix:4}{len(module.imports):8}{len(module.functions):10}{size['code']:12,}{size['data']:12,}{size['custom']:12,}")

# %% [markdown]
# (Half of Python is debug information in custom sections, which nobody took out.) Next to nothing of all this is your
# program. To see whose it is, compile a program that does nothing: what remains is the
# language's *run-time library*, as far as it comes along uninvited.

# %% tags=["nbval-ignore-output"]
nothing = {
    "c": "int main(void) { return 0; }\n",
    "zig": "pub fn main() void {}\n",
    "rust": "fn main() {}\n",
    "go": "package main\n\nfunc main() {}\n",
    "javascript": "\n",
}
for suffix, (language, text) in zip(("c", "zig", "rs", "go", "js"), nothing.items()):
    try:
        empty, whole = labkit.build(text, language=language).size_bytes, programs[suffix].size_bytes
        print(f"{language:12}{empty:10,} of {whole:10,} bytes, {empty / whole:4.0%}, are there before the first line of hello")
    except labkit.LabkitError as error:
        print(f"{language:12}{error}")

# %% [markdown]
# C and Zig bring what is called and nothing else. Rust brings what it does when it panics. Go brings a scheduler and a
# garbage collector, JavaScript a whole engine, called or not. WebAssembly has a garbage collector of its own by now
# (notebook 04 shows which runtimes know it), and none of these compilers uses it: each language carries its own.

# %% [markdown]
# ## 4. Levels
#
# The same source, compiled three ways: not optimised, for size, for speed. After the latter two runs `wasm-opt` from
# the Binaryen project, where it is installed: it knows nothing of C, only of WebAssembly.

# %% tags=["nbval-ignore-output"]
collatz = """
static int next(int n) { return n % 2 ? 3 * n + 1 : n / 2; }
__attribute__((export_name("steps"))) int steps(int limit) {
    int steps = 0;
    for (int start = 1; start < limit; start++)
        for (int n = start; n != 1; n = next(n)) steps++;
    return steps;
}
"""
for level in ("none", "size", "speed"):
    module = labkit.build(collatz, language="c", kind="library", optimize=level)
    best = min(labkit.run(module, export="steps", args=[50_000]).wall_seconds for _ in range(5))
    sizes = f"{module.compiled_size_bytes:4} bytes compiled, {module.size_bytes:4} in the end"
    print(f"{level:6}{sizes}   {best * 1000:6.1f} ms   {module.optimizer}")

# %% [markdown]
# Without optimisation every variable lives in memory, and each step loads and stores it. **The surprise** is how little
# *speed* gains over *size*, for all its bytes: the runtime compiles once more, for the processor at hand, and does again
# what the first compiler did or left undone.
#
# ## 5. Two more targets
#
# A library needs no WASI at all: its functions compute, and their module imports nothing. Features that not every
# runtime has must be asked for by name. SIMD, say, which not every runtime here takes:

# %% tags=["nbval-ignore-output"]
# %%wasm c --features simd --run wasmtime,wasmer,wasmer-singlepass --call lanes 5
# typedef int lanes4 __attribute__((vector_size(16)));
#
# __attribute__((export_name("lanes"))) int lanes(int n) {
#     lanes4 all = {n, n + 1, n + 2, n + 3};
#     all = all * all;
#     return all[0] + all[1] + all[2] + all[3];
# }

# %% [markdown]
# And there is WASI's second version, 0.2. It is for *components*, which import and export typed interfaces instead of
# functions on numbers; Rust's name for the target is `wasm32-wasip2`. The same hello, once more:

# %% tags=["nbval-ignore-output"]
component = labkit.build(sources / "hello.rs", target="wasip2")
layers = labkit.inspect(component)
print(layers.kind, "of", sum(layer.kind == "module" for layer in layers.layers), "core modules")
print(*(f"imports {item.name}" for item in layers.imports), *(f"exports {item.name}" for item in layers.exports), sep="\n")
for runtime in ("wasmtime", "wasmer"):
    try:
        print(f"{runtime}: {labkit.run(component, args=['Ada'], runtime=runtime).stdout!r}")
    except labkit.LabkitError as error:
        print(f"{runtime}: {error}")

# %% [markdown]
# Where the module asked for functions on numbers, the component asks for interfaces with versions. A runtime that does not
# know components cannot run one, whatever is inside.

# %% [markdown]
# ## 6. The table of languages
#
# The article has a table of languages: Rust, C/C++, Go, Python and JavaScript, each with a word for how well it is
# supported. A word like that hides several questions. Does it build here? Where does it run? How large is it, when does
# it start, how fast is it, what can it *not* do? The survey asks all of them, of this machine, with the same two programs
# for all: `hello`, and a `fib` that does nothing but call itself.

# %% tags=["nbval-ignore-output"]
survey = labkit.bench.survey_languages(seconds=3)
survey

# %% [markdown]
# - C, C++, Rust, Zig and AssemblyScript are *compiled*: their `fib` is instructions, and how near the five are to each
#   other is how near their compilers are.
# - Go is compiled too, and brings its own stack, which every call of `fib` has to ask for room: that is not the
#   processor's stack, which no WebAssembly code can read.
# - JavaScript and Python are *interpreted*. An engine that compiles while it runs would have to make new code, and a
#   module cannot: its code is fixed before it starts. So what runs here is an interpreter, compiled, that reads your program.
#
# And what is missing? Threads, exceptions, sockets, and whether memory comes back that nobody uses any more:

# %% tags=["nbval-ignore-output"]
labkit.bench.try_features(survey)

# %% [markdown]
# Put the article's word for each language beside its verdict. What is missing is missing in WASI's first version and in
# the features that all runtimes here take, not in WebAssembly for ever: there are proposals for threads and exceptions,
# and WASI 0.2 has sockets.
#
# Every *yes* and *no* is a program of `data/sources/features` that was compiled and run. Build one
# yourself to see all that its compiler says: `labkit.build(sources / "features" / "exceptions.cpp")`.
#
# Keep the times in the lab's result store, and look at them: the interval around each ratio is what was measured. Where
# it covers 1, the two are not told apart.

# %% tags=["nbval-ignore-output"]
from labkit.ui.plots import plot_ratios

compilers = [row.hello.toolchain for row in survey.rows if row.hello]
labkit.bench.record(survey.kernel, "a call of fib, in each language", versions=compilers)
plot_ratios(survey.kernel)

# %% [markdown]
# ## 7. Try it
#
# Rust's `fib` under your own hand, on the runtimes you tick. Compare how long 35 takes with what you would expect of a
# native program.

# %% tags=["nbval-ignore-output"]
from labkit.ui import RunPanel

RunPanel(labkit.build(sources / "fib.rs", kind="library"), export="fib", args=[30], bounds=[(0, 40)])

# %% [markdown]
# ## Exercises

# %% exercise="digit_sum"

# %% exercise="small"

# %% exercise="terminal_import"

# %% [markdown]
# ## What you measured
#
# The same program came out of every compiler, behaved the same, and was anything between a kilobyte and tens of
# megabytes. The difference is what the language brings along: a little for C, a collector for Go, all of itself for
# Python. How fast it is depends on whether a compiler or an interpreter met your program; what it lacks, on what WASI
# has so far.
#
# **Read on:** the compilers' own words on their targets: [Rust](https://doc.rust-lang.org/rustc/platform-support/wasm32-wasip1.html),
# [Go](https://go.dev/blog/wasi), [Zig](https://ziglang.org/documentation/master/),
# [AssemblyScript](https://www.assemblyscript.org); what WASI is to become: [wasi.dev](https://wasi.dev). More languages than here:
# `python -m labkit install` lists what this lab can add.
