//! The process that compiles components for the host.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use slewgate_tests::{Observatory, Setup, plugins, program, test_component};

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

#[test]
fn what_it_writes_to_the_cache_is_whole_when_it_has_ended() {
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join("cache");
    let component = fs::read(plugins().join("policies/observer.wasm")).unwrap();
    // The first writes what it compiled, the next what it used.
    for _ in 0..3 {
        let mut child = compiler(&cache);
        send(&mut child, component.len(), &component);
        assert_eq!(ended(child), (Some(0), String::new()));
        let modules = fs::read_dir(cache.join("modules")).unwrap();
        let files = modules.flat_map(|module| fs::read_dir(module.unwrap().path()).unwrap());
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut endings: Vec<_> = names
            .map(|name| name.split_once('.').map(|(_, ending)| ending.to_owned()))
            .collect();
        endings.sort();
        assert_eq!(endings, [None, Some("stats".to_owned())]);
    }
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

/// Puts the policy that lets observers park in the place of the other: it serves, whatever the state of the cache.
async fn a_swap_succeeds(observatory: &Observatory) {
    let mut client = observatory.client("observer").await;
    let topics = json!({ "topics": ["plugins"] });
    client.call("events.subscribe", topics).await.unwrap();
    client.event("plugins").await;
    let component = test_component("observer-parks");
    fs::copy(component, observatory.data().join("policies/observer.wasm")).unwrap();
    let news = client.swap().await;
    assert_eq!(news["what"], "published", "{news}");
}

#[tokio::test]
async fn a_host_whose_cache_cannot_be_used_says_so_and_serves_without() {
    // Any file will do where a directory should be.
    let setup = Setup::default().cold();
    let observatory = setup.component("observer-parks", "cache").start();
    observatory.told(&["plugins are compiled anew at each start"]);
    a_swap_succeeds(&observatory).await;
}

#[tokio::test]
async fn a_cache_that_breaks_while_the_host_runs_is_told_and_a_swap_does_without() {
    let observatory = Setup::default().cold().start();
    let cache = observatory.data().join("cache");
    fs::remove_dir_all(&cache).unwrap();
    fs::write(&cache, "no directory").unwrap();
    a_swap_succeeds(&observatory).await;
    observatory.told(&["what was compiled is not kept"]);
    observatory.told(&["the host compiled it itself"]);
}

#[tokio::test]
async fn compiled_code_that_others_could_have_changed_is_not_run() {
    use std::os::unix::fs::PermissionsExt;

    let mut observatory = Setup::default().cold().start();
    let components = observatory.data().join("cache/components");
    let planted = components.join("modules/planted");
    fs::write(&planted, "code").unwrap();
    fs::set_permissions(&components, fs::Permissions::from_mode(0o777)).unwrap();
    observatory.restart();
    assert!(!planted.exists());
    observatory.told(&["is writable by others (mode 0777)"]);
    a_swap_succeeds(&observatory).await;
}
