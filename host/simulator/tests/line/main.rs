//! What happens on the line to a mount: `wire` and `disconnect` are faults, `pace` is how fast bytes pass, `replay` what a
//! transcript answers.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

mod disconnect;
mod pace;
mod port;
mod replay;
mod wire;
