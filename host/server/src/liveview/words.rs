//! What a client says before its pictures, and what it is told beside them.

use serde_json::{Value, json};

/// The stream of those who name none.
pub(crate) const MAIN: &str = "main";

/// What a session is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// It sends pictures.
    Publish(String),
    /// It gets them.
    Watch(String),
}

/// Text that is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "say {{\"publish\": NAME}} or {{\"watch\": NAME}}; a stream's name is 1 to 32 of a-z, 0-9 and -"
)]
pub(crate) struct NoWord;

impl Word {
    /// Reads a text message.
    pub(crate) fn parse(text: &str) -> Result<Word, NoWord> {
        let Ok(Value::Object(fields)) = slewgate_rpc::tree(text) else {
            return Err(NoWord);
        };
        let mut fields = fields.into_iter();
        let word = match (fields.next(), fields.next()) {
            (Some((key, Value::String(name))), None) if super::streams::is_name(&name) => {
                (key, name)
            }
            _ => return Err(NoWord),
        };
        match (word.0.as_str(), word.1) {
            ("publish", name) => Ok(Word::Publish(name)),
            ("watch", name) => Ok(Word::Watch(name)),
            _ => Err(NoWord),
        }
    }
}

/// Its pictures are taken from here on.
pub(crate) fn publishing(stream: &str) -> String {
    json!({ "publishing": stream }).to_string()
}

/// Pictures follow.
pub(crate) fn watching(stream: &str) -> String {
    json!({ "watching": stream }).to_string()
}

/// Nobody publishes the stream; pictures follow when somebody does. Meanwhile there are others.
pub(crate) fn waiting(stream: &str, known: &[String]) -> String {
    json!({ "waiting": stream, "streams": known }).to_string()
}

/// So many frames were passed over since this was last said.
pub(crate) fn dropped(count: u64) -> String {
    json!({ "dropped": count }).to_string()
}

/// Something is wrong, and what to do.
pub(crate) fn error(text: impl ToString) -> String {
    json!({ "error": text.to_string() }).to_string()
}

/// The policy's word.
pub(crate) fn denied(reason: &str) -> String {
    json!({ "error": "permission denied", "reason": reason }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_words_are_known_and_everything_else_is_none() {
        let publish = Word::Publish("main".to_owned());
        assert_eq!(Word::parse(r#"{"publish": "main"}"#), Ok(publish));
        let watch = Word::Watch("all-sky-2".to_owned());
        assert_eq!(Word::parse(r#"{"watch":"all-sky-2"}"#), Ok(watch));
        for text in [
            "",
            "watch main",
            "[]",
            "{}",
            r#"{"watch": 1}"#,
            r#"{"watch": ""}"#,
            r#"{"watch": "Main"}"#,
            r#"{"look": "main"}"#,
            r#"{"watch": "main", "publish": "main"}"#,
            r#"{"watch": "main", "fps": 3}"#,
        ] {
            assert_eq!(Word::parse(text), Err(NoWord), "{text}");
        }
    }
}
