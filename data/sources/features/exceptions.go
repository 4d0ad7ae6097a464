// Panics, and recovers.

package main

import "os"

func main() {
	defer func() {
		if recover() == 7 {
			os.Stdout.WriteString("works\n")
		}
	}()
	panic(7)
}
