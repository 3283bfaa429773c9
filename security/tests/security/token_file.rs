//! `api_tokens.json`: what writing leaves untouched, and what reading refuses.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use slewgate_security::tokens::{Bounds, MAX_FILE, Sealed, TokenFile, TokenFileError};
use tempfile::TempDir;

const BY_HAND: &str = r#"{
    "written-by-hand":   {"name": "By hand",  "client_type": "observer", "note": {"b": 1, "a": 2}}
}"#;

/// Puts a file in place as its owner's editor would: whole, and mode 0600 whatever the umask.
pub(crate) fn write_private(path: &Path, text: &str) {
    let aside = path.with_extension("aside");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&aside)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    fs::rename(aside, path).unwrap();
}

fn here(directory: &TempDir) -> TokenFile {
    TokenFile::new(directory.path().join("api_tokens.json"))
}

fn with(text: &str) -> (TempDir, TokenFile) {
    let directory = tempfile::tempdir().unwrap();
    let file = here(&directory);
    write_private(file.path(), text);
    (directory, file)
}

fn text_of(file: &TokenFile) -> String {
    fs::read_to_string(file.path()).unwrap()
}

fn admits(file: &TokenFile, token: &str) -> bool {
    let home = "10.0.0.1".parse().unwrap();
    file.read()
        .unwrap()
        .check(token, home, Timestamp::now())
        .is_ok()
}

#[test]
fn a_generated_token_admits_and_is_not_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = here(&directory);
    let (token, record) = file
        .generate("Main", "telescope", &Bounds::default())
        .unwrap();
    assert!(admits(&file, token.expose()));
    assert_eq!(record.id, token.id());
    let text = text_of(&file);
    assert!(text.contains("\"sha256:"), "{text}");
    assert!(!text.contains("slg_"), "{text}");
    assert!(text.contains(token.id()), "{text}");
}

#[test]
fn what_was_generated_is_read_back_as_it_was_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = here(&directory);
    let (_, record) = file
        .generate(
            "Ünï \"quoted\"",
            "guide-2",
            &Bounds::lasting(Duration::from_secs(60)),
        )
        .unwrap();
    assert_eq!(file.read().unwrap().list(), [record]);
}

#[test]
fn a_token_with_a_lifetime_expires_at_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let file = here(&directory);
    let (_, record) = file
        .generate("n", "t", &Bounds::lasting(Duration::from_secs(90 * 86_400)))
        .unwrap();
    let lifetime = record
        .expires
        .unwrap()
        .duration_since(record.created.unwrap());
    assert_eq!(lifetime.as_secs(), 90 * 86_400);
}

#[test]
fn what_people_wrote_stays_as_they_wrote_it() {
    let (_directory, file) = with(BY_HAND);
    let (token, _) = file
        .generate("New", "telescope", &Bounds::default())
        .unwrap();
    let entry = r#"{"name": "By hand",  "client_type": "observer", "note": {"b": 1, "a": 2}}"#;
    assert!(text_of(&file).contains(entry), "{}", text_of(&file));
    file.revoke(token.expose()).unwrap();
    assert!(text_of(&file).contains(entry), "{}", text_of(&file));
    assert!(admits(&file, "written-by-hand"));
    assert!(!admits(&file, token.expose()));
}

#[test]
fn a_token_is_revoked_by_its_text_or_its_id() {
    let (_directory, file) = with(BY_HAND);
    let (token, _) = file
        .generate("New", "telescope", &Bounds::default())
        .unwrap();
    assert_eq!(file.revoke(token.id()).unwrap().name, "New");
    assert_eq!(file.revoke("written-by-hand").unwrap().name, "By hand");
    assert_eq!(text_of(&file), "{}\n");
}

#[test]
fn revoking_what_is_not_there_says_so_without_repeating_a_token() {
    let (_directory, file) = with(BY_HAND);
    let by_id = file.revoke("abcd1234").unwrap_err().to_string();
    assert!(
        by_id.contains("abcd1234") && by_id.contains("token list"),
        "{by_id}"
    );
    let by_text = file.revoke("some-mistyped-secret").unwrap_err().to_string();
    assert!(!by_text.contains("secret"), "{by_text}");
    assert_eq!(text_of(&file), BY_HAND);
}

#[test]
fn a_text_that_is_one_token_and_names_another_revokes_neither() {
    let text = r#"{"abcd1234": {"client_type": "t", "name": "one"},
        "other": {"client_type": "t", "name": "two", "id": "abcd1234"}}"#;
    let (_directory, file) = with(text);
    let error = file.revoke("abcd1234").unwrap_err();
    assert!(matches!(error, TokenFileError::Ambiguous(_)), "{error}");
    assert_eq!(text_of(&file), text);
}

#[test]
fn names_and_client_types_that_are_none_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = here(&directory);
    for name in ["", "  ", "a\nb", &"n".repeat(65)] {
        assert!(matches!(
            file.generate(name, "t", &Bounds::default()),
            Err(TokenFileError::Name)
        ));
    }
    for client_type in ["", "Telescope", "a b", "../x", &"t".repeat(33)] {
        let refused = file.generate("n", client_type, &Bounds::default());
        assert!(matches!(refused, Err(TokenFileError::ClientType)));
    }
    assert!(!file.path().exists());
}

#[test]
fn a_broken_file_is_named_and_never_replaced() {
    for text in [
        "",
        "{",
        "[]",
        "{\"secret\": {\"name\": \"x\"}",
        "{} {}",
        "secret",
    ] {
        let (_directory, file) = with(text);
        let error = file.generate("n", "t", &Bounds::default()).unwrap_err();
        assert!(matches!(error, TokenFileError::Json { .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(text_of(&file), text);
    }
}

#[test]
fn a_file_with_a_byte_order_mark_is_read() {
    let (_directory, file) = with(&format!("\u{feff}{BY_HAND}"));
    assert!(admits(&file, "written-by-hand"));
}

#[test]
fn a_missing_file_is_an_empty_list_and_a_named_error() {
    let directory = tempfile::tempdir().unwrap();
    assert!(here(&directory).list().unwrap().list().is_empty());
    let error = here(&directory).read().unwrap_err().to_string();
    assert!(
        error.contains("api_tokens.json") && error.contains("token generate"),
        "{error}"
    );
}

#[test]
fn a_file_over_its_bound_is_refused() {
    let (_directory, file) = with(&" ".repeat(usize::try_from(MAX_FILE).unwrap() + 1));
    let error = file.read().unwrap_err();
    assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
}

#[test]
fn a_rotated_token_and_its_successor_both_admit_for_a_while() {
    let (_directory, file) = with(BY_HAND);
    let (token, record) = file
        .rotate("written-by-hand", Duration::from_secs(3600))
        .unwrap();
    assert_eq!(
        (record.name.as_str(), record.client_type.as_str()),
        ("By hand", "observer")
    );
    assert!(admits(&file, token.expose()));
    assert!(admits(&file, "written-by-hand"));
    let set = file.read().unwrap();
    let old = set
        .list()
        .iter()
        .find(|known| known.id != record.id)
        .unwrap();
    let left = old
        .expires
        .unwrap()
        .duration_since(Timestamp::now())
        .as_secs();
    assert!((3590..=3600).contains(&left), "{left} s");
    assert_eq!(record.expires, None);
}

#[test]
fn rotating_does_not_lengthen_a_life() {
    let directory = tempfile::tempdir().unwrap();
    let file = here(&directory);
    let (_, old) = file
        .generate("n", "t", &Bounds::lasting(Duration::from_secs(60)))
        .unwrap();
    file.rotate(&old.id, Duration::from_secs(3600)).unwrap();
    assert_eq!(
        file.read().unwrap().get(&old.id).unwrap().expires,
        old.expires
    );
}

fn sealed(sealed: usize) -> Sealed {
    let left = Vec::new();
    Sealed { sealed, left }
}

#[test]
fn sealing_takes_the_texts_away_and_the_tokens_still_admit() {
    let (_directory, file) = with(BY_HAND);
    let before = file.read().unwrap().list()[0].id.clone();
    assert_eq!(sealed(1), file.seal().unwrap());
    assert!(!text_of(&file).contains("written-by-hand"));
    assert!(text_of(&file).contains("\"note\""));
    assert!(admits(&file, "written-by-hand"));
    assert_eq!(file.read().unwrap().list()[0].id, before);
    assert_eq!(sealed(0), file.seal().unwrap());
}

#[test]
fn sealing_tells_of_entries_that_stay_in_clear_because_they_are_bad() {
    let text = r#"{
        "good-in-clear": { "client_type": "telescope", "name": "Good" },
        "bad-in-clear": { "client_type": "telescope", "name": "Dome", "networks": "10.0.0.0/8" },
        "nameless-in-clear": { "client_type": "telescope" },
        "Visitors": "a-token-where-an-entry-should-be",
        "good-in-clear": { "client_type": "telescope", "name": "Again" }
    }"#;
    let (_directory, file) = with(text);
    let told = file.seal().unwrap();
    assert_eq!(told.sealed, 2);
    assert_eq!(told.left, ["entry 2 (Dome)", "entry 3", "entry 4"]);
    let kept = text_of(&file);
    assert!(!kept.contains("good-in-clear"));
    assert!(kept.contains("bad-in-clear"));
    let mended = kept.replace(r#""10.0.0.0/8""#, r#"["10.0.0.0/8"]"#);
    write_private(file.path(), &mended);
    let told = file.seal().unwrap();
    assert_eq!(told.sealed, 1);
    assert_eq!(told.left, ["entry 3", "entry 4"]);
    assert!(!text_of(&file).contains("bad-in-clear"));
}

#[test]
fn a_reader_meets_a_whole_file_during_200_writes() {
    let (_directory, file) = with(BY_HAND);
    let done = AtomicBool::new(false);
    let reads = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0_u32;
            while !done.load(Ordering::Relaxed) {
                assert!(admits(&file, "written-by-hand"));
                reads += 1;
            }
            reads
        });
        for _ in 0..100 {
            let (token, _) = file
                .generate("New", "telescope", &Bounds::default())
                .unwrap();
            file.revoke(token.id()).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(reads > 0);
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = here(&directory);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                (0..5).for_each(|_| drop(file.generate("n", "t", &Bounds::default()).unwrap()));
            });
        }
    });
    assert_eq!(file.read().unwrap().list().len(), 20);
}

#[test]
fn what_a_killed_writer_left_does_not_stop_the_next() {
    let (directory, file) = with(BY_HAND);
    let left = directory.path().join(".api_tokens.json.new");
    fs::write(&left, "{ half").unwrap();
    file.generate("n", "t", &Bounds::default()).unwrap();
    assert!(admits(&file, "written-by-hand"));
    assert!(!left.exists());
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn refusal(file: &TokenFile) -> String {
        match file.read() {
            Err(error @ TokenFileError::Refused { .. }) => error.to_string(),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn what_is_written_is_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = here(&directory);
        file.generate("n", "t", &Bounds::default()).unwrap();
        assert_eq!(mode(file.path()), 0o600);
        assert_eq!(mode(&directory.path().join(".api_tokens.json.lock")), 0o600);
    }

    #[test]
    fn a_file_that_others_could_read_is_closed_to_them_and_said_so_once() {
        let (_directory, file) = with(BY_HAND);
        set_mode(file.path(), 0o644);
        let set = file.read().unwrap();
        assert!(
            set.problems()
                .iter()
                .any(|problem| problem.contains("mode 0644"))
        );
        assert_eq!(mode(file.path()), 0o600);
        let again = file.read().unwrap();
        assert!(
            !again
                .problems()
                .iter()
                .any(|problem| problem.contains("mode"))
        );
    }

    #[test]
    fn a_file_that_others_can_write_is_refused_and_left_so() {
        for open in [0o620, 0o602] {
            let (_directory, file) = with(BY_HAND);
            set_mode(file.path(), open);
            assert!(refusal(&file).contains("others can write it"));
            assert!(file.generate("n", "t", &Bounds::default()).is_err());
            assert_eq!(mode(file.path()), open);
        }
    }

    #[test]
    fn a_link_is_refused_for_reading_and_for_writing() {
        let (directory, file) = with(BY_HAND);
        let link = TokenFile::new(directory.path().join("link.json"));
        symlink(file.path(), link.path()).unwrap();
        assert!(refusal(&link).contains("symbolic link"));
        assert!(link.generate("n", "t", &Bounds::default()).is_err());
        assert_eq!(text_of(&file), BY_HAND);
    }

    #[test]
    fn a_directory_or_a_pipe_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        assert!(refusal(&TokenFile::new(directory.path())).contains("plain file"));
        let pipe = directory.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
        assert!(refusal(&TokenFile::new(pipe)).contains("plain file"));
    }

    #[test]
    fn a_file_of_another_owner_is_refused() {
        let (_directory, file) = with(BY_HAND);
        // Only root can give a file away; everybody else has one of root's to try.
        let (file, owner) = match std::os::unix::fs::chown(file.path(), Some(54_321), None) {
            Ok(()) => (file, 54_321),
            Err(_) => (TokenFile::new("/etc/passwd"), 0),
        };
        let wanted = format!("belongs to user id {owner}");
        assert!(refusal(&file).contains(&wanted));
    }
}
