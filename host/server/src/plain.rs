//! Words of others on a terminal: a plugin's, which must neither do anything to it nor look like the host's own.

/// On one line; what would do something to a terminal is shown as what it is.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() || turns(letter) {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

/// Whether it ends a line, or says in which direction letters run: what stands behind it is read as something else.
fn turns(letter: char) -> bool {
    matches!(
        letter,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_the_cursor_or_turn_the_line_is_shown_and_not_done() {
        let words = "bad \u{1b}[31mRED\u{9b}2J\rXX\nmount\u{202e}gnivres\u{2028}";
        assert_eq!(
            plain(words),
            "bad \\u{1b}[31mRED\\u{9b}2J\\rXX\\nmount\\u{202e}gnivres\\u{2028}"
        );
        assert_eq!(plain("Größe 5° 'x' \"y\""), "Größe 5° 'x' \"y\"");
    }
}
