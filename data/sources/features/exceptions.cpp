// Throws an exception, and catches it.

#include <cstdio>

int main() {
    try {
        throw 7;
    } catch (int number) {
        std::puts(number == 7 ? "works" : "another number was caught");
    }
}
