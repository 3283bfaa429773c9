//! Calls of components that are written as text: what Rust does not let a plugin try.

use wasmtime::component::{Component, InstancePre, Linker, TypedFunc};

use super::*;
use crate::allowed::Looked;
use crate::called::Called;
use crate::engine::EngineSettings;
use crate::limits::QuarantineSettings;
use crate::powers::output;
use crate::powers::printed::Printed;

const DEADLINE: Duration = Duration::from_secs(10);

/// A component that exports `run`, and nothing of the contract.
struct Bare(InstancePre<Guest<()>>);

impl World for Bare {
    type Powers = ();
    type Exports = TypedFunc<(), ()>;

    fn guest(&self, standing: &Arc<Standing>) -> Guest<()> {
        let printed = Printed::default();
        let wasi = output::context("bare", &Looked::default(), standing, &printed).build();
        Guest::new(standing, wasi, printed, ())
    }

    async fn instantiate(
        &self,
        store: &mut Store<Guest<()>>,
    ) -> Result<TypedFunc<(), ()>, CallError> {
        let instance = self.0.instantiate_async(&mut *store).await;
        let instance = instance.map_err(CallError::Trapped)?;
        let run = instance.get_typed_func(&mut *store, "run");
        run.map_err(CallError::Trapped)
    }
}

/// Calls of a component around a core module of this content, which exports `run`.
fn module(limits: Limits, content: &str) -> Caller<Bare> {
    with_stack(None, limits, content)
}

fn with_stack(stack: Option<usize>, limits: Limits, content: &str) -> Caller<Bare> {
    let text = format!(
        "(component (core module $m {content}) (core instance $i (instantiate $m))
            (func (export \"run\") (canon lift (core func $i \"run\"))))"
    );
    component(stack, limits, &text)
}

fn component(stack: Option<usize>, limits: Limits, text: &str) -> Caller<Bare> {
    let engine = Engine::new(&EngineSettings {
        stack,
        ..EngineSettings::default()
    })
    .unwrap();
    let bytes = wat::parse_str(text).unwrap();
    let component = Component::from_binary(engine.wasm(), &bytes).unwrap();
    let linked = Linker::new(engine.wasm()).instantiate_pre(&component);
    Caller::new(engine, "bare", limits, Bare(linked.unwrap()))
}

async fn run(caller: &Caller<Bare>) -> Result<(), CallError> {
    let called = caller.call(async |mut instance: Instance<Bare>| {
        let ran = instance.exports.call_async(&mut instance.store, ()).await;
        (instance, ran)
    });
    called.await
}

/// What is said of a call that fails, and whether its client is told that the plugin ran out of something.
async fn fails(caller: &Caller<Bare>) -> (String, bool) {
    let error = run(caller).await.unwrap_err();
    (error.to_string(), error.exhausted())
}

const NOTHING: &str = r#"(func (export "run"))"#;

const TRAPS: &str = r#"(func (export "run") unreachable)"#;

/// Traps where it is called more often than this.
fn traps_after(calls: u32) -> String {
    format!(
        r#"(global $calls (mut i32) (i32.const 0))
        (func (export "run")
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (if (i32.gt_u (global.get $calls) (i32.const {calls})) (then unreachable)))"#
    )
}

#[tokio::test]
async fn a_start_function_that_loops_ends_with_the_budget_of_a_start() {
    let content = format!("(func $start (loop (br 0))) (start $start) {NOTHING}");
    let limits = Limits {
        starting: Duration::from_millis(70),
        ..Limits::handler()
    };
    let (said, exhausted) = fails(&module(limits, &content)).await;
    assert!(said.contains("computed for more than 70 ms"), "{said}");
    assert!(exhausted);
}

#[tokio::test]
async fn memory_is_filled_and_copied_again_and_again_within_the_computing_budget() {
    for instruction in [
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864))",
        "(memory.copy (i32.const 0) (i32.const 33554432) (i32.const 33554432))",
    ] {
        let once_and_again = format!(
            r#"(memory 1024) (func (export "run") {} (loop {instruction} (br 0)))"#,
            instruction.repeat(100)
        );
        let (said, exhausted) = fails(&module(Limits::handler(), &once_and_again)).await;
        assert!(said.contains("computed for more than"), "{said}");
        assert!(exhausted);
    }
}

#[tokio::test]
async fn many_small_memories_are_one_large_one() {
    let memories = |count: usize| format!("{} {NOTHING}", "(memory 256)".repeat(count));
    run(&module(Limits::handler(), &memories(4))).await.unwrap();
    let (said, exhausted) = fails(&module(Limits::handler(), &memories(5))).await;
    assert!(said.contains("more than 67108864 bytes"), "{said}");
    assert!(exhausted);
}

#[tokio::test]
async fn tables_that_grow_and_tables_that_are_large_from_the_first_are_bounded() {
    let grows = r#"(table $t 1 funcref)
        (func (export "run") (loop (drop (table.grow $t (ref.null func) (i32.const 1000))) (br 0)))"#;
    let large = format!("(table 60000 funcref) (table 60000 funcref) {NOTHING}");
    for content in [grows, &large] {
        let (said, exhausted) = fails(&module(Limits::handler(), content)).await;
        assert!(
            said.contains("tables of more than 100000 elements"),
            "{said}"
        );
        assert!(exhausted);
    }
}

#[tokio::test]
async fn handles_of_a_plugin_to_what_is_its_own_are_bounded() {
    let hoards = r#"(component
        (type $thing (resource (rep i32)))
        (core func $new (canon resource.new $thing))
        (core module $m
            (import "" "new" (func $new (param i32) (result i32)))
            (func (export "run") (loop (drop (call $new (i32.const 1))) (br 0))))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
        (func (export "run") (canon lift (core func $i "run"))))"#;
    let (said, _) = fails(&component(None, Limits::handler(), hoards)).await;
    assert!(said.contains("handle limit exceeded"), "{said}");
}

#[tokio::test]
async fn the_stack_of_a_plugin_is_as_deep_as_the_engine_is_told() {
    let deep = r#"(func $f (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
                (else (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))))
        (func (export "run") (drop (call $f (i32.const 4000))))"#;
    run(&module(Limits::handler(), deep)).await.unwrap();
    let (said, _) = fails(&with_stack(Some(64 * 1024), Limits::handler(), deep)).await;
    assert!(said.contains("stack"), "{said}");
}

#[tokio::test]
async fn an_instance_is_replaced_after_so_many_calls() {
    let recycled = |recycle| Limits {
        recycle,
        ..Limits::handler()
    };
    let caller = module(recycled(3), &traps_after(3));
    for _ in 0..9 {
        run(&caller).await.unwrap();
    }
    let caller = module(recycled(4), &traps_after(3));
    for _ in 0..3 {
        run(&caller).await.unwrap();
    }
    run(&caller).await.unwrap_err();
}

#[tokio::test]
async fn a_fresh_instance_was_never_called_before() {
    let fresh = Limits {
        recycle: 1,
        ..Limits::handler()
    };
    let caller = module(fresh, &traps_after(1));
    for _ in 0..9 {
        run(&caller).await.unwrap();
    }
    assert_eq!(caller.usage().memory, 0);
}

#[tokio::test]
async fn calls_and_failures_are_counted_and_memory_that_instances_hold() {
    let caller = module(Limits::handler(), &format!("(memory 2) {}", traps_after(3)));
    for _ in 0..3 {
        run(&caller).await.unwrap();
    }
    let usage = caller.usage();
    assert_eq!(
        (usage.calls, usage.failures, usage.memory),
        (3, 0, 2 * 65_536)
    );
    assert!(usage.p50.is_some() && usage.p50 <= usage.p99);
    run(&caller).await.unwrap_err();
    let usage = caller.usage();
    assert_eq!((usage.calls, usage.failures, usage.memory), (4, 1, 0));
}

#[tokio::test]
async fn a_call_that_waited_too_long_is_a_failure_also_where_nobody_waits_for_it_any_more() {
    let limits = Limits {
        computing: Duration::from_secs(600),
        waiting: Duration::from_millis(20),
        ..Limits::handler()
    };
    let caller = module(limits, r#"(func (export "run") (loop (br 0)))"#);
    let error = run(&caller).await.unwrap_err();
    assert_eq!(error.to_string(), "took longer than 20 ms");
    assert_eq!(caller.usage().failures, 1);
    // Polled once, which is enough for it to be under way, and dropped.
    tokio::select! {
        biased;
        ran = run(&caller) => panic!("{ran:?}"),
        () = std::future::ready(()) => {}
    }
    until(|| caller.usage().failures == 2).await;
}

#[tokio::test]
async fn a_plugin_that_keeps_failing_is_not_called_for_a_while_and_comes_back_by_itself() {
    let limits = Limits {
        quarantine: QuarantineSettings {
            failures: 2,
            apart: Duration::ZERO,
            first: Duration::from_millis(50),
            longest: DEADLINE,
        },
        ..Limits::handler()
    };
    let caller = module(limits, TRAPS);
    for _ in 0..2 {
        let failed = run(&caller).await.unwrap_err();
        assert!(failed.is_failure(), "{failed}");
    }
    let refused = run(&caller).await.unwrap_err();
    assert!(matches!(refused, CallError::Quarantined(_)), "{refused}");
    assert!(refused.to_string().contains("unreachable"), "{refused}");
    assert_eq!(caller.usage().calls, 2, "it was not called");
    until(|| caller.admit().is_ok()).await;
    run(&caller).await.unwrap_err();
    assert!(
        caller.quarantined().is_some(),
        "the first failure is too many"
    );
}

#[tokio::test]
async fn a_client_is_told_when_a_quarantine_ends_and_by_what_the_log_is_searched() {
    let once = Limits {
        quarantine: QuarantineSettings {
            failures: 1,
            ..QuarantineSettings::default()
        },
        ..Limits::handler()
    };
    let caller = module(once, TRAPS);
    run(&caller).await.unwrap_err();
    let error = run(&caller).await.unwrap_err();
    let refusal = caller.refusal(&error);
    let data = refusal.data.unwrap();
    assert_eq!(refusal.code, slewgate_rpc::Code::Exhausted);
    assert!(
        (1..=1000).contains(&data["retry_after_ms"].as_u64().unwrap()),
        "{data}"
    );
    let incident = caller.quarantined().unwrap().incident;
    assert_eq!(data["incident"], incident);
    assert!(caller.release() && !caller.release());
    assert!(run(&caller).await.unwrap_err().is_failure());
}

/// Waits for what has no event of its own.
async fn until(so: impl Fn() -> bool) {
    let waited = timeout(DEADLINE, async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    waited.await.expect("it never was so");
}

#[tokio::test(start_paused = true)]
async fn who_queues_for_an_instance_as_long_as_a_call_may_take_is_told_that_it_is_busy() {
    let limits = Limits {
        instances: 1,
        queue: 1,
        ..Limits::handler()
    };
    let caller = module(limits, NOTHING);
    let only = caller.0.pool.take().await.unwrap();
    assert!(matches!(run(&caller).await, Err(CallError::Busy)));
    drop(only);
    run(&caller).await.unwrap();
}

#[tokio::test]
async fn a_call_that_ends_because_another_version_is_there_is_no_failure() {
    let limits = Limits {
        drain: Duration::from_millis(7),
        ..Limits::handler()
    };
    let caller = module(limits, NOTHING);
    let call = caller.call(async |instance| {
        std::future::pending::<()>().await;
        (instance, Ok(()))
    });
    let ending = async {
        until(|| caller.calls() == 1).await;
        caller.end_calls();
    };
    let (ended, ()) = tokio::join!(call, ending);
    let said = ended.unwrap_err().to_string();
    assert_eq!(
        said,
        "another version took its place, and it went on for more than 7 ms after that"
    );
    assert_eq!((caller.usage().failures, caller.calls()), (0, 0));
}

#[tokio::test]
async fn who_queues_for_a_version_that_is_over_is_told_so() {
    let limits = Limits {
        instances: 1,
        ..Limits::handler()
    };
    let caller = module(limits, NOTHING);
    let _only = caller.0.pool.take().await.unwrap();
    let ending = async {
        until(|| caller.calls() == 2).await;
        caller.end_calls();
    };
    let (ended, ()) = tokio::join!(run(&caller), ending);
    assert!(matches!(ended, Err(CallError::Replaced(_))), "{ended:?}");
}

#[tokio::test]
async fn an_instance_may_take_longer_to_start_than_a_call_may_and_a_call_no_longer_than_that() {
    let begins = r#"(func $begin (local i32)
        (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
              (br_if 0 (i32.lt_u (local.get 0) (i32.const 50000000)))))
        (start $begin)"#;
    let limits = Limits {
        computing: Duration::from_millis(1),
        starting: DEADLINE,
        ..Limits::handler()
    };
    let starts = format!(r#"{begins} (func (export "run"))"#);
    run(&module(limits.clone(), &starts)).await.unwrap();
    let loops = format!(r#"{begins} (func (export "run") (loop (br 0)))"#);
    let error = run(&module(limits, &loops)).await.unwrap_err();
    assert!(
        error.in_short().contains("computed for more than 1 ms"),
        "{error}"
    );
}
