"""The languages' survey: what is measured is what the guests did, and what is not here says so with its remedy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labkit.bench import language_measures, languages
from labkit.bench.language_features import FEATURE_NAMES, try_feature
from labkit.bench.language_measures import kernel_seconds
from labkit.bench.language_verdicts import try_features
from labkit.bench.languages import SURVEYED, survey_languages
from labkit.data_files import data_folder
from labkit.errors import BenchError
from labkit.sandbox.run import Outcome, Result
from labkit.toolchains import python, rust
from labkit.toolchains.build import build
from labkit.toolchains.registry import LANGUAGES
from tests.toolchains.conftest import need

RUNTIMES = ["wasmtime", "wasmer"] if sys.version_info < (3, 11) else ["wasmtime"]
FEATURES = data_folder() / "sources" / "features"


@pytest.fixture
def without_rust_and_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_cache: Path) -> None:
    for module in (rust, python):
        monkeypatch.setattr(module, "tools_folder", lambda: tmp_path / "tools")
        monkeypatch.setattr(module, "on_path", lambda name: None)


@pytest.fixture
def few_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small kernels: what is tested is not how fast they are."""
    monkeypatch.setattr(language_measures, "_COMPILED_N", 20)


@pytest.mark.any_python
def test_a_survey_builds_runs_and_measures(few_blocks):
    told: list[float] = []
    survey = survey_languages(["c", "cpp", "zig"], seconds=0.1, progress=told.append)
    assert [row.name for row in survey.rows] == ["c", "cpp", "zig"]
    for row in survey.rows:
        assert set(RUNTIMES) <= {*row.runs_on}
        assert not any(row.runs_on.values())
        assert 0 < row.start_seconds < 10
        assert row.kernel.reference == "c"
        assert row.library.size_bytes < 1000 < row.hello.size_bytes
    assert survey.rows[0].kernel is survey.kernel.control
    assert told == sorted(told)
    assert told[-1] == 1.0
    for text in (str(survey), survey._repr_html_()):
        for part in ("C++", "starts in", "206", "wasmtime"):
            assert part in text
    features = try_features(survey)
    assert [trial.feature for trial in features.rows[1].trials] == list(FEATURE_NAMES)
    for text in (str(features), features._repr_html_()):
        for part in ("C++", "with exceptions disabled", "by destructors", "for a small program; without threads"):
            assert part in text


def test_a_language_that_is_not_here_is_taken_prebuilt_or_stays_in_the_table_with_its_remedy(without_rust_and_python, few_blocks):
    survey = survey_languages(["c", "rust", "python"], runtime_names=["wasmtime"], seconds=0.1)
    _, prebuilt, missing = survey.rows
    assert prebuilt.hello.prebuilt
    assert prebuilt.runs_on == {"wasmtime": ""}
    assert prebuilt.kernel is not None
    features = try_features(survey)
    assert {str(trial) for trial in features.rows[1].trials} == {"not tried", "by ownership"}
    assert missing.hello is None
    assert missing.kernel is None
    assert "Run: python -m labkit install python" in features.rows[2].verdict
    assert "no: taken prebuilt" in str(survey)
    assert "Rust: Prebuilt, because this machine cannot build it: " in str(survey)
    assert survey._repr_html_().count("opacity") == features._repr_html_().count("opacity") == 1


def test_without_its_first_language_there_is_no_survey(without_rust_and_python):
    with pytest.raises(BenchError, match=r"python cannot be measured: .*python -m labkit install python"):
        survey_languages(["python", "c"], seconds=0.1)


def test_a_wrong_result_is_no_measurement(monkeypatch: pytest.MonkeyPatch):
    library = build(data_folder() / "sources" / "fib.c", kind="library")
    monkeypatch.setattr(language_measures, "run", lambda *given, **options: Result("wasmtime", Outcome.RETURNED, values=(7,), wall_seconds=1.0))
    with pytest.raises(BenchError, match="gave 7, so its time means nothing"):
        kernel_seconds(library)
    monkeypatch.setattr(language_measures, "run", lambda *given, **options: Result("wasmtime", Outcome.TRAPPED, message="It trapped."))
    with pytest.raises(BenchError, match="trapped: It trapped"):
        kernel_seconds(library)


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        ({"exit_code": 0, "stdout": b"another thing\n"}, r"it printed b'another thing\n'"),
        ({"exit_code": 1, "stderr": b"error: WriteFailed\n  at main\x1b[2J\n"}, r"exit code 1: error: WriteFailed at main\x1b[2J"),
        ({"outcome": Outcome.TRAPPED, "message": "It trapped.", "stderr": b"a" * 500}, f"It trapped: {'a' * 40}…{'a' * 39}"),
    ],
)
def test_a_runtime_that_fails_says_why_in_one_line(monkeypatch: pytest.MonkeyPatch, few_blocks, ended, reason: str):
    monkeypatch.setattr(languages, "run", lambda source, *, runtime, **options: Result(runtime, **{"outcome": Outcome.EXITED, **ended}))
    survey = survey_languages(["c"], runtime_names=["wasmtime"], seconds=0.1)
    assert survey.rows[0].runs_on == {"wasmtime": reason}
    assert f"wasmtime: no ({reason})" in str(survey)


@pytest.mark.any_python
@pytest.mark.parametrize("language", SURVEYED)
def test_an_interpreter_and_a_compiler_tell_the_time_of_one_call(language: str):
    need(language, "wasip1")
    library = language_measures.build_library(language)
    assert 1e-10 < kernel_seconds(library) < 1e-3


@pytest.mark.any_python
@pytest.mark.parametrize("path", sorted(FEATURES.iterdir()), ids=lambda path: path.name)
def test_each_feature_is_tried_for_real(path: Path):
    language = next(language for language in LANGUAGES.values() if path.suffix in language.suffixes)
    need(language.name, "wasip1")
    trial = try_feature(language.name, path.stem)
    assert trial.works == ((path.stem, language.name) in WORKS)
    assert trial.works or trial.words


WORKS = {
    *(("exceptions", name) for name in ("zig", "go", "javascript", "python")),
    *(("garbage", name) for name in ("go", "assemblyscript", "javascript", "python")),
}
