//! A scripted line, as authors write one: `P40\n -> OK\n`, one exchange a line. A transcript of a line is one too.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use slewgate_simulator::{Recording, Script};

use crate::bytes;

/// Parts a request from its answer.
const ARROW: &str = "->";

/// Begins a line that is for people; a request that begins so is written `\x23`.
const COMMENT: char = '#';

/// By which a transcript is known.
const TRANSCRIPT: &str = "{\"transcript\"";

/// Reads a script.
///
/// # Errors
/// The file cannot be read, a line has no arrow or an unknown escape, or what it says is no script.
pub(crate) fn read(file: &Path) -> Result<Script> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    if text.starts_with(TRANSCRIPT) {
        let recording = Recording::read(file)?;
        return Script::new(recording.exchanges()).with_context(|| format!("{name} is no script"));
    }
    let exchanges = parse(&text).map_err(|(number, why)| anyhow!("{name}:{number}: {why}"))?;
    Script::new(exchanges).with_context(|| format!("{name} is no script"))
}

type Exchanges = Vec<(Vec<u8>, Vec<u8>)>;

fn parse(text: &str) -> Result<Exchanges, (usize, String)> {
    let lines = text.lines().map(str::trim).zip(1..);
    let spoken = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with(COMMENT));
    let exchanges = spoken.map(|(line, number)| exchange(line).map_err(|why| (number, why)));
    exchanges.collect()
}

fn exchange(line: &str) -> Result<(Vec<u8>, Vec<u8>), String> {
    let (request, answer) = line.split_once(ARROW).ok_or_else(|| {
        format!("{line:?} has no {ARROW}; an exchange is such as `P40\\n -> OK\\n`, or `:Q# ->` without an answer")
    })?;
    let bytes = |text: &str| bytes::of_text(text.trim());
    Ok((bytes(request)?, bytes(answer)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_a_line_and_comments_and_blank_lines_are_none() {
        let text = "# a heater\n\nP40\\n -> OK\\n\n:Q# ->\n";
        let both = |request: &str, answer: &str| (request.into(), answer.into());
        assert_eq!(
            parse(text).unwrap(),
            [both("P40\n", "OK\n"), both(":Q#", "")]
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert_eq!(parse("P40\\n -> OK\\n\nP41\\n").unwrap_err().0, 2);
        let (number, why) = parse("P40\\q -> OK\\n").unwrap_err();
        assert_eq!(number, 1);
        assert!(why.contains("after \\ stands"), "{why}");
    }

    #[test]
    fn a_transcript_is_a_script_too() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "{\"transcript\":1,\"line\":\"port\"}\n{\"at_ms\":1,\"dir\":\"out\",\"bytes\":\"510a\"}\n{\"at_ms\":2,\"dir\":\"in\",\"bytes\":\"4f4b\"}\n";
        fs::write(file.path(), text).unwrap();
        read(file.path()).unwrap();
        fs::write(file.path(), "nothing").unwrap();
        let told = format!("{:#}", read(file.path()).unwrap_err());
        assert!(told.contains(":1: "), "{told}");
    }
}
