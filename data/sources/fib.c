// Fibonacci numbers, the slow way: a function that does nothing but call itself.

__attribute__((export_name("fib"))) int fib(int n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
