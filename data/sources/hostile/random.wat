;; Asks for 2 GiB of randomness, into a memory that has room for it.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 32768)
  (func (export "_start") (loop $again (drop (call $random (i32.const 0) (i32.const 0x7fffffff))) (br $again))))
