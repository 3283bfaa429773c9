//! The plugin's table of the configuration.

use serde::Deserialize;

/// `settings = { past_meridian = 5 }`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Degrees past the meridian that the telescope may be, where the counterweight is above it.
    pub(crate) past_meridian: f64,
    /// A mount made for altitude and azimuth stands on a wedge.
    pub(crate) on_wedge: bool,
}

/// A long telescope meets the tripod sooner; then it is to be set.
const PAST_MERIDIAN: f64 = 5.0;
const MOST_PAST: f64 = 45.0;

impl Default for Settings {
    fn default() -> Self {
        Self {
            past_meridian: PAST_MERIDIAN,
            on_wedge: false,
        }
    }
}

impl Settings {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if matches!(text.trim(), "" | "null") {
            return Ok(Self::default());
        }
        let read: Self = slewgate_sdk::read(text.as_bytes())
            .map_err(|error| format!("settings of skywatcher: {error}"))?;
        if (0.0..=MOST_PAST).contains(&read.past_meridian) {
            return Ok(read);
        }
        Err(format!(
            "settings of skywatcher: past_meridian: {} is not 0 to {MOST_PAST} degrees",
            read.past_meridian
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_means_what_is_usual() {
        for text in ["", "null", "{}", r#"{"past_meridian":5}"#] {
            assert_eq!(Settings::read(text), Ok(Settings::default()), "{text}");
        }
        let read = Settings::read(r#"{"past_meridian":0,"on_wedge":true}"#).unwrap();
        assert_eq!((read.past_meridian, read.on_wedge), (0.0, true));
    }

    #[test]
    fn a_wrong_setting_says_what_is_wrong() {
        for (text, words) in [
            (r#"{"past_meridian":-1}"#, "-1 is not 0 to 45 degrees"),
            (r#"{"past_meridian":46}"#, "46 is not 0 to 45 degrees"),
            (r#"{"past":1}"#, "unknown field `past`"),
        ] {
            let told = Settings::read(text).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
    }
}
