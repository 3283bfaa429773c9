//! How far an attempt is, told while it goes on.

use std::fmt;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{Id, try_id};

use super::candidate::Digest;
use super::report::Stage;
use super::slot::Slot;

/// A step that an attempt begins. An attempt has few, and a slot one attempt at a time: so many wait to be told at most.
#[derive(Debug)]
pub(crate) struct Step {
    /// The task of the attempt: one that was given up has nothing to say any more.
    pub(crate) attempt: Option<Id>,
    pub(crate) slot: Slot,
    pub(crate) stage: Stage,
    pub(crate) digest: Option<Digest>,
    /// None before it is trusted.
    pub(crate) generation: Option<u64>,
}

/// Tells the steps of one attempt.
#[derive(Debug)]
pub(crate) struct Progress {
    slot: Slot,
    digest: Digest,
    generation: Option<u64>,
    steps: UnboundedSender<Step>,
    begun: Vec<(Stage, Instant)>,
}

impl Progress {
    pub(crate) fn new(slot: Slot, digest: Digest, steps: UnboundedSender<Step>) -> Progress {
        Progress {
            slot,
            digest,
            generation: None,
            steps,
            begun: Vec::new(),
        }
    }

    /// It will be this one if it comes to serve.
    pub(crate) fn is_generation(&mut self, generation: u64) {
        self.generation = Some(generation);
    }

    /// It is here now.
    pub(crate) fn begins(&mut self, stage: Stage) {
        self.begun.push((stage, Instant::now()));
        let step = Step {
            attempt: try_id(),
            slot: self.slot.clone(),
            stage,
            digest: Some(self.digest),
            generation: self.generation,
        };
        // Without a task nobody is told.
        _ = self.steps.send(step);
    }
}

/// What each step took, the last until now.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = self.begun.iter().skip(1).map(|(_, began)| *began);
        let ends = ends.chain([Instant::now()]);
        for (nth, ((stage, began), end)) in self.begun.iter().zip(ends).enumerate() {
            let comma = if nth == 0 { "" } else { ", " };
            let took = end.saturating_duration_since(*began).as_secs_f64() * 1000.0;
            write!(f, "{comma}{stage} {took:.1} ms")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[test]
    fn a_step_is_told_when_it_begins_with_what_is_known_then() {
        let (sender, mut told) = unbounded_channel();
        let digest = Digest::of(b"a component");
        let mut progress = Progress::new(Slot::Handler("mount".to_owned()), digest, sender);
        progress.begins(Stage::Trust);
        progress.is_generation(7);
        progress.begins(Stage::Parse);
        for (stage, generation) in [(Stage::Trust, None), (Stage::Parse, Some(7))] {
            let step = told.try_recv().unwrap();
            assert_eq!((step.stage, step.generation), (stage, generation));
            assert_eq!(step.digest, Some(digest));
        }
        let said = progress.to_string();
        let (trust, parse) = said.split_once(", ").unwrap();
        assert!(
            trust.starts_with("trust ") && parse.starts_with("parse "),
            "{said}"
        );
    }
}
