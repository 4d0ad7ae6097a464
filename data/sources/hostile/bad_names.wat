;; Opens and makes paths whose names are no UTF-8, then exits with 9.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $make (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "\ff\fe\c3\28 \f0\28\8c\28")
  (func (export "_start") (local $folder i32)
    (local.set $folder (i32.const 3))
    (loop $next
      (drop (call $open (local.get $folder) (i32.const 0) (i32.const 64) (i32.const 9) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))
      (drop (call $make (local.get $folder) (i32.const 64) (i32.const 9)))
      (local.set $folder (i32.add (local.get $folder) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $folder) (i32.const 6))))
    (call $exit (i32.const 9))))
