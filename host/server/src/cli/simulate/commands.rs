//! Faults at run time: one line of input is a fault, `clear` or `list`, and is answered by one of output.

use std::io::{self, BufRead, ErrorKind};

use serde_json::{Value, json};
use slewgate_simulator::{ActiveFault, Fault, FaultError, Faults};

use super::super::{Common, platform, say};

/// Obeys standard input until it ends. The mount runs on.
pub(super) fn obey(common: &Common, faults: &Faults) {
    if !platform::input_is_ours() {
        return;
    }
    for line in io::stdin().lock().lines() {
        let answer = match line {
            Ok(line) => answer(faults, line.trim()),
            Err(error) if error.kind() == ErrorKind::InvalidData => Some(refused(&error)),
            Err(_) => return,
        };
        if let Some((words, json)) = answer
            && say(common, &words, &json).is_err()
        {
            return;
        }
    }
}

/// Does what a line says, and tells so in words and in JSON. None: it is empty.
fn answer(faults: &Faults, line: &str) -> Option<(String, Value)> {
    Some(match line {
        "" => return None,
        "clear" => {
            let ended = faults.clear();
            (format!("cleared {ended}"), json!({ "cleared": ended }))
        }
        "list" => listed(&faults.list()),
        text => match text.parse::<Fault>() {
            Ok(fault) => {
                let name = fault.to_string();
                faults.add(fault);
                (format!("added {name}"), json!({ "added": name }))
            }
            Err(error @ FaultError::Unknown { .. }) => {
                refused(&format!("{error}; and there are clear and list"))
            }
            Err(error) => refused(&error),
        },
    })
}

fn listed(faults: &[ActiveFault]) -> (String, Value) {
    let words = |active: &ActiveFault| format!("{} (hits: {})", active.fault(), active.hits());
    let json = |active: &ActiveFault| json!({ "fault": active.fault().to_string(), "hits": active.hits() });
    let shown = match faults {
        [] => "no faults".to_owned(),
        faults => faults.iter().map(words).collect::<Vec<_>>().join("; "),
    };
    let faults: Vec<Value> = faults.iter().map(json).collect();
    (shown, json!({ "faults": faults }))
}

fn refused(why: &impl ToString) -> (String, Value) {
    let why = why.to_string();
    (format!("refused: {why}"), json!({ "refused": why }))
}
