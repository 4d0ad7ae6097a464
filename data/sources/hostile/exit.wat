;; Exits with the number that its first argument spells, which may be larger than any shell would pass on.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $digit i32) (local $code i32)
    (drop (call $args_get (i32.const 1024) (i32.const 2048)))
    (local.set $digit (i32.load (i32.const 1028)))
    (loop $next
      (if (i32.load8_u (local.get $digit))
        (then
          (local.set $code
            (i32.add (i32.mul (local.get $code) (i32.const 10)) (i32.sub (i32.load8_u (local.get $digit)) (i32.const 48))))
          (local.set $digit (i32.add (local.get $digit) (i32.const 1)))
          (br $next))))
    (call $exit (local.get $code))))
