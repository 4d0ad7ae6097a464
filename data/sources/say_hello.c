// Prints hello. Given any argument, it then waits until its standard input ends.

#include <unistd.h>

int main(int count, char **words) {
    char byte;
    (void)words;
    if (write(1, "hello\n", 6) != 6) return 1;
    if (count > 1) while (read(0, &byte, 1) > 0) {}
    return 0;
}
