# Two commands: `make lab` opens the course, `make test` proves it. Both set everything up first, and are quick when nothing changed.
#   PYTHON=…  the Python to use (otherwise 3.10 is looked for)
#   VENV=…    the environment's folder (.venv)
#   TESTS=…   what pytest runs (all tests)
#   EXTRAS=…  languages that the lab gets too, with commas between: go, node, python (or later: python -m labkit install)

VENV ?= .venv
TESTS ?=
EXTRAS ?=
COMMA = ,
MORE = $(if $(EXTRAS),$(COMMA)$(EXTRAS))
export VENV PYTHON

# JupyterLab refuses to run as root unless told to; in a container there is often nobody else.
ROOT = $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

.PHONY: lab test lint clean

lab:
	@sh .setup/install lab,wasmer$(MORE)
	@$(VENV)/bin/python -m jupyter lab $(ROOT) --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb

test: lint
	@$(VENV)/bin/python -m pytest -n auto --dist loadscope --no-loadscope-reorder $(TESTS)

lint:
	@sh .setup/install lab,test,wasmer$(MORE)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
