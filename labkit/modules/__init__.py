"""What is inside a `.wasm`: sections, types, imports, exports, names and sizes, read by labkit's own parser."""
