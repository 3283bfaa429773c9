(component
  (instance $nothing)
  (export "slewgate:plugin/policy@0.1.0-rc.1" (instance $nothing))
  (export "slewgate:plugin/policy" (instance $nothing)))
