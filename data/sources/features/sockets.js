// Connects to a server, under the name that browsers have for it.

new WebSocket("ws://127.0.0.1:7");
print("works");
