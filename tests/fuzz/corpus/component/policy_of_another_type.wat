(component
  (core module $m (func (export "configure") (param i32)))
  (core instance $i (instantiate $m))
  (func $configure (param "settings" u32) (canon lift (core func $i "configure")))
  (instance $policy (export "configure" (func $configure)))
  (export "slewgate:plugin/policy@0.1.0" (instance $policy)))
