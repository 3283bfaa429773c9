//! Makes statics of the files in `data/`: the objects, all names that they are looked up by, and those that are words.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use constellation::CONSTELLATIONS;
use corrections::Corrections;
use key::key;

#[path = "src/constellation.rs"]
mod constellation;
#[path = "build/corrections.rs"]
mod corrections;
#[path = "src/key.rs"]
mod key;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Brightest first, and before the other file: a name that several objects have is that of the first.
const STARS: &str = "data/stars/stars.csv";
/// Stars that the file before has not.
const BESIDE: &str = "data/stars/beside.csv";
const OPENNGC: &str = "data/openngc/openngc.csv";

/// OpenNGC's types and ours.
const KINDS: [(&str, &str); 20] = [
    ("*", "Star"),
    ("**", "DoubleStar"),
    ("*Ass", "Association"),
    ("OCl", "OpenCluster"),
    ("GCl", "GlobularCluster"),
    ("Cl+N", "ClusterWithNebula"),
    ("G", "Galaxy"),
    ("GPair", "GalaxyPair"),
    ("GTrpl", "GalaxyTriplet"),
    ("GGroup", "GalaxyGroup"),
    ("PN", "PlanetaryNebula"),
    ("HII", "HiiRegion"),
    ("DrkN", "DarkNebula"),
    ("EmN", "EmissionNebula"),
    ("Neb", "Nebula"),
    ("RfN", "ReflectionNebula"),
    ("SNR", "SupernovaRemnant"),
    ("Nova", "Nova"),
    ("NonEx", "Nonexistent"),
    ("Other", "Other"),
];

/// Catalogues by what else they are called.
const CATALOGUES: [(&str, &[&str]); 6] = [
    ("B ", &["Barnard "]),
    ("C ", &["Caldwell "]),
    ("Cl ", &["Collinder ", "Cr "]),
    ("M ", &["Messier "]),
    ("Mel ", &["Melotte "]),
    ("SH ", &["Sharpless "]),
];

/// What is written of the objects so far.
#[derive(Default)]
struct Catalogue {
    objects: String,
    count: usize,
    /// Key -> number of the object.
    keys: BTreeMap<String, usize>,
    /// Key -> spelling, of names that are words.
    words: BTreeMap<String, String>,
    /// Key and first letter -> number of the object, of names in which the letter's case counts.
    letters: BTreeMap<(String, char), usize>,
}

fn main() -> Result<()> {
    let mut catalogue = Catalogue::default();
    let mut corrections = Corrections::read()?;
    for file in [STARS, BESIDE] {
        for line in lines(file)?.lines().skip(1) {
            catalogue
                .star(line, &mut corrections)
                .map_err(|error| at(file, line, &*error))?;
        }
    }
    for line in lines(OPENNGC)?.lines().skip(1) {
        catalogue
            .deep_sky(line, &mut corrections)
            .map_err(|error| at(OPENNGC, line, &*error))?;
    }
    corrections.must_all_be_made()?;
    let path = Path::new(&env::var("OUT_DIR")?).join("catalogue.rs");
    fs::write(path, catalogue.written()?)?;
    Ok(())
}

/// The text of a file that is made anew of when it changes.
fn lines(file: &str) -> Result<String> {
    println!("cargo::rerun-if-changed={file}");
    Ok(fs::read_to_string(file)?)
}

fn at(file: &str, line: &str, error: &dyn std::error::Error) -> String {
    format!("{file}: {line}: {error}")
}

impl Catalogue {
    fn star(&mut self, line: &str, corrections: &mut Corrections) -> Result<()> {
        let [names, ra, dec, constellation, mag, east, north] = fields(line)?;
        let names = &corrections.applied(names)?;
        let magnitude = format!(
            "Some(Magnitude {{ value: {}, band: Band::V }})",
            number(mag)?
        );
        let motion = format!("[{}, {}]", optional_number(east)?, optional_number(north)?);
        let known = [magnitude.as_str(), "None", &motion];
        self.object(names, "Star", [ra, dec], constellation, known)?;
        for name in names.split(',') {
            self.name_star(name);
        }
        Ok(())
    }

    fn deep_sky(&mut self, line: &str, corrections: &mut Corrections) -> Result<()> {
        let [names, kind, ra, dec, constellation, mag, band, major, minor] = fields(line)?;
        let names = &corrections.applied(names)?;
        let known = KINDS.iter().find(|(code, _)| *code == kind);
        let (_, kind) = known.ok_or("no such type")?;
        let magnitude = match mag {
            "" => "None".to_owned(),
            _ => format!(
                "Some(Magnitude {{ value: {}, band: Band::{band} }})",
                number(mag)?
            ),
        };
        let size = match major {
            "" => "None".to_owned(),
            _ => format!(
                "Some(Size {{ major: {}, minor: {} }})",
                number(major)?,
                optional(minor)?
            ),
        };
        let known = [magnitude.as_str(), &size, "[0.0, 0.0]"];
        self.object(names, kind, [ra, dec], constellation, known)?;
        for name in names.split(',') {
            self.name_deep_sky(name);
        }
        Ok(())
    }

    fn object(
        &mut self,
        names: &str,
        kind: &str,
        [ra, dec]: [&str; 2],
        constellation: &str,
        [magnitude, size, motion]: [&str; 3],
    ) -> Result<()> {
        let (ra, dec) = (number(ra)?, number(dec)?);
        let known = CONSTELLATIONS
            .iter()
            .position(|(short, ..)| *short == constellation);
        let constellation = known.ok_or("no such constellation")?;
        writeln!(
            self.objects,
            "Object {{ names: {names:?}, kind: Kind::{kind}, constellation: Some({constellation}), \
             ra: {ra}, dec: {dec}, motion: {motion}, magnitude: {magnitude}, size: {size} }},"
        )?;
        self.count += 1;
        Ok(())
    }

    /// A star's name, or a designation such as `α1 Cen` and `61 Cyg`, which ends in a constellation.
    fn name_star(&mut self, name: &str) {
        self.look_up(name);
        let Some((letter, constellation)) = name.rsplit_once(' ') else {
            return self.word(name);
        };
        let of = CONSTELLATIONS
            .iter()
            .find(|(short, ..)| *short == constellation);
        let Some((short, _, genitive)) = of else {
            return self.word(name);
        };
        self.look_up(&format!("{letter} {genitive}"));
        if let Some(first) = latin(letter) {
            self.look_up_by_case(name, first);
            self.look_up_by_case(&format!("{letter} {genitive}"), first);
        }
        // Of several stars of one Greek letter the brightest is meant where nobody says which.
        let greek = letter.trim_end_matches(|last: char| last.is_ascii_digit());
        if !greek.is_empty() && !greek.is_ascii() {
            self.look_up(&format!("{greek} {short}"));
            self.look_up(&format!("{greek} {genitive}"));
        }
    }

    fn name_deep_sky(&mut self, name: &str) {
        self.look_up(name);
        self.look_up(name.trim_start_matches("the "));
        for (short, long) in CATALOGUES {
            if let Some(number) = name.strip_prefix(short) {
                for catalogue in long {
                    self.look_up(&format!("{catalogue}{number}"));
                }
            }
        }
        self.word(name);
    }

    /// The newest object is found by this name, unless another is.
    fn look_up(&mut self, name: &str) {
        let number = self.count - 1;
        self.keys.entry(key(name)).or_insert(number);
    }

    fn look_up_by_case(&mut self, name: &str, first: char) {
        let number = self.count - 1;
        self.letters.entry((key(name), first)).or_insert(number);
    }

    /// Names with a number are designations.
    fn word(&mut self, name: &str) {
        let (key, newest) = (key(name), self.count - 1);
        let is_word = !name.contains(|letter: char| letter.is_ascii_digit());
        if is_word && self.keys.get(&key) == Some(&newest) {
            self.words.insert(key, name.to_owned());
        }
    }

    fn written(&self) -> Result<String> {
        let objects = &self.objects;
        let keys: Vec<_> = self.keys.iter().collect();
        let words: Vec<_> = self.words.iter().collect();
        let letters: Vec<_> = self.letters.iter().collect();
        let mut text = String::new();
        writeln!(
            text,
            "pub(crate) static LETTERS: [((&str, char), u16); {}] = {letters:?};",
            letters.len()
        )?;
        writeln!(
            text,
            "pub(crate) static OBJECTS: [Object; {}] = [{objects}];",
            self.count
        )?;
        writeln!(
            text,
            "pub(crate) static KEYS: [(&str, u16); {}] = {keys:?};",
            keys.len()
        )?;
        writeln!(
            text,
            "pub(crate) static WORDS: [(&str, &str); {}] = {words:?};",
            words.len()
        )?;
        Ok(text)
    }
}

/// The letter of `P` and `b1`, as stars are called where the Greek ones did not suffice.
fn latin(letter: &str) -> Option<char> {
    let mut letters = letter
        .trim_end_matches(|last: char| last.is_ascii_digit())
        .chars();
    letters
        .next()
        .filter(|first| first.is_ascii_alphabetic() && letters.next().is_none())
}

fn fields<const N: usize>(line: &str) -> Result<[&str; N]> {
    let fields: Vec<&str> = line.split(';').collect();
    fields
        .try_into()
        .map_err(|_| format!("not {N} fields").into())
}

/// As a literal that is no integer.
fn number(text: &str) -> Result<String> {
    Ok(format!("{:?}", text.parse::<f64>()?))
}

/// What is not known is 0.
fn optional_number(text: &str) -> Result<String> {
    match text {
        "" => number("0"),
        _ => number(text),
    }
}

fn optional(text: &str) -> Result<String> {
    match text {
        "" => Ok("None".to_owned()),
        _ => Ok(format!("Some({})", number(text)?)),
    }
}
