//! How long a token is good for, as people write it: `90d`.

use std::time::Duration;

use thiserror::Error;

/// The longest lifetime: ten years. One without an end is one without `--expires`.
const LONGEST: Duration = Duration::from_secs(3653 * 86_400);

/// A lifetime that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LifetimeError {
    /// Not a number and a unit.
    #[error("`{0}` is not a lifetime such as 12h, 90d or 26w (m, h, d, w, y)")]
    Form(String),
    /// Zero, or beyond ten years.
    #[error("the lifetime `{0}` is not between 1 minute and 10 years")]
    Range(String),
}

/// Reads `30m`, `12h`, `90d`, `26w` or `1y` (365 days).
///
/// # Errors
/// When it is not a number and a unit, or not between one minute and ten years.
pub fn parse_lifetime(text: &str) -> Result<Duration, LifetimeError> {
    let form = || LifetimeError::Form(text.to_owned());
    let unit = text.chars().last().ok_or_else(form)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'y' => 365 * 86_400,
        _ => return Err(form()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(form());
    }
    let count = digits.parse::<u64>().ok();
    let lifetime = count
        .and_then(|count| count.checked_mul(seconds))
        .map(Duration::from_secs);
    let allowed = |lifetime: &Duration| !lifetime.is_zero() && *lifetime <= LONGEST;
    lifetime
        .filter(allowed)
        .ok_or_else(|| LifetimeError::Range(text.to_owned()))
}
