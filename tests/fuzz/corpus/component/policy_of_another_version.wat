(component
  (instance $policy)
  (export "slewgate:plugin/policy@9.0.0" (instance $policy)))
