// Fibonacci numbers, the slow way: a function that does nothing but call itself.
// wit: export fib: func(n: s32) -> s32;

export function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
