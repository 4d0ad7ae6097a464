"""Source to WebAssembly: one file a language, one registry, one way in."""

from labkit.toolchains.artifact import Artifact
from labkit.toolchains.build import build
from labkit.toolchains.registry import LANGUAGE_NAMES, ToolchainStatus, toolchains

__all__ = ["LANGUAGE_NAMES", "Artifact", "ToolchainStatus", "build", "toolchains"]
