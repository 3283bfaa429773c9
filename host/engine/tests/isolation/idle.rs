//! What a burst of calls leaves behind.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::house::{DEADLINE, House, Plan};

fn memory(house: &House) -> u64 {
    let [handler, _] = house.reports();
    handler.usage.unwrap().memory
}

#[tokio::test]
async fn instances_that_a_burst_of_calls_left_are_dropped_when_nobody_needs_them() {
    let house = House::build(Plan::default()).await.attached().await;
    let (mut line, _) = house.peer.accept().unwrap();
    let (one, two, three, four, ()) = tokio::join!(
        house.acts("listens"),
        house.acts("listens"),
        house.acts("listens"),
        house.acts("listens"),
        // It answers once all have asked, so that each of them has an instance.
        async {
            thread::spawn(move || {
                while matches!(line.read(&mut [0]), Ok(1)) && line.write_all(b"#").is_ok() {}
            });
        }
    );
    assert!([one, two, three, four].iter().all(Result::is_ok));
    let after_the_burst = memory(&house);
    tokio::time::pause();
    let began = Instant::now();
    while memory(&house) > after_the_burst / 2 {
        assert!(began.elapsed() < DEADLINE, "{} bytes", memory(&house));
        tokio::time::advance(Duration::from_secs(61)).await;
    }
    tokio::time::resume();
    house.acts("nothing").await.unwrap();
    let [handler, _] = house.reports();
    assert_eq!(handler.usage.unwrap().failures, 0);
}
