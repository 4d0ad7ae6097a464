// Allocates far more than the memory it is given, and keeps none of it.

package main

import "os"

func main() {
	total := 0
	for i := 0; i < 512; i++ {
		block := make([]byte, 1<<20)
		block[i] = 1
		total += len(block)
	}
	if total == 512<<20 {
		os.Stdout.WriteString("works\n")
	}
}
