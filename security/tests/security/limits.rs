//! Requests a minute, and clients that do not take no for an answer.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::FakeRelativeClock;
use proptest::prelude::*;
use slewgate_security::admission::{LimitBy, Limited, MAX_KEYS, RefusalWindow, RequestLimiter};

const ADDRESS: &str = "192.0.2.1";

fn limit(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn from(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn limiter(number: u32, by: LimitBy) -> (RequestLimiter<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (
        RequestLimiter::with_clock(limit(number), by, clock.clone()),
        clock,
    )
}

/// How many of these come through before one is refused.
fn burst(limiter: &RequestLimiter<FakeRelativeClock>, address: &str, token: &str) -> usize {
    (0..10_000)
        .take_while(|_| limiter.check(from(address), token, None).is_ok())
        .count()
}

#[test]
fn the_61st_request_at_once_is_refused_and_the_next_succeeds_after_its_wait() {
    let (limiter, clock) = limiter(60, LimitBy::Address);
    assert_eq!(burst(&limiter, ADDRESS, "a"), 60);
    let limited = limiter.check(from(ADDRESS), "a", None).unwrap_err();
    assert_eq!(
        limited,
        Limited {
            retry_after: Duration::from_secs(1),
            limit: 60
        }
    );
    clock.advance(limited.retry_after - Duration::from_millis(1));
    assert!(limiter.check(from(ADDRESS), "a", None).is_err());
    clock.advance(Duration::from_millis(1));
    assert!(limiter.check(from(ADDRESS), "a", None).is_ok());
}

#[test]
fn a_minute_later_the_whole_burst_is_there_again() {
    let (limiter, clock) = limiter(60, LimitBy::Address);
    assert_eq!(burst(&limiter, ADDRESS, "a"), 60);
    clock.advance(Duration::from_secs(60));
    assert_eq!(burst(&limiter, ADDRESS, "a"), 60);
}

#[test]
fn requests_are_counted_by_address_by_token_or_by_both() {
    let (by_address, _) = limiter(5, LimitBy::Address);
    assert_eq!(burst(&by_address, ADDRESS, "a"), 5);
    assert_eq!(burst(&by_address, ADDRESS, "b"), 0);
    assert_eq!(burst(&by_address, "192.0.2.2", "a"), 5);
    let (by_token, _) = limiter(5, LimitBy::Token);
    assert_eq!(burst(&by_token, ADDRESS, "a"), 5);
    assert_eq!(burst(&by_token, ADDRESS, "b"), 5);
    assert_eq!(burst(&by_token, "192.0.2.2", "a"), 0);
    let (by_both, _) = limiter(5, LimitBy::Both);
    assert_eq!(burst(&by_both, ADDRESS, "a"), 5);
    assert_eq!(burst(&by_both, ADDRESS, "b"), 5);
    assert_eq!(burst(&by_both, "192.0.2.2", "a"), 5);
    assert_eq!(burst(&by_both, ADDRESS, "a"), 0);
}

#[test]
fn a_token_with_its_own_limit_has_that_one_wherever_it_is() {
    let (limiter, _) = limiter(5, LimitBy::Address);
    let check = |address| limiter.check(from(address), "a", Some(limit(2)));
    assert!(check(ADDRESS).is_ok());
    assert!(check("192.0.2.2").is_ok());
    assert_eq!(check(ADDRESS).unwrap_err().limit, 2);
    // And it takes nothing from the others at its address.
    assert_eq!(burst(&limiter, ADDRESS, "b"), 5);
}

#[test]
fn another_limit_is_in_force_at_once() {
    let (limiter, _) = limiter(5, LimitBy::Address);
    assert_eq!(burst(&limiter, ADDRESS, "a"), 5);
    limiter.set(limit(7), LimitBy::Address);
    assert_eq!(burst(&limiter, ADDRESS, "a"), 7);
}

#[test]
fn mapped_ipv4_counts_with_the_address_that_it_stands_for() {
    let (limiter, _) = limiter(5, LimitBy::Address);
    assert_eq!(burst(&limiter, ADDRESS, "a"), 5);
    assert_eq!(burst(&limiter, "::ffff:192.0.2.1", "a"), 0);
}

#[test]
fn abuse_38_a_million_addresses_in_one_slash_64_are_one_source() {
    let (limiter, _) = limiter(60, LimitBy::Address);
    let network = 0x2001_0db8_u128 << 96;
    let address = |n: u128| IpAddr::from(Ipv6Addr::from_bits(network + n));
    let passed = (0..1_000_000)
        .filter(|&n| limiter.check(address(n), "a", None).is_ok())
        .count();
    assert_eq!((passed, limiter.keys()), (60, 1));
}

#[test]
fn abuse_38_a_million_slash_64s_stay_within_the_table_and_do_not_free_who_keeps_asking() {
    let (limiter, clock) = limiter(60, LimitBy::Address);
    assert_eq!(burst(&limiter, ADDRESS, "a"), 60);
    let mut let_through = 0;
    for n in 0..1_000_000_u128 {
        let flood = IpAddr::from(Ipv6Addr::from_bits((0x2001_0db8 << 96) + (n << 64)));
        assert!(limiter.check(flood, "a", None).is_ok());
        if n % 1000 == 0 {
            // A tenth of a second in all: not one request flows back.
            clock.advance(Duration::from_micros(100));
            let_through += usize::from(limiter.check(from(ADDRESS), "a", None).is_ok());
        }
        assert!(limiter.keys() <= MAX_KEYS);
    }
    assert_eq!(let_through, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_stretch_of_time_lets_more_through_than_a_burst_and_what_flows_back(
        number in 1_u32..200,
        steps in prop::collection::vec((0_u64..5_000, 1_usize..20), 1..60),
    ) {
        let (limiter, clock) = limiter(number, LimitBy::Address);
        let mut now = Duration::ZERO;
        let mut passed = Vec::new();
        for (pause, requests) in steps {
            clock.advance(Duration::from_millis(pause));
            now += Duration::from_millis(pause);
            for _ in 0..requests {
                if limiter.check(from(ADDRESS), "a", None).is_ok() {
                    passed.push(now);
                }
            }
        }
        let each = Duration::from_secs(60) / number;
        for (i, start) in passed.iter().enumerate() {
            for (j, end) in passed.iter().enumerate().skip(i) {
                let back = (*end - *start).as_nanos() / each.as_nanos();
                prop_assert!((j - i + 1) as u128 <= u128::from(number) + back);
            }
        }
    }

    #[test]
    fn whoever_waits_as_told_succeeds(number in 1_u32..100_000, before in 0_u64..100_000) {
        let (limiter, clock) = limiter(number, LimitBy::Address);
        clock.advance(Duration::from_micros(before));
        let limited = loop {
            if let Err(limited) = limiter.check(from(ADDRESS), "a", None) {
                break limited;
            }
        };
        prop_assert_eq!(limited.retry_after.subsec_nanos() % 1_000_000, 0);
        prop_assert!(!limited.retry_after.is_zero());
        clock.advance(limited.retry_after);
        prop_assert!(limiter.check(from(ADDRESS), "a", None).is_ok());
    }
}

#[test]
fn the_60th_refusal_within_a_minute_closes_and_slower_ones_never_do() {
    let start = Instant::now();
    let mut hasty = RefusalWindow::default();
    let closes: Vec<bool> = (0..60)
        .map(|n| hasty.refused(start + Duration::from_secs(1) * n))
        .collect();
    assert!(closes[..59].iter().all(|close| !close));
    assert!(closes[59]);
    let mut patient = RefusalWindow::default();
    let slowly = Duration::from_millis(1018);
    assert!((0..1000).all(|n| !patient.refused(start + slowly * n)));
}
