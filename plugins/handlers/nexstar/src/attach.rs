//! What is there: asked when the line was opened, kept for every call after.

use std::collections::BTreeMap;

use slewgate_sdk::mount::{
    Guide, Home, Identity, Jog, Park, SetSite, SetTime, Sync, Track, Unpark, Verb,
};
use slewgate_sdk::{Attachment, Failure, Host, LineError, StopSequence, json};

use crate::clock::Told;
use crate::hand::{self, Hand, Lack, Version};
use crate::motor::Axis;
use crate::mount::{Found, Mount};
use crate::port::{self, Port, ordered};
use crate::settings::Settings;
use crate::{Nexstar, drift, site, stranger};

pub(crate) fn attach(host: &dyn Host, settings: &Settings) -> Result<Attachment, Failure> {
    let port = Port::open(host)?;
    let hand = identify(host, &port)?;
    let model = match hand.has(hand::MODEL) {
        true => port.ask(b"m", 1, |_| true)?.first().copied(),
        false => None,
    };
    let tells = hand.has(hand::TELLS);
    let site = tells.then(|| site::told(&port)).transpose()?;
    let ahead = tells
        .then(|| Told::ask(&port).map(|told| told.at - host.now()))
        .transpose()?;
    let found = Found {
        hand,
        model,
        equatorial: settings.setup.equatorial(),
        lacks: lacks(hand, &port)?,
        latitude: site.map(|(latitude, _)| latitude),
        longitude: site.map(|(_, longitude)| longitude),
        ahead,
    };
    found.keep(host)?;
    drift::forget(host)?;
    Ok(found.attachment())
}

pub(crate) fn info(host: &dyn Host) -> Result<String, Failure> {
    let Mount { found, .. } = Mount::open(host)?;
    let commands = <Nexstar as slewgate_sdk::Handler>::describe().commands;
    let names = commands.into_iter().map(|command| command.name);
    json(&Identity {
        capabilities: names
            .filter(|name| !found.lacks.contains_key(name))
            .collect(),
        dialect: Some(found.hand.make.name()),
        site: found.site_told(),
        model: found.name(),
        firmware: Some(found.hand.version.to_string()),
        protocol: "NexStar",
    })
}

fn identify(host: &dyn Host, port: &Port) -> Result<Hand, Failure> {
    let told = match port.version() {
        Err(Failure::Line(silence @ LineError::Timeout(_))) => {
            return Err(stranger::named(host, silence));
        }
        told => told?,
    };
    let hand = Hand::of(&told).ok_or_else(|| {
        Failure::Hardware(format!(
            "the hand control calls its version `{}`",
            told.escape_ascii()
        ))
    })?;
    let make = match hand.may_be_starsense() {
        true => port.probe(b"v", 1)?,
        false => None,
    };
    Ok(hand.called(make.as_deref()))
}

/// Why it lacks what it does not have.
fn lacks(hand: Hand, port: &Port) -> Result<BTreeMap<String, Lack>, Failure> {
    let mut lacks = BTreeMap::new();
    let mut lack = |verbs: &[&str], why: &Lack| {
        for verb in verbs {
            lacks.entry((*verb).into()).or_insert_with(|| why.clone());
        }
    };
    let older: [(Version, &[&str]); 3] = [
        (
            hand::PASSES,
            &[Jog::NAME, Guide::NAME, Track::NAME, Home::NAME],
        ),
        (
            hand::TELLS,
            &[SetSite::NAME, SetTime::NAME, Park::NAME, Unpark::NAME],
        ),
        (hand::SYNC, &[Sync::NAME]),
    ];
    for (since, verbs) in older {
        if !hand.has(since) {
            lack(verbs, &Lack::Since(since));
        }
    }
    if hand.has(hand::PASSES) {
        if Axis::First.version(port)?.is_none() {
            lack(
                &[Jog::NAME, Guide::NAME, Home::NAME],
                &Lack::Mount("its motors do not answer".into()),
            );
        } else {
            if !Axis::First.pulses(port)? {
                lack(
                    &[Guide::NAME],
                    &Lack::Mount("its motors have no pulses".into()),
                );
            }
            if Axis::First.has_found(port)?.is_none() {
                lack(
                    &[Home::NAME],
                    &Lack::Mount("its axes have no switches".into()),
                );
            }
        }
    }
    Ok(lacks)
}

impl Found {
    fn attachment(&self) -> Attachment {
        Attachment {
            model: format!("{}, {}{}", self.name(), self.hand, self.newer()),
            lacks: self.lacks.keys().cloned().collect(),
            stops: vec![self.stop()],
        }
    }

    /// Which versions of the hand control have what this one lacks: the host tells it to those who ask for that.
    fn newer(&self) -> String {
        let mut newer = BTreeMap::<Version, Vec<&str>>::new();
        for (verb, lack) in &self.lacks {
            if let Lack::Since(version) = lack {
                newer.entry(*version).or_default().push(verb);
            }
        }
        let told = |(version, verbs): (&Version, &Vec<&str>)| {
            format!("{version} has {}", verbs.join(", "))
        };
        let told: Vec<_> = newer.iter().map(told).collect();
        match told.is_empty() {
            true => String::new(),
            false => format!(" ({})", told.join("; ")),
        }
    }

    /// Rate 0 on both axes, then `M` for a goto: neither ends the other. Each waits for its answer, and the first of them for that of
    /// what is under way, since what is sent into a reply may be lost. What it took along is followed again by `advance`.
    fn stop(&self) -> StopSequence {
        let axes = match self.hand.has(hand::PASSES) {
            true => &Axis::BOTH[..],
            false => &[],
        };
        let axes = axes.iter().map(|axis| axis.stop());
        StopSequence {
            role: port::ROLE.into(),
            exchanges: axes.chain([ordered(b"M")]).collect(),
            patience: port::WORST,
        }
    }
}
