//! The set in force follows the file.

use std::fs;
use std::io::Write as _;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use slewgate_security::log::EventKind;
use slewgate_security::tokens::{Bounds, TokenFile, TokenNews, TokenStore};
use tempfile::TempDir;

use super::token_file::write_private;

const DEADLINE: Duration = Duration::from_secs(10);
const BY_HAND: &str = r#"{"by-hand": {"client_type": "telescope", "name": "By hand"}}"#;

struct Watched {
    directory: TempDir,
    file: TokenFile,
    store: TokenStore,
    news: Receiver<TokenNews>,
}

impl Watched {
    fn start(text: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        let file = TokenFile::new(data.join("api_tokens.json"));
        if let Some(text) = text {
            write_private(file.path(), text);
        }
        let (sender, news) = channel();
        let hook = move |told| drop(sender.send(told));
        let store = TokenStore::start(file.path(), hook).unwrap();
        Self {
            directory,
            file,
            store,
            news,
        }
    }

    fn next_news(&self) -> TokenNews {
        self.news.recv_timeout(DEADLINE).unwrap()
    }

    fn admits(&self, token: &str) -> bool {
        let home = "10.0.0.1".parse().unwrap();
        self.store
            .current()
            .check(token, home, Timestamp::now())
            .is_ok()
    }
}

fn loaded(news: TokenNews) -> (Vec<String>, Vec<String>) {
    match news {
        TokenNews::Loaded { added, removed, .. } => (added, removed),
        other => panic!("not loaded: {other:?}"),
    }
}

#[test]
fn the_tokens_are_in_force_when_the_store_has_started() {
    let watched = Watched::start(Some(BY_HAND));
    assert!(watched.admits("by-hand"));
    assert_eq!(loaded(watched.next_news()), (vec![], vec![]));
}

#[test]
fn an_entry_written_by_hand_is_taken_up_within_2_s() {
    let watched = Watched::start(Some("{}"));
    loaded(watched.next_news());
    let written = Instant::now();
    write_private(watched.file.path(), BY_HAND);
    let (added, _) = loaded(watched.next_news());
    assert!(
        written.elapsed() < Duration::from_secs(2),
        "{:?}",
        written.elapsed()
    );
    assert!(watched.admits("by-hand"));
    assert_eq!(added, [watched.store.current().list()[0].id.clone()]);
}

#[test]
fn an_editor_that_writes_in_place_and_in_steps_raises_no_alarm() {
    let watched = Watched::start(Some("{}"));
    loaded(watched.next_news());
    let mut file = fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(watched.file.path())
        .unwrap();
    let (begin, end) = BY_HAND.as_bytes().split_at(20);
    file.write_all(begin).unwrap();
    std::thread::sleep(Duration::from_millis(10));
    file.write_all(end).unwrap();
    loaded(watched.next_news());
    assert!(watched.admits("by-hand"));
}

#[test]
fn a_revoked_token_is_gone_from_the_set_and_named() {
    let watched = Watched::start(Some(BY_HAND));
    loaded(watched.next_news());
    let record = watched.file.revoke("by-hand").unwrap();
    assert_eq!(loaded(watched.next_news()), (vec![], vec![record.id]));
    assert!(!watched.admits("by-hand"));
}

#[tokio::test]
async fn whoever_holds_the_set_hears_of_the_next() {
    let watched = Watched::start(None);
    let mut tokens = watched.store.tokens();
    tokens.mark_unchanged();
    watched.file.generate("n", "t", &Bounds::default()).unwrap();
    tokio::time::timeout(DEADLINE, tokens.changed())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(tokens.borrow().list().len(), 1);
}

#[test]
fn a_corrupt_file_leaves_the_last_good_set_and_is_reported_once() {
    let watched = Watched::start(Some(BY_HAND));
    loaded(watched.next_news());
    write_private(watched.file.path(), "{ corrupt");
    let told = watched.next_news();
    assert!(matches!(told, TokenNews::Failed(_)), "{told:?}");
    assert_eq!(told.events()[0].kind, EventKind::Alarm);
    assert!(watched.admits("by-hand"));
    // The next thing that is told is the next change, and not the same again.
    write_private(watched.file.path(), "{}");
    loaded(watched.next_news());
    assert!(!watched.admits("by-hand"));
}

#[test]
fn a_file_that_is_deleted_leaves_the_last_good_set() {
    let watched = Watched::start(Some(BY_HAND));
    loaded(watched.next_news());
    fs::remove_file(watched.file.path()).unwrap();
    assert!(matches!(watched.next_news(), TokenNews::Failed(_)));
    assert!(watched.admits("by-hand"));
}

#[test]
fn without_a_file_nobody_is_admitted_and_it_says_so() {
    let watched = Watched::start(None);
    let told = watched.next_news();
    assert!(matches!(told, TokenNews::Missing(_)), "{told:?}");
    let line = told.events()[0].reason.clone().unwrap();
    assert!(line.contains("nobody is admitted"), "{line}");
    assert!(!watched.admits("by-hand"));
}

#[test]
fn a_broken_file_at_the_start_admits_nobody_until_it_is_mended() {
    let watched = Watched::start(Some("nonsense"));
    assert!(matches!(watched.next_news(), TokenNews::Failed(_)));
    assert!(!watched.admits("by-hand"));
    write_private(watched.file.path(), BY_HAND);
    loaded(watched.next_news());
    assert!(watched.admits("by-hand"));
}

#[test]
fn a_directory_that_was_replaced_is_still_looked_at() {
    let watched = Watched::start(Some("{}"));
    loaded(watched.next_news());
    let data = watched.directory.path().join("data");
    fs::rename(&data, watched.directory.path().join("old")).unwrap();
    fs::create_dir(&data).unwrap();
    write_private(watched.file.path(), BY_HAND);
    while !watched.admits("by-hand") {
        // The look that met no file may have come first.
        watched.next_news();
    }
}

#[test]
fn bad_entries_are_in_the_news_and_their_number_in_the_log_is_bounded() {
    let bad: Vec<String> = (0..500)
        .map(|i| format!(r#""t{i}": {{"name": "n{i}"}}"#))
        .collect();
    let watched = Watched::start(Some(&format!("{{{}}}", bad.join(","))));
    let told = watched.next_news();
    let events = told.events();
    assert_eq!(events.len(), 32);
    assert!(
        events[1]
            .reason
            .as_ref()
            .unwrap()
            .starts_with("entry 1 (n0)")
    );
    let last = events[31].reason.clone().unwrap();
    assert_eq!(last, "and 470 more of these");
}

#[cfg(unix)]
#[test]
fn a_mode_that_was_put_right_is_reported_although_the_text_is_the_same() {
    use std::os::unix::fs::PermissionsExt as _;
    let watched = Watched::start(Some(BY_HAND));
    loaded(watched.next_news());
    fs::set_permissions(watched.file.path(), fs::Permissions::from_mode(0o644)).unwrap();
    match watched.next_news() {
        TokenNews::Loaded { problems, .. } => assert!(problems[0].contains("mode 0644")),
        other => panic!("{other:?}"),
    }
}
