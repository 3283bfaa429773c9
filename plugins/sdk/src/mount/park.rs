//! `park`, `unpark` and `home`: the places that a mount has.

use serde::Deserialize;

use super::Verb;
use crate::Effect;

/// Goes to the park position and stays there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Park {}

/// Makes a parked mount ready to move.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unpark {}

/// Goes to where the mount counts from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {}

impl Verb for Park {
    const NAME: &'static str = "park";
    const SUMMARY: &'static str = "Go to the park position and stay there; answers when begun.";
    const EFFECT: Effect = Effect::Move;
}

impl Verb for Unpark {
    const NAME: &'static str = "unpark";
    const SUMMARY: &'static str = "Make a parked mount ready to move.";
    const EFFECT: Effect = Effect::Move;
}

impl Verb for Home {
    const NAME: &'static str = "home";
    const SUMMARY: &'static str = "Go to the home position; answers when begun.";
    const EFFECT: Effect = Effect::Move;
}
