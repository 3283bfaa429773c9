use super::{attached, call, refusal};
use serde_json::json;

const JNOW: &str = r#"{"ra":5.5,"dec":-5.25,"frame":"JNow"}"#;
const HERE: &str = "3AAAAB00,FC444400#";

#[test]
fn what_it_points_at_is_the_target() {
    let script = attached()
        .line("J", b"\x01#")
        .line("L", "0#")
        .line("e", HERE)
        .line("s3AAAAB00,FC444400", "#");
    assert_eq!(
        call(&script, "sync", JNOW).unwrap(),
        json!({"distance": 0.0})
    );
}

#[test]
fn far_from_the_reading_it_needs_force() {
    let script = attached()
        .line("J", b"\x01#")
        .line("L", "0#")
        .line("e", "3AAAAB00,08000000#");
    assert!(refusal(call(&script, "sync", JNOW)).contains("16.5 degrees"));
    let script = attached()
        .line("J", b"\x01#")
        .line("L", "0#")
        .line("e", "3AAAAB00,08000000#")
        .line("s3AAAAB00,FC444400", "#");
    let forced = JNOW.replace("\"ra\"", "\"force\":true,\"ra\"");
    assert_eq!(
        call(&script, "sync", &forced).unwrap(),
        json!({"distance": 16.5})
    );
}

#[test]
fn on_its_way_it_is_not_synced() {
    let script = attached().line("J", b"\x01#").line("L", "1#");
    assert_eq!(
        refusal(call(&script, "sync", JNOW)),
        "the mount is on its way: sync when it is there"
    );
}

#[test]
fn a_jump_by_a_sync_is_not_taken_for_motion() {
    let script = attached()
        .remembering("anchor", "seen elsewhere")
        .line("J", b"\x01#")
        .line("L", "0#")
        .line("e", HERE)
        .line("s3AAAAB00,FC444400", "#");
    call(&script, "sync", JNOW).unwrap();
    assert_eq!(
        slewgate_sdk::Host::recall(&script, "anchor"),
        Some(Vec::new())
    );
}
