// Allocates far more than the memory it is given, and keeps none of it.

let total: i64 = 0;
for (let i = 0; i < 512; i++) {
  const block = new Uint8Array(1 << 20);
  block[i] = 1;
  total += block.length;
}
if (total == 512 << 20) console.log("works");
