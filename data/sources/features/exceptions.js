// Throws an exception, and catches it.

try {
  throw 7;
} catch (number) {
  print(number === 7 ? "works" : "another was caught");
}
