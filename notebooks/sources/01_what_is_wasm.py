# %% [markdown]
# # Take a WebAssembly module apart
#
# {open}
#
# **You will do:** read a module byte by byte, write one by hand and change it, watch the stack machine run it one
# instruction at a time, and make it fail in every way it can.
#
# **You will learn:** what a `.wasm` file holds and why it is so small; why a runtime can check a whole module before
# the first instruction runs; what a trap is, and why every runtime traps in the same place.
#
# **You need:** notebook 00, and nothing that is not in this page: no compiler, no network. Twenty minutes.

# %% tags=["nbval-ignore-output"]
import labkit

labkit.course.setup()

# %% [markdown]
# ## 1. The smallest module has eight bytes
#
# The article calls WebAssembly a *binary format* that every runtime loads the same way. So here it is, without any
# tool: four bytes that say "this is WebAssembly" (a zero and the letters `asm`) and four that say "version 1".

# %%
empty = bytes([0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00])
labkit.inspect(empty)

# %% [markdown]
# Is that really a module? Ask a runtime to compile it.

# %%
labkit.runtime("wasmtime").compile(empty)

# %% [markdown]
# It is: it needs nothing, offers nothing and can be instantiated. A container image of nothing would still need a
# manifest, a configuration and a layer.
#
# The format is strict where it matters. Change the version and the module is refused, with the place where reading
# stopped:

# %% tags=["raises-exception"]
labkit.inspect(b"\0asm\x02\0\0\0")

# %% [markdown]
# ## 2. Sections: types here, code there
#
# Behind the header come *sections*, each with a number, its length and its contents. Nobody writes them by hand:
# WebAssembly has a text form, WAT, which says the same. The cell below is WAT; `%%wasm wat` assembles it, keeps the
# bytes as `adder`, and calls `add`. **Change something and run it again.**

# %% tags=["nbval-ignore-output"]
# %%wasm wat --name adder --call add 2 3
# (module
#   (func $add (export "add") (param $a i32) (param $b i32) (result i32)
#     local.get $a      ;; push the first parameter
#     local.get $b      ;; push the second
#     i32.add))         ;; pop both, push their sum

# %%
labkit.inspect(adder)

# %% [markdown]
# Three sections do the work: *type* says what signatures there are, *function* which function has which, *code* what
# each does. That order is no accident: by the time a runtime reads the code, it knows every signature, and can
# compile each function as its bytes arrive, on as many cores as it has. The last section, *name*, is for people and
# debuggers: no instruction depends on it.
#
# Every byte has a meaning:

# %%
labkit.inspect(adder).annotate()

# %% [markdown]
# Look at the last lines of the code section: the whole function is `20 00 20 01 6a 0b`, six bytes. Numbers are
# written in LEB128, seven bits a byte, so small numbers (nearly all of them) take one byte. **The surprise:** there
# is more in the module about the function than there is of the function. In a large module it is the other way
# around: code is nearly all there is.
#
# Nothing seals the bytes, either. `6a` is `i32.add`; `6b` is `i32.sub`. Change that one byte:

# %%
position = adder.rindex(bytes([0x6A, 0x0B]))
patched = adder[:position] + bytes([0x6B]) + adder[position + 1 :]
labkit.run(patched, export="add", args=[2, 3]).values

# %% [markdown]
# "add" subtracts now, and no runtime minds: the module is valid. Whether it is the module you *meant* is not a
# question that the format answers; signatures and checksums are the business of whoever ships it.
#
# And back to text. The printer knows the names because the *name* section kept them:

# %%
print(labkit.to_wat(patched))

# %% [markdown]
# ## 3. Checked before it runs
#
# The article says that a module is *sandboxed*. One half of that is decided before anything runs: the runtime
# *validates* every function, in one pass, without running it. This function takes two numbers off a stack that holds
# one:

# %% tags=["raises-exception"]
# %%wasm wat --call one
# (module
#   (func (export "one") (result i32) i32.const 1)
#   (func $never_called (result i32)
#     i32.const 1
#     i32.add))

# %% [markdown]
# **The surprise:** the cell calls `one`, which is sound; nobody calls `$never_called`; and still the whole module is
# refused. That is what makes the rest of the sandbox cheap: after validation a runtime knows the type of every value
# on the stack at every instruction, so the machine code it makes needs no checks for it.

# %% [markdown]
# ## 4. The stack machine, one instruction at a time
#
# An instruction takes its operands off a stack and pushes its result. This is Euclid's algorithm; `labkit.step` runs
# it in a small interpreter of the lab's own and keeps every state; Wasmtime, asked for the same, must agree. Move the
# slider, or play.

# %%
euclid = labkit.to_wasm("""
(module
  (func $gcd (export "gcd") (param $a i32) (param $b i32) (result i32)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $b)))
        (local.get $b)
        (local.set $b (i32.rem_u (local.get $a) (local.get $b)))
        (local.set $a)
        (br $again)))
    (local.get $a)))
""")
trace = labkit.step(euclid, "gcd", [12, 18])
labkit.run(euclid, export="gcd", args=[12, 18]).values == trace.results

# %% tags=["nbval-ignore-output"]
from labkit.ui import StepperPanel

StepperPanel(trace)

# %% [markdown]
# **The surprise:** `loop` does not loop. A branch to a `loop` goes to its beginning, a branch to a `block` to its
# end, and that is all there is: no jump to an address, no way into the middle of anything. Without a `br` the loop
# above would run once.

# %% [markdown]
# ## 5. Traps: stopped, not undefined
#
# The other half of the sandbox happens while it runs. What C leaves undefined, WebAssembly defines: the guest
# *traps*, which ends the call and hands control back to the host. Here are functions that invite trouble. The module
# has a *memory* of one page, which is 65,536 bytes, and a *table* of two slots that functions can be put in and
# called from; both slots are empty.

# %%
traps = labkit.to_wasm("""
(module
  (memory 1)
  (table 2 funcref)
  (func $deep (export "recurse") (result i32) (i32.add (call $deep) (i32.const 1)))
  (func (export "give_up") unreachable)
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "truncate") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
  (func (export "call") (param i32) (call_indirect (local.get 0))))
""")

# %%
attempts = [
    ("give_up", []),  # an instruction that does nothing but trap
    ("divide", [1, 0]),
    ("divide", [-(2**31), -1]),
    ("load", [65_533]),  # the last three bytes of the only page, and one more
    ("truncate", [float("nan")]),
    ("call", [0]),  # the table has a slot 0, and nothing in it
    ("call", [5]),  # and no slot 5
    ("recurse", []),
]
[(name, args, labkit.run(traps, export=name, args=args).trap.value) for name, args in attempts]

# %% [markdown]
# Each has a name, and the name is the same on every runtime, though their own words differ. The next cell tries all
# of it on all runtimes in this process, and collects the names that each attempt got:

# %%
here = [row.name for row in labkit.runtimes() if row.available and row.in_process]
[(name, args, {labkit.run(traps, export=name, args=args, runtime=runtime).trap.value for runtime in here}) for name, args in attempts]

# %% [markdown]
# One name each. **The surprise** is what is not in the list: adding 1 to the largest `i32`. Sums, differences and
# products wrap around, on every machine alike. The only arithmetic on integers that traps is division: by zero, or of
# the smallest number by −1, whose quotient is one larger than the largest number there is.

# %% [markdown]
# ## Exercises
#
# Each has a starter cell, a check and hints. A check runs your module on numbers it does not tell you.

# %% exercise="code_bytes"

# %% exercise="safe_divide"

# %% exercise="sum_to"

# %% [markdown]
# ## What you measured
#
# - The smallest module has 8 bytes; the one that adds two numbers has fewer than a hundred, of which six are its
#   code.
# - Validation looks at all code, called or not, before any of it runs.
# - Eight ways to fail end in the same trap on every runtime that this machine has.
#
# **Read on:** notebook 04 runs one module on every runtime and shows where they do differ. The format itself is in
# the [core specification](https://webassembly.github.io/spec/core/), whose chapter "Binary Format" has everything
# `annotate()` showed.
