# Prints its arguments, its environment and what it reads on standard input.

import os
import sys

for number, argument in enumerate(sys.argv[1:], 1):
    print(f"argument {number}: {argument}")
for name, value in os.environ.items():
    print(f"environment: {name}={value}")
for line in sys.stdin:
    print(f"input: {line}", end="")
