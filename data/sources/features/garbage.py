# Allocates far more than the memory it is given, and keeps none of it.

total = 0
for i in range(512):
    block = bytearray(2**20)
    block[i] = 1
    total += len(block)
if total == 512 * 2**20:
    print("works")
