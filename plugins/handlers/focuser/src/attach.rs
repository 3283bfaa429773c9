//! What is there: asked when the line was opened, kept for every call after.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Verb;
use slewgate_sdk::{Attachment, Effect, Failure, Handler, Host, StopSequence, json};

use crate::compensation::Compensate;
use crate::focuser::{self, Found};
use crate::port::{self, Port};
use crate::settings::Settings;
use crate::speed::SetSpeed;
use crate::steps::{SetStepMode, StepMode};
use crate::{Focuser, thermometer};

/// Params of `info`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Info {}

/// The answer of `info`.
#[derive(Debug, Serialize)]
struct Identity {
    model: String,
    firmware: Option<String>,
    protocol: &'static str,
    /// Steps.
    maximum: u16,
    /// Whether the settings say so.
    limited: bool,
    maximum_mode: Option<StepMode>,
    thermometer: bool,
    capabilities: Vec<String>,
}

impl Verb for Info {
    const NAME: &'static str = "info";
    const SUMMARY: &'static str = "What the focuser is, and how far it can go.";
    const EFFECT: Effect = Effect::Observe;
    const RESULT: &'static str = r#"{"type":"object","required":["model","firmware","protocol","maximum","limited","maximum_mode","thermometer","capabilities"],
"properties":{"model":{"type":"string"},"firmware":{"type":["string","null"]},"protocol":{"const":"Moonlite"},
"maximum":{"type":"integer","minimum":1,"maximum":65535,"description":"the outer end of its travel, in steps"},
"limited":{"type":"boolean","description":"whether the settings say where its travel ends; false: nothing keeps it from driving against the end"},
"maximum_mode":{"enum":["full","half",null],"description":"what a step of maximum is; null where it is not limited"},
"thermometer":{"type":"boolean"},"capabilities":{"type":"array","items":{"type":"string"}}}}"#;
}

const MODEL: &str = "Moonlite focuser";

pub(crate) fn attach(host: &dyn Host) -> Result<Attachment, Failure> {
    let port = Port::open(host)?;
    match focuser::position(&port) {
        // The first reply may begin with what an earlier program asked for.
        Err(Failure::Hardware(_)) => focuser::position(&port)?,
        other => other?,
    };
    let found = Found {
        firmware: port.probe(":GV#")?.map(|text| version(&text)),
        lacks: lacks(&port)?,
        thermometer: thermometer::is_there(host, &port)?,
    };
    found.keep(host)?;
    Ok(Attachment {
        model: found.model(),
        lacks: found.lacks,
        stops: vec![StopSequence {
            role: port::ROLE.into(),
            exchanges: vec![port::silent(HALT)],
            patience: 0,
        }],
    })
}

/// Ends every motion, is not answered, and is obeyed at any time.
pub(crate) const HALT: &str = ":FQ#";

pub(crate) fn info(host: &dyn Host, settings: &Settings) -> Result<String, Failure> {
    let found = Found::recall(host)?;
    let commands = Focuser::describe().commands;
    let names = commands.into_iter().map(|command| command.name);
    json(&Identity {
        capabilities: names.filter(|name| !found.lacks(name)).collect(),
        model: MODEL.to_owned(),
        firmware: found.firmware,
        protocol: "Moonlite",
        maximum: settings.maximum(),
        limited: settings.maximum_mode().is_some(),
        maximum_mode: settings.maximum_mode(),
        thermometer: found.thermometer,
    })
}

/// What sets is not answered; whether a focuser has it is seen from whether it can be asked for it.
fn lacks(port: &Port) -> Result<Vec<String>, Failure> {
    let questions = [
        (":GD#", SetSpeed::NAME),
        (":GH#", SetStepMode::NAME),
        (":GC#", Compensate::NAME),
    ];
    let mut lacks = Vec::new();
    for (question, command) in questions {
        if port.probe(question)?.is_none() {
            lacks.push(command.to_owned());
        }
    }
    Ok(lacks)
}

/// Two decimal digits are the major and the minor version; of others what they say is told.
fn version(text: &[u8]) -> String {
    match text {
        [major, minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            format!("{}.{}", char::from(*major), char::from(*minor))
        }
        other => String::from_utf8_lossy(other)
            .trim()
            .escape_debug()
            .to_string(),
    }
}

impl Found {
    fn model(&self) -> String {
        match &self.firmware {
            Some(firmware) => format!("{MODEL} {firmware}"),
            None => MODEL.to_owned(),
        }
    }
}
