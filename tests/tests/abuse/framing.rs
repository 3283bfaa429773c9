//! Frames that no library sends, before and after authentication. Case 26, of Autobahn, is a test of its own: `tests/autobahn.rs`.

use slewgate_simulator::{Dialect, Frame};
use slewgate_tests::PATIENCE;

use crate::scene::{Scene, Stage, again_and_again, each, says};
use crate::target::Target;
use crate::wire::{
    BINARY, CLOSE, CONTINUATION, FIRST, PING, PONG, Peer, TEXT, frame, header, text,
};

/// Sends this again and again, until the host has enough of it.
async fn floods(peer: &mut Peer, bytes: &[u8]) {
    while peer.send(bytes).await.is_ok() {}
}

/// One with a session sends this, and reads how it ends.
async fn with_session(target: &Target, number: usize, bytes: &[u8]) {
    if let Ok(mut peer) = target.session(number).await
        && peer.send(bytes).await.is_ok()
    {
        peer.closed().await;
    }
}

/// One without.
async fn without(target: &Target, number: usize, bytes: &[u8]) {
    if let Ok(mut peer) = target.upgraded(number).await
        && peer.send(bytes).await.is_ok()
    {
        peer.closed().await;
    }
}

/// Strangers and clients in turn send these, each in turn.
async fn sent(scene: Scene, all: &[Vec<u8>], reason: &'static str) {
    sent_then(scene, all, reason, async |_| {}).await;
}

/// The same, and then this is looked at too.
async fn sent_then(
    scene: Scene,
    all: &[Vec<u8>],
    reason: &'static str,
    then: impl AsyncFn(&Stage),
) {
    let attack = |target: Target| async move {
        again_and_again(8, async |number| {
            let bytes = &all[number / 2 % all.len()];
            match number % 2 {
                0 => with_session(&target, number, bytes).await,
                _ => without(&target, number, bytes).await,
            }
        })
        .await;
    };
    scene
        .attacked_then(attack, says("closed", reason), then)
        .await;
}

/// The host has as many threads for connections as the machine has processors.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// Who has sent the first part of a message sends others without anything in them, as fast as he can, and comes again when he is cut off.
async fn continued(name: &'static str, attackers: usize, is_known: bool) {
    let empty = frame(CONTINUATION, b"").repeat(1_000);
    let attack = |target: Target| {
        let empty = &empty;
        async move {
            again_and_again(attackers, async |number| {
                let peer = match is_known {
                    true => target.session(number).await,
                    false => target.upgraded(number).await,
                };
                if let Ok(mut peer) = peer
                    && peer.send(&frame(FIRST, b"a")).await.is_ok()
                {
                    floods(&mut peer, empty).await;
                }
            })
            .await;
        }
    };
    let (event, reason) = match is_known {
        true => ("closed", "that may come within a second"),
        false => ("rate_limit", "that may come before authentication"),
    };
    let scene = Scene::of(27, name);
    scene.attacked(attack, says(event, reason)).await;
}

#[tokio::test]
async fn abuse_27_zero_length_continuations_of_strangers_as_many_as_threads_and_twice_that() {
    continued(
        "zero-length continuations, as many strangers as threads",
        workers(),
        false,
    )
    .await;
    continued(
        "zero-length continuations, twice as many",
        2 * workers(),
        false,
    )
    .await;
}

#[tokio::test]
async fn abuse_27_zero_length_continuations_of_clients_as_many_as_threads_and_twice_that() {
    continued(
        "zero-length continuations, as many clients as threads",
        workers(),
        true,
    )
    .await;
    continued(
        "zero-length continuations, twice as many known",
        2 * workers(),
        true,
    )
    .await;
}

#[tokio::test]
async fn abuse_28_pings_and_pongs() {
    let attack = |target: Target| async move {
        again_and_again(8, async |number| {
            let first = [PING, PONG][number % 2];
            if let Ok(mut peer) = target.session(number).await {
                floods(&mut peer, &frame(first, &[7; 125]).repeat(100)).await;
            }
        })
        .await;
    };
    Scene::of(28, "pings and pongs")
        .attacked(attack, says("closed", "that may come within a second"))
        .await;
}

#[tokio::test]
async fn abuse_29_lengths_of_16_mib_and_2_to_the_63_and_64() {
    let lengths = [16 << 20, 1 << 63, u64::MAX];
    let all = lengths.map(|length| [header(TEXT, length), vec![b'x'; 64]].concat());
    sent(
        Scene::of(29, "lengths of 16 MiB, 2^63, 2^64-1"),
        &all,
        "closed with 1",
    )
    .await;
}

#[tokio::test]
async fn abuse_30_fragments_of_one_byte() {
    let fragments = frame(CONTINUATION, b"x").repeat(1_000);
    let attack = |target: Target| {
        let fragments = &fragments;
        async move {
            again_and_again(8, async |number| {
                if let Ok(mut peer) = target.session(number).await
                    && peer.send(&frame(FIRST, b"x")).await.is_ok()
                {
                    floods(&mut peer, fragments).await;
                }
            })
            .await;
        }
    };
    Scene::of(30, "one-byte fragments")
        .attacked(attack, says("closed", "that may come within a second"))
        .await;
}

#[tokio::test]
async fn abuse_31_an_endless_message() {
    let part = frame(CONTINUATION, &[b'x'; 4 * 1024]);
    let attack = |target: Target| {
        let part = &part;
        async move {
            again_and_again(8, async |number| {
                if let Ok(mut peer) = target.session(number).await
                    && peer.send(&frame(FIRST, b"x")).await.is_ok()
                {
                    floods(&mut peer, part).await;
                }
            })
            .await;
        }
    };
    Scene::of(31, "an endless message")
        .attacked(attack, says("closed", "closed with 1009"))
        .await;
}

#[tokio::test]
async fn abuse_32_reserved_bits_and_opcodes_and_no_mask() {
    let mut all: Vec<_> = [0xf1, 0xc1, 0x83, 0x8b, 0x8f, CONTINUATION, 0x09]
        .map(|first| frame(first, b"x"))
        .into();
    all.push(b"\x81\x02{}".to_vec());
    let scene = Scene::of(32, "reserved bits and opcodes, unmasked");
    sent(scene, &all, "closed with 1002").await;
}

#[tokio::test]
async fn abuse_33_text_that_is_not_utf8() {
    let all = [
        frame(TEXT, b"\xff\xfe"),
        frame(TEXT, b"\xed\xa0\x80"),
        frame(TEXT, b"\xf0\x9f"),
        [frame(FIRST, b"\xc3"), frame(0x80, b"\x28")].concat(),
    ];
    sent(Scene::of(33, "bad UTF-8"), &all, "closed with 1007").await;
}

#[tokio::test]
async fn abuse_34_bad_close_codes() {
    let codes = [0_u16, 999, 1004, 1005, 1006, 1015, 2_000, 5_000, 65_535];
    let mut all: Vec<_> = codes.map(|code| frame(CLOSE, &code.to_be_bytes())).into();
    all.push(frame(CLOSE, b"x"));
    all.push(frame(CLOSE, b"\x03\xe8\xff\xfe"));
    sent(Scene::of(34, "bad close codes"), &all, "closed").await;
}

#[tokio::test]
async fn abuse_35_what_comes_after_a_close() {
    let asked = text(r#"{"jsonrpc":"2.0","id":1,"method":"mount.park"}"#);
    let after_close = [frame(CLOSE, &1000_u16.to_be_bytes()), asked.clone()].concat();
    let scene = Scene::of(35, "data after close").with_mount(Dialect::OnStep);
    sent_then(
        scene,
        &[after_close],
        "closed by the client",
        async |stage| {
            // Who does not close before is obeyed, and what came before him would be on the wire before.
            let mut client = stage.target.session(0).await.unwrap();
            client.send(&asked).await.unwrap();
            let wire = stage.observatory.mount().wire();
            let parked = wire.wait_for(moves, PATIENCE).expect("a park");
            let moved: Vec<_> = wire.frames().into_iter().filter(moves).collect();
            assert_eq!(
                wire.frames().len() as u64,
                wire.received(),
                "some are forgotten"
            );
            assert_eq!(moved.len(), 1, "{moved:?}");
            assert_eq!(parked.request, ":hP#");
        },
    )
    .await;
}

/// A mount is told to go, to park or to look for its home.
fn moves(frame: &Frame) -> bool {
    frame.request.starts_with(":M") || frame.request.starts_with(":h")
}

#[tokio::test]
async fn abuse_36_a_peer_that_never_answers_a_close() {
    let attack = |target: Target| async move {
        each(16, 16, async |number| {
            if let Ok(mut peer) = target.session(number).await
                && peer.send(&frame(BINARY, b"x")).await.is_ok()
            {
                peer.lost().await;
            }
        })
        .await;
    };
    let scene = Scene::of(36, "no answer to close").ends_by_itself();
    scene
        .attacked(attack, says("closed", "closed with 1003"))
        .await;
}
