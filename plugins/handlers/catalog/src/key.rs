//! Names as they are looked up. `build.rs` has the same, for the names of the catalogue.

/// The names of the Greek letters, from alpha on, in the order of their code points; sigma has a second form, for the end of words.
const GREEK: [&str; 25] = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi",
    "chi", "psi", "omega",
];

/// Letters with marks that names of stars have, numbers of stars of one letter, and what people type instead.
const PLAIN: [(&str, char); 13] = [
    ("àáâãäåā", 'a'),
    ("ç", 'c'),
    ("èéêëē", 'e'),
    ("ìíîïī", 'i'),
    ("ñ", 'n'),
    ("òóôõöøō", 'o'),
    ("š", 's'),
    ("ùúûüū", 'u'),
    ("ýÿ", 'y'),
    ("¹", '1'),
    ("²", '2'),
    ("³", '3'),
    ("ʻ", '\''),
];

/// Small letters and digits alone: Greek letters by their names, none with marks, numbers without leading zeros. What separates two
/// numbers becomes a space: `M 2-9` is not M 29.
pub(crate) fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut apart = false;
    let mut letters = name
        .chars()
        .flat_map(char::to_lowercase)
        .map(plain)
        .peekable();
    while let Some(letter) = letters.next() {
        let digit_before = key.ends_with(|last: char| last.is_ascii_digit());
        let digit_after = letters.peek().is_some_and(char::is_ascii_digit);
        match letter {
            '0' if digit_after && (apart || !digit_before) => continue,
            '0'..='9' if apart && digit_before => key.extend([' ', letter]),
            'α'..='ω' => key.push_str(GREEK[letter as usize - 'α' as usize]),
            _ if letter.is_alphanumeric() => key.push(letter),
            _ => {
                apart = true;
                continue;
            }
        }
        apart = false;
    }
    key
}

/// Without its mark.
fn plain(letter: char) -> char {
    let found = PLAIN.iter().find(|(marked, _)| marked.contains(letter));
    found.map_or(letter, |(_, plain)| *plain)
}
