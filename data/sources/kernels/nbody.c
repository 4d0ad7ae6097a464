// Floating point: five bodies that attract each other, with divisions and square roots; the last bits of the energy must agree.

#include <stdint.h>

#define BODIES 5

typedef struct {
    double position[3], velocity[3], mass;
} Body;

static Body bodies[BODIES];

static void place(void) {
    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) {
            bodies[i].position[k] = (i + 1) * (k == 1 ? -1.5 : 1.0) + 0.25 * k * i;
            bodies[i].velocity[k] = 0.125 * (k - 1) * (i - 2);
        }
        bodies[i].mass = 1.0 / (i + 1);
    }
}

static void advance(double step) {
    for (int i = 0; i < BODIES; i++) {
        for (int j = i + 1; j < BODIES; j++) {
            double apart[3], square = 0;
            for (int k = 0; k < 3; k++) {
                apart[k] = bodies[i].position[k] - bodies[j].position[k];
                square += apart[k] * apart[k];
            }
            double pull = step / (square * __builtin_sqrt(square));
            for (int k = 0; k < 3; k++) {
                bodies[i].velocity[k] -= apart[k] * bodies[j].mass * pull;
                bodies[j].velocity[k] += apart[k] * bodies[i].mass * pull;
            }
        }
    }
    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) bodies[i].position[k] += step * bodies[i].velocity[k];
    }
}

__attribute__((export_name("nbody"))) uint32_t nbody(uint32_t steps) {
    place();
    for (uint32_t i = 0; i < steps; i++) advance(0.001);
    double energy = 0;
    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) energy += 0.5 * bodies[i].mass * bodies[i].velocity[k] * bodies[i].velocity[k];
    }
    union {
        double number;
        uint64_t bits;
    } last = {energy};
    return (uint32_t)(last.bits ^ last.bits >> 32);
}
