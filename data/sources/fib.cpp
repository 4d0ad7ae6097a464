// Fibonacci numbers, the slow way: a function that does nothing but call itself.

template <typename Number> static Number fibonacci(Number n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

extern "C" __attribute__((export_name("fib"))) int fib(int n) {
    return fibonacci(n);
}
