// Memory: a[i] = b[i] + 3 c[i] over 12 MiB, again and again: bandwidth, not arithmetic.

#include <stdint.h>

#define COUNT (1u << 19)

static double a[COUNT], b[COUNT], c[COUNT];

__attribute__((export_name("stream"))) uint32_t stream(uint32_t rounds) {
    for (uint32_t i = 0; i < COUNT; i += 512) b[i] = i, c[i] = COUNT - i;
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < COUNT; i++) a[i] = b[i] + 3.0 * c[i];
    }
    double sum = 0;
    for (uint32_t i = 0; i < COUNT; i += 512) sum += a[i];
    return (uint32_t)(sum / COUNT);
}
