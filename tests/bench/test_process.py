"""A bench runs in a process of its own, and whatever happens to that process is said."""

from __future__ import annotations

import os

import pytest

import labkit.bench.process as process
from labkit.bench import find_bench, run_bench
from labkit.errors import ArgumentError, BenchError, UnsupportedLimit


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_findings_and_progress_come_back_even_from_a_bench_that_prints(make_bench):
    name = make_bench("good", "print('noise'); os.write(1, b'noise'); time.sleep(0.3); progress(0.5); return found(1.2)")
    shares: list[float] = []
    report = run_bench(name, progress=shares.append)
    assert report.met
    assert shares == [0.5]
    assert report.findings.figures["new / old"].high == float("inf")


def test_it_is_another_process_and_gets_its_seconds(make_bench):
    name = make_bench("where", "return Findings({'new / old': Ratio('new', 'old', seconds, 0.0, 0.0)}, {}, (str(os.getpid()),))")
    full, quick = run_bench(name), run_bench(name, quick=True)
    assert full.findings.versions != (str(os.getpid()),)
    assert full.findings.figures["new / old"].median == process.SECONDS
    assert quick.findings.figures["new / old"].median == process.QUICK_SECONDS


def test_a_quick_bench_is_stopped_before_thirty_seconds():
    assert process._LONGEST_QUICK_SECONDS < 30


def test_a_bench_that_takes_a_time_of_its_own_gets_it(make_bench):
    name = make_bench("own", "return Findings({'new / old': Ratio('new', 'old', seconds, 0.0, 0.0)}, {}, ())", seconds=77.0, quick_seconds=5.0)
    assert run_bench(name).findings.figures["new / old"].median == 77.0
    assert run_bench(name, quick=True).findings.figures["new / old"].median == 5.0


def test_an_error_of_labkits_comes_back_as_it_was(make_bench):
    name = make_bench("refused", "raise UnsupportedLimit('It cannot.', remedy='Leave it.')")
    with pytest.raises(UnsupportedLimit, match=r"It cannot\. Leave it\."):
        run_bench(name)


@pytest.mark.parametrize(("body", "words"), [("os._exit(3)", "exit code 3"), ("raise ValueError('some fault')", "ValueError: some fault")])
def test_a_process_that_dies_is_reported_with_its_last_words(make_bench, body, words):
    with pytest.raises(BenchError, match=words):
        run_bench(make_bench("dies", body))


def test_a_bench_that_hangs_is_stopped_and_leaves_no_process(make_bench, monkeypatch, tmp_path):
    monkeypatch.setattr(process, "SECONDS", 1.0)
    monkeypatch.setattr(process, "_PATIENCE", 5.0)
    name = make_bench("hangs", f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)")
    with pytest.raises(BenchError, match="had not ended after 5 s, and was stopped"):
        run_bench(name)
    assert not alive(int((tmp_path / "pid").read_text()))


def test_an_interrupt_stops_the_process_too(make_bench, tmp_path):
    body = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(0.3)\nprogress(0.1)\ntime.sleep(600)"

    def interrupted(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_bench(make_bench("interrupted", body), progress=interrupted)
    assert not alive(int((tmp_path / "pid").read_text()))


def test_an_unknown_bench_is_refused_with_the_names_there_are():
    with pytest.raises(ArgumentError, match="Choose one of calls"):
        run_bench("nonsense")
    with pytest.raises(ArgumentError):
        find_bench("nonsense")
