//! The limiter beside a model of it: a purse for each key, that holds time. A request costs what flows back in between two of
//! them, and nothing flows into a purse that is full.
//!
//! The model has no table to fit into, no bits to save and no other way to say the same; where both agree on every decision
//! and every wait, whatever is asked by whom and when, the limiter does what its document says.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use proptest::prelude::*;
use slewgate_security::admission::{LimitBy, Limited, MAX_KEYS, RequestLimiter};

/// Nanoseconds of a minute.
const MINUTE: u128 = 60_000_000_000;

/// Nanoseconds that one request of so many a minute costs; the rest of the division is the client's.
fn cost(limit: NonZeroU32) -> u128 {
    MINUTE / u128::from(limit.get())
}

/// Whom a request counts for, in the model's own words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Payer {
    source: Option<IpAddr>,
    token: Option<String>,
    limit: NonZeroU32,
}

/// What a payer has left, in nanoseconds, and as of when.
#[derive(Debug, Clone, Copy)]
struct Purse {
    holds: u128,
    as_of: u128,
}

/// See the module.
#[derive(Debug)]
struct Model {
    limit: NonZeroU32,
    by: LimitBy,
    purses: HashMap<Payer, Purse>,
    /// Each request that was let through: for whom, and when.
    passed: HashMap<Payer, Vec<u128>>,
}

impl Model {
    fn new(limit: NonZeroU32, by: LimitBy) -> Self {
        Self {
            limit,
            by,
            purses: HashMap::new(),
            passed: HashMap::new(),
        }
    }

    fn payer(&self, asked: &Asked) -> Payer {
        let source = Some(asked.from.source());
        let token = Some(asked.token.to_string());
        let (source, token) = match (asked.own, self.by) {
            (Some(_), _) | (None, LimitBy::Token) => (None, token),
            (None, LimitBy::Address) => (source, None),
            (None, LimitBy::Both) => (source, token),
        };
        Payer {
            source,
            token,
            limit: asked.own.unwrap_or(self.limit),
        }
    }

    fn check(&mut self, asked: &Asked, now: u128) -> Result<(), Limited> {
        let payer = self.payer(asked);
        let limit = payer.limit;
        let full = cost(limit) * u128::from(limit.get());
        let new = Purse {
            holds: full,
            as_of: now,
        };
        let purse = self.purses.entry(payer.clone()).or_insert(new);
        purse.holds = full.min(purse.holds + (now - purse.as_of));
        purse.as_of = now;
        if purse.holds >= cost(limit) {
            purse.holds -= cost(limit);
            self.passed.entry(payer).or_default().push(now);
            return Ok(());
        }
        let lacks = cost(limit) - purse.holds;
        Err(Limited {
            retry_after: Duration::from_millis(lacks.div_ceil(1_000_000).try_into().unwrap()),
            limit: limit.get(),
        })
    }

    /// In no stretch of time, from one request that passed to another, more passed than a burst and what flowed back.
    fn keeps_the_bound(&self) -> bool {
        self.passed.iter().all(|(payer, passed)| {
            let burst = u128::from(payer.limit.get());
            (0..passed.len()).all(|from| {
                (from..passed.len()).all(|to| {
                    let flowed_back = (passed[to] - passed[from]) / cost(payer.limit);
                    (to - from + 1) as u128 <= burst + flowed_back
                })
            })
        })
    }
}

/// Where a request comes from, and where that is for the limiter.
#[derive(Debug, Clone, Copy)]
enum From {
    V4(u8),
    /// The same as an IPv6 socket sees it.
    Mapped(u8),
    /// Any address of one of a few networks.
    V6(u32, u64),
}

impl From {
    fn v4(host: u8) -> Ipv4Addr {
        Ipv4Addr::new(192, 0, 2, host)
    }

    fn v6(network: u32, host: u64) -> Ipv6Addr {
        Ipv6Addr::from_bits((0x2001_0db8 << 96) + (u128::from(network) << 64) + u128::from(host))
    }

    fn address(self) -> IpAddr {
        match self {
            Self::V4(host) => Self::v4(host).into(),
            Self::Mapped(host) => Self::v4(host).to_ipv6_mapped().into(),
            Self::V6(network, host) => Self::v6(network, host).into(),
        }
    }

    fn source(self) -> IpAddr {
        match self {
            Self::V4(host) | Self::Mapped(host) => Self::v4(host).into(),
            Self::V6(network, _) => Self::v6(network, 0).into(),
        }
    }
}

#[derive(Debug, Clone)]
struct Asked {
    from: From,
    token: u8,
    own: Option<NonZeroU32>,
}

#[derive(Debug, Clone)]
enum Act {
    /// So many of the same at once.
    Ask(Asked, usize),
    Wait(Duration),
    /// As long as the last refusal said.
    Obey,
    /// A millisecond less than that.
    Hurry,
    Set(NonZeroU32, LimitBy),
}

fn limit() -> impl Strategy<Value = NonZeroU32> {
    let number = prop_oneof![4 => 1_u32..8, 2 => 8_u32..200, 1 => 1_u32..=u32::MAX];
    number.prop_map(|number| NonZeroU32::new(number).unwrap())
}

fn by() -> impl Strategy<Value = LimitBy> {
    prop_oneof![
        Just(LimitBy::Address),
        Just(LimitBy::Token),
        Just(LimitBy::Both)
    ]
}

fn from() -> impl Strategy<Value = From> {
    prop_oneof![
        (0_u8..3).prop_map(From::V4),
        (0_u8..3).prop_map(From::Mapped),
        (0_u32..2, any::<u64>()).prop_map(|(network, host)| From::V6(network, host)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let own = prop_oneof![4 => Just(None), 1 => limit().prop_map(Some)];
    let asked = (from(), 0_u8..3, own).prop_map(|(from, token, own)| Asked { from, token, own });
    let wait = prop_oneof![0_u64..1_000, 0_u64..2_000_000_000, 0_u64..200_000_000_000];
    prop_oneof![
        8 => (asked, 1_usize..12).prop_map(|(asked, times)| Act::Ask(asked, times)),
        4 => wait.prop_map(|nanos| Act::Wait(Duration::from_nanos(nanos))),
        2 => Just(Act::Obey),
        2 => Just(Act::Hurry),
        1 => (limit(), by()).prop_map(|(limit, by)| Act::Set(limit, by)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_decision_and_every_wait_is_the_models(
        number in limit(),
        key in by(),
        acts in prop::collection::vec(act(), 1..80),
    ) {
        let clock = FakeRelativeClock::default();
        let limiter = RequestLimiter::with_clock(number, key, clock.clone());
        let mut model = Model::new(number, key);
        let (mut now, mut told) = (0_u128, Duration::ZERO);
        let pass = |time: Duration, now: &mut u128| {
            clock.advance(time);
            *now += time.as_nanos();
        };
        for act in acts {
            match act {
                Act::Ask(asked, times) => for _ in 0..times {
                    let token = asked.token.to_string();
                    let decided = limiter.check(asked.from.address(), &token, asked.own);
                    prop_assert_eq!(decided, model.check(&asked, now));
                    told = decided.map_or_else(|limited| limited.retry_after, |()| told);
                },
                Act::Wait(time) => pass(time, &mut now),
                Act::Obey => pass(told, &mut now),
                Act::Hurry => pass(told.saturating_sub(Duration::from_millis(1)), &mut now),
                Act::Set(limit, by) => {
                    limiter.set(limit, by);
                    (model.limit, model.by) = (limit, by);
                }
            }
            prop_assert_eq!(limiter.keys(), model.purses.len());
        }
        prop_assert!(model.keeps_the_bound());
    }
}

/// As many as the table always has room for: the newest, when it has just made room.
const REMEMBERED: usize = MAX_KEYS / 8 * 7;

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_full_table_forgets_those_longest_unused_and_nobody_else(
        number in 1_u32..4,
        crowd in MAX_KEYS..2 * MAX_KEYS,
        pause in prop_oneof![1_u64..1_000, 100_000_u64..1_000_000],
        steady in 1_u32..8,
        every in 50_usize..1_000,
    ) {
        let number = NonZeroU32::new(number).unwrap();
        let clock = FakeRelativeClock::default();
        let limiter = RequestLimiter::with_clock(number, LimitBy::Address, clock.clone());
        let mut model = Model::new(number, LimitBy::Address);
        let mut now = 0_u128;
        let mut ask = |network: u32| {
            clock.advance(Duration::from_nanos(pause));
            now += u128::from(pause);
            let asked = Asked { from: From::V6(network, 7), token: 0, own: None };
            let decided = limiter.check(asked.from.address(), "0", None);
            (decided, model.check(&asked, now), limiter.keys())
        };
        for come in 0..crowd {
            let passer_by = steady + u32::try_from(come).unwrap();
            let regulars = (come % every == 0).then_some(0..steady).into_iter().flatten();
            for network in regulars.chain([passer_by]) {
                let (decided, expected, keys) = ask(network);
                prop_assert_eq!(decided, expected, "{} of {}", network, come);
                prop_assert!(keys <= MAX_KEYS);
            }
        }
        // And whoever of the crowd comes again is known, if it is not too long ago; or it is treated better than it would be.
        for back in (0..crowd).step_by(97) {
            let (decided, expected, _) = ask(steady + u32::try_from(crowd - 1 - back).unwrap());
            let forgotten = decided.is_ok() && expected.is_err();
            prop_assert!(decided == expected || forgotten, "{:?}, not {:?}", decided, expected);
            prop_assert!(!forgotten || back > REMEMBERED - 2_000, "{} back", back);
        }
    }
}
