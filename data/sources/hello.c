// Prints its arguments, its environment and what it reads on standard input.

#include <stdio.h>

extern char **environ;

int main(int count, char **words) {
    for (int i = 1; i < count; i++) printf("argument %d: %s\n", i, words[i]);
    for (char **entry = environ; *entry; entry++) printf("environment: %s\n", *entry);
    char line[4096];
    while (fgets(line, sizeof line, stdin)) printf("input: %s", line);
    return 0;
}
