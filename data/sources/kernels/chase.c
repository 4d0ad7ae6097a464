// Memory: follows pointers through 4 MiB in random order. Each load waits for the one before it: latency, not arithmetic.

#include <stdint.h>

#define COUNT (1u << 20)

static uint32_t next[COUNT];

// One cycle through all places (Sattolo's shuffle), made at the first call and kept.
static void prepare(void) {
    uint32_t seed = 1;
    for (uint32_t i = 0; i < COUNT; i++) next[i] = i;
    for (uint32_t i = COUNT - 1; i > 0; i--) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t j = (uint32_t)(((uint64_t)seed * i) >> 32), kept = next[i];
        next[i] = next[j];
        next[j] = kept;
    }
}

__attribute__((export_name("chase"))) uint32_t chase(uint32_t steps) {
    if (next[0] == 0) prepare();
    uint32_t place = 0, sum = 0;
    for (uint32_t i = 0; i < steps; i++) {
        place = next[place];
        sum += place;
    }
    return sum;
}
