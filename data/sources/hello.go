// Prints its arguments, its environment and what it reads on standard input.

package main

import (
	"bufio"
	"os"
	"strconv"
)

func main() {
	for number, argument := range os.Args[1:] {
		os.Stdout.WriteString("argument " + strconv.Itoa(number+1) + ": " + argument + "\n")
	}
	for _, entry := range os.Environ() {
		os.Stdout.WriteString("environment: " + entry + "\n")
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		os.Stdout.WriteString("input: " + lines.Text() + "\n")
	}
}
