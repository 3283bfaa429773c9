//! What the security log hears of plugins: swaps, control, stops by the host, alarms.

use std::sync::Arc;

use slewgate_engine::{Happened, Notice, PluginReport, Plugins, Stage, What};
use slewgate_safety::Owner;
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use tokio::sync::broadcast::error::RecvError;

/// What serves at the start, who swapped what, and what was not trusted are matters of security.
pub(crate) async fn record_swaps(plugins: Arc<Plugins>, log: SecurityLog) {
    let mut events = plugins.events_from_the_start();
    let reports = plugins.reports();
    for report in &reports {
        if let Some(digest) = &report.digest {
            log.record(swap(report, "serving").digest(digest));
        }
        if report.candidate.is_some() {
            log.record(swap_of(report, What::Failed));
        }
    }
    loop {
        match events.recv().await {
            Ok(event) if event.what == What::Step => {}
            Ok(event) => {
                let what = swap_of(&event.plugin, event.what);
                log.record(match event.widens.is_empty() {
                    true => what,
                    false => swap(&event.plugin, format!("widened {}", event.widens.join(" "))),
                });
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

fn swap_of(plugin: &PluginReport, what: What) -> SecurityEvent {
    let candidate = plugin.candidate.as_ref();
    // Of what it is about: a candidate that does not serve, or what does.
    let digest = match (what, candidate) {
        (What::Failed | What::Waiting, Some(candidate)) => &candidate.digest,
        _ => &plugin.digest,
    };
    let event = match candidate.filter(|_| what == What::Failed) {
        Some(failed) if failed.stage == Stage::Trust => {
            SecurityEvent::new(EventKind::PluginUntrusted)
                .subject(subject(plugin))
                .reason(&failed.cause)
        }
        _ => {
            let what = serde_json::to_value(what).unwrap_or_default();
            let what = what.as_str().unwrap_or_default();
            let digest = digest.as_deref().unwrap_or_default();
            swap(plugin, format!("{what} {digest}"))
        }
    };
    match digest {
        Some(digest) => event.digest(digest),
        None => event,
    }
}

fn swap(plugin: &PluginReport, reason: impl Into<String>) -> SecurityEvent {
    SecurityEvent::new(EventKind::PluginSwap)
        .subject(subject(plugin))
        .reason(reason)
}

fn subject(plugin: &PluginReport) -> String {
    format!("{} {}", plugin.kind, plugin.name)
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
