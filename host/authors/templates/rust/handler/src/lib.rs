//! A dew heater on a serial line. `P40\n` sets its power in percent, and is answered by `OK\n`, or by `LOW\n` where its supply is too
//! weak to heat. `P?\n` asks for the power, and is answered by `P40\n`.

mod heater;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use slewgate_sdk::{
    Attachment, Client, Command, Description, Effect, Failure, Handler, Host, Moving, Observation,
    Occasion, Progress, Request, export_handler, json, params, read,
};

/// The handler, as the settings of `[plugins.plugin-name]` have it.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Heater {
    /// More than this no client may set.
    max_percent: u8,
}

/// The params of `set`, and the result of both commands.
#[derive(Serialize, Deserialize)]
struct Power {
    percent: u8,
}

const SET: &str = r#"{"type":"object","required":["percent"],"additionalProperties":false,
"properties":{"percent":{"type":"integer","minimum":0,"maximum":100}}}"#;
const NOTHING: &str = r#"{"type":"object","additionalProperties":false}"#;
const POWER: &str =
    r#"{"type":"object","required":["percent"],"properties":{"percent":{"type":"integer"}}}"#;

impl Default for Heater {
    fn default() -> Self {
        Self { max_percent: 100 }
    }
}

impl Handler for Heater {
    fn configure(settings: &str) -> Result<Self, String> {
        read(settings.as_bytes()).map_err(|error| error.to_string())
    }

    fn describe() -> Description {
        let set = Command {
            name: "set".into(),
            summary: "Set the power of the dew heater.".into(),
            effect: Effect::Configure,
            params_schema: SET.into(),
            result_schema: POWER.into(),
            example: r#"{"percent":40}"#.into(),
        };
        let status = Command {
            name: "status".into(),
            summary: "The power of the dew heater.".into(),
            effect: Effect::Observe,
            params_schema: NOTHING.into(),
            result_schema: POWER.into(),
            example: "{}".into(),
        };
        Description {
            commands: vec![set, status],
            sample_every: Some(5_000),
        }
    }

    fn attach(&self, host: &dyn Host) -> Result<Attachment, Failure> {
        heater::power(host)?;
        // Nothing of it moves, so nothing has to be stopped.
        Ok(Attachment {
            model: "dew heater".into(),
            lacks: vec![],
            stops: vec![],
        })
    }

    fn handle(&self, host: &dyn Host, _: &Client, request: &Request) -> Result<String, Failure> {
        match request.verb.as_str() {
            "set" => self.set(host, &params(request)?),
            "status" => Ok(self.sample(host)?.data),
            other => Err(Failure::Internal(format!("`describe` names no {other}"))),
        }
    }

    fn sample(&self, host: &dyn Host) -> Result<Observation, Failure> {
        let percent = heater::power(host)?;
        Ok(Observation {
            moving: Moving::Still,
            position: None,
            axes: None,
            data: json(&Power { percent })?,
        })
    }

    fn advance(&self, _: &dyn Host, _: u32, _: Occasion, _: &[u8]) -> Result<Progress, Failure> {
        Ok(Progress::Done)
    }
}

impl Heater {
    fn set(&self, host: &dyn Host, power: &Power) -> Result<String, Failure> {
        let (percent, most) = (power.percent, self.max_percent);
        if percent > most {
            return Err(Failure::InvalidParams(format!(
                "percent: {percent} is not within 0 to {most}"
            )));
        }
        heater::set_power(host, percent)?;
        json(power)
    }
}

export_handler!(Heater);
