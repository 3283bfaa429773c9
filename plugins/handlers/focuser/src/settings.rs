//! The plugin's table of the configuration.

use serde::Deserialize;
use slewgate_sdk::Failure;

use crate::steps::StepMode;

/// `settings = { maximum = 50000, maximum_mode = "full" }`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The outer end of the travel in steps: no focuser tells it.
    maximum: Option<u16>,
    /// What these steps are.
    maximum_mode: Option<StepMode>,
}

impl Settings {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if matches!(text.trim(), "" | "null") {
            return Ok(Self::default());
        }
        let settings: Self = slewgate_sdk::read(text.as_bytes()).map_err(|error| {
            format!("settings of focuser: {error}; maximum is 1 to 65535 steps, maximum_mode full or half")
        })?;
        match settings {
            Self { maximum: Some(0), .. } => {
                Err("settings of focuser: maximum: 0 is not within 1 to 65535 steps".to_owned())
            }
            Self { maximum: None, maximum_mode: Some(_) } => Err(
                "settings of focuser: maximum_mode says what a step of maximum is: give maximum too".to_owned(),
            ),
            _ => Ok(settings),
        }
    }

    /// The outer end of the travel; what four digits can write where nobody said.
    pub(crate) fn maximum(&self) -> u16 {
        self.maximum.unwrap_or(u16::MAX)
    }

    /// What a step of [`maximum`](Self::maximum) is; none where nobody said where the travel ends. A half one unless it is said: where
    /// that is wrong the tube goes half as far, never twice.
    pub(crate) fn maximum_mode(&self) -> Option<StepMode> {
        self.maximum
            .map(|_| self.maximum_mode.unwrap_or(StepMode::Half))
    }

    /// A position, if it is on the travel.
    pub(crate) fn within(&self, position: i64) -> Result<u16, Failure> {
        let maximum = self.maximum();
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
            let settings = Settings::read(text).unwrap();
            assert_eq!(settings.maximum(), 65_535, "{text}");
            assert_eq!(settings.maximum_mode(), None, "{text}");
        }
    }

    #[test]
    fn a_maximum_is_in_half_steps_unless_it_says_otherwise() {
        for (text, mode) in [
            (r#"{"maximum":5000}"#, StepMode::Half),
            (r#"{"maximum":5000,"maximum_mode":"half"}"#, StepMode::Half),
            (r#"{"maximum":5000,"maximum_mode":"full"}"#, StepMode::Full),
        ] {
            let settings = Settings::read(text).unwrap();
            assert_eq!(
                (settings.maximum(), settings.maximum_mode()),
                (5000, Some(mode))
            );
        }
    }

    #[test]
    fn a_mode_of_no_maximum_is_a_mistake() {
        let error = Settings::read(r#"{"maximum_mode":"full"}"#).unwrap_err();
        assert!(error.ends_with("give maximum too"), "{error}");
    }

    #[test]
    fn a_wrong_setting_is_told_with_what_would_be_right() {
        for text in [
            r#"{"maximum":0}"#,
            r#"{"maximum":-1}"#,
            r#"{"maximum":65536}"#,
            r#"{"maximum":"far"}"#,
            r#"{"maximun":5000}"#,
            r#"{"maximum":5000,"maximum_mode":"quarter"}"#,
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
        let settings = Settings::read(r#"{"maximum":5000}"#).unwrap();
        assert_eq!(settings.within(0), Ok(0));
        assert_eq!(settings.within(5000), Ok(5000));
        for position in [-1, 5001, 65_536] {
            let said =
                format!("position {position} is not on the travel of the focuser, 0 to 5000 steps");
            assert_eq!(settings.within(position), Err(Failure::Refused(said)));
        }
    }
}
