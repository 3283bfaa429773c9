//! What is there: asked when the line was opened, kept for every call after.

use slewgate_sdk::mount::Identity;
use slewgate_sdk::{Attachment, Failure, Host, StopSequence, json};

use crate::dialect::Name;
use crate::mount::{Found, Mount};
use crate::port::{self, Port, Probed, garbled};
use crate::settings::{Choice, Settings};
use crate::{Lx200, angles, site, status};

/// A Classic writes this between degrees and minutes; no OnStep does.
const CLASSIC_MARK: u8 = 0xdf;

/// What a mount calls itself.
#[derive(Default)]
struct Product {
    name: Option<String>,
    version: Option<String>,
}

pub(crate) fn attach(host: &dyn Host, settings: &Settings) -> Result<Attachment, Failure> {
    let port = Port::open(host)?;
    let before = Found::recall(host);
    if let Some(found) = &before
        && found.dialect.speech().stays_deaf(host, &port)?
    {
        return Ok(found.attachment());
    }
    let first = right_ascension(&port)?;
    let dec = port.ask(":GD#")?;
    let mark = angles::mark(&dec);
    let (dialect, product) = identify(&port, settings.dialect, mark, before.as_ref())?;
    let speech = dialect.speech();
    let asked = match angles::is_high(&first) {
        true => None,
        false => speech.with_seconds(&port)?,
    };
    let (ra, dec) = match asked {
        // What was told with fewer digits would look like elsewhere.
        Some(ra) => (ra, port.ask(":GD#")?),
        None => (first, dec),
    };
    let reading = status::reading(&ra, &dec)?;
    let lacks = speech.lacks(&port)?;
    let (latitude, longitude) = site::told(&port)?;
    let found = Found {
        model: speech.model(product.name.as_deref(), product.version.as_deref()),
        firmware: product.version,
        dialect,
        high: reading.high,
        mark,
        lacks,
        latitude,
        longitude,
        elevation: None,
    };
    found.keep(host)?;
    let mount = Mount { host, port, found };
    speech.attached(&mount, &reading)?;
    Ok(mount.found.attachment())
}

pub(crate) fn info(host: &dyn Host) -> Result<String, Failure> {
    let Mount { found, .. } = Mount::open(host)?;
    let commands = <Lx200 as slewgate_sdk::Handler>::describe().commands;
    let names = commands.into_iter().map(|command| command.name);
    json(&Identity {
        capabilities: names.filter(|name| !found.lacks.contains(name)).collect(),
        dialect: Some(found.dialect.text()),
        site: found.site_told(),
        model: found.model,
        firmware: found.firmware,
        protocol: "LX200",
    })
}

pub(crate) fn right_ascension(port: &Port) -> Result<Vec<u8>, Failure> {
    let ask = || {
        let ra = port.ask(":GR#")?;
        match angles::hours(&ra) {
            Some(_) => Ok(ra),
            None => Err(garbled(":GR#", &ra)),
        }
    };
    match ask() {
        // The first reply may begin with what an earlier program asked for.
        Err(Failure::Hardware(_)) => ask(),
        other => other,
    }
}

impl Found {
    fn attachment(&self) -> Attachment {
        let model = match &self.firmware {
            Some(firmware) => format!("{} {firmware}", self.model),
            None => self.model.clone(),
        };
        Attachment {
            model,
            lacks: self.lacks.clone(),
            stops: vec![stop()],
        }
    }
}

/// `:Q#` stops everything, is not answered, and is obeyed at any time, also while the mount still writes a reply.
fn stop() -> StopSequence {
    StopSequence {
        role: port::ROLE.into(),
        exchanges: vec![port::silent(":Q#")],
        patience: 0,
    }
}

/// How to speak to it. One that was found to be a Classic is believed to be one still where its degree mark bears it out, so that
/// it is not asked what it is silent to at each swap.
fn identify(
    port: &Port,
    choice: Choice,
    mark: u8,
    before: Option<&Found>,
) -> Result<(Name, Product), Failure> {
    let known = before.filter(|found| found.dialect == Name::Classic && mark == CLASSIC_MARK);
    match (choice.named(), known) {
        (Some(Name::Classic), _) | (None, Some(_)) => Ok((Name::Classic, Product::default())),
        (Some(named), _) => Ok((named, Product::ask(port, mark)?)),
        (None, None) => recognize(Product::ask(port, mark)?),
    }
}

/// A Classic knows none of these questions and is silent. The same letters are harmless to one mount and move or upset another,
/// so that what is not known is not spoken to.
fn recognize(product: Product) -> Result<(Name, Product), Failure> {
    let Product { name, version } = &product;
    match name.as_deref().map(Name::of) {
        Some(Some(dialect)) => Ok((dialect, product)),
        None if version.is_none() => Ok((Name::Classic, product)),
        _ => Err(unknown(&product)),
    }
}

fn unknown(product: &Product) -> Failure {
    let called = [&product.name, &product.version];
    let called: Vec<_> = called.into_iter().flatten().map(String::as_str).collect();
    Failure::Hardware(format!(
        "the mount calls itself `{}`, and that is none of the dialects known; name the one to speak in its table of the \
         configuration: settings = {{ dialect = \"classic\" }} or \"onstep\"",
        called.join(" ").escape_debug()
    ))
}

impl Product {
    fn ask(port: &Port, mark: u8) -> Result<Self, Failure> {
        let name = told(port, ":GVP#")?;
        // One question may be lost; of one with this mark it need not be feared that it is an OnStep.
        let version = match name {
            None if mark == CLASSIC_MARK => None,
            _ => told(port, ":GVN#")?,
        };
        Ok(Self { name, version })
    }
}

/// None: silence.
fn told(port: &Port, command: &str) -> Result<Option<String>, Failure> {
    Ok(match port.probe(command)? {
        Probed::Silence => None,
        Probed::Text(text) => Some(String::from_utf8_lossy(&text).trim().to_owned()),
    })
}
