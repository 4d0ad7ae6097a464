// Memory: follows pointers through 4 MiB in random order, one to a cache line. Each load waits for the one before it: latency, not arithmetic.

#include <stdint.h>

#define COUNT 65536u

typedef struct {
    uint32_t next, padding[15];
} Line;

static Line lines[COUNT];

// One cycle through all lines (Sattolo's shuffle), made at the first call and kept.
static void prepare(void) {
    uint32_t seed = 1;
    for (uint32_t i = 0; i < COUNT; i++) lines[i].next = i;
    for (uint32_t i = COUNT - 1; i > 0; i--) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t j = (uint32_t)(((uint64_t)seed * i) >> 32), kept = lines[i].next;
        lines[i].next = lines[j].next;
        lines[j].next = kept;
    }
}

__attribute__((export_name("chase"))) uint32_t chase(uint32_t steps) {
    if (lines[0].next == 0) prepare();
    uint32_t place = 0, sum = 0;
    for (uint32_t i = 0; i < steps; i++) {
        place = lines[place].next;
        sum = sum * 31 + place;
    }
    return sum;
}
