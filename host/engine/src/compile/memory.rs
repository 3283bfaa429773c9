//! How much memory the process that compiles may have: so much that any component fits, and not so much that the machine has to
//! take it from the host.

/// Bytes; what is left of a small machine is for its system to divide.
const LEAST: u64 = 1 << 30;
const MOST: u64 = 4 << 30;

/// Bytes that a compiler may have: half of the machine's, within bounds.
pub(super) fn share() -> u64 {
    share_of(platform::of_this_machine())
}

fn share_of(machine: Option<u64>) -> u64 {
    machine.map_or(MOST, |all| (all / 2).clamp(LEAST, MOST))
}

#[cfg(target_os = "linux")]
mod platform {
    pub(super) fn of_this_machine() -> Option<u64> {
        super::total(&std::fs::read_to_string("/proc/meminfo").ok()?)
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    pub(super) fn of_this_machine() -> Option<u64> {
        None
    }
}

/// `MemTotal` of `/proc/meminfo`, in bytes; see proc_meminfo(5).
#[cfg(any(target_os = "linux", test))]
fn total(meminfo: &str) -> Option<u64> {
    let mut lines = meminfo.lines();
    let total = lines.find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_gets_half_of_the_memory_within_bounds() {
        const GIB: u64 = 1 << 30;
        for (machine, share) in [(1, 1), (2, 1), (4, 2), (8, 4), (64, 4)] {
            assert_eq!(share_of(Some(machine * GIB)), share * GIB, "{machine}");
        }
        assert_eq!(share_of(None), 4 * GIB);
    }

    #[test]
    fn the_memory_of_the_machine_is_what_its_system_says() {
        let of_a_pi = "MemTotal:         945512 kB\nMemFree:          123456 kB\n";
        assert_eq!(total(of_a_pi), Some(945_512 * 1024));
        assert_eq!(total("MemTotal: much"), None);
        assert_eq!(total(""), None);
    }
}
