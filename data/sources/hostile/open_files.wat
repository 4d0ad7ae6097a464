;; Opens the granted file "file" again and again until that is refused, then exits with the error's number.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $is_folder (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "file")
  (func (export "_start") (local $folder i32) (local $error i32)
    ;; The last of the granted folders: some runtimes put one of their own before them.
    (local.set $folder (i32.const 3))
    (block $found
      (loop $next
        (br_if $found (call $is_folder (i32.add (local.get $folder) (i32.const 1)) (i32.const 0)))
        (local.set $folder (i32.add (local.get $folder) (i32.const 1)))
        (br $next)))
    (loop $again
      (local.set $error
        (call $open (local.get $folder) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 0)
          (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))
      (br_if $again (i32.eqz (local.get $error))))
    (call $exit (local.get $error))))
