//! `slewgate simulate`: a mount for any program that opens serial devices.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test may fail it"
)]

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use slewgate_tests::{PATIENCE, program};
use tempfile::TempDir;

/// The program, until dropped.
struct Simulating(Child);

impl Simulating {
    /// With these arguments, and the path that it prints.
    fn start(arguments: &[&str]) -> (Self, String) {
        let mut child = Command::new(program())
            .arg("simulate")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut path = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut path).unwrap();
        (Self(child), path.trim_end().to_owned())
    }
}

impl Drop for Simulating {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Writes a request to a device and reads up to the `#` of its reply.
fn ask(device: &str, request: &'static [u8]) -> String {
    let mut line = OpenOptions::new()
        .read(true)
        .write(true)
        .open(device)
        .unwrap();
    let (told, hear) = mpsc::channel();
    thread::spawn(move || {
        line.write_all(request).unwrap();
        let mut reply = String::new();
        let mut byte = [0];
        while !reply.ends_with('#') && line.read_exact(&mut byte).is_ok() {
            reply.push(char::from(byte[0]));
        }
        told.send(reply)
    });
    hear.recv_timeout(PATIENCE).expect("an answer in time")
}

#[test]
fn the_mount_is_opened_by_the_path_that_is_printed() {
    let (_simulating, path) = Simulating::start(&["lx200"]);
    assert_eq!(ask(&path, b":Gg#"), "000\u{df}00#");
}

#[test]
fn the_dialect_and_the_link_are_those_that_were_asked_for() {
    let directory = TempDir::new().unwrap();
    let link = directory.path().join("mount");
    let link = link.to_str().unwrap();
    let (_simulating, path) = Simulating::start(&["lx200", "--dialect", "onstep", "--link", link]);
    assert_eq!(path, link);
    assert!(Path::new(link).is_symlink());
    assert_eq!(ask(link, b":GVP#"), "On-Step#");
}

#[test]
fn another_dialect_is_wrong_usage_and_those_there_are_are_named() {
    let output = Command::new(program())
        .args(["simulate", "lx200", "--dialect", "autostar"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("autostar") && said.contains("classic, onstep"),
        "{said}"
    );
}
