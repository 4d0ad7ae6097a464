"""The same call on several runtimes: what is measured, what is missing, and what is refused."""

from __future__ import annotations

import pytest

from labkit.bench.call_comparison import CallExperiment
from labkit.bench.experiment import SamplesSoFar
from labkit.bench.phase import Phase
from labkit.errors import BenchError, GuestTrap, RuntimeUnavailable
from labkit.modules.load import to_wasm
from tests.conftest import COMMAND_NAMES, require

WASM = to_wasm("""(module
  (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
  (func (export "trap") unreachable))""")


def test_it_tells_what_it_has_as_it_goes_on():
    told = []
    experiment = CallExperiment(WASM, "half", (3.0,), ("wasmtime", "wasmtime-winch"), 0.3)
    found = experiment.measure(lambda share, so_far: told.append((share, len(so_far.blocks), so_far)))
    shares, counts, so_far = zip(*told)
    assert list(shares) == sorted(shares)
    assert list(counts) == list(range(1, len(told) + 1))
    assert shares[-1] == 1.0
    assert found.value == 1.5
    assert found.comparison.timings[1].samples_seconds == so_far[-1].comparison.timings[1].samples_seconds
    assert found.versions[0].startswith("wasmtime ")


def test_a_runtime_that_cannot_is_missing_with_its_reason():
    found = CallExperiment(WASM, "half", (3.0,), ("jvm", "wasmtime"), 0.1).measure(lambda share, so_far: None)
    assert [missing.runtime for missing in found.missing] == ["jvm"]
    assert "There is no runtime 'jvm'." in str(found)
    assert "Not measured: jvm." in found.sentence
    assert "jvm is not measured" in found._repr_html_()


def test_where_none_can_the_first_error_is_raised():
    with pytest.raises(GuestTrap):
        CallExperiment(WASM, "trap", (), ("wasmtime", "wasmtime-winch"), 0.1).measure(lambda share, so_far: None)
    with pytest.raises(RuntimeUnavailable):
        CallExperiment(WASM, "half", (1.0,), ("jvm",), 0.1).measure(lambda share, so_far: None)


def test_a_value_that_is_no_number_is_no_disagreement():
    found = CallExperiment(WASM, "half", (float("nan"),), ("wasmtime", "wasmtime-winch"), 0.1).measure(lambda share, so_far: None)
    assert found.value != found.value


def test_what_there_is_so_far_can_be_concluded_from_one_block():
    so_far = SamplesSoFar(("a", "b"), [(1.0, 2.0, 1.0)])
    assert so_far.comparison.ratio("b", "a").median == 2.0
    assert so_far.comparison.winner is None


@pytest.mark.parametrize("name", COMMAND_NAMES)
def test_whole_runs_of_a_command_stand_beside_whole_runs_alone_and_say_what_is_in_them(name: str):
    told = []
    experiment = CallExperiment(WASM, "half", (3.0,), ("wasmtime", require(name)), 1.0, Phase.RUN)
    found = experiment.measure(lambda share, so_far: told.append(so_far))
    assert experiment.title == found.title == "a whole run of half(3.0)"
    assert found.sentence.startswith("half(3.0) gave 1.5 everywhere, in whole runs.")
    assert [timing.name for timing in found.comparison.timings] == ["wasmtime", name]
    assert f"on wasmtime, in a process that stood ready, with the module compiled before; on {name}, the start of the command" in str(found)
    assert told[-1].samples_word == "whole runs"
    calls = CallExperiment(WASM, "half", (3.0,), ("wasmtime", name), 0.1).measure(lambda share, so_far: None)
    assert [missing.runtime for missing in calls.missing] == [name]
    assert f"{name} is not measured: {name} is a command" in str(calls)


def test_a_whole_run_that_does_not_return_is_told():
    with pytest.raises(BenchError, match=r"did not return: .*unreachable"):
        CallExperiment(WASM, "trap", (), ("wasmtime",), 0.1, Phase.RUN).measure(lambda share, so_far: None)
