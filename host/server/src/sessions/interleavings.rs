//! The registry itself, with a lock of `shuttle`: its threads take their turns in every order that there is, or in many.

use std::time::Duration;

use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use super::registry::{Live, Lock, NoPlace, Occupant, Registry};

/// Orders that are tried where there are too many to try all.
const ORDERS: usize = 2_000;

/// A client as the registry sees it: its program may hang, and it may be told to go.
#[derive(Clone, Debug)]
struct Peer {
    number: u64,
    asks: Asks,
    told_to_go: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
struct Asks {
    id: &'static str,
    hangs: Arc<AtomicBool>,
}

impl Asks {
    fn new(id: &'static str, hangs: bool) -> Self {
        Self {
            id,
            hangs: Arc::new(AtomicBool::new(hangs)),
        }
    }
}

impl Occupant for Peer {
    type Newcomer = Asks;

    fn new(number: u64, asks: Asks) -> Self {
        Self {
            number,
            asks,
            told_to_go: Arc::new(AtomicBool::new(false)),
        }
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn is(&self, asks: &Asks) -> bool {
        self.asks.id == asks.id
    }

    async fn answers(&self, _patience: Duration) -> bool {
        !self.asks.hangs.load(Ordering::SeqCst)
    }

    fn make_way(&self) {
        self.told_to_go.store(true, Ordering::SeqCst);
    }
}

impl<T> Lock<T> for Mutex<T> {
    fn of(value: T) -> Self {
        Mutex::new(value)
    }

    fn with<R>(&self, touch: impl FnOnce(&mut T) -> R) -> R {
        touch(&mut self.lock().unwrap())
    }
}

type Peers = Registry<Peer, Mutex<Live<Peer>>>;

/// Enters, and looks at who is there.
fn enter(peers: &Peers, asks: Asks) -> Result<Peer, NoPlace> {
    let entered = block_on(peers.enter(asks.clone(), Duration::ZERO));
    let same = peers.list().into_iter().filter(|peer| peer.is(&asks));
    assert!(same.count() <= 1, "two have one id");
    entered
}

/// What each of the threads that run this has to say.
fn all<R: Send + 'static>(
    peers: &Arc<Peers>,
    asks: impl IntoIterator<Item = Asks>,
    does: impl Fn(&Peers, Asks) -> R + Clone + Send + 'static,
) -> Vec<R> {
    let threads = asks.into_iter().map(|asks| {
        let (peers, does) = (Arc::clone(peers), does.clone());
        thread::spawn(move || does(&peers, asks))
    });
    let threads: Vec<_> = threads.collect();
    let said = threads.into_iter().map(|thread| thread.join().unwrap());
    said.collect()
}

#[test]
fn of_two_that_race_for_one_id_one_gets_it_in_every_order() {
    let race = || {
        let peers = Arc::new(Peers::default());
        let both = [Asks::new("a", false), Asks::new("a", false)];
        let entered = all(&peers, both, enter);
        let [one] = &peers.list()[..] else {
            panic!("one is there");
        };
        let won = entered.iter().flatten().map(Occupant::number);
        assert_eq!(won.collect::<Vec<_>>(), [one.number]);
        assert!(!one.told_to_go.load(Ordering::SeqCst));
    };
    shuttle::check_dfs(race, None);
}

#[test]
fn of_two_that_race_for_the_id_of_one_that_hangs_one_gets_it_in_every_order() {
    let race = || {
        let peers = Arc::new(Peers::default());
        let dead = enter(&peers, Asks::new("a", true)).unwrap();
        let both = [Asks::new("a", false), Asks::new("a", false)];
        let entered = all(&peers, both, enter);
        let won: Vec<_> = entered.iter().flatten().collect();
        assert_eq!(won.len(), 1);
        assert!(dead.told_to_go.load(Ordering::SeqCst));
        assert!(!won[0].told_to_go.load(Ordering::SeqCst));
        assert_eq!(peers.list()[0].number, won[0].number);
    };
    shuttle::check_dfs(race, None);
}

#[test]
fn nobody_is_left_in_by_a_shutdown_in_any_order() {
    let race = || {
        let peers = Arc::new(Peers::default());
        let newcomer = {
            let peers = Arc::clone(&peers);
            thread::spawn(move || enter(&peers, Asks::new("a", false)))
        };
        let told = peers.shut();
        let entered = newcomer.join().unwrap();
        let missed = entered
            .iter()
            .any(|peer| told.iter().all(|it| it.number != peer.number));
        assert!(!missed, "one came in and was not told");
        assert_eq!(
            enter(&peers, Asks::new("b", false)).err(),
            Some(NoPlace::Closing)
        );
    };
    shuttle::check_dfs(race, None);
}

/// Clients that come, hang, leave and come again, while others look.
#[test]
fn whoever_answers_keeps_its_place_and_no_number_is_used_twice_in_many_orders() {
    let crowd = || {
        let peers = Arc::new(Peers::default());
        let lives = ["a", "a", "a", "b"].map(|id| Asks::new(id, false));
        let numbers = all(&peers, lives, |peers, asks| {
            let mut numbers = Vec::new();
            for hangs in [false, true] {
                asks.hangs.store(false, Ordering::SeqCst);
                let Ok(peer) = enter(peers, asks.clone()) else {
                    continue;
                };
                numbers.push(peer.number);
                assert!(peers.get(peer.number).is_some(), "it answers, and is gone");
                assert!(!peer.told_to_go.load(Ordering::SeqCst));
                asks.hangs.store(hangs, Ordering::SeqCst);
                thread::yield_now();
                peers.leave(peer.number);
                assert!(peers.get(peer.number).is_none());
            }
            numbers
        });
        assert_eq!(peers.count(), 0);
        let mut all: Vec<_> = numbers.into_iter().flatten().collect();
        let given = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), given);
    };
    shuttle::check_random(crowd, ORDERS);
    shuttle::check_pct(crowd, ORDERS, 3);
}
