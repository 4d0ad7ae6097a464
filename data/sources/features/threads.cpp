// Starts a thread, and waits for it.

#include <cstdio>
#include <thread>

int main() {
    int number = 0;
    std::thread thread([&] { number = 7; });
    thread.join();
    std::puts(number == 7 ? "works" : "the thread did nothing");
}
