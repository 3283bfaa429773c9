//! A folder with the sources of one plugin.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Error, Kind, Language, Name};

/// The file that says what a project is.
pub(crate) const FILE: &str = "slewgate-plugin.toml";

/// Where a project's component goes, and what is made on the way there.
pub(crate) const BUILD: &str = "build";

/// How a device that is played from a file of the project begins.
const SCRIPT: &str = "script:";

/// The sources of one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its folder, absolute.
    pub directory: PathBuf,
    /// What the plugin is called.
    pub name: Name,
    /// What it is written in.
    pub language: Language,
    /// What it is.
    pub kind: Kind,
    /// Who answers on the lines of a handler while it is checked, by role: `script:FILE` in its folder, or such as `simulator:lx200`.
    pub lines: BTreeMap<String, String>,
    /// What `configure` gets while it is checked.
    pub settings: Map<String, Value>,
}

/// What stands in [`FILE`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    name: String,
    language: Language,
    kind: Kind,
    #[serde(default)]
    lines: BTreeMap<String, String>,
    #[serde(default)]
    settings: Map<String, Value>,
}

impl Project {
    /// The project in a folder.
    ///
    /// # Errors
    ///
    /// There is none, or its file is not one that [`create`](crate::create) could have written.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let file = directory.join(FILE);
        let text = std::fs::read_to_string(&file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NoProject(directory.to_owned()),
            _ => Error::io("read", &file)(error),
        })?;
        let wrong = |why| Error::Project {
            file: file.clone(),
            why,
        };
        let told: Told = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let name = told
            .name
            .parse()
            .map_err(|error: Error| wrong(error.to_string()))?;
        let directory = std::path::absolute(directory).map_err(Error::io("find", directory))?;
        Ok(Self {
            directory,
            name,
            language: told.language,
            kind: told.kind,
            lines: told.lines,
            settings: told.settings,
        })
    }

    /// The folder of the project that a file is in, however deep.
    pub fn around(file: &Path) -> Option<PathBuf> {
        let file = std::path::absolute(file).ok()?;
        let mut folders = file.ancestors().skip(1);
        let folder = folders.find(|folder| folder.join(FILE).is_file());
        folder.map(Path::to_owned)
    }

    /// [`lines`](Self::lines) as `slewgate plugin check` takes them, such as `port=script:/home/ada/heater/try/heater.txt`.
    pub fn line_arguments(&self) -> Vec<String> {
        let argument = |(role, device): (&String, &String)| match device.strip_prefix(SCRIPT) {
            Some(file) => format!("{role}={SCRIPT}{}", self.directory.join(file).display()),
            None => format!("{role}={device}"),
        };
        self.lines.iter().map(argument).collect()
    }

    /// Where [`build`](crate::build()) leaves the component: `build/NAME.wasm` in its folder.
    pub fn component(&self) -> PathBuf {
        self.directory.join(BUILD).join(self.file_name())
    }

    /// The name of the component's file, in its folder of a data directory too.
    pub fn file_name(&self) -> String {
        format!("{}.wasm", self.name)
    }

    /// The text of [`FILE`].
    pub(crate) fn told(&self) -> String {
        let lines = self
            .lines
            .iter()
            .map(|(role, device)| format!("{role} = \"{device}\"\n"));
        let lines: String = lines.collect();
        // Numbers, texts and lists of them are written in TOML as in JSON, and templates have no others.
        let settings = self.settings.iter();
        let settings: String = settings
            .map(|(name, value)| format!("{name} = {value}\n"))
            .collect();
        let part = |heading, text: &str| match text.is_empty() {
            true => String::new(),
            false => format!("{heading}{text}"),
        };
        format!(
            "# What `slewgate plugin build` builds here.\nname = \"{}\"\nlanguage = \"{}\"\nkind = \"{}\"\n{}{}",
            self.name,
            self.language,
            self.kind,
            part(LINES, &lines),
            part(SETTINGS, &settings),
        )
    }
}

/// What stands in [`FILE`] before the lines.
const LINES: &str = "
# Who answers on its lines while it is checked: a script in this folder, or a simulator such as simulator:lx200.
[lines]
";

/// What stands in [`FILE`] before the settings.
const SETTINGS: &str = "
# What its `configure` gets while it is checked. A host has it as `settings` of the plugin's table in slewgate.toml.
[settings]
";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(text: &str) -> Result<Project, Error> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        Project::open(folder.path())
    }

    #[test]
    fn a_project_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project {
            directory: folder.path().to_owned(),
            name: "dew-heater".parse().unwrap(),
            language: Language::TypeScript,
            kind: Kind::Handler,
            lines: [
                ("port", "script:try/heater.txt"),
                ("mount", "simulator:lx200"),
            ]
            .map(|(role, device)| (role.to_owned(), device.to_owned()))
            .into(),
            settings: Map::from_iter([
                ("max_percent".to_owned(), json!(60)),
                ("zones".to_owned(), json!(["dew \"cap\"", "tube"])),
            ]),
        };
        let script = folder.path().join("try/heater.txt");
        let arguments = [
            "mount=simulator:lx200".to_owned(),
            format!("port=script:{}", script.display()),
        ];
        assert_eq!(project.line_arguments(), arguments);
        std::fs::write(folder.path().join(FILE), project.told()).unwrap();
        assert_eq!(Project::open(folder.path()).unwrap(), project);
    }

    #[test]
    fn a_file_in_a_project_knows_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("build/heater.wasm");
        assert_eq!(Project::around(&file), None);
        std::fs::write(folder.path().join(FILE), "").unwrap();
        assert_eq!(Project::around(&file), Some(folder.path().to_owned()));
    }

    #[test]
    fn a_folder_without_a_project_is_told_how_to_get_one() {
        let folder = tempfile::tempdir().unwrap();
        let error = Project::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("slewgate plugin new"), "{error}");
    }

    #[test]
    fn what_is_wrong_in_the_file_is_named() {
        for (text, wrong) in [
            (
                "name = \"a\"\nlanguage = \"cobol\"\nkind = \"handler\"",
                "cobol",
            ),
            ("name = \"a\"\nlanguage = \"c\"", "kind"),
            (
                "name = \"A\"\nlanguage = \"c\"\nkind = \"policy\"",
                "lower-case",
            ),
            (
                "name = \"a\"\nlanguage = \"c\"\nkind = \"policy\"\nfast = true",
                "fast",
            ),
        ] {
            let error = written(text).unwrap_err().to_string();
            assert!(error.contains(FILE) && error.contains(wrong), "{error}");
        }
    }
}
