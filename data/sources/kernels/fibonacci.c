// Calls: Fibonacci numbers, the slow way. What a call and a return cost, and whether a compiler unfolds the recursion.

#include <stdint.h>

static uint32_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

__attribute__((export_name("fibonacci"))) uint32_t fibonacci(uint32_t n) { return fib(n); }
