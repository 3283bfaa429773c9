//! `slewgate setup`: asks what `serve` needs to know, and writes it: the configuration, the components that came with
//! the program, and a first token of each type. What is there already stays; nothing is written before the last answer.

mod answers;
mod components;
mod configuration;
mod devices;
mod dialogue;
mod install;

use std::io;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use self::answers::{Answers, Dialect, Given};
use self::components::Components;
use self::dialogue::Dialogue;
use self::install::{Installed, Place};
use super::{Common, Failure, complain, say};

#[derive(Args)]
#[command(after_help = "\
At a terminal it asks for what no option says; Enter takes the answer in brackets:
  slewgate setup telescope
Without a question, a simulated mount and a real one:
  slewgate setup telescope --yes --device simulator:lx200
  slewgate setup telescope --yes --device /dev/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0 \\
      --latitude 51.4779 --longitude -0.0015 --elevation 46
Run it as the user that is to run the host. What is there already is kept.")]
pub(super) struct Setup {
    /// The data directory to fill, instead of --data [default: what --data names]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// The mount: a serial device, tcp://HOST:PORT, udp://HOST:PORT, simulator:lx200 or simulator:lx200/onstep
    #[arg(long, value_parser = answers::device)]
    device: Option<String>,
    /// Bits per second of a serial device [default: 9600]
    #[arg(long, value_name = "BAUD", value_parser = answers::baud)]
    baud: Option<u32>,
    /// What the mount speaks; auto finds out [default: auto]
    #[arg(long)]
    dialect: Option<Dialect>,
    /// Degrees, north positive: 51.4779, 51:28:40 or 51:28:40N
    #[arg(long, value_name = "DEGREES", allow_hyphen_values = true, value_parser = answers::latitude)]
    latitude: Option<f64>,
    /// Degrees, east positive: -0.1667, -0:10:00 or 0:10:00W
    #[arg(long, value_name = "DEGREES", allow_hyphen_values = true, value_parser = answers::longitude)]
    longitude: Option<f64>,
    /// Metres above the sea [default: 0]
    #[arg(long, value_name = "METRES", allow_hyphen_values = true, value_parser = answers::elevation)]
    elevation: Option<f64>,
    /// Make no first tokens
    #[arg(long)]
    no_tokens: bool,
    /// Ask nothing: take the default of what no option says
    #[arg(long, short)]
    yes: bool,
    /// Replace a configuration and components that are there; tokens are kept
    #[arg(long)]
    force: bool,
    /// Where handlers/ and policies/ are [default: beside the program]
    #[arg(long, value_name = "DIR")]
    components: Option<PathBuf>,
}

impl Setup {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        if self.directory.is_some() && common.data_is_told {
            let sentence = "the data directory is named twice; leave out DIR or --data".to_owned();
            return Err(Failure::Usage(sentence));
        }
        let place = Place::judge(self.directory.as_ref().unwrap_or(&common.data))?;
        let components = self.components(&place)?;
        let mut dialogue = Dialogue::new(io::stdin().lock(), io::stderr(), self.yes);
        let answers = self.answers(&place, &mut dialogue)?;
        let installed = install::install(&place, &answers, &components, self.force)?;
        let caution = match &answers.mount {
            Some(mount) => devices::obstacle(&mount.device)
                .map(|why| format!("{why}; the host tries until it can")),
            None => without_effect(&self.given()),
        };
        caution.iter().for_each(complain);
        let answer = json!({
            "data": place.data,
            "written": installed.written,
            "kept": installed.kept,
            "tokens": installed.tokens,
        });
        say(common, &in_words(&place, &installed, self.force), &answer)
    }

    /// A directory that has components needs no others.
    fn components(&self, place: &Place) -> Result<Components, Failure> {
        match Components::find(self.components.as_deref()) {
            Err(_) if self.components.is_none() && Components::are_at(&place.data) => {
                Ok(Components::default())
            }
            found => Ok(found?),
        }
    }

    fn answers(
        &self,
        place: &Place,
        dialogue: &mut Dialogue<impl io::BufRead, impl io::Write>,
    ) -> Result<Answers, Failure> {
        let mount = if place.is_configured() && !self.force {
            None
        } else {
            Some(self.given().complete(dialogue, &devices::found())?)
        };
        let tokens = !self.no_tokens && !place.has_tokens()? && answers::wants_tokens(dialogue)?;
        Ok(Answers { mount, tokens })
    }

    fn given(&self) -> Given {
        Given {
            device: self.device.clone(),
            baud: self.baud,
            dialect: self.dialect,
            latitude: self.latitude,
            longitude: self.longitude,
            elevation: self.elevation,
        }
    }
}

/// What is said to somebody who tells of a mount where a configuration has one, which stays.
fn without_effect(given: &Given) -> Option<String> {
    let options = given.options().join(", ");
    (!options.is_empty()).then(|| {
        format!("the configuration is kept, so this changed nothing: {options}; edit the file, or add --force")
    })
}

/// What was done, the tokens, and what to do next.
fn in_words(place: &Place, installed: &Installed, force: bool) -> String {
    let data = place.data.display();
    let mut lines: Vec<String> = Vec::new();
    lines.extend(
        installed
            .written
            .iter()
            .map(|name| format!("wrote {data}/{name}")),
    );
    lines.extend(
        installed
            .kept
            .iter()
            .map(|name| format!("kept  {data}/{name}")),
    );
    if !installed.kept.is_empty() && !force {
        lines.push("What was there already is kept; --force replaces the configuration and the components.".to_owned());
    }
    for made in &installed.tokens {
        lines.push(format!(
            "\nToken of type {}: {}",
            made.client_type, made.token
        ));
    }
    if !installed.tokens.is_empty() {
        lines.push(super::token::STORE_IT.to_owned());
    }
    let next = format!("\nStart the host:\n  {} serve --data {data}", called());
    lines.push(next);
    lines.join("\n")
}

/// The program as its user called it: it need not be on the path.
fn called() -> String {
    let name = std::env::args_os().next();
    name.map_or("slewgate".to_owned(), |name| {
        name.to_string_lossy().into_owned()
    })
}
