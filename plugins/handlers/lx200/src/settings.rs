//! The plugin's table of the configuration.

use serde::Deserialize;

/// `settings = { dialect = "auto" }`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) dialect: Dialect,
}

/// Which mount to expect.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    /// Find out.
    #[default]
    Auto,
    /// A Classic, whatever it looks like.
    Classic,
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

    #[test]
    fn nothing_and_auto_mean_the_same() {
        for text in ["", "null", "{}", r#"{"dialect":"auto"}"#] {
            assert_eq!(
                Settings::read(text).unwrap().dialect,
                Dialect::Auto,
                "{text}"
            );
        }
        assert_eq!(
            Settings::read(r#"{"dialect":"classic"}"#).unwrap().dialect,
            Dialect::Classic
        );
    }

    #[test]
    fn a_wrong_setting_names_those_that_are_known() {
        let error = Settings::read(r#"{"dialect":"onstep"}"#).unwrap_err();
        assert!(
            error.contains("onstep") && error.contains("classic"),
            "{error}"
        );
        let error = Settings::read(r#"{"dialct":"auto"}"#).unwrap_err();
        assert!(
            error.contains("dialct") && error.contains("dialect"),
            "{error}"
        );
    }
}
