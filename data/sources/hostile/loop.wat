;; Loops for ever, and calls nothing: only the clock, or the end of its process, stops it.
(module
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again))))
