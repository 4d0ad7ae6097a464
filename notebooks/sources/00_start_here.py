# %% [markdown]
# # Run your first WebAssembly module
#
# {open}
#
# **You will do:** see what this machine can run, assemble a WebAssembly module from text, run the same bytes on two
# runtimes, change it, and break it without harm.
#
# **You will learn:** how this lab works: what the cells and panels do, what to do when something is missing, and how
# the exercises check themselves.
#
# **You need:** nothing but this page. Ten minutes. Run a cell with <kbd>Shift</kbd>+<kbd>Enter</kbd>, from top to
# bottom.

# %% tags=["nbval-ignore-output"]
import labkit

labkit.course.setup()

# %% [markdown]
# ## 1. What this machine has
#
# WebAssembly needs a *runtime*: a program that loads a module and runs it in a sandbox. The lab puts several behind
# one interface. A runtime that does not work here stays in the table, with the reason and what to do about it; the
# course goes on without it.

# %% tags=["nbval-ignore-output"]
labkit.course.environment()

# %% [markdown]
# Look at the years. Wasmtime is current; the `wasmer` package is from 2022, the newest there is for Python. Wherever
# the course compares the two, it compares four years as well, and says so.

# %% [markdown]
# ## 2. The first module
#
# The article's promise is *compile once, run anywhere*. Here is a module in WebAssembly's text form, WAT. `%%wasm
# wat` assembles the cell and runs it on the runtimes named after `--run`; `--call` says which function, with which
# numbers. In the function, `local.get 0` pushes the first parameter on a stack and `local.get 1` the second;
# `i32.add` takes two numbers off and pushes their sum, which is the result. **Change the numbers, or `i32.add` to
# `i32.mul`, and run it again.** (With `--run all` it runs on every runtime in the table above.)

# %% tags=["nbval-ignore-output"]
# %%wasm wat --name adder --run wasmtime,wasmer --call add 2 3
# (module
#   (func (export "add") (param i32 i32) (result i32)
#     local.get 0
#     local.get 1
#     i32.add))

# %% [markdown]
# Two runtimes by different people gave the same answer from the same bytes. (The time is that of a first call, with
# everything cold; a repeated one takes about a microsecond, as notebook 04 measures.) `--name adder` kept the bytes
# in a Python variable:

# %%
len(adder), adder[:8]

# %% [markdown]
# **The surprise** is the first number. That is the whole program: what it needs, what it offers and what it does, in
# fewer bytes than this sentence. Notebook 01 takes it apart.
#
# The magic is a short way to write Python. This says the same:

# %%
result = labkit.run(adder, export="add", args=[40, 2])
result.values

# %% [markdown]
# ## 3. A program worth waiting for
#
# Fibonacci numbers, the slow way: the function calls itself about as often as the number it returns. Choose a number,
# choose runtimes, run. The notebook stays yours meanwhile: every run happens in a process of its own, and *Cancel*
# ends it.

# %%
fibonacci = labkit.to_wasm("""
(module
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2))))))))
""")

# %% tags=["nbval-ignore-output"]
from labkit.ui import RunPanel

RunPanel(fibonacci, export="fib", args=[25], bounds=[(0, 32)])

# %% [markdown]
# ## 4. Break it
#
# A module that never ends. Nobody has to press a button: the cell has a time limit of a second, and the process that
# ran the guest is gone.

# %% tags=["nbval-ignore-output"]
# %%wasm wat --run wasmtime,wasmer --call forever
# (module
#   (func (export "forever")
#     (loop $again
#       (br $again))))

# %% [markdown]
# A module that fails. What C would leave undefined is a *trap* here, with a name that is the same on every runtime:

# %%
divide = '(module (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))'
labkit.run(divide, export="divide", args=[1, 0]).trap

# %% [markdown]
# And a mistake of your own. Whatever you do wrong in this lab, you get one message that says what happened and what
# to do next:

# %% tags=["raises-exception"]
labkit.run(divide, export="divide", args=[1])

# %% [markdown]
# **The surprise** is what did not happen: the notebook is still alive.

# %%
labkit.run(divide, export="divide", args=[42, 7]).values

# %% [markdown]
# ## Exercises
#
# A starter cell, a check, hints if you want them. Run the check as it is first: it knows that you have not begun.

# %% exercise="magic_size"

# %% exercise="subtract"

# %% [markdown]
# ## What you measured
#
# One module of less than a hundred bytes ran on two runtimes with the same result; an endless loop cost each of them
# a second; a trap and a mistake cost a message.
#
# ## Where to go
#
# | notebook | you will |
# | --- | --- |
# | [01 Take a module apart](01_what_is_wasm.ipynb) | read the bytes, step through the stack machine, meet every trap |
# | [03 Give a program what it needs and nothing else](03_wasi_sandbox.ipynb) | grant files and see what stops an attack |
# | [04 Run one module on every runtime](04_runtimes.ipynb) | compare the runtimes: one interface, different compilers, ages and features |
