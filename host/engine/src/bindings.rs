//! The contract of `wit/` as Rust types, generated at build time: one module for each world.

/// World `command-handler`.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used
)]
pub(crate) mod handler {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "command-handler",
        imports: {
            "slewgate:plugin/serial": async | trappable,
            "slewgate:plugin/clock.sleep": async | trappable,
            "slewgate:plugin/motion": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        with: {
            "slewgate:plugin/serial.line": crate::powers::serial::GuestLine,
            "slewgate:plugin/serial.held-line": crate::powers::serial::GuestHold,
        },
        include_component_type: true,
    });
}

/// World `permission-policy`.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used
)]
pub(crate) mod policy {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "permission-policy",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "slewgate:plugin/types": crate::bindings::handler::slewgate::plugin::types,
            "slewgate:plugin/sky": crate::bindings::handler::slewgate::plugin::sky,
        },
        include_component_type: true,
    });
}

pub(crate) use handler::slewgate::plugin::{motion, serial, sky, types};
