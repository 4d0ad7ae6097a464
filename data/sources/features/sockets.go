// Listens for connections, and says where: Go has a network inside the module for programs without one.

package main

import (
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
	} else {
		os.Stdout.WriteString("a network inside the module alone, " + listener.Addr().String() + "\n")
	}
}
