;; Reaches for the path in its first argument through every descriptor from 3 to 9. What it can open it prints, or, with a second
;; argument, overwrites; then it exits with 0. Where it can open nothing it exits with the
;; number of the first error that is not that there is no such descriptor (8).
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "owned")
  (func $length (param $text i32) (result i32) (local $end i32)
    (local.set $end (local.get $text))
    (loop $next
      (if (i32.load8_u (local.get $end))
        (then (local.set $end (i32.add (local.get $end) (i32.const 1))) (br $next))))
    (i32.sub (local.get $end) (local.get $text)))
  (func (export "_start") (local $folder i32) (local $error i32) (local $writes i32) (local $path i32) (local $file i32) (local $reason i32)
    (local.set $reason (i32.const 8))
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (local.set $writes (i32.gt_u (i32.load (i32.const 0)) (i32.const 2)))
    (drop (call $args_get (i32.const 1024) (i32.const 2048)))
    (local.set $path (i32.load (i32.const 1028)))
    (local.set $folder (i32.const 3))
    (loop $next
      ;; Follow links; with a second argument create and empty the file. Rights: read and seek, or write.
      (local.set $error
        (call $open (local.get $folder) (i32.const 1) (local.get $path) (call $length (local.get $path))
          (select (i32.const 9) (i32.const 0) (local.get $writes))
          (select (i64.const 64) (i64.const 6) (local.get $writes)) (i64.const 0) (i32.const 0) (i32.const 8)))
      (if (i32.eqz (local.get $error))
        (then
          (local.set $file (i32.load (i32.const 8)))
          (if (local.get $writes)
            (then
              (i32.store (i32.const 16) (i32.const 32))
              (i32.store (i32.const 20) (i32.const 5))
              (call $exit (call $write (local.get $file) (i32.const 16) (i32.const 1) (i32.const 24))))
            (else
              (i32.store (i32.const 16) (i32.const 8192))
              (i32.store (i32.const 20) (i32.const 4096))
              (local.set $error (call $read (local.get $file) (i32.const 16) (i32.const 1) (i32.const 20)))
              (if (i32.eqz (local.get $error))
                (then (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))
              (call $exit (local.get $error))))))
      (if (i32.eq (local.get $reason) (i32.const 8)) (then (local.set $reason (local.get $error))))
      (local.set $folder (i32.add (local.get $folder) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $folder) (i32.const 10))))
    (call $exit (local.get $reason))))
