//! The menu of `slewgate token` without a verb, as the guide describes it.

use std::io::{self, BufRead, Write};

use slewgate_security::tokens::{TokenFile, TokenFileError};

use super::token::{generated, listed, revoked};

const CHOICES: &str = "\
1. Generate a new token
2. List the tokens
3. Revoke a token
4. Quit";
/// The types that the menu offers; the verb takes any.
const CLIENT_TYPES: [&str; 2] = ["telescope", "observer"];

/// How a menu came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Quit,
    EndOfInput,
}

/// Asks until there is an answer, or the input ends: then there is none.
type Asked<T> = io::Result<Option<T>>;

/// Runs the menu until its user quits or the input ends.
pub(super) fn run(
    file: &TokenFile,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<Ended> {
    let mut dialogue = Dialogue { input, output };
    loop {
        writeln!(dialogue.output, "{CHOICES}")?;
        let Some(choice) = dialogue.ask("Choice")? else {
            return Ok(Ended::EndOfInput);
        };
        let answer = match choice.as_str() {
            "1" => dialogue.generate(file)?,
            "2" => Some(told(file.list().map(|tokens| listed(tokens.list())))),
            "3" => dialogue
                .ask("Token or id")?
                .map(|given| told(file.revoke(&given).map(|record| revoked(&record)))),
            "4" => return Ok(Ended::Quit),
            _ => Some("Choose 1, 2, 3 or 4.".to_owned()),
        };
        let Some(answer) = answer else {
            return Ok(Ended::EndOfInput);
        };
        writeln!(dialogue.output, "{answer}\n")?;
    }
}

/// An error leads back to the menu.
fn told(outcome: Result<String, TokenFileError>) -> String {
    outcome.unwrap_or_else(|error| format!("Failed: {error}"))
}

struct Dialogue<'a, I, O> {
    input: &'a mut I,
    output: &'a mut O,
}

impl<I: BufRead, O: Write> Dialogue<'_, I, O> {
    fn ask(&mut self, question: &str) -> Asked<String> {
        write!(self.output, "{question}: ")?;
        self.output.flush()?;
        let mut line = String::new();
        let read = self.input.read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    fn generate(&mut self, file: &TokenFile) -> Asked<String> {
        let Some(name) = self.ask("Client name")? else {
            return Ok(None);
        };
        let Some(client_type) = self.client_type()? else {
            return Ok(None);
        };
        let made = file.generate(&name, &client_type, None);
        Ok(Some(told(
            made.map(|(token, record)| generated(&token, &record)),
        )))
    }

    /// Asks again for what is none.
    fn client_type(&mut self) -> Asked<String> {
        loop {
            match self.ask("Client type (telescope, observer)")? {
                Some(given) if !CLIENT_TYPES.contains(&given.as_str()) => {}
                answer => return Ok(answer),
            }
        }
    }
}
