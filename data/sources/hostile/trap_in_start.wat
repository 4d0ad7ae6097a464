;; Traps before its program has begun: in the function that runs as it is instantiated.
(module
  (memory (export "memory") 1)
  (func $begin (unreachable))
  (start $begin)
  (func (export "_start")))
