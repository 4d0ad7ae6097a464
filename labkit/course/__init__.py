"""The course: what this machine has, exercises that check themselves, and the notebooks' workshop in `labkit.course.notebooks`."""

from labkit.course.environment import Environment, SetupReport, environment, setup
from labkit.course.exercise import Exercise
from labkit.course.hints import Hint, hint
from labkit.course.progress_file import Progress, progress
from labkit.course.verdict import Status, Verdict, check
from labkit.data_files import data_folder

__all__ = [
    "Environment",
    "Exercise",
    "Hint",
    "Progress",
    "SetupReport",
    "Status",
    "Verdict",
    "check",
    "data_folder",
    "environment",
    "hint",
    "progress",
    "setup",
]
