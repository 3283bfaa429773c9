//! The process that compiles components for the host.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use slewgate_tests::{Setup, plugins, program, test_component};

/// The process, with a cache of its own.
fn compiler(cache: &Path) -> Child {
    Command::new(program())
        .arg("compile")
        .arg("--cache")
        .arg(cache)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A component without an adapter: two more, of no length.
fn send(child: &mut Child, length: usize, component: &[u8]) {
    let input = child.stdin.as_mut().unwrap();
    input.write_all(&(length as u64).to_le_bytes()).unwrap();
    input.write_all(component).unwrap();
    input.write_all(&[0; 16]).unwrap();
}

/// Its exit code, and what it said. Its input is left as it is: it ends with its host.
fn ended(mut child: Child) -> (Option<i32>, String) {
    let _input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn what_compiles_says_what_is_wrong_with_a_component() {
    let cache = tempfile::tempdir().unwrap();
    let mut child = compiler(cache.path());
    // A section of types whose only type is of no known kind.
    let invalid = b"\0asm\x0d\0\x01\0\x07\x02\x01\x00";
    send(&mut child, invalid.len(), invalid);
    let (code, said) = ended(child);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("slewgate: "), "{said}");
}

#[test]
fn what_compiles_ends_with_its_host() {
    let cache = tempfile::tempdir().unwrap();
    let mut child = compiler(cache.path());
    send(&mut child, 1 << 20, b"\0asm");
    drop(child.stdin.take());
    let (code, said) = ended(child);
    assert_eq!(code, Some(1));
    assert!(said.contains("sent only in part"), "{said}");
}

#[test]
fn what_it_compiles_lies_in_a_cache_that_nobody_else_can_write_to() {
    use std::os::unix::fs::PermissionsExt;

    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join("cache");
    let component = fs::read(plugins().join("policies/observer.wasm")).unwrap();
    let mut child = compiler(&cache);
    send(&mut child, component.len(), &component);
    // Its host is there until it has ended.
    let input = child.stdin.take();
    assert!(child.wait().unwrap().success());
    drop(input);
    let mode = fs::metadata(&cache).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(
        fs::read_dir(&cache).unwrap().count() > 0,
        "nothing was kept"
    );
}

#[tokio::test]
async fn the_host_finds_what_was_compiled_for_it() {
    let observatory = Setup::default().cold().start();
    let mut client = observatory.client("telescope").await;
    let topics = json!({ "topics": ["plugins"] });
    client.call("events.subscribe", topics).await.unwrap();
    client.event("plugins").await;
    let component = test_component("observer-parks");
    fs::copy(component, observatory.data().join("policies/observer.wasm")).unwrap();
    assert_eq!(client.swap().await["what"], "published");
    let log = observatory.log();
    assert!(!log.contains("the host compiled it itself"), "{log}");
}
