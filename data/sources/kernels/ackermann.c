// Calls: Ackermann's function, whose recursion is deep and cannot be unfolded far.

#include <stdint.h>

static uint32_t rise(uint32_t m, uint32_t n) {
    if (m == 0) return n + 1;
    if (n == 0) return rise(m - 1, 1);
    return rise(m - 1, rise(m, n - 1));
}

__attribute__((export_name("ackermann"))) uint32_t ackermann(uint32_t n) { return rise(2, n); }
