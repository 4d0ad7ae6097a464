"""Measuring honestly: interleaved samples, ratios with their intervals, a control in every run."""

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.figures import Ratio, Share
from labkit.bench.goals import Bench, Direction, Findings, Goal, Judgement, Report
from labkit.bench.interleave import Progress, compare
from labkit.bench.kernel_table import Kernels, measure_kernels
from labkit.bench.ladder import Ladder, Rung
from labkit.bench.language_verdicts import LanguageFeatures, try_features
from labkit.bench.languages import LanguageSurvey, survey_languages
from labkit.bench.measured import Measured
from labkit.bench.phases import Phases, measure_phases
from labkit.bench.process import run_bench
from labkit.bench.registry import bench_names, find_bench
from labkit.bench.results import Row, Rows, Source, measured, record, reference

__all__ = [
    "Bench",
    "Comparison",
    "Direction",
    "Findings",
    "Goal",
    "Judgement",
    "Kernels",
    "Ladder",
    "LanguageFeatures",
    "LanguageSurvey",
    "Measured",
    "Phases",
    "Progress",
    "Ratio",
    "Report",
    "Row",
    "Rows",
    "Rung",
    "Share",
    "Source",
    "Timing",
    "bench_names",
    "compare",
    "find_bench",
    "measure_kernels",
    "measure_phases",
    "measured",
    "record",
    "reference",
    "run_bench",
    "survey_languages",
    "try_features",
]
