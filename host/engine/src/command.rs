//! A command as its plugin describes it, with its schema compiled.

use std::collections::BTreeMap;
use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value};
use slewgate_rpc::Refusal;

use crate::bindings::handler::exports::slewgate::plugin::handler::Command as Described;
use crate::bindings::types;

/// Commands of one plugin.
pub(crate) const MAX_COMMANDS: usize = 128;

/// Characters of a sentence about params that do not fit.
const MAX_SENTENCE: usize = 200;

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
    validator: Validator,
    answers: Validator,
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
    #[error("the {part} of `{verb}` is no JSON Schema: {cause}")]
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
        fit(&self.validator, &self.params, params)
            .map_err(|(field, why)| Refusal::invalid_params(&field, why))
    }

    /// Whether a result is as the schema of results has it.
    ///
    /// # Errors
    /// The field that is not, and why.
    pub fn answers(&self, result: &Value) -> Result<(), String> {
        fit_value(&self.answers, &self.result, result, "the result")
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
        let (validator, answers) = (compile(&params)?, compile(&result)?);
        let Value::Object(example) = example else {
            return Err(format!("the example of {method} is not an object"));
        };
        fit(&validator, &params, &example)
            .map_err(|(field, why)| format!("the example of {method}: {field}: {why}"))?;
        let (verb, summary) = (method.to_owned(), summary.to_owned());
        Ok(Command {
            verb,
            summary,
            effect,
            params,
            result,
            example,
            validator,
            answers,
        })
    }

    fn new(described: Described) -> Result<Command, DescriptionError> {
        let verb = described.name;
        check_name(&verb)?;
        let json = |part, text: &str| {
            serde_json::from_str(text).map_err(|cause| DescriptionError::Json {
                verb: verb.clone(),
                part,
                cause,
            })
        };
        let params = json("params schema", &described.params_schema)?;
        let result = json("result schema", &described.result_schema)?;
        let example = json("example", &described.example)?;
        let compiled = |part, schema: &Value| {
            compile(schema).map_err(|cause| DescriptionError::Schema {
                verb: verb.clone(),
                part,
                cause,
            })
        };
        let validator = compiled("params schema", &params)?;
        let answers = compiled("result schema", &result)?;
        let Value::Object(example) = example else {
            return Err(DescriptionError::Example {
                verb,
                cause: "it is not an object".into(),
            });
        };
        fit(&validator, &params, &example).map_err(|(field, why)| DescriptionError::Example {
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
            validator,
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

/// Compiles a JSON Schema that reads nothing from elsewhere.
pub(crate) fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| error.to_string())
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

/// The first thing that does not fit: the field, and why.
pub(crate) fn fit(
    validator: &Validator,
    schema: &Value,
    params: &Map<String, Value>,
) -> Result<(), (String, String)> {
    fit_value(validator, schema, &Value::Object(params.clone()), "params")
}

/// The same of any value; `whole` is what it is called itself.
fn fit_value(
    validator: &Validator,
    schema: &Value,
    value: &Value,
    whole: &str,
) -> Result<(), (String, String)> {
    match validator.validate(value) {
        Ok(()) => Ok(()),
        Err(error) => {
            let path = error.instance_path().to_string();
            let field = match (path.trim_start_matches('/'), named(&error)) {
                ("", None) => whole.to_owned(),
                ("", Some(name)) => name,
                (path, None) => path.replace('/', "."),
                (path, Some(name)) => format!("{}.{name}", path.replace('/', ".")),
            };
            Err((
                field,
                sentence(&error, schema)
                    .chars()
                    .take(MAX_SENTENCE)
                    .collect(),
            ))
        }
    }
}

/// The library names two words of those that fit and counts the rest, and of a range only the end that was passed.
fn sentence(error: &ValidationError<'_>, schema: &Value) -> String {
    match error.kind() {
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let options: Vec<_> = options.iter().map(Value::to_string).collect();
            format!("{} is not one of {}", error.instance(), options.join(", "))
        }
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
            match range(error, schema) {
                Some((least, most)) => {
                    format!("{} is not within {least} to {most}", error.instance())
                }
                None => error.to_string(),
            }
        }
        _ => error.to_string(),
    }
}

/// Both ends of the range that was left, where the schema has both.
fn range<'s>(error: &ValidationError<'_>, schema: &'s Value) -> Option<(&'s Value, &'s Value)> {
    let path = error.schema_path().to_string();
    let (place, _) = path.rsplit_once('/')?;
    let place = schema.pointer(place)?;
    Some((place.get("minimum")?, place.get("maximum")?))
}

/// The member that is missing or unknown: it is not part of the path.
fn named(error: &ValidationError<'_>) -> Option<String> {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected.first().cloned(),
        ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(params: Value) -> String {
        let schema = json!({
            "type": "object", "required": ["ra"], "additionalProperties": false,
            "properties": { "ra": { "type": "number" }, "at": { "type": "object", "required": ["hour"] } },
        });
        let Value::Object(params) = params else {
            panic!("an object")
        };
        fit(&compile(&schema).unwrap(), &schema, &params)
            .unwrap_err()
            .0
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_field() {
        assert_eq!(field(json!({ "ra": "x" })), "ra");
        assert_eq!(field(json!({})), "ra");
        assert_eq!(field(json!({ "ra": 1, "dec": 2 })), "dec");
        assert_eq!(field(json!({ "ra": 1, "at": {} })), "at.hour");
    }

    #[test]
    fn every_word_that_fits_is_named() {
        let schema =
            json!({ "properties": { "rate": { "enum": ["guide", "center", "find", "slew"] } } });
        let Value::Object(params) = json!({ "rate": "warp" }) else {
            panic!("an object")
        };
        assert_eq!(
            fit(&compile(&schema).unwrap(), &schema, &params).unwrap_err(),
            (
                "rate".to_owned(),
                r#""warp" is not one of "guide", "center", "find", "slew""#.to_owned()
            )
        );
    }

    #[test]
    fn a_range_is_named_with_both_ends() {
        let schema = json!({ "properties": {
            "latitude": { "type": "number", "minimum": -90, "maximum": 90 },
            "gain": { "type": "integer", "minimum": 1 },
        } });
        for (field, value, why) in [
            ("latitude", json!(91), "91 is not within -90 to 90"),
            ("latitude", json!(-90.5), "-90.5 is not within -90 to 90"),
            ("gain", json!(0), "0 is less than the minimum of 1"),
        ] {
            let params = Map::from_iter([(field.to_owned(), value)]);
            assert_eq!(
                fit(&compile(&schema).unwrap(), &schema, &params).unwrap_err(),
                (field.to_owned(), why.to_owned())
            );
        }
    }

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
                "the params schema of `set` is no JSON Schema: ",
            ),
            (
                object,
                wrong,
                "{}",
                "the result schema of `set` is no JSON Schema: ",
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
