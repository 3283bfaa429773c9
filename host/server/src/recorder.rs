//! What the security log hears of plugins: swaps, control, stops by the host, alarms.

use std::sync::Arc;

use slewgate_engine::{Happened, Notice, PluginEvent, Plugins, What};
use slewgate_safety::Owner;
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use tokio::sync::broadcast::error::RecvError;

/// Who swapped what is a matter of security.
pub(crate) async fn record_swaps(plugins: Arc<Plugins>, log: SecurityLog) {
    let mut events = plugins.events();
    loop {
        match events.recv().await {
            Ok(event) => {
                let (plugin, what) = (
                    &event.plugin,
                    serde_json::to_value(event.what).unwrap_or_default(),
                );
                let reason = format!(
                    "{} {} {}",
                    what.as_str().unwrap_or_default(),
                    digest(&event).map_or("", String::as_str),
                    event.widens.join(" ")
                );
                log.record(
                    SecurityEvent::new(EventKind::PluginSwap)
                        .subject(format!("{} {}", plugin.kind, plugin.name))
                        .reason(reason.trim_end()),
                );
            }
            Err(RecvError::Lagged(missed)) => {
                log.record(
                    SecurityEvent::new(EventKind::PluginSwap)
                        .count(missed)
                        .reason("not told"),
                );
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Of what an event is about: a candidate that does not serve, or what does.
fn digest(event: &PluginEvent) -> Option<&String> {
    let candidate = event.plugin.candidate.as_ref();
    match event.what {
        What::Failed | What::Waiting => candidate?.digest.as_ref(),
        _ => event.plugin.digest.as_ref(),
    }
}

/// So are who is in control, what the host stopped, and what people should look at.
pub(crate) async fn record_notices(plugins: Arc<Plugins>, log: SecurityLog) {
    let mut notices = plugins.notices();
    loop {
        match notices.recv().await {
            Ok(notice) => log.record(security_event(&notice)),
            Err(RecvError::Lagged(missed)) => log.record(
                SecurityEvent::new(EventKind::Alarm)
                    .count(missed)
                    .reason("notices were not put on record"),
            ),
            Err(RecvError::Closed) => return,
        }
    }
}

fn security_event(notice: &Notice) -> SecurityEvent {
    match &notice.happened {
        Happened::Alarm(alarm) => SecurityEvent::new(EventKind::Alarm)
            .subject(&notice.table)
            .reason(format!("{}: {}", alarm.kind.as_str(), alarm.what)),
        Happened::Stopped(stop) => {
            let whose = stop.client.as_ref();
            let whose = whose.map_or_else(String::new, |client| format!(" of {client}"));
            SecurityEvent::new(EventKind::MotionStop)
                .subject(&notice.table)
                .reason(format!(
                    "the host stopped {}{whose}: {}",
                    stop.what, stop.why
                ))
        }
        Happened::Control(event) => {
            let name = |owner: &Option<Owner>| {
                owner
                    .as_ref()
                    .map_or("nobody", |owner| &owner.name)
                    .to_owned()
            };
            SecurityEvent::new(EventKind::Control)
                .subject(&notice.table)
                .reason(format!(
                    "{}: from {} to {}",
                    event.change.as_str(),
                    name(&event.before),
                    name(&event.holder)
                ))
        }
    }
}
