//! Who is in control of a table, as clients ask for it.

use std::time::Instant;

use slewgate_rpc::Refusal;
use slewgate_safety::{Denied, Owner};

use super::Table;

impl Table {
    /// Who is in control.
    #[must_use]
    pub fn holder(&self) -> Option<Owner> {
        self.desk().safety.holder().cloned()
    }

    /// Takes control for a client; by `force` also from another, whose jogs end.
    ///
    /// # Errors
    /// -32005 with the holder.
    pub fn take_control(&self, owner: &Owner, force: bool) -> Result<(), Refusal> {
        let mut desk = self.desk();
        let taken = desk.safety.take_control(owner, force, Instant::now());
        let actions = taken.map_err(|denied| refusal(&denied))?;
        self.perform(&mut desk, actions);
        drop(desk);
        self.moved.notify_one();
        Ok(())
    }

    /// A client gives control up, if it has it.
    pub fn release_control(&self, owner: &Owner) {
        self.change(|safety, _| safety.release_control(owner));
    }

    /// The hardware was configured: it may take itself to point elsewhere, or have another time in mind.
    pub(crate) fn configured(&self) {
        self.forget_newest();
        self.change(|safety, _| {
            safety.configured();
            Vec::new()
        });
    }

    /// A client is about to configure the hardware.
    pub(crate) fn configure(&self, owner: &Owner) -> Result<(), Refusal> {
        let mut desk = self.desk();
        let configured = desk.safety.configure(owner, Instant::now());
        let actions = configured.map_err(|denied| refusal(&denied))?;
        self.perform(&mut desk, actions);
        drop(desk);
        self.moved.notify_one();
        Ok(())
    }
}

/// What a client is told of a motion that the host did not let begin, whatever its plugin made of it. None: the plugin knows better.
pub(crate) fn denial(denied: &Denied) -> Option<Refusal> {
    match denied {
        Denied::ControlledBy(holder) => Some(Refusal::controlled_by(&holder.name, &holder.id)),
        Denied::Beyond(breach) => Some(Refusal::beyond(
            &breach.to_string(),
            breach.limit.as_str(),
            breach.allowed,
            breach.found,
        )),
        Denied::Limit(_) | Denied::NotAMove | Denied::Stopped => None,
    }
}

fn refusal(denied: &Denied) -> Refusal {
    denial(denied).unwrap_or_else(|| Refusal::refused(&denied.to_string()))
}
