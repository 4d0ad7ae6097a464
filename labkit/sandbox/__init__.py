"""Running guests in a process of their own, which can be killed."""

from labkit.sandbox.run import Outcome, Result, run

__all__ = ["Outcome", "Result", "run"]
