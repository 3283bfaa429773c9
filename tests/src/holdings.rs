//! What the host holds of the machine.

use std::fs;
use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process holds, on Linux.
#[derive(Clone, Copy, Debug)]
pub struct Holdings {
    /// Resident memory.
    pub memory_kib: u64,
    /// Threads.
    pub threads: u64,
    /// Open files, sockets and the like.
    pub descriptors: usize,
    /// Processes that it started and that are there.
    pub children: usize,
}

impl Holdings {
    /// Those of the process with this number.
    pub fn of(process: u32) -> Holdings {
        let folder = format!("/proc/{process}");
        let status = fs::read_to_string(format!("{folder}/status")).expect("the process is there");
        // proc_pid_status(5)
        let field = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number
                .and_then(|number| number.parse().ok())
                .expect("a number")
        };
        Holdings {
            memory_kib: field("VmRSS:"),
            threads: field("Threads:"),
            descriptors: entries(format!("{folder}/fd")).len(),
            children: children(&folder),
        }
    }

    /// Not more than before, but for what a heap keeps of what it had.
    pub fn is_within(&self, before: &Holdings, heap_kib: u64) -> bool {
        self.memory_kib <= before.memory_kib + heap_kib
            && self.threads <= before.threads
            && self.descriptors <= before.descriptors
            && self.children <= before.children
    }
}

/// Lets this process have as many files open as the system allows it: a test holds the other end of each socket.
pub fn make_room_for_sockets() {
    let given = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: given.maximum,
        maximum: given.maximum,
    };
    setrlimit(Resource::Nofile, most).expect("up to the maximum everybody may");
}

fn entries(folder: impl AsRef<Path>) -> Vec<fs::DirEntry> {
    let entries = fs::read_dir(folder).expect("the process is there");
    entries.filter_map(Result::ok).collect()
}

/// proc_pid_task(5): each thread has those that it started.
fn children(folder: &str) -> usize {
    let of_thread = |thread: &fs::DirEntry| fs::read_to_string(thread.path().join("children"));
    let threads = entries(format!("{folder}/task"));
    let lists = threads.iter().filter_map(|thread| of_thread(thread).ok());
    lists.map(|list| list.split_whitespace().count()).sum()
}
