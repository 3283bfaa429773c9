//! Whether the host's own clock can be relied on: where a telescope points, above the ground and beside the Sun, depends on it.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How often a clock is looked at that was right: one that has lost its source counts as synchronised for hours, because the
/// kernel lets the error that it expects grow by half a millisecond a second, up to 16 s (`adjtimex(2)`).
const RIGHT: Duration = Duration::from_secs(3600);

/// The same of one that was not: most are right soon after the machine has started.
const WRONG: Duration = Duration::from_secs(60);

/// Asks the system whether its clock is synchronised; none where it does not tell.
pub(crate) type Look = Arc<dyn Fn() -> Option<bool> + Send + Sync>;

/// Calls people once, each time that the clock is found to be synchronised no more. Where nobody can tell, nothing is said.
pub(crate) async fn watch(look: Look, log: SecurityLog) {
    let tell = |synchronised| match synchronised {
        true => tracing::info!("the clock of this machine is synchronised"),
        false => {
            let why = "the clock of this machine is not synchronised: the limits of the site and the Sun are kept by it; \
                       see to its time service, such as systemd-timesyncd or chrony";
            tracing::warn!("{why}");
            log.record(SecurityEvent::new(EventKind::Alarm).reason(why));
        }
    };
    follow(look, tell).await;
}

/// What systemd tells of the kernel's clock, whichever service synchronises it.
pub(crate) fn ask_systemd() -> Option<bool> {
    let show = ["show", "--property=NTPSynchronized", "--value"];
    let told = Command::new("timedatectl").args(show).output().ok()?;
    synchronised(&told.stdout)
}

fn synchronised(told: &[u8]) -> Option<bool> {
    match told.trim_ascii() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
    }
}

/// Tells each change, but not that a clock is right which was never wrong.
async fn follow(look: Look, mut tell: impl FnMut(bool)) {
    let mut known = true;
    loop {
        let look = Arc::clone(&look);
        if let Ok(Some(synchronised)) = spawn_blocking(move || look()).await
            && synchronised != known
        {
            known = synchronised;
            tell(synchronised);
        }
        sleep(if known { RIGHT } else { WRONG }).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn what_is_neither_yes_nor_no_tells_nothing() {
        assert_eq!(synchronised(b"yes\n"), Some(true));
        assert_eq!(synchronised(b"no\n"), Some(false));
        assert_eq!(synchronised(b""), None);
        assert_eq!(synchronised(b"Failed to connect to bus"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn each_change_of_the_clock_is_told_once() {
        let (yes, no) = (Some(true), Some(false));
        let answers = [None, no, no, None, no, yes, yes, None, no].into_iter();
        let (ask, mut asked) = mpsc::unbounded_channel();
        let answers = Mutex::new(answers);
        let look = move || {
            let answer = answers.lock().unwrap().next().flatten();
            ask.send(tokio::time::Instant::now()).unwrap();
            answer
        };
        let (tell, mut told) = mpsc::unbounded_channel();
        let following = tokio::spawn(follow(Arc::new(look), move |news| {
            tell.send(news).unwrap();
        }));
        let mut looks = Vec::new();
        for _ in 0..10 {
            looks.push(asked.recv().await.unwrap());
        }
        following.abort();
        let news: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).collect();
        assert_eq!(news, [false, true, false]);
        let waits: Vec<_> = looks.windows(2).map(|two| two[1] - two[0]).collect();
        let (r, w) = (RIGHT, WRONG);
        assert_eq!(waits, [r, w, w, w, w, r, r, r, w]);
    }
}
