//! A command as its plugin describes it, with its schema compiled.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use slewgate_rpc::Refusal;

use crate::bindings::handler::exports::slewgate::plugin::handler::Command as Described;
use crate::bindings::types;
use crate::schema::Schema;

/// Commands of one plugin.
pub(crate) const MAX_COMMANDS: usize = 128;

/// What a command can do to the world (`types.wit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Reads; changes nothing.
    Observe,
    /// Makes the hardware move, or may.
    Move,
    /// Ends motion.
    Stop,
    /// Changes settings of the hardware.
    Configure,
    /// Changes the host itself.
    Administer,
}

/// See the module.
pub struct Command {
    /// Its name without the plugin's, such as `goto`.
    pub verb: String,
    /// One sentence, for people.
    pub summary: String,
    /// What it can do.
    pub effect: Effect,
    /// JSON Schema of the params.
    pub params: Value,
    /// JSON Schema of the result.
    pub result: Value,
    /// Params of a typical call.
    pub example: Map<String, Value>,
    accepts: Schema,
    answers: Schema,
}

/// By verb.
pub(crate) type Commands = BTreeMap<String, Command>;

/// Why a description does not hold together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DescriptionError {
    #[error("{0} commands; at most {MAX_COMMANDS}")]
    TooMany(usize),
    #[error("the command `{0}` is described twice")]
    Twice(String),
    #[error("`{0}` is no name of a command: lower-case letters, digits and _, at most 32")]
    Name(String),
    #[error("the command `stop` is the host's own, for every plugin with a line")]
    Stop,
    #[error("the {part} of `{verb}` is not JSON: {cause}")]
    Json {
        verb: String,
        part: &'static str,
        cause: serde_json::Error,
    },
    #[error("the {part} of `{verb}` cannot be used: {cause}")]
    Schema {
        verb: String,
        part: &'static str,
        cause: String,
    },
    #[error("the example of `{verb}` does not fit its schema: {cause}")]
    Example { verb: String, cause: String },
}

impl Effect {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Observe => "observe",
            Effect::Move => "move",
            Effect::Stop => "stop",
            Effect::Configure => "configure",
            Effect::Administer => "administer",
        }
    }
}

impl From<types::Effect> for Effect {
    fn from(effect: types::Effect) -> Self {
        match effect {
            types::Effect::Observe => Effect::Observe,
            types::Effect::Move => Effect::Move,
            types::Effect::Stop => Effect::Stop,
            types::Effect::Configure => Effect::Configure,
            types::Effect::Administer => Effect::Administer,
        }
    }
}

impl From<Effect> for types::Effect {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Observe => types::Effect::Observe,
            Effect::Move => types::Effect::Move,
            Effect::Stop => types::Effect::Stop,
            Effect::Configure => types::Effect::Configure,
            Effect::Administer => types::Effect::Administer,
        }
    }
}

impl Command {
    /// Whether the params fit the schema.
    ///
    /// # Errors
    /// -32602, with the field that does not.
    pub fn fit(&self, params: &Map<String, Value>) -> Result<(), Refusal> {
        self.accepts
            .accept(&self.params, params)
            .map_err(|(field, why)| Refusal::invalid_params(&field, why))
    }

    /// Whether a result is as the schema of results has it.
    ///
    /// # Errors
    /// The field that is not, and why.
    pub fn answers(&self, result: &Value) -> Result<(), String> {
        self.answers
            .fit(&self.result, result, "the result")
            .map_err(|(field, why)| format!("{field}: {why}"))
    }

    /// Whether it is described as the other is, word by word.
    pub(crate) fn is_same(&self, other: &Command) -> bool {
        (&self.verb, &self.summary, self.effect) == (&other.verb, &other.summary, other.effect)
            && (&self.params, &self.result, &self.example)
                == (&other.params, &other.result, &other.example)
    }

    /// A method of the host itself; its name is whole, such as `host.info`.
    ///
    /// # Errors
    /// The schema is none, or the example does not fit it.
    pub fn of_host(
        method: &str,
        summary: &str,
        effect: Effect,
        [params, result, example]: [Value; 3],
    ) -> Result<Command, String> {
        let (accepts, answers) = (Schema::new(&params)?, Schema::new(&result)?);
        let Value::Object(example) = example else {
            return Err(format!("the example of {method} is not an object"));
        };
        accepts
            .accept(&params, &example)
            .map_err(|(field, why)| format!("the example of {method}: {field}: {why}"))?;
        let (verb, summary) = (method.to_owned(), summary.to_owned());
        Ok(Command {
            verb,
            summary,
            effect,
            params,
            result,
            example,
            accepts,
            answers,
        })
    }

    fn new(described: Described) -> Result<Command, DescriptionError> {
        let verb = described.name;
        check_name(&verb)?;
        let json = |part, text: &str| {
            slewgate_rpc::tree(text).map_err(|cause| DescriptionError::Json {
                verb: verb.clone(),
                part,
                cause,
            })
        };
        let params = json("params schema", &described.params_schema)?;
        let result = json("result schema", &described.result_schema)?;
        let example = json("example", &described.example)?;
        let compiled = |part, schema: &Value| {
            Schema::new(schema).map_err(|cause| DescriptionError::Schema {
                verb: verb.clone(),
                part,
                cause,
            })
        };
        let accepts = compiled("params schema", &params)?;
        let answers = compiled("result schema", &result)?;
        let Value::Object(example) = example else {
            return Err(DescriptionError::Example {
                verb,
                cause: "it is not an object".into(),
            });
        };
        let fits = accepts.accept(&params, &example);
        fits.map_err(|(field, why)| DescriptionError::Example {
            verb: verb.clone(),
            cause: format!("{field}: {why}"),
        })?;
        Ok(Command {
            verb,
            summary: described.summary,
            effect: described.effect.into(),
            params,
            result,
            example,
            accepts,
            answers,
        })
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Command")
            .field("verb", &self.verb)
            .field("effect", &self.effect)
            .finish_non_exhaustive()
    }
}

pub(crate) fn commands(described: Vec<Described>) -> Result<Commands, DescriptionError> {
    if described.len() > MAX_COMMANDS {
        return Err(DescriptionError::TooMany(described.len()));
    }
    let mut commands = Commands::new();
    for described in described {
        let command = Command::new(described)?;
        if let Some(twice) = commands.insert(command.verb.clone(), command) {
            return Err(DescriptionError::Twice(twice.verb));
        }
    }
    Ok(commands)
}

fn check_name(verb: &str) -> Result<(), DescriptionError> {
    let fits = (1..=32).contains(&verb.len())
        && verb
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    match verb {
        "stop" => Err(DescriptionError::Stop),
        _ if fits => Ok(()),
        _ => Err(DescriptionError::Name(verb.chars().take(32).collect())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(params: &str, result: &str, example: &str) -> Result<Command, String> {
        let described = Described {
            name: "set".into(),
            summary: String::new(),
            effect: types::Effect::Observe,
            params_schema: params.into(),
            result_schema: result.into(),
            example: example.into(),
        };
        Command::new(described).map_err(|error| error.to_string())
    }

    #[test]
    fn a_schema_that_is_none_is_named_with_its_command_and_why() {
        let (object, wrong) = (r#"{"type":"object"}"#, r#"{"type":"objekt"}"#);
        for (params, result, example, said) in [
            (
                wrong,
                object,
                "{}",
                "the params schema of `set` cannot be used: it is no JSON Schema: ",
            ),
            (
                object,
                wrong,
                "{}",
                "the result schema of `set` cannot be used: it is no JSON Schema: ",
            ),
            (
                "{",
                object,
                "{}",
                "the params schema of `set` is not JSON: ",
            ),
            (
                object,
                object,
                "[]",
                "the example of `set` does not fit its schema: ",
            ),
        ] {
            let told = described(params, result, example).unwrap_err();
            assert!(told.starts_with(said), "{told}");
            assert!(!told.contains('\n'), "{told}");
        }
    }

    #[test]
    fn a_result_that_is_not_as_promised_is_told_with_its_field() {
        let result =
            r#"{"type":"object","required":["power"],"properties":{"power":{"type":"integer"}}}"#;
        let command = described("{}", result, "{}").unwrap();
        assert_eq!(command.answers(&json!({ "power": 4 })), Ok(()));
        for wrong in [json!({ "power": "4" }), json!({})] {
            let told = command.answers(&wrong).unwrap_err();
            assert!(told.starts_with("power: "), "{told}");
        }
        assert!(
            command
                .answers(&json!(4))
                .unwrap_err()
                .starts_with("the result: ")
        );
    }

    #[test]
    fn a_verb_that_is_the_hosts_or_no_name_is_refused() {
        assert!(matches!(check_name("stop"), Err(DescriptionError::Stop)));
        for name in ["", "Goto", "go to", &"x".repeat(33)] {
            assert!(
                matches!(check_name(name), Err(DescriptionError::Name(_))),
                "{name}"
            );
        }
        check_name("set_time").unwrap();
    }
}
