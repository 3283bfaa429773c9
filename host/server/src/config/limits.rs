//! The limits of the site: `[limits]`, and the file of the horizon that it names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use slewgate_safety::limits::{Drive, Horizon, Limits, Sun};

use super::error::ConfigError;
use super::shape;
use super::source::Source;

/// A horizon of more bytes is none.
const MAX_BYTES: u64 = 1 << 20;

/// The checked limits. `simulated`: there is no real mount, and so no Sun to fear, unless the file says how far to stay from it: people
/// try a telescope by day. `folder`: where the horizon is looked for, if its path is relative.
pub(super) fn limits_of_site(
    source: &Source<'_>,
    written: &shape::Limits,
    simulated: bool,
    folder: &Path,
) -> Result<Limits, ConfigError> {
    judge(source, written)?;
    let unwritten = if simulated {
        0.0
    } else {
        Sun::default().distance
    };
    let sun_distance = written.sun_distance.unwrap_or(unwritten);
    let span = |pair: Option<[f64; 2]>| pair.map(|[least, most]| (least, most));
    Ok(Limits {
        lowest: written.lowest,
        horizon: horizon(source, &written.horizon, folder)?,
        highest: written.highest,
        meridian: written.meridian,
        hour_angle: span(written.hour_angle),
        axes: [span(written.first_axis), span(written.second_axis)],
        sun: (sun_distance > 0.0).then_some(Sun {
            distance: sun_distance,
            above: written.sun_above,
        }),
        solar_filter: written.solar_filter,
        drive: Drive {
            fastest: written.fastest,
            acceleration: written.acceleration,
            braking: written.braking,
            reaction: Duration::from_millis(written.reaction_ms.into()),
        },
    })
}

/// What no telescope could keep, and what no mount is like.
fn judge(source: &Source<'_>, written: &shape::Limits) -> Result<(), ConfigError> {
    if written.lowest >= written.highest {
        let sentence = format!(
            "[limits] lowest: {} is not below [limits] highest, {}",
            written.lowest, written.highest
        );
        return Err(source.error(&["limits", "lowest"], sentence));
    }
    let drive = [
        ("fastest", written.fastest),
        ("acceleration", written.acceleration),
        ("braking", written.braking),
    ];
    match drive.iter().find(|(_, value)| *value <= 0.0) {
        Some((key, _)) => {
            let sentence = format!("[limits] {key}: 0 is no mount that moves and stops");
            Err(source.error(&["limits", key], sentence))
        }
        None => Ok(()),
    }
}

fn horizon(
    source: &Source<'_>,
    written: &str,
    folder: &Path,
) -> Result<Option<Horizon>, ConfigError> {
    if written.is_empty() {
        return Ok(None);
    }
    let file = folder.join(written);
    let name = file.display().to_string();
    let error = |sentence: String| {
        source.error(
            &["limits", "horizon"],
            format!("[limits] horizon: {sentence}"),
        )
    };
    let text = read(&file).map_err(|why| error(format!("{name} cannot be read: {why}")))?;
    let horizon = Horizon::parse(&name, &text).map_err(|why| error(why.to_string()))?;
    Ok(Some(horizon))
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(file)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read <= MAX_BYTES) {
        Ok(text)
    } else {
        Err(io::Error::other("it is over 1 MiB"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Config, Runaway};
    use super::*;

    fn parsed(text: &str) -> Config {
        Config::parse("slewgate.toml", text, &[]).unwrap()
    }

    fn wrong(text: &str) -> String {
        let parsed = Config::parse("slewgate.toml", text, &[]);
        parsed.unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_of_the_file_are_those_of_the_limits() {
        let real = "[lines.east]\ndevice = \"/dev/ttyUSB0\"";
        assert_eq!(parsed(real).limits, Limits::default());
        let plugin = &parsed("").plugins["mount"];
        assert_eq!(
            (plugin.limits, plugin.set_clock, plugin.runaway),
            (true, false, Runaway::Stop)
        );
    }

    #[test]
    fn the_sun_is_no_limit_of_a_simulator_unless_the_file_says_so() {
        let sun = |text| parsed(text).limits.sun.map(|sun| sun.distance);
        assert_eq!(sun(""), None);
        assert_eq!(sun("[limits]\nsun_distance = 25"), Some(25.0));
        let one_is_real = "[lines.east]\ndevice = \"simulator:lx200\"\n[lines.west]\ndevice = \"tcp://10.0.0.7:9999\"";
        assert_eq!(sun(one_is_real), Some(30.0));
    }

    #[test]
    fn every_limit_is_read() {
        let limits = parsed(
            "[limits]\nlowest = 10\nhighest = 85.5\nmeridian = 5\nhour_angle = [-60, 75.5]\nfirst_axis = [-10, 190]\n\
             second_axis = [0, 180]\nsun_distance = 20\nsun_above = 0\nsolar_filter = true\nfastest = 4\nacceleration = 3\n\
             braking = 2\nreaction_ms = 400",
        )
        .limits;
        let wanted = Limits {
            lowest: 10.0,
            horizon: None,
            highest: 85.5,
            meridian: Some(5.0),
            hour_angle: Some((-60.0, 75.5)),
            axes: [Some((-10.0, 190.0)), Some((0.0, 180.0))],
            sun: Some(Sun {
                distance: 20.0,
                above: 0.0,
            }),
            solar_filter: true,
            drive: Drive {
                fastest: 4.0,
                acceleration: 3.0,
                braking: 2.0,
                reaction: Duration::from_millis(400),
            },
        };
        assert_eq!(limits, wanted);
        assert_eq!(parsed("[limits]\nsun_distance = 0").limits.sun, None);
    }

    #[test]
    fn a_table_of_a_mount_says_what_holds_for_it() {
        let config =
            parsed("[plugins.mount]\nlimits = \"off\"\nset_clock = true\nrunaway = \"tell\"");
        let plugin = &config.plugins["mount"];
        assert_eq!(
            (plugin.limits, plugin.set_clock, plugin.runaway),
            (false, true, Runaway::Tell)
        );
        assert_eq!(
            wrong("[plugins.mount]\nlimits = \"no\""),
            "slewgate.toml:2: [plugins.mount] limits: unknown variant `no`, expected `on` or `off`"
        );
        assert_eq!(
            wrong("[plugins.mount]\nrunaway = \"ignore\""),
            "slewgate.toml:2: [plugins.mount] runaway: unknown variant `ignore`, expected `stop` or `tell`"
        );
    }

    #[test]
    fn the_horizon_lies_beside_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("slewgate.toml");
        fs::write(&file, "[limits]\nhorizon = \"trees.hrz\"").unwrap();
        let load = || Config::load(Some(&file), &[]);
        let trees = folder.path().join("trees.hrz");

        let missing = load().unwrap_err();
        assert_eq!(missing.place, format!("{}:2", file.display()));
        let sentence = format!("[limits] horizon: {} cannot be read: ", trees.display());
        assert!(missing.sentence.starts_with(&sentence), "{missing}");

        fs::write(&trees, "0 10\n90 ten").unwrap();
        let sentence = format!(
            "[limits] horizon: {}:2: \"90 ten\" is not an azimuth and an altitude in degrees, such as `180 12.5`",
            trees.display()
        );
        assert_eq!(load().unwrap_err().sentence, sentence);

        fs::write(&trees, "#".repeat(1 << 21)).unwrap();
        let too_long = load().unwrap_err().to_string();
        assert!(
            too_long.ends_with("trees.hrz cannot be read: it is over 1 MiB"),
            "{too_long}"
        );

        fs::write(&trees, "0 10\n90 20").unwrap();
        let wanted = Horizon::parse("", "0 10\n90 20").unwrap();
        assert_eq!(load().unwrap().limits.horizon, Some(wanted));
    }

    #[test]
    fn what_no_telescope_can_keep_is_refused() {
        assert_eq!(
            wrong("[limits]\nlowest = 30\nhighest = 20"),
            "slewgate.toml:2: [limits] lowest: 30 is not below [limits] highest, 20"
        );
        assert_eq!(
            wrong("[limits]\nbraking = 0"),
            "slewgate.toml:2: [limits] braking: 0 is no mount that moves and stops"
        );
        assert_eq!(
            wrong("[limits]\nhour_angle = [60, -60]"),
            "slewgate.toml:2: [limits] hour_angle: invalid value: sequence, expected a list of two numbers from -180 to 180, the lower one first"
        );
        assert_eq!(
            wrong("[limits]\nhour_angle = [-200, 60]"),
            "slewgate.toml:2: [limits] hour_angle: invalid value: integer `-200`, expected a number from -180 to 180"
        );
        assert_eq!(
            wrong("[limits]\nfirst_axis = 90"),
            "slewgate.toml:2: [limits] first_axis: invalid type: integer `90`, expected a list of two numbers from -720 to 720, the lower one first"
        );
        assert_eq!(
            wrong("[limits]\nmeridian = 100"),
            "slewgate.toml:2: [limits] meridian: invalid value: integer `100`, expected a number from 0 to 90"
        );
    }
}
