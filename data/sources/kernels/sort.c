// Sorting: quicksort of n random numbers, branches and loads; a digest of the order they end in.

#include <stdint.h>

#define LARGEST 65536u

static uint32_t numbers[LARGEST];

static void quicksort(uint32_t *low, uint32_t *high) {
    while (high - low > 1) {
        uint32_t pivot = low[(high - low) / 2], *left = low, *right = high - 1;
        while (left <= right) {
            while (*left < pivot) left++;
            while (pivot < *right) right--;
            if (left <= right) {
                uint32_t kept = *left;
                *left++ = *right;
                *right-- = kept;
            }
        }
        // The smaller part by a call and the larger in this loop: the stack stays shallow.
        if (right - low < high - left) {
            quicksort(low, right + 1);
            low = left;
        } else {
            quicksort(left, high);
            high = right + 1;
        }
    }
}

__attribute__((export_name("sort"))) uint32_t sort(uint32_t n) {
    uint32_t seed = 11, digest = 0;
    if (n > LARGEST) n = LARGEST;
    for (uint32_t i = 0; i < n; i++) numbers[i] = seed = seed * 1664525u + 1013904223u;
    quicksort(numbers, numbers + n);
    for (uint32_t i = 0; i < n; i++) digest = digest * 31 + numbers[i];
    return digest;
}
