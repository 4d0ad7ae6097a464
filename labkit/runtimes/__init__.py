"""Runtimes behind one interface: compile, instantiate, call, the same on each."""

from labkit.runtimes.externs import Function, Global, Table
from labkit.runtimes.instance import Instance, Module
from labkit.runtimes.interface import Runtime
from labkit.runtimes.memory import Memory, MemoryView
from labkit.runtimes.registry import RUNTIME_NAMES, RuntimeStatus, runtime, runtimes
from labkit.runtimes.store import Store

__all__ = [
    "RUNTIME_NAMES",
    "Function",
    "Global",
    "Instance",
    "Memory",
    "MemoryView",
    "Module",
    "Runtime",
    "RuntimeStatus",
    "Store",
    "Table",
    "runtime",
    "runtimes",
]
