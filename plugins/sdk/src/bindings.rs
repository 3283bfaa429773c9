//! What `wit-bindgen` makes of `wit/`. The only unsafe code of a plugin is in here, and in what the export macros write.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated; the contract in wit/ has the comments"
)]

pub mod command_handler {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "command-handler",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_bindings_of_handler",
        default_bindings_module: "slewgate_sdk::bindings::command_handler",
        generate_unused_types: true,
    });
}

pub mod permission_policy {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "permission-policy",
        additional_derives: [PartialEq],
        with: {
            "slewgate:plugin/types@0.1.0": crate::bindings::command_handler::slewgate::plugin::types,
            "slewgate:plugin/sky@0.1.0": crate::bindings::command_handler::slewgate::plugin::sky,
        },
        pub_export_macro: true,
        export_macro_name: "export_bindings_of_policy",
        default_bindings_module: "slewgate_sdk::bindings::permission_policy",
        generate_unused_types: true,
    });
}
