# %% [markdown]
# # Give a program what it needs and nothing else
#
# {open}
#
# **You will do:** run one small program with no files, with one folder, with a folder to write to; watch it reach for
# a secret; take down one sandbox and find a second one behind it; let attacks loose and see what stops each.
#
# **You will learn:** what WASI is; what a *capability* is, and why a program without one cannot even ask; why a
# sandbox is as good as its implementation; and what no sandbox protects you from.
#
# **You need:** notebooks 00 and 01. Thirty minutes.

# %% tags=["nbval-ignore-output"]
import labkit

labkit.course.setup()

# %% [markdown]
# ## 1. In the browser and in the cloud
#
# A module computes, and that is all it can do by itself: WebAssembly has no instruction for opening a file, for
# reading a clock or for sending a packet. Whatever a module does to the world it does by calling functions that it
# *imports*, and the host decides what those are. In a browser they come from the page. In the cloud there is no page,
# so there is a standard set of them: **WASI**, the WebAssembly System Interface.
#
# Here is a program for WASI, written by hand so that you can read all of it: `data/sources/wasi/copy.wat` copies a
# file to another one, or to standard output. These are its imports, and so everything it can ever ask of its host:

# %%
adder = labkit.to_wasm('(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))')
sources = labkit.course.data_folder() / "sources"
copy = labkit.to_wasm(sources / "wasi" / "copy.wat")
for item in labkit.inspect(copy).imports:
    print(f"{item.module}.{item.name:20} {item.type}")

# %% [markdown]
# You have a WebAssembly runtime in front of you: your browser. Give it the same bytes. The cell sends two modules to
# the page, and the page runs them; no kernel is involved.

# %%
import base64

from IPython.display import HTML

adder_text, copy_text = (base64.b64encode(wasm).decode() for wasm in (adder, copy))
page = f'<pre class="in-browser" data-adder="{adder_text}" data-copy="{copy_text}">Run this cell: your browser answers here.</pre>'
script = """<script>(async () => {
  const box = [...document.querySelectorAll(".in-browser")].pop();
  const load = text => WebAssembly.instantiate(Uint8Array.from(atob(text), character => character.charCodeAt(0)), {});
  const { instance } = await load(box.dataset.adder);
  box.textContent = `adder: 2 + 3 = ${instance.exports.add(2, 3)}\\n`;
  await load(box.dataset.copy).catch(error => { box.textContent += `copy: ${error.message}`; });
})()</script>"""
HTML(page + script)

# %% [markdown]
# The browser runs `adder`, and makes no instance of `copy`. **The surprise** is the reason. Nothing in it is forbidden;
# there is just nobody who provides the functions it asks for. A sandbox that *forbids* must think of everything. One
# that only *grants* need not.

# %% [markdown]
# ## 2. Nothing granted
#
# Now a host that does provide WASI: `labkit.run`. First a little world to protect, in a temporary folder: notes, a
# secret beside them, and among the notes a link that leads to the secret.

# %%
import tempfile
from pathlib import Path

place = tempfile.TemporaryDirectory()
world = Path(place.name)
notes = world / "notes"
notes.mkdir()
(notes / "hello.txt").write_text("Hello from a file.\n")
(world / "secret.txt").write_text("The password is swordfish.\n")
(notes / "way-out").symlink_to(world / "secret.txt")
sorted(path.relative_to(world).as_posix() for path in world.rglob("*"))


# %%
def attempt(*args, wasm=copy, **options):
    """Run a program, and tell what it printed."""
    result = labkit.run(wasm, args=args, **options)
    return (result.stdout + result.stderr).decode().strip() or f"exit code {result.exit_code}"


attempt("/notes/hello.txt"), attempt(str(notes / "hello.txt")), attempt(str(world / "secret.txt"))

# %% [markdown]
# Every path gives the same answer, `badf`: *bad file descriptor*. **The surprise** is what it does not say: permission
# denied. Nobody looked at the paths at all. This is how the program opens a file:

# %%
text = (sources / "wasi" / "copy.wat").read_text()
begin = text.index("  ;; Opens a path")
print(text[begin : text.index("\n\n", begin)])

# %% [markdown]
# A native program calls `open` with a path, and the system looks up whether *this user* may. WASI has no such
# function. `path_open` takes the descriptor of a folder first, and a path below that folder after it. A program gets
# the descriptors 0, 1 and 2 for its streams, and from 3 on one for each folder that was granted. This program was
# granted none, so there is nothing it could put in the first place. A descriptor like that is a *capability*: it names
# a thing, and having it is the permission. (For the network there is not even that: preview 1, the version of WASI that
# you see here, has no function that opens a connection.)

# %% [markdown]
# ## 3. One folder, then more
#
# Grant the notes, under the name `/notes`. Then try four ways from there to the secret: up through `..`, by its real
# path, through the link, and through the link with a slash after it. `perm` is *not permitted*, `noent` *no such entry*.

# %%
wanted = {
    "a note": "/notes/hello.txt",
    "up and out": "/notes/../secret.txt",
    "by its real path": str(world / "secret.txt"),
    "through a link": "/notes/way-out",
    "the link and a slash": "/notes/way-out/",
}
for what, path in wanted.items():
    print(f"{what:22}", attempt(path, dirs={"/notes": notes}))

# %% [markdown]
# **The surprise** is the link. *You* put it there, in a folder that you granted, and a native program would follow it.
# A capability for a folder is one for what is *below* it, and the secret is not.
#
# Reading is one thing, writing another. A folder is granted for reading unless you say `"rw"`. With two arguments the
# program makes a copy:

# %%
for grant in (notes, (notes, "rw")):
    print(attempt("/notes/hello.txt", "/notes/again.txt", dirs={"/notes": grant}))
(notes / "again.txt").read_text()

# %% [markdown]
# ## 4. Arguments and environment
#
# Passwords are often handed to programs in the environment, and a native process gets the whole environment of the one
# that started it. A WASI program gets the variables that you name. `show.wat` prints its arguments, of which the first
# is its own name, and its environment:

# %%
import os
import subprocess
import sys

os.environ["TOKEN"] = "swordfish"
native = "import os; print('A native process has the token:', 'TOKEN' in os.environ)"
print(subprocess.run([sys.executable, "-c", native], capture_output=True, text=True).stdout)

show = labkit.to_wasm(sources / "wasi" / "show.wat")
print(labkit.run(show).stdout.decode())
print(labkit.run(show, args=["--all"], env={"LANG": "C"}).stdout.decode())

# %% [markdown]
# Clocks and random numbers every program gets, as its runtime has them. `labkit.run(…, clock=0, seed=1)` grants a
# clock that stands still and chance that repeats itself: a run that gives the same bytes tomorrow.

# %% [markdown]
# ## 5. A sandbox is as good as its implementation
#
# All of this was Wasmtime. WASI says what *should* be out of reach; that it *is* out of reach is work, done by people,
# in each runtime. Here is the `wasmer` package of 2022 without the lab around it, in a process of its own: a few
# lines, which map one folder and nothing else.

# %%
raw = """
import sys, wasmer
from wasmer_compiler_cranelift import Compiler
store = wasmer.Store(wasmer.engine.Universal(Compiler))
state = wasmer.wasi.StateBuilder("copy").argument(sys.argv[1]).map_directory("/notes", "notes")
imports = state.finalize().generate_imports(store, wasmer.wasi.Version.SNAPSHOT1)
wasmer.Instance(wasmer.Module(store, sys.stdin.buffer.read()), imports).exports._start()
"""


def raw_wasmer(path):
    done = subprocess.run([sys.executable, "-c", raw, path], cwd=world, input=copy, capture_output=True)
    return (done.stdout or done.stderr).decode().splitlines()[0]


# %% tags=["nbval-ignore-output"]
wasmer = next(row for row in labkit.runtimes() if row.name == "wasmer")
for what, path in {**wanted, "the link, as notes/…": "notes/way-out"}.items():
    print(f"{what:22}", raw_wasmer(path) if wasmer.available else f"not tried here: {wasmer.reason}")

# %% [markdown]
# Where the package is installed, the secret is out: a real path of the host is simply opened, and a link is followed.
# (Where it is not, each line says so; what it does where it is, the notebook had recorded before you ran the cell.)
# **The surprise** is the first line. Wasmer 1.1.0 tells a program a wrong name for its folder, so the note that *was*
# granted is not found under the name it was granted as.
#
# The hole is of the class of CVE-2023-51661, files of the host that a guest reached without a grant. Now the same
# engine, the same program and the same paths, through the lab:

# %% tags=["nbval-ignore-output"]
for what, path in wanted.items():
    try:
        print(f"{what:22}", attempt(path, runtime="wasmer", dirs={"/notes": notes}))
    except labkit.LabkitError as error:
        print(f"{what:22}", error)

# %% [markdown]
# The lab did not mend Wasmer's hole. It put a second wall under it: before a guest runs, the process it will run in
# tells Linux, through *Landlock*, that it will never again need a path outside the granted folders, and the kernel
# holds it to that, whatever the runtime lets through. Wasmtime's workers stand behind the same wall. Where the system
# has no Landlock, the lab grants Wasmer no folder at all, and each line above says so: what cannot be held is not
# given. (The folder's name the lab does mend, so the note is found.)
#
# Is this a reason to prefer one brand? Wasmer 7.4.2, tried with one folder mapped while this lab was made, refuses
# `..`, real paths and links that lead out. The hole is fixed; the package for Python is from before the fix. And Wasmtime
# had a hole of its own, in August 2026: a path or link that ended in a slash could lead to any file
# ([RUSTSEC-2026-0269](https://rustsec.org/advisories/RUSTSEC-2026-0269.html)). That is why *the link and a slash* is in
# the list, and why it matters which version you have. The lesson is about ages and second walls, not about brands.

# %% [markdown]
# ## 6. Limits
#
# A guest that cannot reach anything can still waste what it has: time, memory, your disk. `data/sources/hostile` holds
# guests that do. Each runs in a process that can be killed, under limits that you set or the lab does.

# %%
limits = labkit.Limits(time=0.5, memory="64MiB", output="256KiB")
for name in ("loop", "sleep", "flood", "recurse", "grow_memory"):
    result = labkit.run(sources / "hostile" / f"{name}.wat", limits=limits)
    words = result.message or f"It exited with {result.exit_code}."
    print(f"{name:12} {result.outcome.value:28} {words.splitlines()[0].split('. ')[0]}")

# %% [markdown]
# **The surprise** is the last one, which takes memory for as long as it gets any. Nobody killed it. Asking for more
# memory is an instruction, `memory.grow`, and where there is no more it returns −1: an answer, not a blow. The guest
# took the answer and ended by itself, with its exit code 7.
#
# The gallery has all the lab's attacks. Pick one, tick runtimes, run; afterwards the lab looks whether anything outside
# has changed, and whether the next guest runs as if nothing had been.

# %% tags=["nbval-ignore-output"]
from labkit.ui import GalleryPanel

GalleryPanel("absolute path")

# %% [markdown]
# ## 7. What a sandbox does not protect you from
#
# It keeps a program to what it was granted. It cannot know what you *meant* by granting it. Here is `copy` with one
# line more: when it has opened a file, it also removes it.

# %%
again = '(import "wasi_snapshot_preview1" "path_unlink_file" (func $remove (param i32 i32 i32) (result i32)))'
remove = "(drop (call $remove (local.get $folder) (local.get $rest) (call $length (local.get $rest))))"
opened = "(then (return (i32.load (i32.const 8))))"
worse = text.replace("(module\n", f"(module {again}\n", 1).replace(opened, opened.replace("(then ", f"(then {remove} "))

for grant in (notes, (notes, "rw")):
    print(attempt("/notes/hello.txt", wasm=worse, dirs={"/notes": grant}), (notes / "hello.txt").exists())
{item.name for item in labkit.inspect(worse).imports} - {item.name for item in labkit.inspect(copy).imports}

# %% [markdown]
# Both runs print the same, and after the second the note is gone. No wall was broken: the program used what it had. So
# grant reading where reading is enough, a copy where you can, and read the imports first: the new one is in plain
# sight. (Its absence would prove less than you think: `path_open`, which every program with files needs, can empty one.)
#
# And there is more that no WASI runtime promises:
#
# - **Side channels.** Guests on one processor share its caches and its time, and can learn from them about each other.
#   Runtimes blunt some of this; none rules it out.
# - **Bugs in the host.** Section 5 had two, in two runtimes. A compiler's bug would be worse: it would let a guest out
#   of its memory. What helps is a current version, and a second wall; and that wall is a program, too.
# - **What comes out.** A guest's output is input from a stranger: to your terminal, your page, your database.
# - **Functions of your own.** A Python function that you import into a guest is a hole of exactly that function's size.

# %% [markdown]
# ## Exercises
#
# Each has a starter cell, a check and hints. Two of the checks run guests; what they find is what they say.

# %% exercise="least_grants"

# %% exercise="memory_endings"

# %% exercise="could_write"

# %% [markdown]
# ## What you measured
#
# - Without a grant a WASI program sees no file, no variable and no argument but its own name.
# - With one folder it reached that folder; four ways out of it were closed on Wasmtime, two of them open on a Wasmer of
#   2022, and closed again by a wall of the operating system.
# - Loops, floods and hunger for memory ended in half a second, each with a sentence on why.
# - A folder granted with `"rw"` lost a file to a program that did nothing it was not allowed to.
#
# **Read on:** [WASI](https://wasi.dev) has newer interfaces than the preview 1 that you used here, whose functions are
# all in [one page][preview1]. Landlock is described in the
# [Linux documentation](https://docs.kernel.org/userspace-api/landlock.html).
#
# [preview1]: https://github.com/WebAssembly/WASI/blob/d6962d161b928ddff126ac3cb1464860cf0732e6/legacy/preview1/docs.md
