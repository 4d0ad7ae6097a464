"""The command line: one file a command, each with a parser, examples and a ``main``."""
