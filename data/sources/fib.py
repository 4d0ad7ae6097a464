# Fibonacci numbers, the slow way: a function that does nothing but call itself.
# wit: export fib: func(n: s32) -> s32;


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
