/* A process that has nothing to do: it adds two numbers, as an idle instance has done, and waits until it is ended. */

#include <unistd.h>

volatile int left = 20, right = 22, sum;

int main(void) {
    sum = left + right;
    for (;;)
        pause();
}
