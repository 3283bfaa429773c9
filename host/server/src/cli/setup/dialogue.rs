use std::io::{BufRead, Write};

use anyhow::Context;

use super::super::Failure;

/// Asks on `output` and reads answers from `input`, a line each.
pub(super) struct Dialogue<I, O> {
    input: I,
    output: O,
    /// Nothing is asked: the default is the answer.
    take_defaults: bool,
}

/// What is asked.
pub(super) struct Question<'a> {
    /// Such as `Latitude in degrees, north positive`.
    pub(super) text: &'a str,
    /// The option that answers it.
    pub(super) option: &'a str,
    /// What Enter means, as it would be typed.
    pub(super) default: Option<String>,
}

impl<I: BufRead, O: Write> Dialogue<I, O> {
    pub(super) fn new(input: I, output: O, take_defaults: bool) -> Self {
        Self {
            input,
            output,
            take_defaults,
        }
    }

    /// The first answer that `parse` takes; says what is wrong with others.
    pub(super) fn ask<T>(
        &mut self,
        question: &Question<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        if self.take_defaults {
            let default = question
                .default
                .as_deref()
                .ok_or_else(|| unanswered(question))?;
            return parse(default).map_err(Failure::Usage);
        }
        loop {
            let answer = self.answer(question)?;
            let answer = match (answer.as_str(), question.default.as_deref()) {
                ("", Some(default)) => default,
                (answer, _) => answer,
            };
            match parse(answer) {
                Ok(value) => return Ok(value),
                Err(why) => self.tell(&why)?,
            }
        }
    }

    /// Shows a line, where there is somebody to see it.
    pub(super) fn tell(&mut self, line: &str) -> Result<(), Failure> {
        if self.take_defaults {
            return Ok(());
        }
        let written = writeln!(self.output, "{line}").context("cannot ask");
        Ok(written?)
    }

    fn answer(&mut self, question: &Question<'_>) -> Result<String, Failure> {
        let default = question
            .default
            .as_ref()
            .map(|default| format!(" [{default}]"));
        let asked = write!(
            self.output,
            "{}{}: ",
            question.text,
            default.unwrap_or_default()
        )
        .and_then(|()| self.output.flush());
        asked.context("cannot ask")?;
        let mut line = String::new();
        let read = self
            .input
            .read_line(&mut line)
            .context("cannot read the answer")?;
        if read == 0 {
            // What follows is no part of the question's line.
            self.tell("")?;
            return Err(ended(question));
        }
        Ok(line.trim().to_owned())
    }
}

fn ended(question: &Question<'_>) -> Failure {
    Failure::Usage(format!(
        "the input ended before this was answered: {}; nothing was written; answer it with {}, or take the defaults with --yes",
        question.text, question.option
    ))
}

fn unanswered(question: &Question<'_>) -> Failure {
    Failure::Usage(format!(
        "this has no default: {}; answer it with {}; nothing was written",
        question.text, question.option
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: Question<'_> = Question {
        text: "How many",
        option: "--count",
        default: None,
    };

    fn number(text: &str) -> Result<u8, String> {
        text.parse().map_err(|_| format!("{text:?} is no number"))
    }

    fn with_default() -> Question<'static> {
        Question {
            default: Some("7".to_owned()),
            ..QUESTION
        }
    }

    #[test]
    fn an_answer_that_does_not_fit_is_asked_for_again() {
        let mut output = Vec::new();
        let mut dialogue = Dialogue::new("many\n\n 3 \n".as_bytes(), &mut output, false);
        assert_eq!(dialogue.ask(&QUESTION, number).unwrap(), 3);
        let expected = "How many: \"many\" is no number\nHow many: \"\" is no number\nHow many: ";
        assert_eq!(String::from_utf8(output).unwrap(), expected);
    }

    #[test]
    fn enter_takes_the_default_that_is_shown() {
        let mut output = Vec::new();
        let mut dialogue = Dialogue::new("\n".as_bytes(), &mut output, false);
        assert_eq!(dialogue.ask(&with_default(), number).unwrap(), 7);
        assert_eq!(String::from_utf8(output).unwrap(), "How many [7]: ");
    }

    #[test]
    fn the_end_of_the_input_names_the_question_and_its_option() {
        let mut dialogue = Dialogue::new("".as_bytes(), Vec::new(), false);
        let error = dialogue.ask(&with_default(), number).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let error = error.to_string();
        assert!(
            error.contains("How many") && error.contains("--count"),
            "{error}"
        );
    }

    #[test]
    fn without_questions_the_default_is_the_answer_and_what_has_none_is_named() {
        let mut output = Vec::new();
        let mut dialogue = Dialogue::new("3\n".as_bytes(), &mut output, true);
        assert_eq!(dialogue.ask(&with_default(), number).unwrap(), 7);
        let error = dialogue.ask(&QUESTION, number).unwrap_err().to_string();
        assert!(error.contains("--count"), "{error}");
        assert!(output.is_empty());
    }
}
