//! Repeats: what comes again and again is counted, so that a flood fills neither the disk nor the reader's screen.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::counted::Counted;
use super::event::{EventKind, SecurityEvent};
use crate::admission::{SourceKey, source_key};

/// How long repeats of an event are counted together.
const WINDOW: Duration = Duration::from_secs(60);
/// Repeats in that time that are still written one by one: people read the log to see what one client did.
const WRITTEN: u64 = 20;
/// Events of one kind in that time that are written one by one, whoever they are of: no observatory has that many, and those of many addresses
/// would be no fewer for [`WRITTEN`]. Each kind has its own, so that strangers who fail do not hide who came in. Beyond that those which are not
/// known yet are one. As each that becomes known is written, no more than twice as many of a kind are known: those of this minute, and of the last.
const WRITTEN_OF_KIND: u64 = 1_000;
/// The repeats of the current minute.
#[derive(Default)]
pub(super) struct Repeats {
    seen: HashMap<Key, Seen>,
    /// What was written of each kind.
    kinds: HashMap<EventKind, Written>,
    /// The first minute that ends.
    next: Option<Instant>,
}

/// What makes two events the same, beside their time: not their ports, sessions and client ids, of which a flood has many.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    kind: EventKind,
    about: Option<About>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct About {
    source: Option<SourceKey>,
    token_id: Option<String>,
    subject: Option<String>,
    code: Option<u16>,
    reason: Option<String>,
}

struct Written {
    since: Instant,
    count: u64,
}

struct Seen {
    since: Instant,
    written: u64,
    counted: u64,
    /// The newest that was counted.
    newest: Option<SecurityEvent>,
}

impl Repeats {
    /// The event, where it is to be written by itself.
    pub(super) fn take(&mut self, event: SecurityEvent, now: Instant) -> Option<SecurityEvent> {
        if !repeats(event.kind) {
            return Some(event);
        }
        let of_kind = self.kinds.entry(event.kind).or_insert_with(|| Written {
            since: now,
            count: 0,
        });
        if now.duration_since(of_kind.since) >= WINDOW {
            *of_kind = Written {
                since: now,
                count: 0,
            };
        }
        let is_flood = of_kind.count >= WRITTEN_OF_KIND;
        let key = Key::of(&event);
        let key = match is_flood && !self.seen.contains_key(&key) {
            true => Key { about: None, ..key },
            false => key,
        };
        self.next.get_or_insert(now + WINDOW);
        let seen = self.seen.entry(key).or_insert_with(|| Seen {
            since: now,
            written: 0,
            counted: 0,
            newest: None,
        });
        if seen.written < WRITTEN && !is_flood {
            seen.written += 1;
            of_kind.count += 1;
            return Some(event);
        }
        seen.counted += 1;
        seen.newest = Some(event);
        None
    }

    /// What was counted, of the minutes that are over.
    pub(super) fn over(&mut self, now: Instant) -> Vec<SecurityEvent> {
        if self.next.is_none_or(|next| now < next) {
            return Vec::new();
        }
        let told = self.told(|seen| now.duration_since(seen.since) >= WINDOW);
        let since = self.seen.values().map(|seen| seen.since);
        self.next = since.min().map(|since| since + WINDOW);
        told
    }

    /// How much was counted and is not told yet.
    pub(super) fn counted(&self) -> Counted {
        let mut counted = Counted::new();
        for (key, seen) in self.seen.iter().filter(|(_, seen)| seen.counted > 0) {
            *counted.entry(key.kind).or_default() += seen.counted;
        }
        counted
    }

    /// All that was counted so far.
    pub(super) fn all(&mut self) -> Vec<SecurityEvent> {
        self.told(|_| true)
    }

    fn told(&mut self, is_over: impl Fn(&Seen) -> bool) -> Vec<SecurityEvent> {
        let over = self.seen.extract_if(|_, seen| is_over(seen));
        let mut told: Vec<_> = over
            .filter_map(|(key, seen)| Some(key.summary(seen.newest?, seen.counted)))
            .collect();
        told.sort_by_key(|event| event.time);
        told
    }
}

/// Those that clients bring about as often as they like; others are written whatever they are.
fn repeats(kind: EventKind) -> bool {
    use EventKind::{AuthFailed, AuthOk, Closed, Connection, Denied, RateLimit};
    matches!(
        kind,
        Connection | AuthOk | AuthFailed | Closed | RateLimit | Denied
    )
}

impl Key {
    fn of(event: &SecurityEvent) -> Self {
        let about = About {
            source: event.address.map(source_key),
            token_id: event.token_id.clone(),
            subject: event.subject.clone(),
            code: event.code,
            // Those of a limit say how long to wait: each would be another.
            reason: event
                .reason
                .clone()
                .filter(|_| event.kind != EventKind::RateLimit),
        };
        Self {
            kind: event.kind,
            about: Some(about),
        }
    }

    /// The newest of so many, without what only some of them have.
    fn summary(self, newest: SecurityEvent, count: u64) -> SecurityEvent {
        let mut summary = SecurityEvent {
            port: None,
            session: None,
            client_id: None,
            count: Some(count),
            ..newest
        };
        if self.about.is_none() {
            summary.address = None;
            summary.token_id = None;
            summary.client_type = None;
            summary.subject = None;
            summary.code = None;
            summary.reason =
                Some("of several sources and causes, more than are told apart".to_owned());
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn failed(last: u32) -> SecurityEvent {
        let address = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + last));
        SecurityEvent::new(EventKind::AuthFailed)
            .from((address, 1).into())
            .client(format!("client {last}"))
            .reason("unknown token")
    }

    fn written(repeats: &mut Repeats, event: &SecurityEvent, times: u64, now: Instant) -> u64 {
        let taken = (0..times).filter_map(|_| repeats.take(event.clone(), now));
        taken.count() as u64
    }

    #[test]
    fn what_repeats_is_counted_after_the_first_few_and_told_after_a_minute() {
        let (mut repeats, start) = (Repeats::default(), Instant::now());
        assert_eq!(written(&mut repeats, &failed(1), 100, start), WRITTEN);
        assert_eq!(written(&mut repeats, &failed(2), 3, start), 3);
        assert_eq!(repeats.over(start + WINDOW / 2), []);
        let told = repeats.over(start + WINDOW);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].count, told[0].port), (Some(80), None));
        assert_eq!(told[0].address, failed(1).address);
        assert_eq!(written(&mut repeats, &failed(1), 1, start + WINDOW), 1);
    }

    #[test]
    fn refusals_that_tell_different_waits_are_repeats_of_one() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        for wait in 0..100 {
            let limited = SecurityEvent::new(EventKind::RateLimit);
            repeats.take(limited.reason(format!("due in {wait} ms")), now);
        }
        assert_eq!(repeats.seen.len(), 1);
        assert_eq!(repeats.all()[0].count, Some(100 - WRITTEN));
    }

    #[test]
    fn what_people_do_is_never_counted_together() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        for kind in [
            EventKind::Administration,
            EventKind::MotionStop,
            EventKind::TokenChange,
            EventKind::Alarm,
        ] {
            assert_eq!(
                written(&mut repeats, &SecurityEvent::new(kind), 100, now),
                100
            );
        }
        assert_eq!(repeats.all(), []);
    }

    const FLOODED: [EventKind; 6] = [
        EventKind::Connection,
        EventKind::AuthOk,
        EventKind::AuthFailed,
        EventKind::Closed,
        EventKind::RateLimit,
        EventKind::Denied,
    ];

    #[test]
    fn more_sources_than_are_told_apart_are_one_of_each_kind_and_cost_no_more_memory() {
        let (mut repeats, start) = (Repeats::default(), Instant::now());
        // On both sides of the end of a minute, as seen from the kinds.
        for (now, sources) in [
            (start, 0..10),
            (start + WINDOW / 2, 10..10_000),
            (start + WINDOW, 10_000..20_000),
        ] {
            for last in sources {
                for kind in FLOODED {
                    let event = SecurityEvent {
                        kind,
                        ..failed(last)
                    };
                    repeats.take(event, now);
                }
            }
        }
        let most = 2 * WRITTEN_OF_KIND + 1;
        assert!(repeats.seen.len() as u64 <= most * FLOODED.len() as u64);
        let told = repeats.all();
        assert_eq!(told.len(), FLOODED.len());
        assert!(told.iter().all(|event| event.address.is_none()));
    }

    #[test]
    fn a_flood_from_ever_new_addresses_is_a_bounded_number_of_lines_a_minute_and_its_rest_is_counted()
     {
        let (mut repeats, start) = (Repeats::default(), Instant::now());
        for minute in 0..3 {
            let now = start + WINDOW * minute;
            let sources = minute * 20_000..(minute + 1) * 20_000;
            let mut lines = repeats.over(now);
            lines.extend(sources.filter_map(|last| repeats.take(failed(last), now)));
            assert!(lines.len() as u64 <= WRITTEN_OF_KIND + 1, "{}", lines.len());
        }
        let rest = repeats.all();
        let counted: Vec<_> = rest
            .iter()
            .map(|event| (event.count, event.address))
            .collect();
        assert_eq!(counted, [(Some(20_000 - WRITTEN_OF_KIND), None)]);
    }

    #[test]
    fn whoever_comes_in_while_strangers_flood_is_written() {
        let (mut repeats, start) = (Repeats::default(), Instant::now());
        for now in [start, start + WINDOW / 2, start + WINDOW] {
            for last in 0..20_000 {
                for kind in [
                    EventKind::Connection,
                    EventKind::AuthFailed,
                    EventKind::Closed,
                ] {
                    let event = SecurityEvent {
                        kind,
                        ..failed(last)
                    };
                    repeats.take(event, now);
                }
            }
            for last in 0..100 {
                let came_in = SecurityEvent {
                    kind: EventKind::AuthOk,
                    ..failed(last)
                };
                assert_eq!(repeats.take(came_in.clone(), now), Some(came_in));
            }
        }
    }
}
