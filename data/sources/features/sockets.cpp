// Makes a socket, which nobody has granted.

#include <cstdio>
#include <sys/socket.h>

int main() {
    if (socket(AF_INET, SOCK_STREAM, 0) < 0) return std::perror("socket"), 1;
    std::puts("works");
}
