//! `rpc.discover`: the methods that the asking client may call, as OpenRPC (<https://spec.open-rpc.org>, 1.3.2).

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use slewgate_engine::{Action, Attached, Command, Effect, Permit, StopCounts};
use slewgate_rpc::Refusal;

use super::{HostMethods, json as result};
use crate::stops::STOP;

impl HostMethods {
    pub(crate) async fn discover(&self, permit: Permit) -> Result<Box<RawValue>, Refusal> {
        let mut methods = Vec::new();
        for (_, command) in &self.commands {
            if allowed(&permit, &command.verb, command.effect, &command.example).await? {
                methods.push(describe(&command.verb, command));
            }
        }
        for (table, handler) in permit.snapshot().handlers() {
            let lacks = match &*handler.table().attached().borrow() {
                Attached::To(found) => found.lacks.clone(),
                _ => Vec::new(),
            };
            for command in handler
                .commands()
                .filter(|command| !lacks.contains(&command.verb))
            {
                let method = format!("{table}.{}", command.verb);
                if allowed(&permit, &method, command.effect, &command.example).await? {
                    methods.push(describe(&method, command));
                }
            }
        }
        for (table, of) in self.plugins.tables() {
            let method = format!("{table}.{STOP}");
            if !of.lines().is_empty()
                && allowed(&permit, &method, Effect::Stop, &Map::new()).await?
            {
                methods.push(stop(&method));
            }
        }
        result(&json!({
            "openrpc": "1.3.2",
            "info": { "title": "slewgate", "version": env!("CARGO_PKG_VERSION") },
            "methods": methods,
        }))
    }
}

/// Whether the policy allows a typical call. A policy that is busy is no denial: then the whole answer waits.
async fn allowed(
    permit: &Permit,
    method: &str,
    effect: Effect,
    example: &Map<String, Value>,
) -> Result<bool, Refusal> {
    let action = Action {
        method: method.to_owned(),
        effect,
        params: example.clone(),
        counts: StopCounts::default(),
        lease: None,
    };
    match Arc::clone(permit.snapshot())
        .decide(permit.client(), action)
        .await
    {
        Ok(_) => Ok(true),
        Err(refusal) if refusal.code == slewgate_rpc::Code::Denied => Ok(false),
        Err(refusal) => Err(refusal),
    }
}

fn describe(method: &str, command: &Command) -> Value {
    let required = command
        .params
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let properties = command
        .params
        .get("properties")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let params: Vec<_> = properties
        .into_iter()
        .map(|(name, schema)| json!({ "name": name, "required": required.contains(&Value::from(name.as_str())), "schema": schema }))
        .collect();
    json!({
        "name": method,
        "summary": command.summary,
        "paramStructure": "by-name",
        "params": params,
        "result": { "name": "result", "schema": command.result },
        "x-effect": command.effect.as_str(),
        "x-params-schema": command.params,
        "x-example": command.example,
    })
}

fn stop(method: &str) -> Value {
    json!({
        "name": method,
        "summary": "Stops everything, before anything that waits; with a direction, that motion alone.",
        "paramStructure": "by-name",
        "params": [{ "name": "direction", "required": false, "schema": { "type": "string" } }],
        "result": { "name": "result", "schema": { "type": "object", "properties": { "stopped": { "type": "boolean" } } } },
        "x-effect": "stop",
        "x-example": {},
    })
}
