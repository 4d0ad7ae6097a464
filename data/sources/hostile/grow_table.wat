;; Grows a table until growing is refused, and then for ever asks again.
(module
  (memory (export "memory") 1)
  (table $entries 1 funcref)
  (func (export "_start")
    (loop $again
      (drop (table.grow $entries (ref.null func) (i32.const 100000)))
      (br $again))))
