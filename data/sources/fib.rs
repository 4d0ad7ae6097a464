// Fibonacci numbers, the slow way: a function that does nothing but call itself.

#[no_mangle]
pub extern "C" fn fib(n: i32) -> i32 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}
