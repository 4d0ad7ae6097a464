// Loops: steps of the Collatz sequences below n, integer arithmetic with a branch that nobody can foretell.

#include <stdint.h>

__attribute__((export_name("collatz"))) uint32_t collatz(uint32_t n) {
    uint32_t steps = 0;
    for (uint32_t start = 1; start < n; start++) {
        for (uint64_t value = start; value != 1; steps++) value = value & 1 ? 3 * value + 1 : value / 2;
    }
    return steps;
}
