use slewgate_server::config::{Config, ConfigError, Variable};

/// What the file is called in messages.
const NAME: &str = "slewgate.toml";

/// The text of a configuration, and behind a zero byte lines of variables of the environment, such as `WS_IP=::1`.
pub fn configuration(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let (text, variables) = text.split_once('\0').unwrap_or((text, ""));
    // A horizon is a file of its own, and would be looked for on this machine.
    if text.contains("horizon") || variables.to_lowercase().contains("horizon") {
        return;
    }
    let variables = variables.lines().filter_map(|line| line.split_once('='));
    let variables: Vec<Variable> = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let read = || Config::parse(NAME, text, &variables);
    match read() {
        Ok(config) => {
            let again = read().expect("it was good before");
            assert_eq!(format!("{config:?}"), format!("{again:?}"));
        }
        Err(error) => {
            names_a_place(&error, text, &variables);
            assert_eq!(read().err(), Some(error));
        }
    }
}

/// A line that is there, the file, or a variable; and what is wrong.
fn names_a_place(error: &ConfigError, text: &str, variables: &[Variable]) {
    let ConfigError { place, sentence } = error;
    assert!(!sentence.is_empty(), "{place}");
    let lines = 1 + text.matches('\n').count();
    let is_line = place
        .strip_prefix(NAME)
        .and_then(|place| place.strip_prefix(':'))
        .and_then(|line| line.parse().ok())
        .is_some_and(|line| (1..=lines).contains(&line));
    let is_variable = variables.iter().any(|(name, _)| name == place);
    assert!(is_line || is_variable || place == NAME, "{error}");
}
