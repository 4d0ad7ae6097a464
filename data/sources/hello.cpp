// Prints its arguments, its environment and what it reads on standard input.

#include <iostream>
#include <string>

extern char **environ;

int main(int count, char **words) {
    for (int i = 1; i < count; i++) std::cout << "argument " << i << ": " << words[i] << '\n';
    for (char **entry = environ; *entry; entry++) std::cout << "environment: " << *entry << '\n';
    for (std::string line; std::getline(std::cin, line);) std::cout << "input: " << line << '\n';
}
