;; The policy of the check's own client: it may do everything, so that what is seen is the handler's doing.
;; Nothing is remembered: whatever text comes is written over the one before, and nobody reads it.
(component
  (core module $allow
    ;; Twice the largest JSON text of the contract: params, and the names of who asks.
    (memory (export "memory") 2)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 16)
    ;; Where the answer is: `ok` of a result and `allow` of a decision are both a zero.
    (func (export "configure") (param i32 i32) (result i32) i32.const 0)
    ;; Four texts of the client; the method, the effect and the params of the action.
    (func (export "authorize")
      (param i32 i32 i32 i32 i32 i32 i32 i32)
      (param i32 i32 i32 i32 i32)
      (result i32)
      i32.const 0))
  (core instance $i (instantiate $allow))

  (type $an-effect (enum "observe" "move" "stop" "configure" "administer"))
  (export $effect "effect" (type $an-effect))
  (type $a-client (record
    (field "session" string) (field "id" string) (field "client-type" string) (field "name" string)))
  (export $client "client" (type $a-client))
  (type $an-action (record (field "method" string) (field "effect" $effect) (field "params" string)))
  (export $action "action" (type $an-action))
  (type $a-decision (variant (case "allow") (case "deny" string)))
  (export $decision "decision" (type $a-decision))

  (func $configure (param "settings" string) (result (result (error string)))
    (canon lift (core func $i "configure") (memory $i "memory") (realloc (func $i "realloc"))))
  (func $authorize (param "client" $client) (param "action" $action) (result $decision)
    (canon lift (core func $i "authorize") (memory $i "memory") (realloc (func $i "realloc"))))
  (instance $policy
    (export "configure" (func $configure))
    (export "authorize" (func $authorize)))
  (export "slewgate:plugin/policy@0.1.0" (instance $policy)))
