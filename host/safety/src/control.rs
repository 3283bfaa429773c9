//! Control: one client at a time moves the hardware of a table.
//!
//! It is taken without a word by the first order that moves or configures, and lapses some time after the holder's last
//! motion ended. A stop needs none, and neither does a guide pulse.

use std::time::{Duration, Instant};

use crate::plan::Denied;

/// How long after its last motion or order a client stays in control.
pub const CONTROL_LAPSE: Duration = Duration::from_secs(60);

/// A client, whatever session it comes in: one that comes back is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Id of its token.
    pub token: String,
    /// The id that it gave itself; with the token it tells it from others.
    pub id: String,
    /// Name of its token, for people.
    pub name: String,
}

impl Owner {
    /// Whether it is the same client, whatever its token is called now.
    pub fn is(&self, other: &Owner) -> bool {
        (&self.token, &self.id) == (&other.token, &other.id)
    }
}

/// Control changed hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlEvent {
    /// How.
    pub change: ControlChange,
    /// Who had it before.
    pub before: Option<Owner>,
    /// Who has it now.
    pub holder: Option<Owner>,
}

/// How control changes hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlChange {
    /// A client has it that nobody kept it from.
    Taken,
    /// A client took it from another.
    TakenOver,
    /// The holder gave it up.
    Released,
    /// The holder moved nothing for [`CONTROL_LAPSE`].
    Lapsed,
}

impl ControlChange {
    /// The word for it in events, such as `taken_over`.
    pub fn as_str(self) -> &'static str {
        match self {
            ControlChange::Taken => "taken",
            ControlChange::TakenOver => "taken_over",
            ControlChange::Released => "released",
            ControlChange::Lapsed => "lapsed",
        }
    }
}

/// Who is in control of a table.
#[derive(Debug, Default)]
pub(crate) struct Control {
    holder: Option<Holder>,
}

#[derive(Debug)]
struct Holder {
    owner: Owner,
    /// When it is over, unless something of the holder's moves.
    lapses: Instant,
}

impl Control {
    pub(crate) fn holder(&self) -> Option<&Owner> {
        self.holder.as_ref().map(|holder| &holder.owner)
    }

    /// Whether this client may move the hardware.
    pub(crate) fn check(&self, owner: &Owner) -> Result<(), Denied> {
        match self.holder() {
            Some(holder) if !holder.is(owner) => Err(Denied::ControlledBy(holder.clone())),
            _ => Ok(()),
        }
    }

    /// Whether this client may ask for control without force: nobody has it, or a client of the same token, which is the same people.
    pub(crate) fn check_token(&self, owner: &Owner) -> Result<(), Denied> {
        match self.holder() {
            Some(holder) if holder.token == owner.token => Ok(()),
            _ => self.check(owner),
        }
    }

    /// The client takes it, or goes on with it. To be checked before.
    pub(crate) fn take(&mut self, owner: &Owner, now: Instant) -> Option<ControlEvent> {
        let before = self.holder.replace(Holder {
            owner: owner.clone(),
            lapses: now + CONTROL_LAPSE,
        });
        let before = before.map(|holder| holder.owner);
        let change = match &before {
            Some(before) if before.is(owner) => return None,
            Some(_) => ControlChange::TakenOver,
            None => ControlChange::Taken,
        };
        Some(self.event(change, before))
    }

    /// The client gives it up, if it has it.
    pub(crate) fn release(&mut self, owner: &Owner) -> Option<ControlEvent> {
        let holder = self.holder.take_if(|holder| holder.owner.is(owner))?;
        Some(self.event(ControlChange::Released, Some(holder.owner)))
    }

    /// Something of the holder's moves: its time begins when that is over.
    pub(crate) fn goes_on(&mut self, now: Instant) {
        if let Some(holder) = &mut self.holder {
            holder.lapses = now + CONTROL_LAPSE;
        }
    }

    /// Ends it where its time is over.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<ControlEvent> {
        let holder = self.holder.take_if(|holder| now >= holder.lapses)?;
        Some(self.event(ControlChange::Lapsed, Some(holder.owner)))
    }

    /// When its time is over.
    pub(crate) fn lapses(&self) -> Option<Instant> {
        self.holder.as_ref().map(|holder| holder.lapses)
    }

    fn event(&self, change: ControlChange, before: Option<Owner>) -> ControlEvent {
        ControlEvent {
            change,
            before,
            holder: self.holder().cloned(),
        }
    }
}
