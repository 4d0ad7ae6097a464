"""Running guests with exactly what they are granted, in a process of their own, which can be killed."""

from labkit.sandbox.run import Outcome, Result, run, run_async, warm

__all__ = ["Outcome", "Result", "run", "run_async", "warm"]
