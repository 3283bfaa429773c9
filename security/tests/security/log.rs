//! The security log: what a line has, and what it never has.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use slewgate_security::log::{EventKind, LogSettings, SecurityEvent, SecurityLog, client_text};
use slewgate_security::tokens::{Token, TokenStore};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(10);
/// Between two looks at a file that appears by itself.
const LOOK: Duration = Duration::from_millis(10);

struct Logged {
    directory: TempDir,
    log: SecurityLog,
}

impl Logged {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = SecurityLog::start(LogSettings::below(directory.path())).unwrap();
        Self { directory, log }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("security/logs/security.log")
    }

    fn text(&self) -> String {
        assert!(self.log.flush(DEADLINE));
        fs::read_to_string(self.path()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn event(kind: EventKind) -> SecurityEvent {
    SecurityEvent::new(kind)
}

#[test]
fn a_line_has_what_is_known_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = LogSettings::below(directory.path());
    settings.now = Arc::new(|| "2026-11-23T22:00:00.1206Z".parse().unwrap());
    let log = SecurityLog::start(settings).unwrap();
    let logged = Logged { directory, log };
    let denied = event(EventKind::Denied)
        .from("[::ffff:192.0.2.1]:5555".parse().unwrap())
        .session(17)
        .client("my-client")
        .token("abcd1234")
        .client_type("observer")
        .subject("mount.goto")
        .reason("observers only watch");
    logged.log.record(denied);
    logged.log.record(event(EventKind::Closed).code(4001));
    let wanted = concat!(
        r#"{"time":"2026-11-23T22:00:00.120Z","event":"denied","address":"192.0.2.1","port":5555,"#,
        r#""session":17,"client_id":"my-client","token_id":"abcd1234","client_type":"observer","#,
        r#""subject":"mount.goto","reason":"observers only watch","sequence":1,"#,
        r#""previous":"0000000000000000000000000000000000000000000000000000000000000000"}"#,
        "\n",
        r#"{"time":"2026-11-23T22:00:00.120Z","event":"closed","code":4001,"sequence":2,"#,
        r#""previous":"ef4552a1ce127282f61d8e49fc3119f7f68157cce20663299dc5a6f0b71cb854"}"#,
        "\n"
    );
    assert_eq!(logged.text(), wanted);
}

#[test]
fn events_have_the_names_that_the_log_is_searched_for() {
    let logged = Logged::start();
    let kinds = [
        (EventKind::Connection, "connection"),
        (EventKind::AuthOk, "auth_ok"),
        (EventKind::AuthFailed, "auth_failed"),
        (EventKind::Closed, "closed"),
        (EventKind::RateLimit, "rate_limit"),
        (EventKind::Denied, "denied"),
        (EventKind::TokenChange, "token_change"),
        (EventKind::PluginSwap, "plugin_swap"),
        (EventKind::PluginUntrusted, "plugin_untrusted"),
        (EventKind::Control, "control"),
        (EventKind::Administration, "administration"),
        (EventKind::MotionStop, "motion_stop"),
        (EventKind::Alarm, "alarm"),
    ];
    kinds
        .iter()
        .for_each(|(kind, _)| logged.log.record(event(*kind)));
    let names: Vec<Value> = logged
        .lines()
        .iter()
        .map(|line| line["event"].clone())
        .collect();
    assert_eq!(names, kinds.map(|(_, name)| Value::from(name)));
}

#[test]
fn what_a_client_says_stays_on_one_line_and_does_not_reach_the_terminal() {
    let logged = Logged::start();
    let nasty = "a\n{\"event\":\"auth_ok\"}\r\u{1b}[2J\u{202e}\u{0}\u{2028}\u{200b}é\"\\";
    logged
        .log
        .record(event(EventKind::AuthFailed).client(nasty).reason(nasty));
    let text = logged.text();
    assert_eq!(text.lines().count(), 1);
    assert!(
        text.trim_end()
            .chars()
            .all(|c| c == 'é' || c == ' ' || c.is_ascii_graphic()),
        "{text}"
    );
    let line: Value = serde_json::from_str(&text).unwrap();
    let told = line["client_id"].as_str().unwrap();
    assert_eq!(
        told,
        "a\\n{\"event\":\"auth_ok\"}\\r\\u{1b}[2J\\u{202e}\\0\\u{2028}\\u{200b}é\"\\"
    );
}

#[test]
fn what_a_client_says_is_cut_at_64_characters() {
    assert_eq!(client_text(&"x".repeat(64)), "x".repeat(64));
    assert_eq!(client_text(&"é".repeat(65)), "é".repeat(64) + "…");
    let logged = Logged::start();
    logged.log.record(
        event(EventKind::Denied)
            .subject("y".repeat(100_000))
            .reason("z".repeat(100_000)),
    );
    let line = &logged.lines()[0];
    assert_eq!(line["subject"].as_str().unwrap().chars().count(), 65);
    assert_eq!(line["reason"].as_str().unwrap().chars().count(), 513);
}

#[test]
fn a_generated_token_is_only_its_id_wherever_a_client_puts_it() {
    let logged = Logged::start();
    let token = Token::generate().unwrap();
    let text = token.expose();
    let everywhere = event(EventKind::AuthFailed)
        .client(text)
        .token(text)
        .client_type(text)
        .subject(format!("mount.{text}"))
        .reason(format!(
            "the client said {{\"token\":\"{text}\"}} and {text}."
        ));
    logged.log.record(everywhere);
    let line = logged.text();
    let hidden = format!("slg_{}_…", token.id());
    assert_eq!(line.matches(&hidden).count(), 6, "{line}");
    assert!(!line.contains(&text[14..24]), "{line}");
}

#[test]
fn a_token_that_is_cut_or_mistyped_is_hidden_too() {
    let token = Token::generate().unwrap();
    let text = token.expose();
    let hidden = format!("slg_{}_…", token.id());
    assert_eq!(client_text(&text[..30]), hidden);
    assert_eq!(client_text(&format!("{text}x")), hidden);
    assert_eq!(client_text(&text.replace(token.id(), "UPPERCASE")), "slg_…");
    // What has been hidden stays as it is.
    assert_eq!(client_text(&hidden), hidden);
}

#[test]
fn a_token_written_by_hand_is_hidden_once_the_log_knows_the_tokens() {
    let logged = Logged::start();
    let path = logged.directory.path().join("api_tokens.json");
    let text = r#"{"hand-made_1": {"client_type": "t", "name": "n"},
        "with spaces!": {"client_type": "t", "name": "m"}}"#;
    super::token_file::write_private(&path, text);
    let store = TokenStore::start(&path, |_| {}).unwrap();
    logged.log.hide_tokens(store.tokens());
    let failed = event(EventKind::AuthFailed);
    logged.log.record(
        failed
            .client("hand-made_1")
            .subject("with spaces!")
            .reason("(hand-made_1)"),
    );
    let line = &logged.lines()[0];
    let tokens = store.current();
    let id = &tokens.list()[0].id;
    assert_eq!(line["client_id"], format!("(token {id})"));
    assert_eq!(line["reason"], format!("((token {id}))"));
    assert_eq!(line["subject"], format!("(token {})", tokens.list()[1].id));
}

proptest! {
    #[test]
    fn no_text_around_a_token_brings_it_out(before in ".{0,70}", after in ".{0,70}") {
        let token = Token::generate().unwrap();
        let told = client_text(&format!("{before}{}{after}", token.expose()));
        prop_assert!(!told.contains(&token.expose()[14..24]));
        prop_assert!(!told.chars().any(char::is_control));
    }
}

#[test]
fn the_events_of_several_threads_are_all_there() {
    let logged = Logged::start();
    std::thread::scope(|scope| {
        for session in 0..8 {
            let log = logged.log.clone();
            let record = move |_| log.record(event(EventKind::Control).session(session));
            scope.spawn(move || (0..100).for_each(record));
        }
    });
    assert_eq!(logged.lines().len(), 800);
}

#[test]
fn in_a_flood_every_event_is_written_or_counted() {
    let logged = Logged::start();
    let sent = 50_000;
    (0..sent).for_each(|n| logged.log.record(event(EventKind::Connection).session(n)));
    // The gap that the flood left is written with the next event at the latest.
    assert!(logged.log.flush(DEADLINE));
    logged.log.record(event(EventKind::Alarm));
    let lines = logged.lines();
    let count = |line: &Value| line["count"].as_u64().unwrap_or(1);
    assert_eq!(lines.iter().map(count).sum::<u64>(), sent + 1);
    assert_eq!(lines.last().unwrap()["event"], "alarm");
}

#[test]
fn what_could_not_be_written_is_counted_before_what_can() {
    let directory = tempfile::tempdir().unwrap();
    // A file where a directory must be.
    fs::write(directory.path().join("security"), "").unwrap();
    let log = SecurityLog::start(LogSettings::below(directory.path())).unwrap();
    let logged = Logged { directory, log };
    (0..5).for_each(|_| logged.log.record(event(EventKind::Connection)));
    assert!(logged.log.flush(DEADLINE));
    fs::remove_file(logged.directory.path().join("security")).unwrap();
    // By itself, without an event: the writer tries again.
    let started = Instant::now();
    while !logged.path().exists() || fs::read(logged.path()).unwrap().is_empty() {
        assert!(started.elapsed() < DEADLINE);
        std::thread::sleep(LOOK);
    }
    logged.log.record(event(EventKind::Alarm));
    let lines = logged.lines();
    assert_eq!(
        (&lines[0]["event"], &lines[0]["count"]),
        (&"gap".into(), &5.into())
    );
    assert_eq!(lines[1]["event"], "alarm");
    assert_eq!(lines.len(), 2);
}

#[test]
fn a_line_that_a_crash_cut_short_does_not_spoil_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("security/logs/security.log");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "{\"time\":\"2026-").unwrap();
    let log = SecurityLog::start(LogSettings::below(directory.path())).unwrap();
    let logged = Logged { directory, log };
    logged.log.record(event(EventKind::Connection));
    let text = logged.text();
    let last = text.lines().nth(1).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(last).unwrap()["event"],
        "connection"
    );
}

#[test]
fn another_run_goes_on_where_the_last_one_ended() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let log = SecurityLog::start(LogSettings::below(directory.path())).unwrap();
        log.record(event(EventKind::Connection));
        assert!(log.flush(DEADLINE));
    }
    let text = fs::read_to_string(directory.path().join("security/logs/security.log")).unwrap();
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn a_line_reaches_the_file_without_anybody_asking() {
    let logged = Logged::start();
    logged.log.record(event(EventKind::Connection));
    let started = Instant::now();
    let written = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n'));
    while !written(&logged.path()) {
        assert!(started.elapsed() < DEADLINE);
        std::thread::sleep(LOOK);
    }
}

#[test]
fn times_are_utc_with_milliseconds() {
    let logged = Logged::start();
    let before = Timestamp::now();
    logged.log.record(event(EventKind::Connection));
    let text = logged.lines()[0]["time"].as_str().unwrap().to_owned();
    assert_eq!(text.len(), "2026-11-23T22:00:00.120Z".len());
    let time: Timestamp = text.parse().unwrap();
    assert!(time.as_millisecond() >= before.as_millisecond() && time <= Timestamp::now());
}

#[cfg(unix)]
#[test]
fn the_log_and_its_directories_are_for_their_owner_alone() {
    use std::os::unix::fs::MetadataExt as _;
    let logged = Logged::start();
    logged.log.record(event(EventKind::Connection));
    assert!(logged.log.flush(DEADLINE));
    let mode = |path: &str| {
        fs::metadata(logged.directory.path().join(path))
            .unwrap()
            .mode()
            & 0o777
    };
    assert_eq!(mode("security"), 0o700);
    assert_eq!(mode("security/logs"), 0o700);
    assert_eq!(mode("security/logs/security.log"), 0o600);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_log_is_not_followed() {
    let logged = Logged::start();
    fs::create_dir_all(logged.path().parent().unwrap()).unwrap();
    let elsewhere = logged.directory.path().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    std::os::unix::fs::symlink(&elsewhere, logged.path()).unwrap();
    logged.log.record(event(EventKind::Connection));
    assert!(logged.log.flush(DEADLINE));
    assert_eq!(fs::read(&elsewhere).unwrap(), b"");
}
