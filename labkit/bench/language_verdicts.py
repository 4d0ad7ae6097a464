"""What each surveyed language can do and cannot, beside its figures; and what follows."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.bench.arguments import expect
from labkit.bench.language_features import FEATURE_NAMES, FeatureTrial, try_feature
from labkit.bench.languages import LanguageRow, LanguageSurvey
from labkit.display import format_bytes, html_table, text_table
from labkit.toolchains.registry import language_named

__all__ = ["LanguageFeatures", "LanguageVerdict", "try_features"]

_INTERPRETED = ("javascript", "python")
_HEADER = ("language", *FEATURE_NAMES, "verdict")


@dataclass(frozen=True)
class LanguageVerdict:
    """A language with its trials.

    Attributes
    ----------
    language : LanguageRow
    trials : tuple of FeatureTrial
        None where the language is not here.
    """

    language: LanguageRow
    trials: tuple[FeatureTrial, ...]

    @property
    def verdict(self) -> str:
        """What follows from the language's own figures and trials, and from nothing else."""
        if self.language.hello is None:
            return self.language.reason
        speed, lacks = self._speed(), ", ".join(trial.feature for trial in self.trials if trial.works is False)
        return f"{speed}; {format_bytes(self.language.hello.size_bytes)} for a small program" + (f"; without {lacks}." if lacks else ".")

    def _speed(self) -> str:
        if self.language.kernel is None:
            return "Not measured"
        first = language_named(self.language.kernel.reference).title
        if self.language.kernel.contender == self.language.kernel.reference:
            return "The others' measure"
        if self.language.kernel.doubt != 1:
            return f"Not to be told from {first} by this run, in which even {first} differed from itself"
        if self.language.kernel.covers_one:
            return f"As fast as {first}, as far as could be told"
        return f"{'Interpreted: ' if self.language.name in _INTERPRETED else ''}{self.language.kernel.median:.2g} times {first}'s time"

    def _cells(self) -> list[str]:
        return [self.language.title, *([str(trial) for trial in self.trials] or ["–"] * len(FEATURE_NAMES)), self.verdict]


@dataclass(frozen=True)
class LanguageFeatures:
    """What the languages can do, shown as a table.

    Attributes
    ----------
    rows : tuple of LanguageVerdict
    """

    rows: tuple[LanguageVerdict, ...]

    def __str__(self) -> str:
        return text_table(_HEADER, [row._cells() for row in self.rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        caption = "Each was tried with a program of data/sources/features; garbage is whether memory that is no longer used comes back."
        absent = [number for number, row in enumerate(self.rows) if row.language.hello is None]
        return html_table(_HEADER, [row._cells() for row in self.rows], caption=caption, grey=absent)


def try_features(survey: LanguageSurvey) -> LanguageFeatures:
    """Build and run, in every language of a survey that is here, the program for each feature.

    Examples
    --------
    >>> from labkit.bench.languages import survey_languages
    >>> features = try_features(survey_languages(["c"], runtime_names=["wasmtime"], seconds=0.1))
    >>> features.rows[0].trials[-1].words
    'by hand'
    """
    expect(survey, LanguageSurvey, by="try_features", remedy="Write try_features(survey_languages()).")
    return LanguageFeatures(
        tuple(LanguageVerdict(row, tuple(try_feature(row.name, name) for name in FEATURE_NAMES) if row.hello else ()) for row in survey.rows)
    )
