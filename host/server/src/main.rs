//! The program `slewgate`.

use std::process::ExitCode;

fn main() -> ExitCode {
    slewgate_server::cli::run()
}
