//! Slots for connections: few before authentication, more after it, and never more than a source's
//! share. A slot is a guard: dropping it gives the place back. Who did wrong before waits outside: [`super::penalties`].
//! Who is behind a proxy has his own share and his own penalties; the proxy has neither.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::forwarded::{forwarded, is_among};
use super::penalties::{Offence, Penalties, PenaltySettings};
use super::source::{Network, SourceKey, source_key};

/// In a hundred, that one is turned away from [`AdmissionSettings::early`] on; it grows from there.
const LEAST_CHANCE: usize = 30;

/// How many connections there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionSettings {
    /// Not yet authenticated, in all.
    pub waiting: usize,
    /// From so many on one that comes is turned away by chance, the more of them the likelier, so that a flood does not take every place.
    pub early: usize,
    /// Not yet authenticated, for each source.
    pub waiting_per_source: usize,
    /// Authenticated, in all.
    pub sessions: usize,
    /// Authenticated, for each source.
    pub sessions_per_source: usize,
    /// Networks that have no share for each source, no penalty and no bad luck; the totals hold for them too.
    pub exempt: Vec<Network>,
    /// Networks of the proxies, which say in X-Forwarded-For whom they bring. None of their addresses is exempt.
    pub proxies: Vec<Network>,
    /// What it costs to do wrong.
    pub penalties: PenaltySettings,
}

/// Why a connection has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// This source did wrong.
    #[error("this source has failed too often and waits, {} s more", .0.as_secs().max(1))]
    Penalty(Duration),
    /// Bad luck: the places before authentication are being taken.
    #[error("many connections that have not authenticated")]
    Early,
    /// The places before authentication are taken.
    #[error("too many connections that have not authenticated")]
    Waiting,
    /// Those of this source are.
    #[error("too many connections from this source that have not authenticated")]
    WaitingOfSource,
    /// The places after authentication are taken.
    #[error("too many sessions")]
    Sessions,
    /// Those of this source are.
    #[error("too many sessions from this source")]
    SessionsOfSource,
}

/// The places; a handle, clones share them.
#[derive(Debug, Clone)]
pub struct Admission {
    shared: Arc<Mutex<Places>>,
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub struct Slot {
    admission: Admission,
    /// Who connected.
    peer: IpAddr,
    /// Whether that is a proxy.
    proxied: bool,
    /// None: whom the proxy brings is not known yet, and its place is in the totals alone.
    source: Option<SourceKey>,
    exempt: bool,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Session,
}

#[derive(Debug)]
struct Places {
    settings: AdmissionSettings,
    all: Count,
    /// Bounded by the totals: a source without a connection has no entry.
    sources: HashMap<SourceKey, Count>,
    penalties: Penalties,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    waiting: usize,
    sessions: usize,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        Self {
            waiting: 64,
            early: 32,
            waiting_per_source: 4,
            sessions: 1024,
            sessions_per_source: 16,
            exempt: Network::LOOPBACK.to_vec(),
            proxies: Vec::new(),
            penalties: PenaltySettings::default(),
        }
    }
}

impl Admission {
    /// Every place free.
    #[must_use]
    pub fn new(settings: AdmissionSettings) -> Self {
        let places = Places {
            settings,
            all: Count::default(),
            sources: HashMap::new(),
            penalties: Penalties::default(),
        };
        Self {
            shared: Arc::new(Mutex::new(places)),
        }
    }

    /// Other numbers from now on; who has a place keeps it.
    pub fn set(&self, settings: AdmissionSettings) {
        self.places().settings = settings;
    }

    /// A place for a connection that was just accepted. Of one from a proxy the source is judged later: [`Slot::comes_from`].
    ///
    /// # Errors
    /// When there is none.
    pub fn connect(&self, peer: IpAddr) -> Result<Slot, Refused> {
        let mut places = self.places();
        let proxied = is_among(&places.settings.proxies, peer);
        let exempt = places.settings.exempts(peer);
        let source = (!proxied).then(|| source_key(peer));
        if !exempt {
            places.let_in(source)?;
            places.chance()?;
        }
        places.enter(source, Stage::Waiting, exempt)?;
        drop(places);
        Ok(Slot {
            admission: self.clone(),
            peer,
            proxied,
            source,
            exempt,
            stage: Stage::Waiting,
        })
    }

    /// The sources that wait outside, and how long each still does; the longest first.
    #[must_use]
    pub fn penalties(&self) -> Vec<(SourceKey, Duration)> {
        self.places().penalties.all(Instant::now())
    }

    /// Forgets what one source did, or all of them; how many waited outside.
    pub fn forgive(&self, address: Option<IpAddr>) -> usize {
        let source = address.map(source_key);
        self.places().penalties.clear(source, Instant::now())
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // Counting cannot fail half-way: what another thread left is sound.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AdmissionSettings {
    /// What a proxy cannot tell from itself is no more exempt than a stranger, also where it is on this machine.
    fn exempts(&self, address: IpAddr) -> bool {
        is_among(&self.exempt, address) && !is_among(&self.proxies, address)
    }
}

impl Slot {
    /// The proxy that connected, if one did.
    #[must_use]
    pub fn proxy(&self) -> Option<IpAddr> {
        self.proxied.then_some(self.peer)
    }

    /// Whether it is known whose place it is.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.source.is_some()
    }

    /// Where the connection comes from, whose request has these values of X-Forwarded-For: [`forwarded`].
    #[must_use]
    pub fn source<'a>(&self, headers: impl IntoIterator<Item = &'a [u8]>) -> IpAddr {
        forwarded(
            self.peer,
            headers,
            &self.admission.places().settings.proxies,
        )
    }

    /// Whom a proxy brings, who is counted from now on as if he had come himself. Only the first word counts, and only a proxy's.
    ///
    /// # Errors
    /// When he waits outside, or has no place left.
    pub fn comes_from(&mut self, address: IpAddr) -> Result<(), Refused> {
        if self.is_known() {
            return Ok(());
        }
        let source = Some(source_key(address));
        let mut places = self.admission.places();
        let exempt = places.settings.exempts(address);
        if !exempt {
            places.let_in(source)?;
        }
        places.has_share(source, self.stage, exempt)?;
        places.count(source, self.stage);
        (self.source, self.exempt) = (source, exempt);
        Ok(())
    }

    /// Moves on from the places before authentication to those after it.
    ///
    /// # Errors
    /// When none is free there; the slot stays what it was.
    pub fn authenticated(&mut self) -> Result<(), Refused> {
        if self.stage == Stage::Session {
            return Ok(());
        }
        // Where nobody asked whom a proxy brings, it is the proxy itself.
        self.comes_from(self.peer)?;
        let mut places = self.admission.places();
        places.enter(self.source, Stage::Session, self.exempt)?;
        places.leave(self.source, Stage::Waiting);
        self.stage = Stage::Session;
        Ok(())
    }

    /// Holds it against the source that it did wrong. True: from now on its new connections wait outside.
    #[must_use]
    pub fn offends(&self, offence: Offence) -> bool {
        let Some(source) = self.source.filter(|_| !self.exempt) else {
            return false;
        };
        let mut places = self.admission.places();
        let Places {
            penalties,
            settings,
            ..
        } = &mut *places;
        penalties.add(&settings.penalties, source, offence, Instant::now())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.admission.places().leave(self.source, self.stage);
    }
}

impl Places {
    /// Whether one that comes finds a closed door before any place is looked for.
    fn let_in(&self, source: Option<SourceKey>) -> Result<(), Refused> {
        let penalty = source.and_then(|source| self.penalties.of(source, Instant::now()));
        penalty.map_or(Ok(()), |left| Err(Refused::Penalty(left)))
    }

    /// Whether one that comes has bad luck.
    fn chance(&self) -> Result<(), Refused> {
        let AdmissionSettings { early, waiting, .. } = self.settings;
        let (taken, span) = (self.all.waiting, waiting.saturating_sub(early));
        if taken < early || span == 0 {
            return Ok(());
        }
        // As OpenSSH's MaxStartups: likely from the first, certain at the last.
        let more = (100 - LEAST_CHANCE) * (taken - early).min(span) / span;
        match rand::random_ratio(u32::try_from(LEAST_CHANCE + more).unwrap_or(100), 100) {
            true => Err(Refused::Early),
            false => Ok(()),
        }
    }

    fn enter(
        &mut self,
        source: Option<SourceKey>,
        stage: Stage,
        exempt: bool,
    ) -> Result<(), Refused> {
        let Self { settings, all, .. } = self;
        match stage {
            Stage::Waiting if all.waiting >= settings.waiting => return Err(Refused::Waiting),
            Stage::Session if all.sessions >= settings.sessions => return Err(Refused::Sessions),
            _ => self.has_share(source, stage, exempt)?,
        }
        *self.all.of(stage) += 1;
        self.count(source, stage);
        Ok(())
    }

    /// Whether something is left of the share of the source.
    fn has_share(
        &self,
        source: Option<SourceKey>,
        stage: Stage,
        exempt: bool,
    ) -> Result<(), Refused> {
        let Some(own) = source.and_then(|source| self.sources.get(&source)) else {
            return Ok(());
        };
        match stage {
            _ if exempt => Ok(()),
            Stage::Waiting if own.waiting >= self.settings.waiting_per_source => {
                Err(Refused::WaitingOfSource)
            }
            Stage::Session if own.sessions >= self.settings.sessions_per_source => {
                Err(Refused::SessionsOfSource)
            }
            _ => Ok(()),
        }
    }

    /// Takes from the share of the source.
    fn count(&mut self, source: Option<SourceKey>, stage: Stage) {
        if let Some(source) = source {
            *self.sources.entry(source).or_default().of(stage) += 1;
        }
    }

    fn leave(&mut self, source: Option<SourceKey>, stage: Stage) {
        *self.all.of(stage) -= 1;
        let Some(source) = source else { return };
        let Some(own) = self.sources.get_mut(&source) else {
            return;
        };
        *own.of(stage) -= 1;
        if *own == Count::default() {
            self.sources.remove(&source);
        }
    }
}

impl Count {
    fn of(&mut self, stage: Stage) -> &mut usize {
        match stage {
            Stage::Waiting => &mut self.waiting,
            Stage::Session => &mut self.sessions,
        }
    }
}
