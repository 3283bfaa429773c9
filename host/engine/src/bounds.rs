//! How much a plugin may say: its words are part of the host's own answers, which are for everybody and of bounded length.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::bindings::handler::exports::slewgate::plugin::handler::Command as Described;
use crate::command::MAX_COMMANDS;

/// Characters of the name of hardware, and of other words of an attachment.
pub(crate) const MAX_WORD: usize = 200;

/// Characters of what a plugin says of a failure of its hardware, or of its own.
pub(crate) const MAX_FAILURE: usize = 1_000;

/// Characters of the cause for which a component does not serve, or is not called.
pub(crate) const MAX_CAUSE: usize = 2_000;

/// Characters of the summary of a command.
const MAX_SUMMARY: usize = 1_000;

/// A schema or an example, in bytes.
const MAX_SCHEMA: usize = 16 * 1024;

/// All that one plugin says of its commands, in bytes: `rpc.discover` tells it together with that of the others in one message.
const MAX_DESCRIPTION: usize = 64 * 1024;

/// What is too long in a description.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TooLong {
    #[error("it describes {0} commands; describe at most {MAX_COMMANDS}")]
    Commands(usize),
    #[error(
        "the summary of `{verb}` has {characters} characters; say it in one sentence, of at most {MAX_SUMMARY}"
    )]
    Summary { verb: String, characters: usize },
    #[error(
        "the {part} of `{verb}` has {bytes} bytes; write it in at most {MAX_SCHEMA}, such as without what only describes"
    )]
    Part {
        verb: String,
        part: &'static str,
        bytes: usize,
    },
    #[error(
        "what it says of its commands has {0} bytes together; say it in at most {MAX_DESCRIPTION}"
    )]
    Together(usize),
}

/// Looks at the length of a description alone, before anything reads it.
pub(crate) fn judge(commands: &[Described]) -> Result<(), TooLong> {
    if commands.len() > MAX_COMMANDS {
        return Err(TooLong::Commands(commands.len()));
    }
    let mut together = 0;
    for command in commands {
        let verb = || cut(&command.name, MAX_WORD);
        let characters = command.summary.chars().count();
        if characters > MAX_SUMMARY {
            let verb = verb();
            return Err(TooLong::Summary { verb, characters });
        }
        let parts = [
            ("params schema", &command.params_schema),
            ("result schema", &command.result_schema),
            ("example", &command.example),
        ];
        for (part, text) in parts {
            let bytes = text.len();
            if bytes > MAX_SCHEMA {
                let verb = verb();
                return Err(TooLong::Part { verb, part, bytes });
            }
            together += bytes;
        }
        together += command.name.len() + command.summary.len();
    }
    match together {
        0..=MAX_DESCRIPTION => Ok(()),
        more => Err(TooLong::Together(more)),
    }
}

/// A text as clients are sent it.
///
/// # Errors
/// Where it is no JSON, or such as many clients cannot read: nested more than 127 deep, numbers beyond those of a double, halves of characters.
pub(crate) fn json(text: String) -> serde_json::Result<Box<RawValue>> {
    let Readable = serde_json::from_str(&text)?;
    RawValue::from_string(text)
}

/// Any value, read to its end and kept nowhere.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Readable, D::Error> {
        deserializer.deserialize_any(Readable)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Readable;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Readable, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Readable, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Readable, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Readable, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Readable, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Readable, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Readable, A::Error> {
        while let Some(Readable) = values.next_element()? {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Readable, A::Error> {
        while let Some((Readable, Readable)) = members.next_entry()? {}
        Ok(self)
    }
}

/// The first characters of a text, with an ellipsis where there are more.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.chars().nth(most) {
        None => text.to_owned(),
        Some(_) => {
            let kept = text.chars().take(most.saturating_sub(1));
            kept.chain(['…']).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::Effect;

    fn described() -> Described {
        Described {
            name: "set".into(),
            summary: "x".repeat(MAX_SUMMARY),
            effect: Effect::Observe,
            params_schema: "x".repeat(MAX_SCHEMA),
            result_schema: "{}".into(),
            example: "{}".into(),
        }
    }

    #[test]
    fn what_many_clients_cannot_read_is_not_sent() {
        let nested = |deep: usize| "[".repeat(deep) + &"]".repeat(deep);
        for text in [
            nested(127),
            r#"{"a\u00e9": [1, -2.5e3, null, true, "\ud83d\ude00"], "b": {}}"#.to_owned(),
        ] {
            assert_eq!(json(text.clone()).unwrap().get(), text);
        }
        for text in [
            nested(128),
            "[".to_owned(),
            "1e999".to_owned(),
            r#"{"a": "\ud800"}"#.to_owned(),
            r#"{"\ud800": 1}"#.to_owned(),
            "{} {}".to_owned(),
        ] {
            assert!(json(text.clone()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_description_that_is_too_long_is_refused_with_what_is_and_how_long_it_may_be() {
        assert!(judge(&[described()]).is_ok());
        let long = "x".repeat(MAX_SCHEMA + 1);
        for (commands, said) in [
            (
                vec![Described {
                    summary: "ü".repeat(1_001),
                    ..described()
                }],
                "the summary of `set` has 1001 characters; say it in one sentence, of at most 1000",
            ),
            (
                vec![Described {
                    params_schema: long.clone(),
                    ..described()
                }],
                "the params schema of `set` has 16385 bytes; write it in at most 16384, such as without what only describes",
            ),
            (
                vec![Described {
                    example: long,
                    ..described()
                }],
                "the example of `set` has 16385 bytes; write it in at most 16384, such as without what only describes",
            ),
            (
                vec![described(); 4],
                "what it says of its commands has 69564 bytes together; say it in at most 65536",
            ),
            (
                vec![described(); MAX_COMMANDS + 1],
                "it describes 129 commands; describe at most 128",
            ),
        ] {
            assert_eq!(judge(&commands).unwrap_err().to_string(), said);
        }
    }

    #[test]
    fn what_is_cut_ends_with_an_ellipsis_and_has_no_more_characters_than_it_may() {
        assert_eq!(cut("größe", 5), "größe");
        assert_eq!(cut("größer", 5), "größ…");
    }
}
