// SIMD: the sum of absolute differences of two pictures, as video codecs search for motion; compilers turn it into vector instructions.

#include <stdint.h>

#define COUNT 65536u

static uint8_t one[COUNT], other[COUNT];

__attribute__((export_name("difference"))) uint32_t difference(uint32_t rounds) {
    for (uint32_t i = 0; i < COUNT; i++) one[i] = (uint8_t)(i * 7), other[i] = (uint8_t)(i * 13 + 5);
    uint32_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        one[round % COUNT] ^= 1;
        for (uint32_t i = 0; i < COUNT; i++) {
            int32_t difference = (int32_t)one[i] - (int32_t)other[i];
            sum += (uint32_t)(difference < 0 ? -difference : difference);
        }
    }
    return sum;
}
