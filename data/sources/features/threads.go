// Starts goroutines, and asks on how many threads they run.

package main

import (
	"os"
	"runtime"
	"strconv"
)

func main() {
	numbers := make(chan int)
	go func() { numbers <- 7 }()
	if <-numbers != 7 {
		os.Stdout.WriteString("the goroutine did nothing\n")
	} else if threads := runtime.GOMAXPROCS(0); threads > 1 {
		os.Stdout.WriteString("works\n")
	} else {
		os.Stdout.WriteString("goroutines take turns on " + strconv.Itoa(threads) + " thread\n")
	}
}
