//! What a policy allowed a client, and why it need not be asked the same again. A decision follows from the question and from the
//! situation alone (`policy.wit`). So one that was made without a look at the situation, without a clock and without a word to the
//! log is the same at the next question. Only what observes is remembered: what moves hardware is decided each time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Questions of one client that are remembered: what a program asks again and again.
const MOST: usize = 16;

/// Longest params of such a question, in bytes.
const LONGEST: usize = 256;

/// The newest questions of one client that its policy answered with yes.
#[derive(Debug, Default)]
pub(crate) struct Allowed(Mutex<VecDeque<Question>>);

#[derive(Debug)]
struct Question {
    /// Of the policy: another one is asked anew.
    generation: u64,
    method: String,
    params: String,
}

impl Allowed {
    pub(crate) fn has(&self, generation: u64, method: &str, params: &str) -> bool {
        let questions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        questions.iter().any(|question| {
            question.generation == generation
                && question.method == method
                && question.params == params
        })
    }

    pub(crate) fn note(&self, generation: u64, method: &str, params: &str) {
        if params.len() > LONGEST {
            return;
        }
        let mut questions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if questions.len() == MOST {
            questions.pop_front();
        }
        questions.push_back(Question {
            generation,
            method: method.to_owned(),
            params: params.to_owned(),
        });
    }
}

/// Whether a guest looked at what changes, or did what one more call would do again. Shared by all that tell it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looked(Arc<AtomicBool>);

impl Looked {
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Since this was asked last.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_question_to_the_same_policy_is_known() {
        let allowed = Allowed::default();
        allowed.note(1, "mount.status", "{}");
        assert!(allowed.has(1, "mount.status", "{}"));
        assert!(!allowed.has(2, "mount.status", "{}"));
        assert!(!allowed.has(1, "mount.info", "{}"));
        assert!(!allowed.has(1, "mount.status", r#"{"max_age_ms":0}"#));
    }

    #[test]
    fn what_is_remembered_is_bounded_in_number_and_length() {
        let allowed = Allowed::default();
        for number in 0..=MOST {
            allowed.note(1, &number.to_string(), "{}");
        }
        assert!(!allowed.has(1, "0", "{}"));
        assert!((1..=MOST).all(|number| allowed.has(1, &number.to_string(), "{}")));
        let long = "x".repeat(LONGEST + 1);
        allowed.note(1, "long", &long);
        assert!(!allowed.has(1, "long", &long));
    }
}
