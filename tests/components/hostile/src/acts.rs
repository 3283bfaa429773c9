//! What no plugin should do, by the name of it.

use std::hint::black_box;
use std::process::abort;
use std::thread;
use std::time::Duration;

/// What one allocation takes, in bytes.
const HOARDED: usize = 1 << 20;

/// What one instruction copies or fills, in bytes.
const AT_ONCE: usize = 16 << 20;

/// Lines of a flood.
const FLOOD: usize = 10_000;

/// Settings: in which export it does what.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Such as `configure`.
    pub(crate) at: String,
    /// Such as `loops`.
    pub(crate) does: String,
}

impl Settings {
    /// Both are empty where nothing is to be done.
    pub(crate) fn read(settings: &str) -> Result<Self, String> {
        serde_json::from_str(settings).map_err(|error| error.to_string())
    }

    /// Does it, in that export.
    pub(crate) fn act_in(&self, export: &str) {
        if self.at == export {
            act(&self.does);
        }
    }
}

/// False: nothing is known by this name. Only what is bounded comes back.
pub(crate) fn act(does: &str) -> bool {
    match does {
        "loops" => spin(),
        "copies" => copy(),
        "fills" => fill(),
        "hoards" => hoard(),
        "recurses" => _ = black_box(recurse(0)),
        "traps" => abort(),
        "floods" => flood(),
        "sleeps" => thread::sleep(Duration::from_secs(u64::from(u32::MAX))),
        "bombs" => bomb(),
        _ => return false,
    }
    true
}

fn spin() -> ! {
    loop {
        black_box(());
    }
}

/// One instruction is a copy of all of it, and the loop has few of them.
fn copy() -> ! {
    let (from, mut to) = (vec![1_u8; AT_ONCE], vec![0_u8; AT_ONCE]);
    loop {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
    }
}

fn fill() -> ! {
    let mut filled = vec![0_u8; AT_ONCE];
    loop {
        filled.fill(black_box(1));
        black_box(&mut filled);
    }
}

/// Takes memory until there is none, and touches none of it: on a slow machine that would take all of the time first.
fn hoard() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(Vec::<u8>::with_capacity(HOARDED)));
    }
}

#[expect(
    unconditional_recursion,
    reason = "it ends with the stack, as it should"
)]
fn recurse(depth: u64) -> u64 {
    let place = black_box([depth; 16]);
    recurse(depth + 1) + place[0]
}

fn flood() {
    for line in 0..FLOOD {
        println!("line {line} of a flood");
    }
}

/// Holds more and more of what the host gives.
fn bomb() -> ! {
    let mut held = Vec::new();
    loop {
        held.push(black_box(pollable()));
    }
}

#[cfg(target_arch = "wasm32")]
fn pollable() -> wasip2::io::poll::Pollable {
    wasip2::clocks::monotonic_clock::subscribe_duration(u64::MAX)
}

/// There is none outside of a component.
#[cfg(not(target_arch = "wasm32"))]
fn pollable() -> Box<()> {
    abort()
}
