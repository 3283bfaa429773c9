//! `control.take` and `control.release`: one client at a time moves the hardware of a plugin.

use std::sync::Arc;

use serde_json::json;
use serde_json::value::RawValue;
use slewgate_engine::{Permit, Table};
use slewgate_rpc::Refusal;

use super::{HostMethods, json as result};

impl HostMethods {
    /// By force also from another, whose jogs end: the policy sees `force` among the params.
    pub(super) fn take_control(&self, permit: &Permit) -> Result<Box<RawValue>, Refusal> {
        let table = self.controlled(permit)?;
        let force = permit.action().params.get("force");
        let force = force.and_then(serde_json::Value::as_bool).unwrap_or(false);
        table.take_control(permit.client().owner(), force)?;
        holder(table)
    }

    pub(super) fn release_control(&self, permit: &Permit) -> Result<Box<RawValue>, Refusal> {
        let table = self.controlled(permit)?;
        table.release_control(permit.client().owner());
        holder(table)
    }

    /// The table that the params name, or the only one that there is to control.
    fn controlled(&self, permit: &Permit) -> Result<&Arc<Table>, Refusal> {
        let tables = self.plugins.tables();
        let mut with_lines = tables.values().filter(|table| !table.lines().is_empty());
        let known = || {
            let names = tables.values().filter(|table| !table.lines().is_empty());
            names
                .map(|table| table.name())
                .collect::<Vec<_>>()
                .join(", ")
        };
        match permit
            .action()
            .params
            .get("plugin")
            .and_then(|name| name.as_str())
        {
            Some(name) => with_lines
                .find(|table| table.name() == name)
                .ok_or_else(|| {
                    let why = format!("there is no such plugin to control; there are: {}", known());
                    Refusal::invalid_params("plugin", why)
                }),
            None => match (with_lines.next(), with_lines.next()) {
                (Some(only), None) => Ok(only),
                _ => Err(Refusal::invalid_params(
                    "plugin",
                    format!("name one of: {}", known()),
                )),
            },
        }
    }
}

fn holder(table: &Table) -> Result<Box<RawValue>, Refusal> {
    let holder = crate::topics::holder(table.holder().as_ref());
    result(&json!({ "plugin": table.name(), "holder": holder }))
}
