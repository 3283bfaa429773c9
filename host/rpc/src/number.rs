//! Whole numbers as integers.
//!
//! To JSON Schema `30000.0` and `3e4` are integers, and clients in languages with one type of number write them so; where a plugin reads
//! an integer many languages take neither. So there is one spelling behind this point: what is whole has no fraction.

use serde_json::{Map, Number, Value};

/// The range of 64-bit integers, both kinds: 2^63 below 0, 2^64 above. What is whole within it is exactly one of them.
const LEAST: f64 = -9_223_372_036_854_775_808.0;
const BEYOND: f64 = 18_446_744_073_709_551_616.0;

/// Params whose whole numbers are integers, at any depth.
pub(crate) fn with_integers(mut params: Map<String, Value>) -> Map<String, Value> {
    params.values_mut().for_each(make_integer);
    params
}

fn make_integer(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(integer) = integer(number) {
                *number = integer;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(make_integer),
        Value::Object(members) => members.values_mut().for_each(make_integer),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// None: it is one already, or none that fits.
fn integer(number: &Number) -> Option<Number> {
    let whole = number
        .is_f64()
        .then(|| number.as_f64())?
        .filter(|value| value.fract() == 0.0 && (LEAST..BEYOND).contains(value))?;
    Some(match whole < 0.0 {
        true => Number::from(whole as i64),
        false => Number::from(whole as u64),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(params: &str) -> Value {
        Value::Object(with_integers(serde_json::from_str(params).unwrap()))
    }

    #[test]
    fn a_whole_number_is_an_integer_however_it_was_written() {
        assert_eq!(
            read(r#"{"a":30000.0,"b":3e4,"c":-7.0,"d":-0.0,"e":[1.0,{"f":2.0}],"g":1.8e19}"#),
            json!({"a":30000,"b":30000,"c":-7,"d":0,"e":[1,{"f":2}],"g":18_000_000_000_000_000_000_u64})
        );
        assert_eq!(
            read(r#"{"least":-9223372036854775808.0}"#)["least"],
            i64::MIN
        );
    }

    #[test]
    fn what_is_not_whole_or_fits_no_integer_stays_as_it_is() {
        let same = json!({"a":7.5,"b":1e300,"c":-1e19,"d":18_446_744_073_709_551_616.0,"e":"7.0","f":true,"g":null,"h":u64::MAX});
        assert_eq!(read(&same.to_string()), same);
    }
}
