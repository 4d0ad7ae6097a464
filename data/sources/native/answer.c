/* A process that does as little as one call of an instance: it adds two numbers, prints nothing, and ends with 0 where the sum is right. */

volatile int left = 20, right = 22;

int main(void) {
    return left + right == 42 ? 0 : 1;
}
