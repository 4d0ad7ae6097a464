/* A process that has nothing to do: it has added two numbers, as an idle instance has, and waits until its standard input ends. */

#include <unistd.h>

volatile int left = 20, right = 22, sum;

int main(void) {
    char byte;
    sum = left + right;
    while (read(0, &byte, 1) > 0)
        ;
    return sum == 42 ? 0 : 1;
}
