# Prints hello. Given any argument, it then waits until its standard input ends.

import sys

print("hello", flush=True)
if len(sys.argv) > 1:
    sys.stdin.read()
