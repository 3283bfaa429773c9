//! Who listens in on a line.

use std::fmt::Debug;
use std::sync::Arc;

/// Hears every byte of a line as it passes. It is called on the line's own thread, which it must not hold up.
pub trait Tap: Debug + Send + Sync {
    /// The device took these bytes. `by` is whose they are: what [`Line::on_behalf_of`](crate::Line::on_behalf_of) was given,
    /// [`BY_STOP`] or [`BY_ENDING`]; empty where nobody said.
    fn sent(&self, bytes: &[u8], by: &str);

    /// The device said these.
    fn received(&self, bytes: &[u8]);

    /// The device was opened.
    fn opened(&self);

    /// The device is gone, or the line was closed: how.
    fn lost(&self, how: &str);
}

/// Whose bytes those of a stop are, for a [`Tap`].
pub const BY_STOP: &str = "stop";

/// And those that end one motion.
pub const BY_ENDING: &str = "ending";

/// What a line may be started with beside its settings.
#[derive(Clone, Debug, Default)]
pub struct LineOptions {
    /// Hears what passes.
    pub tap: Option<Arc<dyn Tap>>,
    /// Opens a serial device also where another program has it, as far as the system allows that (on Linux: to root). For a
    /// stop while that program hangs: two that read one device take each other's bytes.
    pub beside: bool,
}
