//! `data/names.csv`: names that the tables lack, or have for the wrong object.

use crate::{Result, at, fields, lines};

const NAMES: &str = "data/names.csv";

/// What is still to be corrected.
pub(crate) struct Corrections(Vec<Correction>);

struct Correction {
    /// A name of the object that no other has.
    object: String,
    /// The object gets the name; else it loses it.
    adds: bool,
    name: String,
}

impl Corrections {
    pub(crate) fn read() -> Result<Self> {
        let text = lines(NAMES)?;
        let read = |line: &str| -> Result<Correction> {
            Correction::read(line).map_err(|error| at(NAMES, line, &*error).into())
        };
        text.lines()
            .skip(1)
            .map(read)
            .collect::<Result<_>>()
            .map(Self)
    }

    /// The names of one object, put right.
    pub(crate) fn applied(&mut self, names: &str) -> Result<String> {
        let mut right: Vec<String> = names.split(',').map(str::to_owned).collect();
        let is_of =
            |correction: &mut Correction| names.split(',').any(|name| name == correction.object);
        for correction in self.0.extract_if(.., is_of) {
            correction.apply(&mut right)?;
        }
        Ok(right.join(","))
    }

    /// One that fits nothing is a mistake, or the tables have changed.
    pub(crate) fn must_all_be_made(&self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some(Correction { object, .. }) => {
                Err(format!("{NAMES}: nothing is called {object}").into())
            }
        }
    }
}

impl Correction {
    fn read(line: &str) -> Result<Self> {
        let [object, what, name, _reason] = fields(line)?;
        let adds = match what {
            "+" => true,
            "-" => false,
            _ => return Err("it is neither + nor -".into()),
        };
        let [object, name] = [object, name].map(str::to_owned);
        Ok(Self { object, adds, name })
    }

    fn apply(self, names: &mut Vec<String>) -> Result<()> {
        let Self { object, adds, name } = self;
        match (adds, names.iter().position(|known| *known == name)) {
            (true, None) => names.push(name),
            (false, Some(place)) => drop(names.remove(place)),
            (true, Some(_)) => {
                return Err(format!("{NAMES}: {object} is called {name} already").into());
            }
            (false, None) => return Err(format!("{NAMES}: {object} is not called {name}").into()),
        }
        Ok(())
    }
}
