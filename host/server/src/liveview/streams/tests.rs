use std::time::Duration;

use super::*;

/// The smallest thing that is taken for a picture, with a number in a comment.
fn picture(number: u32) -> Bytes {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xfe, 0, 6];
    bytes.extend(number.to_be_bytes());
    bytes.extend([0xff, 0xc0, 0, 2, 0xff, 0xda, 0, 2, 1, 0xff, 0xd9]);
    bytes.into()
}

async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future)
        .await
        .expect("nothing happened before the deadline")
}

/// The number of the next picture, and of its frame.
async fn next(viewer: &mut Viewer) -> Option<(Bytes, u64)> {
    let frame = soon(viewer.next()).await?;
    Some((frame.jpeg().clone(), frame.number()))
}

#[tokio::test]
async fn a_viewer_gets_the_newest_frame_and_hears_how_many_it_missed() {
    let streams = Streams::new(4);
    let publisher = streams.publish("main", "camera").unwrap();
    let mut viewer = streams.watch("main").unwrap();
    for number in 1..=5 {
        publisher.frame(picture(number)).unwrap();
    }
    assert_eq!(next(&mut viewer).await, Some((picture(5), 5)));
    assert_eq!(viewer.dropped(), 0, "what was before the viewer is no loss");
    for number in 6..=9 {
        publisher.frame(picture(number)).unwrap();
    }
    assert_eq!(next(&mut viewer).await, Some((picture(9), 9)));
    assert_eq!(viewer.dropped(), 3);
    assert_eq!(viewer.dropped(), 0);
}

#[tokio::test]
async fn who_comes_late_gets_the_newest_frame_at_once() {
    let streams = Streams::new(4);
    let publisher = streams.publish("main", "camera").unwrap();
    publisher.frame(picture(1)).unwrap();
    let mut viewer = streams.watch("main").unwrap();
    assert_eq!(next(&mut viewer).await, Some((picture(1), 1)));
}

#[tokio::test]
async fn all_viewers_share_the_bytes_of_a_frame() {
    let streams = Streams::new(4);
    let publisher = streams.publish("main", "camera").unwrap();
    publisher.frame(picture(1)).unwrap();
    let mut viewers = [(); 3].map(|()| streams.watch("main").unwrap());
    let mut wires = Vec::new();
    for viewer in &mut viewers {
        wires.push(viewer.next().await.unwrap().wire().clone());
    }
    assert!(wires.iter().all(|wire| wire.as_ptr() == wires[0].as_ptr()));
}

#[tokio::test]
async fn the_last_frame_comes_before_the_end() {
    let streams = Streams::new(4);
    let publisher = streams.publish("main", "camera").unwrap();
    let mut viewer = streams.watch("main").unwrap();
    publisher.frame(picture(1)).unwrap();
    drop(publisher);
    assert_eq!(next(&mut viewer).await, Some((picture(1), 1)));
    assert_eq!(next(&mut viewer).await, None);
    assert_eq!(streams.names(), Vec::<String>::new());
}

#[test]
fn a_stream_has_one_publisher_whose_name_the_next_one_hears() {
    let streams = Streams::new(4);
    let first = streams.publish("main", "the camera").unwrap();
    let by = "the camera".to_owned();
    let second = streams.publish("main", "another").unwrap_err();
    assert_eq!(second, PublishError::Taken { by });
    drop(first);
    streams.publish("main", "another").unwrap();
}

#[test]
fn streams_are_bounded_and_their_names_are_plain() {
    let streams = Streams::new(2);
    let _first = streams.publish("a", "").unwrap();
    let second = streams.publish("0-z", "").unwrap();
    let third = streams.publish("b", "").unwrap_err();
    assert_eq!(third, PublishError::TooMany { limit: 2 });
    drop(second);
    for name in ["", "Main", "a.b", "a/b", "ä", &"a".repeat(33)] {
        let refused = streams.publish(name, "").unwrap_err();
        assert_eq!(refused, PublishError::BadName, "{name}");
    }
    streams.publish(&"a".repeat(32), "").unwrap();
}

#[test]
fn who_asks_for_a_stream_that_is_not_there_hears_which_are() {
    let streams = Streams::new(4);
    let _guide = streams.publish("guide", "").unwrap();
    let _main = streams.publish("main", "").unwrap();
    let known = vec!["guide".to_owned(), "main".to_owned()];
    assert_eq!(streams.watch("mian").unwrap_err(), Unknown { known });
}

#[tokio::test]
async fn what_is_no_jpeg_leaves_the_frame_before() {
    let streams = Streams::new(4);
    let publisher = streams.publish("main", "").unwrap();
    publisher.frame(picture(1)).unwrap();
    assert!(publisher.frame(Bytes::from_static(b"GIF89a")).is_err());
    let mut viewer = streams.watch("main").unwrap();
    assert_eq!(next(&mut viewer).await, Some((picture(1), 1)));
}

#[tokio::test]
async fn a_source_learns_when_somebody_looks_and_when_nobody_does() {
    let streams = Streams::new(4);
    let publisher = streams.publish("main", "").unwrap();
    soon(publisher.unwatched()).await;
    let watched = async {
        tokio::join!(publisher.watched(), async {
            tokio::task::yield_now().await;
            streams.watch("main").unwrap()
        })
        .1
    };
    let viewer = soon(watched).await;
    soon(publisher.watched()).await;
    let unwatched = async {
        tokio::join!(publisher.unwatched(), async {
            tokio::task::yield_now().await;
            drop(viewer);
        })
    };
    soon(unwatched).await;
}
