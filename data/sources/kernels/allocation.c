// Allocation: malloc and free of blocks of many sizes in random order, each by the C library of its side.

#include <stdlib.h>
#include <stdint.h>

#define BLOCKS 256

__attribute__((export_name("allocation"))) uint32_t allocation(uint32_t rounds) {
    uint32_t *blocks[BLOCKS] = {0}, seed = 7, sum = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t slot = seed >> 24, size = 16 + (seed >> 12 & 1023);
        if (blocks[slot]) {
            sum += *blocks[slot];
            free(blocks[slot]);
        }
        blocks[slot] = malloc(size);
        if (!blocks[slot]) return 0;
        *blocks[slot] = size;
    }
    for (uint32_t i = 0; i < BLOCKS; i++) free(blocks[i]);
    return sum;
}
