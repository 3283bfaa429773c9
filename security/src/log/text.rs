//! Text that a client chose, made harmless: no token, nothing that a terminal obeys, no end.

use crate::tokens::{ID_LENGTH, PREFIX, TokenSet, valid_id};

/// Characters of a client's text that are kept.
const MAX_CLIENT_TEXT: usize = 64;
/// Characters of a reason, which the host composes, that are kept.
const MAX_REASON: usize = 512;
/// Bytes that are looked at: what follows them does not come within the cut.
const MAX_LOOKED_AT: usize = 8 * 1024;
/// What follows `slg_` and has not our form is hidden from this length on.
const SUSPICIOUS: usize = 20;

/// `text` as the log has it: what looks like a token as `slg_<id>_…`, characters that do not print
/// (control and bidirectional ones too) as `\u{…}`, and cut at 64 characters.
#[must_use]
pub fn client_text(text: &str) -> String {
    clean(text, MAX_CLIENT_TEXT, None)
}

/// The same where the tokens are known, so that those without our form are hidden too.
pub(super) fn short(text: &str, tokens: Option<&TokenSet>) -> String {
    clean(text, MAX_CLIENT_TEXT, tokens)
}

/// The same for a reason.
pub(super) fn long(text: &str, tokens: Option<&TokenSet>) -> String {
    clean(text, MAX_REASON, tokens)
}

fn clean(text: &str, at_most: usize, tokens: Option<&TokenSet>) -> String {
    let looked_at = &text[..text.floor_char_boundary(MAX_LOOKED_AT)];
    let known_hidden = match tokens {
        Some(tokens) => without_known(looked_at, tokens),
        None => looked_at.to_owned(),
    };
    let hidden = without_generated(&known_hidden);
    let mut clean = String::with_capacity(at_most);
    hidden
        .chars()
        .take(at_most)
        .for_each(|c| push_printable(&mut clean, c));
    if looked_at.len() < text.len() || hidden.chars().nth(at_most).is_some() {
        clean.push('…');
    }
    clean
}

fn push_printable(clean: &mut String, c: char) {
    match c {
        // Escaped by JSON where it must be.
        '"' | '\'' | '\\' => clean.push(c),
        _ => clean.extend(c.escape_debug()),
    }
}

/// Hides every word, and the whole text, that is a token in force.
fn without_known(text: &str, tokens: &TokenSet) -> String {
    let hide = |word: &str| {
        tokens
            .knows(word)
            .map(|record| format!("(token {})", record.id))
    };
    if let Some(hidden) = hide(text) {
        return hidden;
    }
    let words = text.split_inclusive(|c| !in_a_token(c)).map(|piece| {
        let word = piece.trim_end_matches(|c| !in_a_token(c));
        hide(word).map_or_else(|| piece.to_owned(), |hidden| hidden + &piece[word.len()..])
    });
    words.collect()
}

/// Hides what has the form of a token that we generated, right or wrong at its end.
fn without_generated(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(PREFIX) {
        let (before, found) = rest.split_at(start);
        let end = found.find(|c| !in_a_token(c)).unwrap_or(found.len());
        let (token, after) = found.split_at(end);
        hidden.push_str(before);
        hidden.push_str(&hidden_form(token));
        rest = after;
    }
    hidden + rest
}

fn hidden_form(token: &str) -> String {
    let tail = &token[PREFIX.len()..];
    match tail.split_at_checked(ID_LENGTH) {
        Some((id, secret)) if valid_id(id) && secret.len() > 1 => format!("{PREFIX}{id}_…"),
        _ if tail.len() >= SUSPICIOUS => format!("{PREFIX}…"),
        _ => token.to_owned(),
    }
}

fn in_a_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}
