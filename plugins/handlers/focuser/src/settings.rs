//! The plugin's table of the configuration.

use serde::Deserialize;
use slewgate_sdk::Failure;

/// `settings = { maximum = 65535 }`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The outer end of the travel in steps: no focuser tells it. What four digits can write is the most.
    pub(crate) maximum: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { maximum: u16::MAX }
    }
}

impl Settings {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if matches!(text.trim(), "" | "null") {
            return Ok(Self::default());
        }
        let settings: Self = slewgate_sdk::read(text.as_bytes()).map_err(|error| {
            format!("settings of focuser: {error}; maximum is 1 to 65535 steps")
        })?;
        match settings.maximum {
            0 => Err("settings of focuser: maximum: 0 is not within 1 to 65535 steps".to_owned()),
            _ => Ok(settings),
        }
    }

    /// A position, if it is on the travel.
    pub(crate) fn within(&self, position: i64) -> Result<u16, Failure> {
        let maximum = self.maximum;
        match u16::try_from(position) {
            Ok(position) if position <= maximum => Ok(position),
            _ => Err(Failure::Refused(format!(
                "position {position} is not on the travel of the focuser, 0 to {maximum} steps"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_setting_the_travel_is_what_the_language_can_write() {
        for text in ["", "null", "{}"] {
            assert_eq!(Settings::read(text).unwrap().maximum, 65_535, "{text}");
        }
        let settings = Settings::read(r#"{"maximum":5000}"#).unwrap();
        assert_eq!(settings.maximum, 5000);
    }

    #[test]
    fn a_wrong_setting_is_told_with_what_would_be_right() {
        for text in [
            r#"{"maximum":0}"#,
            r#"{"maximum":-1}"#,
            r#"{"maximum":65536}"#,
            r#"{"maximum":"far"}"#,
            r#"{"maximun":5000}"#,
        ] {
            let error = Settings::read(text).unwrap_err();
            assert!(
                error.starts_with("settings of focuser: ") && error.contains("1 to 65535 steps"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn both_ends_of_the_travel_are_on_it() {
        let settings = Settings { maximum: 5000 };
        assert_eq!(settings.within(0), Ok(0));
        assert_eq!(settings.within(5000), Ok(5000));
        for position in [-1, 5001, 65_536] {
            let said =
                format!("position {position} is not on the travel of the focuser, 0 to 5000 steps");
            assert_eq!(settings.within(position), Err(Failure::Refused(said)));
        }
    }
}
