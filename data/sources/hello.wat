;; Prints its arguments, its environment and what it reads on standard input.
;;
;; The memory: 0 and 4 are an address and a size for WASI, 8 is where WASI says how much, 16 a line's end, 32 the words
;; before each line; from 1024 on are the addresses of strings, and behind them the strings.

(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 16)
  (data (i32.const 16) "\n")
  (data (i32.const 32) "argument ")
  (data (i32.const 48) ": ")
  (data (i32.const 64) "environment: ")
  (data (i32.const 80) "input: ")

  ;; Writes bytes to standard output.
  (func $write (param $address i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $address))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  ;; Writes a string that ends with a zero, and a line's end.
  (func $write_string (param $address i32)
    (local $end i32)
    (local.set $end (local.get $address))
    (block $found
      (loop $next
        (br_if $found (i32.eqz (i32.load8_u (local.get $end))))
        (local.set $end (i32.add (local.get $end) (i32.const 1)))
        (br $next)))
    (call $write (local.get $address) (i32.sub (local.get $end) (local.get $address)))
    (call $write (i32.const 16) (i32.const 1)))

  ;; Writes a number in decimal digits, the last one last.
  (func $write_number (param $number i32)
    (if (i32.ge_u (local.get $number) (i32.const 10))
      (then (call $write_number (i32.div_u (local.get $number) (i32.const 10)))))
    (i32.store8 (i32.const 20) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
    (call $write (i32.const 20) (i32.const 1)))

  (func $write_arguments
    (local $count i32) (local $index i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (local.set $count (i32.load (i32.const 0)))
    (drop (call $args_get (i32.const 1024) (i32.add (i32.const 1024) (i32.mul (i32.const 4) (local.get $count)))))
    (local.set $index (i32.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $index) (local.get $count)))
        (call $write (i32.const 32) (i32.const 9))
        (call $write_number (local.get $index))
        (call $write (i32.const 48) (i32.const 2))
        (call $write_string (i32.load (i32.add (i32.const 1024) (i32.mul (i32.const 4) (local.get $index)))))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br $next))))

  (func $write_environment
    (local $count i32) (local $index i32)
    (drop (call $environ_sizes_get (i32.const 0) (i32.const 4)))
    (local.set $count (i32.load (i32.const 0)))
    (drop (call $environ_get (i32.const 1024) (i32.add (i32.const 1024) (i32.mul (i32.const 4) (local.get $count)))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $index) (local.get $count)))
        (call $write (i32.const 64) (i32.const 13))
        (call $write_string (i32.load (i32.add (i32.const 1024) (i32.mul (i32.const 4) (local.get $index)))))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br $next))))

  ;; Copies standard input byte by byte, each line behind its word.
  (func $write_input
    (local $in_line i32)
    (block $done
      (loop $next
        (i32.store (i32.const 0) (i32.const 24))
        (i32.store (i32.const 4) (i32.const 1))
        (br_if $done (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br_if $done (i32.eqz (i32.load (i32.const 8))))
        (if (i32.eqz (local.get $in_line))
          (then (call $write (i32.const 80) (i32.const 7))))
        (local.set $in_line (i32.ne (i32.load8_u (i32.const 24)) (i32.const 10)))
        (call $write (i32.const 24) (i32.const 1))
        (br $next))))

  (func (export "_start")
    (call $write_arguments)
    (call $write_environment)
    (call $write_input)))
