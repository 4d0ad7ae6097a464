;; Calls itself without an end, with locals that stay alive across the call.
(module
  (memory (export "memory") 1)
  (func $deeper (param $depth i64) (result i64)
    (i64.add (local.get $depth) (call $deeper (i64.add (local.get $depth) (i64.const 1)))))
  (func (export "_start") (drop (call $deeper (i64.const 0)))))
