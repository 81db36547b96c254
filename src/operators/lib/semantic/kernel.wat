(module
  (import "bank" "memory" (memory 1))

  ;; The dot product of `dims` signed bytes at `at` with `dims` 16-bit integers at `query`; `dims` is a multiple of 16.
  (func $dot (param $query i32) (param $at i32) (param $dims i32) (result i32)
    (local $end i32) (local $sum v128)
    (local.set $end (i32.add (local.get $at) (local.get $dims)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $sum (i32x4.add (local.get $sum) (i32x4.add
          (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $at)) (v128.load (local.get $query)))
          (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $at)) (v128.load offset=16 (local.get $query))))))
        (local.set $query (i32.add (local.get $query) (i32.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
      (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum)))))

  ;; Writes to `out` the number and the dot product of each of `count` stored vectors whose similarity may reach the threshold, and
  ;; gives how many there are. A vector lies in two parts: `headDims` bytes at `heads`, `tailDims` bytes at `tails`. Of each, 16 bytes at
  ;; `marks`: the length of its tail, and its length (f32). `rest`: the length of the query's tail. `least`: the threshold times the
  ;; length of the query. By Cauchy and Schwarz a tail adds at most the product of the tails' lengths.
  (func (export "scan")
    (param $query i32) (param $headDims i32) (param $tailDims i32) (param $heads i32) (param $tails i32)
    (param $marks i32) (param $count i32) (param $rest f64) (param $least f64) (param $out i32) (result i32)
    (local $at i32) (local $query2 i32) (local $end i32) (local $q i32) (local $found i32) (local $dot i32)
    (local $sum v128) (local $needed f64)
    (local.set $found (local.get $out))
    (local.set $query2 (i32.add (local.get $query) (i32.shl (local.get $headDims) (i32.const 1))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $count)))
        (local.set $end (i32.add (local.get $heads) (local.get $headDims)))
        (local.set $q (local.get $query))
        (local.set $sum (v128.const i32x4 0 0 0 0))
        (loop $dims
          (local.set $sum (i32x4.add (local.get $sum) (i32x4.add
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $heads)) (v128.load (local.get $q)))
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $heads)) (v128.load offset=16 (local.get $q))))))
          (local.set $q (i32.add (local.get $q) (i32.const 32)))
          (br_if $dims (i32.lt_u
            (local.tee $heads (i32.add (local.get $heads) (i32.const 16))) (local.get $end))))
        (local.set $dot (i32.add
          (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
          (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum)))))
        (local.set $needed (f64.mul (local.get $least) (f64.promote_f32 (f32.load offset=4 (local.get $marks)))))
        (if (f64.ge
              (f64.add
                (f64.convert_i32_s (local.get $dot))
                (f64.mul (local.get $rest) (f64.promote_f32 (f32.load (local.get $marks)))))
              (local.get $needed))
          (then
            (local.set $dot (i32.add (local.get $dot)
              (call $dot (local.get $query2) (local.get $tails) (local.get $tailDims))))
            (if (f64.ge (f64.convert_i32_s (local.get $dot)) (local.get $needed))
              (then
                (i32.store (local.get $found) (local.get $at))
                (i32.store offset=4 (local.get $found) (local.get $dot))
                (local.set $found (i32.add (local.get $found) (i32.const 8)))))))
        (local.set $tails (i32.add (local.get $tails) (local.get $tailDims)))
        (local.set $marks (i32.add (local.get $marks) (i32.const 16)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.shr_u (i32.sub (local.get $found) (local.get $out)) (i32.const 3))))
