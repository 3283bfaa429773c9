//! Hours and degrees as people and mounts write them: `05:35:17.3`, `-05:23:28`, `-00:30:00`.

/// An angle split into sign, whole units, minutes and seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sexagesimal {
    /// Below zero; kept apart because whole units of `-00:30` have no sign.
    pub negative: bool,
    /// Whole hours or degrees.
    pub units: u64,
    /// 0 to 59.
    pub minutes: u64,
    /// 0 to 59.
    pub seconds: u64,
}

/// Minutes and seconds count to this.
const SIXTY: u64 = 60;

impl Sexagesimal {
    /// Rounds a value in hours or degrees to a multiple of `step` seconds (1: whole seconds; 60: whole minutes).
    /// What rounds to zero has no sign.
    pub fn round(value: f64, step: u64) -> Self {
        let step = step.max(1);
        let steps = value.abs() * (SIXTY * SIXTY) as f64 / step as f64;
        let seconds = (steps.round() as u64).saturating_mul(step);
        Self {
            negative: value < 0.0 && seconds > 0,
            units: seconds / (SIXTY * SIXTY),
            minutes: seconds / SIXTY % SIXTY,
            seconds: seconds % SIXTY,
        }
    }
}

/// Reads hours or degrees: a sign or none, then one to three fields of digits with one character between them that is no
/// digit, letter of ASCII or sign (`:`, a space, `*`, `°`, …); the last field may have a decimal fraction. Minutes and seconds stay below 60.
/// A plain number (`18.5`) is the case of one field. None: not of that form.
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let (negative, unsigned) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let fields: Vec<&str> = unsigned.split(separates).collect();
    let value = fold(&fields)?;
    Some(if negative { -value } else { value })
}

/// Whether a character stands between two fields.
fn separates(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !['.', '+', '-'].contains(&c)
}

/// The value of the fields: units, minutes, seconds.
fn fold(fields: &[&str]) -> Option<f64> {
    let (last, whole) = fields.split_last()?;
    if whole.len() > 2 || whole.iter().any(|field| field.contains('.')) {
        return None;
    }
    let mut value = field(last, whole.is_empty())?;
    for (place, text) in whole.iter().enumerate().rev() {
        value = value / 60.0 + field(text, place == 0)?;
    }
    value.is_finite().then_some(value)
}

/// One field; only the first may reach 60.
fn field(text: &str, first: bool) -> Option<f64> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit())
        && !text.contains(|c: char| !c.is_ascii_digit() && c != '.');
    let value: f64 = text.parse().ok().filter(|_| plain)?;
    (first || value < 60.0).then_some(value)
}
