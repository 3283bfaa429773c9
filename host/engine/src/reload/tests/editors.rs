//! However a file is written, its old text serves until its new one does.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::*;

const OLD: &str = "good: old";
const NEW: &str = "good: new, and longer";

async fn goes_over(write: impl FnOnce(&Path)) {
    let mut world = World::with(&[("policies/observer.wasm", OLD)]).await;
    assert_eq!(world.serves(policy("observer"), Some(OLD)).await.len(), 1);
    write(&world.path("policies/observer.wasm"));
    assert_eq!(
        world.serves(policy("observer"), Some(NEW)).await,
        [Some(NEW.to_owned())]
    );
    assert_eq!(world.loader.seen(), [OLD, NEW]);
}

#[tokio::test]
async fn a_file_written_in_place() {
    goes_over(|file| fs::write(file, NEW).unwrap()).await;
}

#[tokio::test]
async fn a_file_written_in_two_halves() {
    goes_over(|file| {
        let (first, second) = NEW.as_bytes().split_at(9);
        let mut open = OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(file)
            .unwrap();
        open.write_all(first).unwrap();
        open.sync_all().unwrap();
        open.write_all(second).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_never_closed() {
    let mut open = None;
    goes_over(|file| {
        let file = open.insert(
            OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(file)
                .unwrap(),
        );
        file.write_all(NEW.as_bytes()).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_temporary_file_renamed_over_it() {
    goes_over(|file| {
        let temporary = file.with_extension("wasm.tmp");
        fs::write(&temporary, NEW).unwrap();
        fs::rename(temporary, file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_backup_renamed_away_and_a_new_file_written() {
    goes_over(|file| {
        fs::rename(file, file.with_extension("wasm~")).unwrap();
        fs::write(file, NEW).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_deleted_and_made_again() {
    goes_over(|file| {
        fs::remove_file(file).unwrap();
        fs::write(file, NEW).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_from_another_directory_renamed_over_it() {
    goes_over(|file| {
        let elsewhere = file.parent().unwrap().with_file_name("built.wasm");
        fs::write(&elsewhere, NEW).unwrap();
        fs::rename(elsewhere, file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_directory_that_takes_the_place_of_the_old() {
    goes_over(|file| {
        let directory = file.parent().unwrap();
        let fresh = directory.with_file_name("policies.new");
        fs::create_dir(&fresh).unwrap();
        fs::write(fresh.join("observer.wasm"), NEW).unwrap();
        fs::rename(directory, directory.with_file_name("policies.old")).unwrap();
        fs::rename(fresh, directory).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_written_after_its_directory_was_replaced() {
    let mut world = World::with(&[("policies/observer.wasm", OLD)]).await;
    fs::remove_dir_all(world.path("policies")).unwrap();
    world.serves(policy("observer"), None).await;
    fs::create_dir(world.path("policies")).unwrap();
    world.write("policies/observer.wasm", NEW);
    world.serves(policy("observer"), Some(NEW)).await;
    world.write("policies/observer.wasm", OLD);
    world.serves(policy("observer"), Some(OLD)).await;
}
