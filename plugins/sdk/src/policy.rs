//! Permission policies: one for each type of client.

use crate::bindings::permission_policy::exports::slewgate::plugin::policy as guest;
use crate::bindings::permission_policy::slewgate::plugin::situation;
pub use guest::{Action, Decision};
pub use situation::Reading;

use crate::{Client, Instant, Site};

/// What may be known of the moment that a decision is taken in.
pub trait Situation {
    /// Milliseconds since 1970-01-01T00:00Z.
    fn now(&self) -> Instant;
    /// Where the hardware stands, if the configuration says so.
    fn location(&self) -> Option<Site>;
    /// The newest observation of the plugin that will serve the request.
    fn observed(&self) -> Option<Reading>;
    /// Name of the client in control of the hardware.
    fn in_control(&self) -> Option<String>;
}

/// Decides what clients of one type may do. Written once with [`export_policy!`](crate::export_policy).
pub trait Policy: Sized + Send + Sync + 'static {
    /// From the policy's settings of the configuration, as JSON text. An error keeps it from being loaded.
    fn configure(settings: &str) -> Result<Self, String>;

    /// The decision: it follows from its arguments alone.
    fn authorize(&self, situation: &dyn Situation, client: &Client, action: &Action) -> Decision;
}

/// A denial with the reason that the client reads.
pub fn deny(reason: impl Into<String>) -> Decision {
    Decision::Deny(reason.into())
}

/// A moment of which nothing is known, to test policies that ask nothing of it.
pub struct AnyMoment;

impl Situation for AnyMoment {
    fn now(&self) -> Instant {
        0.0
    }

    fn location(&self) -> Option<Site> {
        None
    }

    fn observed(&self) -> Option<Reading> {
        None
    }

    fn in_control(&self) -> Option<String> {
        None
    }
}

struct Host;

impl Situation for Host {
    fn now(&self) -> Instant {
        situation::now()
    }

    fn location(&self) -> Option<Site> {
        situation::location()
    }

    fn observed(&self) -> Option<Reading> {
        situation::observed()
    }

    fn in_control(&self) -> Option<String> {
        situation::in_control()
    }
}

impl<P: Policy + crate::export::Exported> guest::Guest for P {
    fn configure(settings: String) -> Result<(), String> {
        crate::export::keep(Self::configure(&settings)?)
    }

    fn authorize(client: Client, action: Action) -> Decision {
        match Self::cell().get() {
            Some(policy) => policy.authorize(&Host, &client, &action),
            None => deny("the policy is not configured"),
        }
    }
}

/// Makes the crate a component of the world `permission-policy` that serves the type given.
#[macro_export]
macro_rules! export_policy {
    ($policy:ident) => {
        $crate::export_configured!($policy);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::permission_policy::export_bindings_of_policy!(
            $policy with_types_in $crate::bindings::permission_policy
        );
    };
}
