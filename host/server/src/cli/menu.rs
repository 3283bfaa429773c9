//! The menu of `slewgate token` without a verb, as the guide describes it.

use std::io::{self, BufRead, Write};

use slewgate_security::tokens::{Bounds, TokenFile, TokenFileError};

use super::token::{generated, listed, revoked, uses};

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
            "2" => Some(told(
                file.list().map(|tokens| listed(tokens.list(), &uses(file))),
            )),
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
        let made = file.generate(&name, &client_type, &Bounds::default());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a user who types `input` sees, with the random token and its id replaced.
    fn transcript(file: &TokenFile, input: &str) -> (String, Ended) {
        let mut output = Vec::new();
        let ended = run(file, &mut input.as_bytes(), &mut output).unwrap();
        (String::from_utf8(output).unwrap(), ended)
    }

    fn file() -> (tempfile::TempDir, TokenFile) {
        let data = tempfile::tempdir().unwrap();
        let file = TokenFile::new(data.path().join("api_tokens.json"));
        (data, file)
    }

    #[test]
    fn a_token_is_generated_as_the_guide_says() {
        let (_data, file) = file();
        let (shown, ended) = transcript(&file, "1\nMy Telescope Controller\ntelescope\n4\n");
        let record = file.read().unwrap().list()[0].clone();
        let (before, rest) = shown.split_once("Token: slg_").unwrap();
        let (secret, after) = rest.split_once('\n').unwrap();
        assert_eq!(
            before,
            format!("{CHOICES}\nChoice: Client name: Client type (telescope, observer): ")
        );
        assert!(secret.starts_with(&record.id), "{secret}");
        assert_eq!(
            after,
            format!(
                "Id: {}\nStore the generated token securely! You won't be able to retrieve it again.\n\n{CHOICES}\nChoice: ",
                record.id
            )
        );
        assert_eq!(
            (record.name.as_str(), record.client_type.as_str()),
            ("My Telescope Controller", "telescope")
        );
        assert_eq!(ended, Ended::Quit);
    }

    #[test]
    fn a_client_type_that_is_none_is_asked_for_again() {
        let (_data, file) = file();
        let (shown, _) = transcript(&file, "1\na\nadmin\n\nTelescope\nobserver\n4\n");
        assert_eq!(
            shown.matches("Client type (telescope, observer): ").count(),
            4
        );
        assert_eq!(file.read().unwrap().list()[0].client_type, "observer");
    }

    #[test]
    fn a_token_is_listed_and_revoked_by_itself_or_its_id() {
        let (_data, file) = file();
        let (token, by_text) = file
            .generate("one", "observer", &Bounds::default())
            .unwrap();
        let (_, by_id) = file
            .generate("two", "telescope", &Bounds::default())
            .unwrap();
        let (shown, _) = transcript(
            &file,
            &format!("2\n3\n{}\n3\n{}\n2\n4\n", token.expose(), by_id.id),
        );
        assert!(
            shown.contains("ID        NAME  TYPE       CREATED               EXPIRES  LAST USED\n"),
            "{shown}"
        );
        assert!(
            shown.contains(&format!("{}  one   observer   20", by_text.id)),
            "{shown}"
        );
        assert!(
            shown.contains(&format!("Token or id: revoked {} (one)\n", by_text.id)),
            "{shown}"
        );
        assert!(
            shown.contains(&format!("Token or id: revoked {} (two)\n", by_id.id)),
            "{shown}"
        );
        assert!(shown.contains("Choice: there is no token; "), "{shown}");
        assert!(!shown.contains(token.expose()), "{shown}");
    }

    #[test]
    fn what_fails_and_what_is_no_choice_leads_back_to_the_menu() {
        let (_data, file) = file();
        let (shown, ended) = transcript(&file, "7\n3\nnonsense\n1\n\nobserver\n4\n");
        assert!(shown.contains("Choice: Choose 1, 2, 3 or 4.\n"), "{shown}");
        assert_eq!(shown.matches("Failed: ").count(), 2, "{shown}");
        assert_eq!(ended, Ended::Quit);
    }

    #[test]
    fn the_input_may_end_at_every_question() {
        let (_data, file) = file();
        for input in ["", "1\n", "1\na\n", "1\na\nadmin\n", "3\n"] {
            assert_eq!(
                transcript(&file, input).1,
                Ended::EndOfInput,
                "after {input:?}"
            );
        }
        assert!(file.list().unwrap().list().is_empty());
    }
}
