// Prints its arguments, its environment and what it reads on standard input.

for (let i = 1; i < process.argv.length; i++) console.log(`argument ${i}: ${process.argv[i]}`);

const names = process.env.keys();
for (let i = 0; i < names.length; i++) console.log(`environment: ${names[i]}=${process.env.get(names[i])}`);

let input = "";
const buffer = new ArrayBuffer(4096);
for (let size = process.stdin.read(buffer); size > 0; size = process.stdin.read(buffer)) {
  input += String.UTF8.decode(buffer.slice(0, size));
}
const lines = input.split("\n");
for (let i = 0; i < lines.length; i++) {
  if (lines[i].length > 0 || i < lines.length - 1) console.log(`input: ${lines[i]}`);
}
