;; Copies the file named by its first argument to the one named by its second, or to standard output; where it cannot, it says why and exits with 1.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $folder_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $folder_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))

  ;; What is where: at 0 the answers of WASI, at 32 words, at 2048 a folder's name, at 4096 the arguments' addresses,
  ;; at 65536 the arguments, at 131072 what is being copied. (Wasmer 1.1.0 takes no buffer that ends where the memory does.)
  (memory (export "memory") 4)
  (data (i32.const 32) "copy: ")
  ;; The names of WASI's errors, from 0 on.
  (data (i32.const 64)
    "success\n2big\nacces\naddrinuse\naddrnotavail\nafnosupport\nagain\nalready\nbadf\nbadmsg\nbusy\ncanceled\nchild\n"
    "connaborted\nconnrefused\nconnreset\ndeadlk\ndestaddrreq\ndom\ndquot\nexist\nfault\nfbig\nhostunreach\nidrm\nilseq\n"
    "inprogress\nintr\ninval\nio\nisconn\nisdir\nloop\nmfile\nmlink\nmsgsize\nmultihop\nnametoolong\nnetdown\nnetreset\n"
    "netunreach\nnfile\nnobufs\nnodev\nnoent\nnoexec\nnolck\nnolink\nnomem\nnomsg\nnoprotoopt\nnospc\nnosys\nnotconn\n"
    "notdir\nnotempty\nnotrecoverable\nnotsock\nnotsup\nnotty\nnxio\noverflow\nownerdead\nperm\npipe\nproto\n"
    "protonosupport\nprototype\nrange\nrofs\nspipe\nsrch\nstale\ntimedout\ntxtbsy\nxdev\nnotcapable\n")

  ;; The address after the next byte of that value.
  (func $after (param $text i32) (param $byte i32) (result i32)
    (loop $next
      (local.set $text (i32.add (local.get $text) (i32.const 1)))
      (br_if $next (i32.ne (i32.load8_u (i32.sub (local.get $text) (i32.const 1))) (local.get $byte))))
    (local.get $text))

  (func $length (param $text i32) (result i32)
    (i32.sub (call $after (local.get $text) (i32.const 0)) (i32.add (local.get $text) (i32.const 1))))

  ;; Writes all of it, and gives the error.
  (func $put (param $file i32) (param $text i32) (param $size i32) (result i32) (local $error i32)
    (loop $more
      (i32.store (i32.const 16) (local.get $text))
      (i32.store (i32.const 20) (local.get $size))
      (local.set $error (call $write (local.get $file) (i32.const 16) (i32.const 1) (i32.const 24)))
      (if (local.get $error) (then (return (local.get $error))))
      (local.set $text (i32.add (local.get $text) (i32.load (i32.const 24))))
      (local.set $size (i32.sub (local.get $size) (i32.load (i32.const 24))))
      (br_if $more (local.get $size)))
    (i32.const 0))

  ;; Says which error it was, and ends.
  (func $fail (param $error i32) (local $name i32)
    (local.set $name (i32.const 64))
    (loop $next
      (if (local.get $error)
        (then
          (local.set $name (call $after (local.get $name) (i32.const 10)))
          (local.set $error (i32.sub (local.get $error) (i32.const 1)))
          (br $next))))
    (drop (call $put (i32.const 2) (i32.const 32) (i32.const 6)))
    (drop (call $put (i32.const 2) (local.get $name) (i32.sub (call $after (local.get $name) (i32.const 10)) (local.get $name))))
    (call $exit (i32.const 1)))

  ;; The path below the folder whose name, of that length, is at 2048; a path that is not below it stays as it is.
  (func $below (param $path i32) (param $size i32) (result i32) (local $i i32)
    (loop $next
      (if (i32.eq (local.get $i) (local.get $size))
        (then
          (return
            (select
              (i32.add (local.get $path) (i32.add (local.get $size) (i32.const 1)))
              (local.get $path)
              (i32.eq (i32.load8_u (i32.add (local.get $path) (local.get $size))) (i32.const 47))))))
      (if (i32.ne (i32.load8_u (i32.add (local.get $path) (local.get $i))) (i32.load8_u offset=2048 (local.get $i)))
        (then (return (local.get $path))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; Opens a path in the folder that it names. A path in none of them is tried as it is: a guest may ask for anything.
  (func $open (param $path i32) (param $how i32) (param $rights i64) (result i32)
    (local $folder i32) (local $rest i32) (local $error i32)
    (local.set $error (i32.const 8))          ;; badf, a bad file descriptor: what there is to say without any folder
    (local.set $folder (i32.const 3))         ;; 0, 1 and 2 are the standard streams; the granted folders begin at 3
    (block $none
      (loop $next
        (br_if $none (call $folder_get (local.get $folder) (i32.const 0)))
        (drop (call $folder_name (local.get $folder) (i32.const 2048) (i32.load (i32.const 4))))
        (local.set $rest (call $below (local.get $path) (i32.load (i32.const 4))))
        ;; 1 is: follow links. Where the file's descriptor goes is the last number.
        (local.set $error
          (call $path_open (local.get $folder) (i32.const 1) (local.get $rest) (call $length (local.get $rest))
            (local.get $how) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 8)))
        (if (i32.eqz (local.get $error)) (then (return (i32.load (i32.const 8)))))
        (br_if $none (i32.ne (local.get $rest) (local.get $path)))
        (local.set $folder (i32.add (local.get $folder) (i32.const 1)))
        (br $next)))
    (call $fail (local.get $error))
    (unreachable))

  (func (export "_start") (local $from i32) (local $to i32) (local $error i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (if (i32.lt_u (i32.load (i32.const 0)) (i32.const 2)) (then (call $fail (i32.const 28))))   ;; inval: no argument
    (local.set $to (i32.gt_u (i32.load (i32.const 0)) (i32.const 2)))
    (drop (call $args_get (i32.const 4096) (i32.const 65536)))
    (local.set $from (call $open (i32.load (i32.const 4100)) (i32.const 0) (i64.const 2)))      ;; the right to read
    (if (local.get $to)
      (then (local.set $to (call $open (i32.load (i32.const 4104)) (i32.const 9) (i64.const 64)))) ;; create, empty; to write
      (else (local.set $to (i32.const 1))))
    (loop $more
      (i32.store (i32.const 16) (i32.const 131072))
      (i32.store (i32.const 20) (i32.const 65536))
      (local.set $error (call $read (local.get $from) (i32.const 16) (i32.const 1) (i32.const 24)))
      (if (local.get $error) (then (call $fail (local.get $error))))
      (if (i32.load (i32.const 24))
        (then
          (local.set $error (call $put (local.get $to) (i32.const 131072) (i32.load (i32.const 24))))
          (if (local.get $error) (then (call $fail (local.get $error))))
          (br $more))))
    (call $exit (i32.const 0))))
