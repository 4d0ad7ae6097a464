// Starts a thread, under the name that browsers have for one.

new Worker("work.js");
print("works");
