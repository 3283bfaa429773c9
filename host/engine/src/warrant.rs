//! placeholder until serial has it
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Debug, Default)]
pub(crate) struct Warrant(Arc<AtomicBool>);

impl Warrant {
    pub(crate) fn revoke(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
