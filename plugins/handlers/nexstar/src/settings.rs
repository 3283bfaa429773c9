//! The plugin's table of the configuration.

use serde::Deserialize;
use slewgate_sdk::Horizontal;

/// `settings = { setup = "auto", park = { azimuth = 0.0, altitude = 51.5 } }`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) setup: Setup,
    /// Where it parks. None: at the pole.
    pub(crate) park: Option<Place>,
}

/// How the mount follows the sky once it is to, where it does not tell.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Setup {
    /// As mounts of its model do.
    #[default]
    Auto,
    /// By both axes.
    Altazimuth,
    /// By one, which is parallel to the Earth's.
    Equatorial,
}

/// A direction, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    azimuth: f64,
    altitude: f64,
}

impl Setup {
    pub(crate) fn equatorial(self) -> Option<bool> {
        match self {
            Self::Auto => None,
            Self::Altazimuth => Some(false),
            Self::Equatorial => Some(true),
        }
    }
}

impl Place {
    pub(crate) fn direction(self) -> Horizontal {
        Horizontal {
            altitude: self.altitude,
            azimuth: self.azimuth,
        }
    }

    fn fits(self) -> bool {
        (0.0..360.0).contains(&self.azimuth) && (0.0..=90.0).contains(&self.altitude)
    }
}

impl Settings {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if matches!(text.trim(), "" | "null") {
            return Ok(Self::default());
        }
        let settings: Self = slewgate_sdk::read(text.as_bytes())
            .map_err(|error| format!("settings of nexstar: {error}"))?;
        match settings.park.is_none_or(Place::fits) {
            true => Ok(settings),
            false => Err(
                "settings of nexstar: park: azimuth is from 0 to below 360, altitude from 0 to 90 degrees".into(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_auto_mean_the_same() {
        for text in ["", "null", "{}", r#"{"setup":"auto"}"#] {
            let settings = Settings::read(text).unwrap();
            assert_eq!(
                (settings.setup, settings.park),
                (Setup::Auto, None),
                "{text}"
            );
        }
        let settings =
            Settings::read(r#"{"setup":"equatorial","park":{"azimuth":0,"altitude":10}}"#);
        let settings = settings.unwrap();
        assert_eq!(settings.setup.equatorial(), Some(true));
        assert_eq!(settings.park.unwrap().direction().altitude, 10.0);
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_is_right() {
        for (text, named) in [
            (
                r#"{"setup":"fork"}"#,
                &["fork", "altazimuth", "equatorial"][..],
            ),
            (r#"{"dialect":"auto"}"#, &["dialect", "setup", "park"]),
            (r#"{"park":{"azimuth":360,"altitude":0}}"#, &["below 360"]),
            (r#"{"park":{"azimuth":0,"altitude":-1}}"#, &["from 0 to 90"]),
            (r#"{"park":{"azimuth":0}}"#, &["altitude"]),
        ] {
            let error = Settings::read(text).unwrap_err();
            assert!(named.iter().all(|named| error.contains(named)), "{error}");
        }
    }
}
