# %% [markdown]
# # Start here: run your first WebAssembly module
#
# **You will do:** see what this machine has, write a small module by hand, and run it on every runtime that works here.
#
# **You will learn:** how this lab works: cells, the `%%wasm` magic, and exercises that check themselves.
#
# **You need:** nothing but curiosity.
#
# {open}

# %% tags=["nbval-ignore-output"]
import labkit

labkit.course.setup()

# %% [markdown]
# ## What this machine has
#
# A runtime that is missing stays in the table, with the reason and what to do about it.

# %% tags=["nbval-ignore-output"]
labkit.course.environment()

# %% [markdown]
# ## A first module
#
# Below is a whole module, written as text: one function that adds two numbers. Run the cell; then change it and run it again.

# %%
# %%wasm wat --name add --call add 20 22
# (module
#   (func (export "add") (param $a i32) (param $b i32) (result i32)
#     local.get $a
#     local.get $b
#     i32.add))

# %%
len(add)

# %%
add[:4]

# %%
int.from_bytes(add[4:8], "little")

# %% [markdown]
# The variable `add` holds the module's bytes. They begin with four bytes of magic and four of version; a runtime compiles the rest.

# %%
wasmtime = labkit.runtime("wasmtime")
module = wasmtime.compile(add)

# %%
instance = module.instantiate()
sum_of = instance.func("add")
sum_of(20, 22)

# %% [markdown]
# A number that does not fit is an error, not a wrong answer:

# %% tags=["raises-exception"]
sum_of(2**31, 1)

# %%
sum_of(2**31 - 1, 1)

# %% [markdown]
# ## Exercises

# %% exercise="magic_size"

# %% exercise="subtract"

# %% [markdown]
# ## What you have done

# %% tags=["nbval-ignore-output"]
labkit.course.progress()
