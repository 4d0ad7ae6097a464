// Prints its arguments, its environment and what it reads on standard input.

scriptArgs.slice(1).forEach((argument, index) => print(`argument ${index + 1}: ${argument}`));

for (const [name, value] of Object.entries(std.getenviron())) print(`environment: ${name}=${value}`);

const lines = std.in.readAsString().split("\n");
if (lines.at(-1) === "") lines.pop();
for (const line of lines) print(`input: ${line}`);
