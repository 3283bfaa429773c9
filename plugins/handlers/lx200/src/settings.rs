//! The plugin's table of the configuration.

use serde::Deserialize;

use crate::dialect::Name;

/// `settings = { dialect = "auto" }`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) dialect: Choice,
}

/// Which mount to expect.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Choice {
    /// Find out.
    #[default]
    Auto,
    /// A Classic, whatever it looks like.
    Classic,
    /// An OnStep, whatever it calls itself.
    Onstep,
}

impl Choice {
    /// The dialect that was named.
    pub(crate) fn named(self) -> Option<Name> {
        match self {
            Self::Auto => None,
            Self::Classic => Some(Name::Classic),
            Self::Onstep => Some(Name::Onstep),
        }
    }
}

impl Settings {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if matches!(text.trim(), "" | "null") {
            return Ok(Self::default());
        }
        slewgate_sdk::read(text.as_bytes()).map_err(|error| format!("settings of lx200: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(text: &str) -> Choice {
        Settings::read(text).unwrap().dialect
    }

    #[test]
    fn nothing_and_auto_mean_the_same() {
        for text in ["", "null", "{}", r#"{"dialect":"auto"}"#] {
            assert_eq!(choice(text), Choice::Auto, "{text}");
        }
        assert_eq!(choice(r#"{"dialect":"classic"}"#), Choice::Classic);
        assert_eq!(choice(r#"{"dialect":"onstep"}"#), Choice::Onstep);
    }

    #[test]
    fn a_wrong_setting_names_those_that_are_known() {
        let error = Settings::read(r#"{"dialect":"autostar"}"#).unwrap_err();
        for known in ["autostar", "auto", "classic", "onstep"] {
            assert!(error.contains(known), "{error}");
        }
        let error = Settings::read(r#"{"dialct":"auto"}"#).unwrap_err();
        assert!(
            error.contains("dialct") && error.contains("dialect"),
            "{error}"
        );
    }
}
