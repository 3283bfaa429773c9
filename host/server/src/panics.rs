//! A panic is a fault of the host, which then may not look after what it moves: everything that moves is stopped.

use std::io;
use std::panic::{self, PanicHookInfo};
use std::sync::mpsc::sync_channel;
use std::thread;

/// From now on `stop` is called after each panic of any thread, with where it was. It runs on a thread of its own, because the
/// one that panics may hold what a stop needs; panics that come faster than it is done are one.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn watch(stop: impl Fn(&str) + Send + 'static) -> io::Result<()> {
    let (tell, told) = sync_channel::<String>(1);
    thread::Builder::new()
        .name("panics".to_owned())
        .spawn(move || told.iter().for_each(|place| stop(&place)))?;
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // Full: somebody told it already.
        let _ = tell.try_send(place(panic));
        before(panic);
    }));
    Ok(())
}

fn place(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let name = thread.name().unwrap_or("without a name").to_owned();
    match panic.location() {
        Some(location) => format!("the thread {name} at {location}"),
        None => format!("the thread {name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_panic_of_any_thread_stops_what_moves_with_its_place() {
        let (tell, told) = channel();
        let tell = Mutex::new(tell);
        watch(move |place| tell.lock().unwrap().send(place.to_owned()).unwrap()).unwrap();
        let fragile = thread::Builder::new().name("fragile".to_owned());
        let ended = fragile.spawn(|| panic!("as it is tested")).unwrap().join();
        assert!(ended.is_err());
        // Other tests may panic too.
        let ours = |place: String| {
            place.starts_with("the thread fragile at ") && place.contains("panics.rs")
        };
        while !ours(told.recv_timeout(Duration::from_secs(10)).unwrap()) {}
    }
}
