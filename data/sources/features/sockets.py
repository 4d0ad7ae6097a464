# Makes a socket, which nobody has granted.

import socket

try:
    socket.socket()
    print("works")
except (AttributeError, OSError) as error:
    print(error)
