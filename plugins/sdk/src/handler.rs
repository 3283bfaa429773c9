//! Command handlers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bindings::command_handler::exports::slewgate::plugin::handler as guest;
use crate::component::Component;
use crate::export::{self, Exported};
use crate::{
    Attachment, Client, Description, Failure, Host, Observation, Occasion, Progress, Request,
};

/// Adds commands to the host. Exported once with [`export_handler!`](crate::export_handler).
///
/// An instance serves one call at a time, is reused for other clients and dropped at any time between calls: what lasts
/// is kept by [`Host::keep`].
pub trait Handler: Sized + Send + Sync + 'static {
    /// From the plugin's settings of the configuration, as JSON text. An error keeps it from being loaded.
    fn configure(settings: &str) -> Result<Self, String>;

    /// The commands, the same each time, whatever the settings: what the hardware lacks is found by `attach`.
    fn describe() -> Description;

    /// The lines were opened: finds out what is there, and keeps it.
    fn attach(&self, host: &dyn Host) -> Result<Attachment, Failure>;

    /// One command of a client; the answer is JSON text.
    fn handle(
        &self,
        host: &dyn Host,
        client: &Client,
        request: &Request,
    ) -> Result<String, Failure>;

    /// The state of the hardware, for all who watch.
    fn sample(&self, host: &dyn Host) -> Result<Observation, Failure>;

    /// Looks after a motion that was begun with `note`.
    fn advance(
        &self,
        host: &dyn Host,
        motion: u32,
        occasion: Occasion,
        note: &[u8],
    ) -> Result<Progress, Failure>;
}

/// The params of a request. Its schema was checked by the host before.
pub fn params<P: DeserializeOwned>(request: &Request) -> Result<P, Failure> {
    read(request.params.as_bytes()).map_err(|error| Failure::InvalidParams(error.to_string()))
}

/// A value from JSON text. Its errors name what is wrong, and not the place in a text that nobody sees.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    T::deserialize(serde_json::from_slice::<Value>(text)?)
}

/// JSON text of an answer.
pub fn json<T: Serialize>(answer: &T) -> Result<String, Failure> {
    serde_json::to_string(answer).map_err(|error| Failure::Internal(error.to_string()))
}

impl<H: Handler + Exported> guest::Guest for H {
    fn configure(settings: String) -> Result<(), String> {
        export::keep(H::configure(&settings)?)
    }

    fn describe() -> Description {
        <H as Handler>::describe()
    }

    fn attach() -> Result<Attachment, Failure> {
        configured::<H>()?.attach(&Component)
    }

    fn handle(client: Client, request: Request) -> Result<String, Failure> {
        configured::<H>()?.handle(&Component, &client, &request)
    }

    fn sample() -> Result<Observation, Failure> {
        configured::<H>()?.sample(&Component)
    }

    fn advance(motion: u32, occasion: Occasion, note: Vec<u8>) -> Result<Progress, Failure> {
        configured::<H>()?.advance(&Component, motion, occasion, &note)
    }
}

fn configured<H: Exported>() -> Result<&'static H, Failure> {
    H::cell()
        .get()
        .ok_or_else(|| Failure::Internal("called before configure".into()))
}

/// Makes the crate a component of the world `command-handler` that serves the type given.
#[macro_export]
macro_rules! export_handler {
    ($handler:ident) => {
        $crate::export_configured!($handler);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::command_handler::export_bindings_of_handler!(
            $handler with_types_in $crate::bindings::command_handler
        );
    };
}
