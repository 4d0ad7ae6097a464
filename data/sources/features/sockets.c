// Makes a socket, which nobody has granted.

#include <stdio.h>
#include <sys/socket.h>

int main(void) {
    if (socket(AF_INET, SOCK_STREAM, 0) < 0) return perror("socket"), 1;
    puts("works");
}
