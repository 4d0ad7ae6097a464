// Throws an exception, and catches it.

try {
  throw new Error("expected");
} catch (error) {
  console.log("works");
}
