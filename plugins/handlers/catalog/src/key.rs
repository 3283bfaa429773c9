//! Names as they are looked up. `build.rs` has the same, for the names of the catalogue.

/// The names of the Greek letters, from alpha on, in the order of their code points; sigma has a second form, for the end of words.
const GREEK: [&str; 25] = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi",
    "chi", "psi", "omega",
];

/// Letters with marks that names of stars have, and what people type instead.
const PLAIN: [(&str, char); 9] = [
    ("àáâãäåā", 'a'),
    ("ç", 'c'),
    ("èéêëē", 'e'),
    ("ìíîïī", 'i'),
    ("ñ", 'n'),
    ("òóôõöøō", 'o'),
    ("š", 's'),
    ("ùúûüū", 'u'),
    ("ýÿ", 'y'),
];

/// Small letters and digits alone: Greek letters by their names, none with marks, numbers without leading zeros.
pub(crate) fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            '0' if !key.ends_with(|last: char| last.is_ascii_digit()) => {}
            'a'..='z' | '0'..='9' => key.push(letter),
            'α'..='ω' => key.push_str(GREEK[letter as usize - 'α' as usize]),
            _ => key.extend(plain(letter)),
        }
    }
    key
}

fn plain(letter: char) -> Option<char> {
    let found = PLAIN.iter().find(|(marked, _)| marked.contains(letter));
    found.map(|(_, plain)| *plain)
}
