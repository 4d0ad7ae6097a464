// Starts a thread, and waits for it.

#include <pthread.h>
#include <stdio.h>

static void *work(void *given) { return given; }

int main(void) {
    pthread_t thread;
    int number = 7;
    void *back = 0;
    if (pthread_create(&thread, 0, work, &number) != 0) return puts("no thread could be started"), 1;
    pthread_join(thread, &back);
    puts(back == &number ? "works" : "the thread gave nothing back");
}
