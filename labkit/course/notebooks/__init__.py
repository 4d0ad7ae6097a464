"""The notebooks' workshop: one source makes the learner's notebook and the solved one, so that they cannot drift apart.

How to write a notebook
=======================

A notebook is the script ``notebooks/sources/NN_name.py``; ``notebooks/NN_name.ipynb`` (the learner's) and
``notebooks/solutions/NN_name.ipynb`` (the solved one) are built from it, executed and committed. Nobody edits those two by hand.

::

    python -m labkit.course.notebooks build 00 04   # build and execute these (without numbers: all)
    python -m labkit.course.notebooks check 00      # what drifted from its source, which rules are broken; executes nothing
    python -m labkit.course.notebooks replay 00     # run the committed notebooks under nbval and compare outputs

Cells
-----
The script is in jupytext's percent format, and must be valid Python which ``ruff format`` leaves alone::

    # %% [markdown]
    # # Run your first module
    #
    # **You will do:** …
    # **You will learn:** …
    # **You need:** …
    #
    # {open}

    # %% tags=["nbval-ignore-output"]
    import labkit

    labkit.course.setup()

    # %% [markdown]
    # ## A section
    # …the claim in the article's words…

    # %%
    # %%wasm wat --name add --call add 20 22
    # (module
    #   (func (export "add") (param i32 i32) (result i32)
    #     (i32.add (local.get 0) (local.get 1))))

    # %% exercise="subtract"

- ``{open}`` in the first cell becomes the Binder link. The link comes from ``[project.urls] Repository`` in pyproject.toml and from
  nowhere else; while the repository has no public address, the line says how to open the notebook without one.
- A cell magic is written as comments: where the first line of a code cell is ``# %%wasm …`` (or another ``%%`` magic), every line of the cell
  is a comment, and each loses its ``# `` in the notebook. Line magics are written ``# %magic``. Shell commands (``!``, ``%%bash``…) are not allowed.
- ``# %% exercise="NAME"`` stands alone, without a body. It becomes four cells: the prompt under a heading, the starter (in the solved notebook
  the solution), ``labkit.course.check("NAME", ANSWER)`` and ``labkit.course.hint("NAME")``. They count as three code cells.

Tags
----
``nbval-ignore-output``
    The output is measured, or depends on the machine; it is committed but not compared. Everything else is compared exactly, apart from times,
    versions x.y.z and addresses (see ``sanitise.cfg`` beside this file).
``raises-exception``
    The cell fails on purpose; of the error its name and message are kept and compared.
``exercise``, ``check``, ``hint``
    Set by the builder; an exercise's cell that a compiler compiles is not compared either.

Measurements
------------
Keep what a notebook measures with ``labkit.bench.record(found, "what was compared")``; its last section, *What you measured*, shows it with
``labkit.bench.measured()``, in a cell tagged ``nbval-ignore-output``. `labkit.bench.reference` has recorded runs of another machine to set beside it;
they say that they are recorded, and no ratio is taken between the two.

Exercises
---------
They live in ``labkit/course/exercises/notebook_NN.py`` as a tuple ``EXERCISES`` of `labkit.course.Exercise`, and a new file is found by its
name. Read its docstring, and `labkit.course.checks` for the two ready-made checks. For each exercise
``tests/course/wrong_answers/notebook_NN.py`` lists at least two plausible wrong answers, each with words that the verdict's reason must contain.

The rules
---------
`labkit.course.notebooks.rules` holds them; ``check`` and the tests enforce them: the title's first word is a verb (of its list; add yours), the
three bold phrases as above, a first code cell that calls ``labkit.course.setup()``, 15 to 25 code cells of at most 15 lines, 2 to 4 exercises, all
cells executed in order, no absolute paths in sources or outputs, no errors but where tagged, at most 300 kB.

Outputs
-------
The builder executes each notebook in its own folder with a fresh kernel and fresh files for progress and results, drops the views of widgets
(give a panel a ``text/html`` or ``text/plain`` form: that stays), shortens tracebacks to their last line, and writes both files only when both
ran through. Cell ids come from the contents, so that building again changes nothing but measured outputs.
"""
