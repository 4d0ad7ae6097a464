# Raises an exception, and catches it.

try:
    raise ValueError(7)
except ValueError as error:
    print("works" if error.args == (7,) else "another was caught")
