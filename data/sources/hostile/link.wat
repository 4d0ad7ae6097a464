;; Makes a link "way-out" in the granted folder that leads to the path in its first argument; exits with the error's number.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $link (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "way-out")
  (func (export "_start") (local $folder i32) (local $target i32) (local $end i32) (local $error i32)
    (drop (call $args_get (i32.const 1024) (i32.const 2048)))
    (local.set $target (i32.load (i32.const 1028)))
    (local.set $end (local.get $target))
    (loop $next
      (if (i32.load8_u (local.get $end))
        (then (local.set $end (i32.add (local.get $end) (i32.const 1))) (br $next))))
    (local.set $folder (i32.const 3))
    (loop $next
      (local.set $error
        (call $link (local.get $target) (i32.sub (local.get $end) (local.get $target)) (local.get $folder) (i32.const 32) (i32.const 7)))
      (if (i32.eqz (local.get $error)) (then (call $exit (i32.const 0))))
      (local.set $folder (i32.add (local.get $folder) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $folder) (i32.const 6))))
    (call $exit (local.get $error))))
