(component
  (instance $nothing)
  (export "slewgate:plugin/handler@0.1.0" (instance $nothing))
  (export "slewgate:plugin/policy@0.1.0" (instance $nothing)))
