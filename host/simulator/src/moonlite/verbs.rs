//! What a command does, and what is answered. What is not known, or has other digits than it should, is silently let be.

use super::Moonlite;

/// The delays between steps that there are: what `:SD#` is told, and steps a second.
pub(super) const STEPPING: [(u8, f64); 5] = [
    (0x02, 250.0),
    (0x04, 125.0),
    (0x08, 63.0),
    (0x10, 32.0),
    (0x20, 16.0),
];

/// Major and minor.
const VERSION: &str = "10";

impl Moonlite {
    pub(super) fn obey(&mut self, command: &str) -> Vec<u8> {
        let verb = command.get(..2).unwrap_or(command);
        let value = &command[verb.len()..];
        let answer = match (verb, value) {
            ("GP", "") => word(self.told_position()),
            ("GN", "") => word(self.new_position),
            ("GI", "") => if self.motor.is_told_to_move() {
                "01"
            } else {
                "00"
            }
            .to_owned(),
            ("GT", "") => word((self.measured + i16::from(self.offset)).cast_unsigned()),
            ("GC", "") => byte(self.coefficient.cast_unsigned()),
            ("GD", "") => byte(self.delay),
            ("GH", "") => if self.half_steps { "FF" } else { "00" }.to_owned(),
            ("GV", "") => VERSION.to_owned(),
            // The backlight of a hand control, which it has not.
            ("GB", "") => byte(0),
            _ => {
                self.set(verb, value);
                return Vec::new();
            }
        };
        format!("{answer}#").into_bytes()
    }

    /// What is not answered.
    fn set(&mut self, verb: &str, value: &str) {
        match (verb, hexadecimal(value)) {
            ("SN", Some((4, value))) => self.new_position = value,
            ("SP", Some((4, value))) => self.motor.set_position(value),
            ("FG", None) => self.motor.go_to(self.new_position),
            ("FQ", None) => self.motor.stop(),
            ("SD", Some((2, value))) => self.set_delay(value),
            ("SH", None) => self.half_steps = true,
            ("SF", None) => self.half_steps = false,
            ("SC", Some((2, value))) => self.coefficient = signed(value),
            ("PO", Some((2, value))) => self.offset = signed(value),
            ("C", None) => self.measured = self.night.half_degrees(),
            ("+", None) => self.compensated = Some(self.night.half_degrees()),
            ("-", None) => self.compensated = None,
            _ => {}
        }
    }

    fn set_delay(&mut self, code: u16) {
        let known = STEPPING.iter().find(|(delay, _)| u16::from(*delay) == code);
        if let Some((delay, rate)) = known {
            self.delay = *delay;
            self.motor.set_rate(*rate);
        }
    }
}

fn word(value: u16) -> String {
    format!("{value:04X}")
}

fn byte(value: u8) -> String {
    format!("{value:02X}")
}

/// How many digits, and their value. None: there are none. Other characters are a value of no digits, which nobody takes.
fn hexadecimal(text: &str) -> Option<(usize, u16)> {
    if text.is_empty() {
        return None;
    }
    let digits = text.len() <= 4 && text.chars().all(|c| c.is_ascii_hexdigit());
    let value = u16::from_str_radix(text, 16).ok().filter(|_| digits);
    Some(value.map_or((0, 0), |value| (text.len(), value)))
}

/// Two digits as two's complement.
fn signed(value: u16) -> i8 {
    value.to_be_bytes()[1].cast_signed()
}
