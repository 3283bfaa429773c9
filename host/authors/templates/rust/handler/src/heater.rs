//! What the heater understands: bytes out and bytes in.

use slewgate_sdk::{Exchange, Failure, Framing, Host};

/// Sets the power in percent.
pub fn set_power(host: &dyn Host, percent: u8) -> Result<(), Failure> {
    match ask(host, &format!("P{percent}\n"))?.as_slice() {
        b"OK\n" => Ok(()),
        b"LOW\n" => Err(Failure::Refused(
            "the supply of the heater is too weak".into(),
        )),
        other => Err(nonsense(other)),
    }
}

/// Asks for the power in percent.
pub fn power(host: &dyn Host) -> Result<u8, Failure> {
    let reply = ask(host, "P?\n")?;
    let digits = reply
        .strip_prefix(b"P")
        .and_then(|rest| rest.strip_suffix(b"\n"));
    let percent = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    percent
        .filter(|percent| *percent <= 100)
        .ok_or_else(|| nonsense(&reply))
}

/// One exchange on the line that the configuration gives to the role `port`.
fn ask(host: &dyn Host, request: &str) -> Result<Vec<u8>, Failure> {
    let exchange = Exchange {
        request: request.into(),
        reply: Framing::Until(b'\n'),
        timeout: 1000,
    };
    Ok(host.line("port")?.exchange(&exchange)?)
}

fn nonsense(reply: &[u8]) -> Failure {
    Failure::Hardware(format!("the heater said {}", reply.escape_ascii()))
}
