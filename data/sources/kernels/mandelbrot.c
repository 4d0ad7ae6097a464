// Floating point: the Mandelbrot set on n × n points; every point leaves its loop at another turn.

#include <stdint.h>

__attribute__((export_name("mandelbrot"))) uint32_t mandelbrot(uint32_t n) {
    uint32_t turns = 0;
    for (uint32_t row = 0; row < n; row++) {
        for (uint32_t column = 0; column < n; column++) {
            double x0 = 3.0 * column / n - 2.0, y0 = 2.0 * row / n - 1.0, x = 0, y = 0;
            for (uint32_t turn = 0; turn < 64 && x * x + y * y <= 4.0; turn++, turns++) {
                double next = x * x - y * y + x0;
                y = 2.0 * x * y + y0;
                x = next;
            }
        }
    }
    return turns;
}
