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
    /// What is left below a second, in the parts that were asked for.
    pub parts: u64,
}

/// Minutes and seconds count to this.
const SIXTY: u64 = 60;

impl Sexagesimal {
    /// Rounds a value in hours or degrees to one in `parts` of a second (1: whole seconds; 10: tenths).
    /// What rounds to zero has no sign.
    pub fn round(value: f64, parts: u64) -> Self {
        let parts = parts.max(1);
        let total = (value.abs() * (SIXTY * SIXTY * parts) as f64).round() as u64;
        let seconds = total / parts;
        Self {
            negative: value < 0.0 && total > 0,
            units: seconds / (SIXTY * SIXTY),
            minutes: seconds / SIXTY % SIXTY,
            seconds: seconds % SIXTY,
            parts: total % parts,
        }
    }
}

/// Hours, 0 to 24, as `05:35:17.3`; what rounds up to 24 is 0.
pub fn hours(value: f64) -> String {
    let rounded = Sexagesimal::round(value.rem_euclid(24.0), 10);
    let Sexagesimal {
        units,
        minutes,
        seconds,
        parts,
        ..
    } = rounded;
    format!("{:02}:{minutes:02}:{seconds:02}.{parts}", units % 24)
}

/// Degrees as `-05:23:28`, always with a sign.
pub fn degrees(value: f64) -> String {
    let Sexagesimal {
        negative,
        units,
        minutes,
        seconds,
        ..
    } = Sexagesimal::round(value, 1);
    format!(
        "{}{units:02}:{minutes:02}:{seconds:02}",
        if negative { '-' } else { '+' }
    )
}

/// Reads hours or degrees: a sign or none, then one to three fields of digits with one character between them that is no
/// digit (`:`, a space, `*`, `°`, …); the last field may have a decimal fraction. Minutes and seconds stay below 60.
/// A plain number (`18.5`) is the case of one field. None: not of that form.
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let (negative, unsigned) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let fields: Vec<&str> = unsigned
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .collect();
    let value = fold(&fields)?;
    Some(if negative { -value } else { value })
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
    let begins_with_digit = text.starts_with(|c: char| c.is_ascii_digit());
    let value: f64 = text.parse().ok().filter(|_| begins_with_digit)?;
    (first || value < 60.0).then_some(value)
}
