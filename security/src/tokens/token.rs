//! The text of a token: `slg_<id>_<secret><check>`.
//!
//! The id (8 of `[a-z0-9]`) names the token in lists and logs, the secret is 32 random bytes as 43
//! characters of base64url, and the check is the CRC-32 of all that precedes it as 6 base62
//! characters: a scanner recognises a leaked token without asking anybody.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng as _;
use rand::rngs::{SysError, SysRng};
use sha2::{Digest as _, Sha256};

/// What every generated token begins with.
pub(crate) const PREFIX: &str = "slg_";
/// Characters in the id of a generated token.
pub(crate) const ID_LENGTH: usize = 8;
const SECRET_BYTES: usize = 32;
const SECRET_LENGTH: usize = 43;
const CHECK_LENGTH: usize = 6;
const LENGTH: usize = PREFIX.len() + ID_LENGTH + 1 + SECRET_LENGTH + CHECK_LENGTH;

const ID_ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token that was just generated. Its text exists here and nowhere else: show it once.
pub struct Token {
    text: String,
}

/// SHA-256 of a token's whole text as sent. A slow hash would add nothing to 256 random bits and
/// would be a lever for denial of service.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash(pub(crate) [u8; 32]);

impl Token {
    /// Makes a new token from the system's source of randomness.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, SysError> {
        let mut secret = [0; SECRET_BYTES];
        SysRng.try_fill_bytes(&mut secret)?;
        let stem = format!(
            "{PREFIX}{}_{}",
            random_id()?,
            URL_SAFE_NO_PAD.encode(secret)
        );
        let check = check_of(&stem);
        Ok(Self {
            text: stem + &check,
        })
    }

    /// The text itself, for the screen that generated it. Never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The part that names the token without giving it away.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.text[PREFIX.len()..PREFIX.len() + ID_LENGTH]
    }

    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::of(&self.text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_…", self.id())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}…", self.short())
    }
}

impl TokenHash {
    pub(crate) fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Reads 64 hexadecimal digits.
    pub(crate) fn from_hex(digits: &str) -> Option<Self> {
        let digits = digits.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Some(Self(hash))
    }

    pub(crate) fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The id of a token that has none of its own: the first 8 digits of its hash.
    pub(crate) fn short(self) -> String {
        self.0
            .iter()
            .take(ID_LENGTH / 2)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The id in `text` if it is, letter for letter, a token that [`Token::generate`] could have made.
#[must_use]
pub fn looks_generated(text: &str) -> Option<&str> {
    if text.len() != LENGTH || !text.is_ascii() {
        return None;
    }
    let (stem, check) = text.split_at(LENGTH - CHECK_LENGTH);
    let (id, secret) = stem.strip_prefix(PREFIX)?.split_at(ID_LENGTH);
    let secret = secret.strip_prefix('_')?;
    let well_formed = valid_id(id) && URL_SAFE_NO_PAD.decode(secret).is_ok();
    (well_formed && check == check_of(stem)).then_some(id)
}

/// Whether `text` can name a token.
pub(crate) fn valid_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|byte| ID_ALPHABET.contains(&byte))
}

fn random_id() -> Result<String, SysError> {
    // 252 is the largest multiple of 36 in a byte: above it, letters would not be equally likely.
    let mut id = String::with_capacity(ID_LENGTH);
    while id.len() < ID_LENGTH {
        let mut byte = [0];
        SysRng.try_fill_bytes(&mut byte)?;
        if byte[0] < 252 {
            id.push(char::from(ID_ALPHABET[usize::from(byte[0] % 36)]));
        }
    }
    Ok(id)
}

fn check_of(stem: &str) -> String {
    let mut rest = crc32fast::hash(stem.as_bytes());
    let mut digits = [b'0'; CHECK_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit: u32| u8::try_from(digit).ok())
}
