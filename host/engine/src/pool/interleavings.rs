//! The pool itself, its threads in every order that there is, or in many: what a swap waits for is what `calls` says.

use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;
use tokio::sync::watch;

use super::*;

/// Orders that are tried where there are too many to try all.
const ORDERS: usize = 2_000;

/// Another thread may go on here.
struct Shuttled;

impl Turns for Shuttled {
    fn turn() {
        AtomicBool::new(false).load(Ordering::SeqCst);
    }
}

type Calls = Pool<(), Shuttled>;

fn pool(instances: usize) -> Calls {
    Pool::with_turns(&Limits {
        instances,
        queue: 8,
        ..Limits::handler()
    })
}

#[test]
fn a_call_that_is_counted_is_counted_to_its_end_in_every_order() {
    let race = || {
        let pool = Arc::new(pool(1));
        let (first, _) = block_on(pool.take()).ok().unwrap();
        let second = {
            let pool = Arc::clone(&pool);
            // It goes on until it is asked for.
            thread::spawn(move || block_on(pool.wait()).ok().unwrap())
        };
        let ends = thread::spawn(move || {
            Shuttled::turn();
            drop(first);
        });
        // From the moment on that it waits it is counted, whatever the first one does meanwhile.
        Shuttled::turn();
        let counted = pool.waiting.load(Ordering::SeqCst) > 0;
        let calls = pool.calls();
        assert!(
            !counted || calls > 0,
            "a call is under way, and is not counted"
        );
        drop(second.join().unwrap());
        ends.join().unwrap();
        assert_eq!(pool.calls(), 0);
    };
    shuttle::check_dfs(race, None);
}

/// What serves from one swap to the next.
struct Version {
    calls: Calls,
    replaced: AtomicBool,
    drained: AtomicBool,
}

impl Version {
    fn new() -> Arc<Version> {
        Arc::new(Version {
            calls: pool(1),
            replaced: AtomicBool::new(false),
            drained: AtomicBool::new(false),
        })
    }
}

/// One call: of what serves now, to its end.
fn call(snapshots: &watch::Receiver<Arc<Version>>) {
    Shuttled::turn();
    let version = Arc::clone(&snapshots.borrow());
    let (place, instance) = block_on(version.calls.take()).ok().unwrap();
    let in_time = !version.replaced.load(Ordering::SeqCst);
    let drained = version.drained.load(Ordering::SeqCst);
    assert!(
        !(in_time && drained),
        "it began before the swap, and is not waited for"
    );
    if instance.is_none() {
        version.calls.put_back(());
    }
    let drained = version.drained.load(Ordering::SeqCst);
    assert!(!(in_time && drained), "it goes on, and is not waited for");
    drop(place);
}

#[test]
fn a_swap_waits_for_every_call_that_began_before_it_in_many_orders() {
    let night = || {
        let (publisher, snapshots) = watch::channel(Version::new());
        let callers = (0..3).map(|_| {
            let snapshots = snapshots.clone();
            thread::spawn(move || (0..2).for_each(|_| call(&snapshots)))
        });
        let callers: Vec<_> = callers.collect();
        for _ in 0..2 {
            Shuttled::turn();
            let before = publisher.send_replace(Version::new());
            before.replaced.store(true, Ordering::SeqCst);
            while before.calls.calls() > 0 {
                thread::yield_now();
            }
            before.drained.store(true, Ordering::SeqCst);
        }
        callers
            .into_iter()
            .for_each(|caller| caller.join().unwrap());
        assert_eq!(snapshots.borrow().calls.calls(), 0);
    };
    shuttle::check_random(night, ORDERS);
    shuttle::check_pct(night, ORDERS, 3);
}
