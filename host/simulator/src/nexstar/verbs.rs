//! What a command does, and what is answered.

use super::Nexstar;
use super::format::{Precision, of_horizontal};
use super::place::Zone;

/// Every answer ends with it, and it stands alone where there is nothing to say.
const END: u8 = b'#';

impl Nexstar {
    /// The bytes that answer a whole command.
    pub(super) fn obey(&mut self, command: &[u8]) -> Vec<u8> {
        let Some((&letter, value)) = command.split_first() else {
            return Vec::new();
        };
        let mut answer = self.answer(letter, value);
        answer.push(END);
        answer
    }

    fn answer(&mut self, letter: u8, value: &[u8]) -> Vec<u8> {
        let precision = Precision::of(letter);
        match letter {
            b'E' | b'e' => {
                let at = self.position();
                precision.write((at.ra * 15.0, at.dec))
            }
            b'Z' | b'z' => precision.write(of_horizontal(self.horizontal())),
            b'R' | b'r' => silently(|| self.go_to_stars(precision.read(value))),
            b'B' | b'b' => silently(|| self.go_to_direction(precision.read(value))),
            b'S' | b's' => silently(|| self.sync(precision.read(value))),
            b'u' => silently(|| self.undo_sync()),
            b'T' => silently(|| value.iter().for_each(|code| self.follow(*code))),
            b't' => vec![self.mode_told()],
            b'P' => self.pass_through(value),
            b'W' => silently(|| self.set_site(value)),
            b'w' => self.site_told(),
            b'H' => silently(|| self.set_time(value, Zone::Hours)),
            b'h' => self.time_told(Zone::Hours),
            b'I' => silently(|| self.set_time(value, Zone::Quarters)),
            b'i' => self.time_told(Zone::Quarters),
            b'V' => self.hand.version_told(),
            b'm' => vec![self.hand.model],
            b'v' => vec![self.hand.kind_told()],
            b'J' if self.hand.digits => digit(self.aligned),
            b'J' => vec![u8::from(self.aligned)],
            b'L' => digit(self.slewing()),
            b'M' => silently(|| self.cancel()),
            b'K' => value.to_vec(),
            b'p' => self.looks().into_iter().collect(),
            b'x' => silently(|| self.sleep(true)),
            b'y' => silently(|| self.sleep(false)),
            b'Y' => silently(|| self.aligned = true),
            _ => Vec::new(),
        }
    }
}

fn silently(does: impl FnOnce()) -> Vec<u8> {
    does();
    Vec::new()
}

fn digit(yes: bool) -> Vec<u8> {
    vec![if yes { b'1' } else { b'0' }]
}
