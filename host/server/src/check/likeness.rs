//! May a result be right? What is true of hardware is not known here, but what it said before and after is.

use serde_json::Value;

/// A number may be off by this part of itself, or of one: hardware rounds.
const ROUNDING: f64 = 1e-3;

/// Whether a result may be right that came between two that are: what stayed the same is the same, and a number that changes
/// is near the way from the one to the other.
pub(super) fn may_be_right(before: &Value, found: &Value, after: &Value) -> bool {
    match (before, found, after) {
        (Value::Number(before), Value::Number(found), Value::Number(after)) => {
            let numbers = [before.as_f64(), found.as_f64(), after.as_f64()];
            let [Some(before), Some(found), Some(after)] = numbers else {
                return before == after;
            };
            is_between(before, found, after)
        }
        (Value::Object(before), Value::Object(found), Value::Object(after)) => {
            let known = |name: &String| before.contains_key(name) || after.contains_key(name);
            found.keys().all(known)
                && found.iter().all(|(name, found)| {
                    match (before.get(name), after.get(name)) {
                        (Some(before), Some(after)) => may_be_right(before, found, after),
                        // It comes and goes.
                        _ => true,
                    }
                })
        }
        (Value::Array(before), Value::Array(found), Value::Array(after))
            if before.len() == after.len() =>
        {
            let parts = before.iter().zip(found).zip(after);
            found.len() == before.len() && { parts }
                .all(|((before, found), after)| may_be_right(before, found, after))
        }
        _ => found == before || found == after || before != after,
    }
}

/// The same with every text empty.
pub(super) fn without_texts(value: &Value) -> Value {
    match value {
        Value::String(_) => Value::String(String::new()),
        Value::Array(parts) => parts.iter().map(without_texts).collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, part)| (name.clone(), without_texts(part)));
            fields.collect()
        }
        other => other.clone(),
    }
}

fn is_between(before: f64, found: f64, after: f64) -> bool {
    let slack = (after - before).abs() + ROUNDING * before.abs().max(1.0);
    (before.min(after) - slack..=before.max(after) + slack).contains(&found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stayed_the_same_is_the_same() {
        let well = json!({ "model": "heater", "power": 40, "on": true, "list": [1, 2] });
        assert!(may_be_right(&well, &well, &well));
        for (field, wrong) in [
            ("model", json!("h?ater")),
            ("power", json!(4)),
            ("on", json!(false)),
            ("list", json!([1])),
            ("another", json!(1)),
        ] {
            let mut found = well.clone();
            found[field] = wrong;
            assert!(!may_be_right(&well, &found, &well), "{field}");
        }
    }

    #[test]
    fn a_number_that_changes_is_near_its_way() {
        let of = |found: f64| may_be_right(&json!(10.0), &json!(found), &json!(10.5));
        assert!(of(10.2) && of(10.9));
        assert!(!of(12.0) && !of(-10.2));
    }

    #[test]
    fn a_text_that_changes_may_be_anything() {
        assert!(may_be_right(
            &json!("22:00:01"),
            &json!("22:00:02"),
            &json!("22:00:03")
        ));
    }
}
